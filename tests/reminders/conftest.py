"""A town whose catalogue lies in its log, and a clock that a test moves by days."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from psycopg import AsyncConnection

from domain.grammar import Author, Recorded
from domain.intake import OpenDossier, PersonEntry
from domain.organisation import PoleDefined, ServiceDefined, TownDescribed
from domain.procedures import Delay, ProcedurePublished
from guichet import reminders
from guichet.catalogue import ORGANISATION, PROCEDURES
from guichet.catalogue_file import record
from guichet.desk import Intention
from guichet.envelopes import Hand
from guichet.house import House
from guichet.projecting import follow
from guichet.settings import Settings
from projections.projector import prepare
from projections.waiting import Waiter
from tests.conftest import running_beside
from tests.domain.scenario import SINCE

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
AGENT = Author(role="service_agent", account="a7", service="voirie")
ORGANISED = (
    PoleDefined(id="cadre-de-vie", name="Cadre de vie", since=SINCE),
    ServiceDefined(id="voirie", name="Voirie", pole="cadre-de-vie", since=SINCE),
    TownDescribed(
        name="Ville de Sainte-Aurore",
        address=("77990 SAINTE-AURORE",),
        since=SINCE,
        sender="guichet@ville.example",
        url="https://guichet.ville.example/suivi",
    ),
)
PUBLISHED = (
    ProcedurePublished(
        id="lampadaire", version=1, name="Lampadaire", service="voirie", since=SINCE, silence="none"
    ),
    ProcedurePublished(
        id="terrasse",
        version=1,
        name="Autorisation de terrasse",
        service="voirie",
        since=SINCE,
        silence="acceptance",
        silence_after=Delay(months=2),
        source="CRPA L231-1",
    ),
)


@dataclass
class Clock:
    """What day it is."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Watch:
    """A house, the clock it goes by, and the look that the process takes."""

    house: House
    clock: Clock

    def later(self, days: int) -> None:
        self.clock.now += timedelta(days=days)

    async def looks(self) -> dict[str, int]:
        """What a look finds, once the tables know the log; and once they know what it found."""
        await self.caught_up()
        found = await reminders.look(self.house)
        await self.caught_up()
        return dict(found)

    async def caught_up(self) -> None:
        settings = self.house.settings
        async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
            head = await self.house.log.head()
            assert await waiter.until(head, 30.0) >= head

    async def opened(self, procedure: str = "lampadaire", name: str | None = "Léa") -> UUID:
        id = uuid4()
        usager = PersonEntry(name=name) if name else None
        command = OpenDossier(
            procedure=procedure, channel="counter", summary="Il fait noir", usager=usager
        )
        await self.house.desk.open(id, command, self.hand())
        return id

    async def does(self, id: UUID, *commands: Intention) -> None:
        for command in commands:
            await self.house.desk.handle(id, command, self.hand(), expected=None)

    async def told(self, id: UUID) -> list[str]:
        """The names of the facts of a dossier, lapses with their kind."""
        return [named(fact) for fact in await self.house.desk.past(f"dossier.{id}")]

    def hand(self) -> Hand:
        return Hand(author=AGENT, command_id=str(uuid4()), digest="d")


def named(fact: Recorded[Any]) -> str:
    """The name of a fact, and the kind of what it says."""
    kind = getattr(fact.event, "kind", "")
    return f"{type(fact.event).__name__} {kind}".strip()


@pytest_asyncio.fixture
async def watch(settings: Settings) -> AsyncIterator[Watch]:
    """The watch of that town, on Monday 2 March 2026."""
    async with await AsyncConnection.connect(settings.postgres["owner"], autocommit=True) as owner:
        assert await prepare(owner) == []
    clock = Clock()
    async with House.open(settings, clock=clock) as house, running_beside(follow(house)):
        await record(house, ORGANISATION, ORGANISED)
        await record(house, PROCEDURES, PUBLISHED)
        yield Watch(house, clock)
