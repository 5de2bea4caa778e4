"""`given(facts).when(intention)`: a rule of the town hall, told as a test."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.dossier_events import DossierEvent
from domain.grammar import Author, Refused, changed, replay
from domain.organisation import Organisation, PoleDefined, ServiceDefined, SiteDefined
from domain.procedures import ProcedurePublished, Procedures, Question

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SINCE = date(2026, 1, 1)

ORGANISATION = replay(
    Organisation(),
    [
        PoleDefined(id="cadre-de-vie", name="Cadre de vie", since=SINCE),
        ServiceDefined(id="voirie", name="Voirie", pole="cadre-de-vie", since=SINCE),
        ServiceDefined(id="proprete", name="Propreté", pole="cadre-de-vie", since=SINCE),
        SiteDefined(id="ecole-jaures", name="École Jaurès", since=SINCE),
    ],
)
PROCEDURES = replay(
    Procedures(),
    [
        ProcedurePublished(
            id="lampadaire",
            version=1,
            name="Lampadaire éteint",
            service="voirie",
            since=SINCE,
            nature="report",
            questions=(
                Question(id="poteau", label="Numéro du poteau", type="number", personal=False),
                Question(id="temoin", label="Témoin", type="text"),
            ),
        )
    ],
)
FRESH = (UUID(int=1), UUID(int=2))
AT = Circumstances(
    now=NOW,
    author=Author(role="receptionist", account="a1"),
    organisation=ORGANISATION,
    procedures=PROCEDURES,
    fresh=FRESH,
)


R = TypeVar("R", bound=Refused)


class Intention(Protocol):
    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]: ...


class Scenario:
    """What was given, and what came of it."""

    def __init__(self, past: Sequence[DossierEvent]) -> None:
        self.dossier = replay(Dossier(), past)
        self.facts: Sequence[DossierEvent] = ()
        self.refusal: Refused | None = None

    def when(self, intention: Intention, **surroundings: Any) -> "Scenario":
        at = changed(AT, **surroundings)
        try:
            self.facts = intention.decide(self.dossier, at)
        except Refused as refusal:
            self.refusal = refusal
        return self

    def then(self, *facts: DossierEvent) -> None:
        assert self.refusal is None, self.refusal
        assert tuple(self.facts) == facts

    def refused(self, reason: type[R]) -> R:
        assert isinstance(self.refusal, reason), self.facts
        return self.refusal


def given(*past: DossierEvent) -> Scenario:
    return Scenario(past)
