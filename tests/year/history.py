"""What another software had before the year: history, for which nothing is promised or found."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from domain.dossier_events import ClosedAtOrigin, DossierOpened
from domain.grammar import Person
from guichet.house import House
from guichet.importing.taken import Taken
from tests.year.catalogue import FIRST, PROCEDURES
from tests.year.clock import at

SOURCE = "ancien-logiciel"


async def bring_in(house: House, seed: int, count: int) -> list[UUID]:
    """Record `count` old dossiers as an import does, most of them overdue; their identifiers."""
    rng, now = Random(f"{seed}/history"), datetime.now(UTC)
    keys = await house.keys.take(count)
    ids: list[UUID] = []
    for number, key in enumerate(keys):
        procedure = rng.choice(PROCEDURES)
        opened_at = at(FIRST, 9) - timedelta(days=rng.randint(1, 400))
        due_at = opened_at + timedelta(days=30)
        closing = ClosedAtOrigin(status="Clos") if rng.random() < 0.5 else None
        taken = Taken(
            id=UUID(int=rng.getrandbits(128), version=4),
            number=f"A{number}",
            opening=DossierOpened(
                procedure=procedure.id,
                procedure_version=procedure.version,
                service=procedure.service,
                nature=procedure.nature,
                channel=rng.choice(("form", "counter", "email")),
                summary="Repris de l'ancien logiciel.",
                answer_within=procedure.answer_within,
                usager=Person(id=key, name="Jean Ancien", email="jean@usagers.example"),
                due_at_origin=due_at.isoformat(),
            ),
            opened_at=opened_at,
            closing=closing,
            closed_at=min(due_at, at(FIRST, 8)) if closing else None,
        )
        await house.desk.record(taken.facts(SOURCE, key, now))
        ids.append(taken.id)
    return ids
