"""The simulated town: real servers, real processes, and a year that goes by day after day.

Every day begins with a look of the reminders and ends when everything that could leave has left.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.calendars import AnnounceClosure
from domain.circumstances import Circumstances
from domain.grammar import Author
from domain.mailing import Letter, Mailing, MailingEvent, PostMailing, PrintMailing
from guichet.aggregates import decided
from guichet.catalogue import CALENDAR
from guichet.catalogue_file import record
from guichet.envelopes import Hand
from guichet.house import House
from projections.messages import listed
from projections.waiting import Waiter
from tests.year.acts import POSTED, REMINDED, Act
from tests.year.catalogue import ANNOUNCED, BRIDGES, FIRST, LAST
from tests.year.clock import Clock, at
from tests.year.commands import command, hand, opening
from tests.year.kills import Kill
from tests.year.post import Post
from tests.year.reckoning import is_written
from tests.year.worker import Worker

AT_ONCE = 32
"""Hands at the desk at the same moment."""
BAG = 500
"""Letters in one mailing."""
A_LEASE = timedelta(minutes=3)
SETTLED_WITHIN = 300.0
"""Seconds in which a day ends, on a machine however busy."""
RECEPTION = Author(role="receptionist", account="courrier")

STANDING = """
    select (select count(*) from messages where town = %(town)s and dossier_id = any(%(written)s)
        and queued_at >= %(since)s),
      (select count(*) from dossiers where town = %(town)s and dossier_id = any(%(read)s)
        and acknowledged_at is not null),
      (select count(*) from messages where town = %(town)s and state = 'queued'
        and means = 'letter'),
      (select count(*) from messages where town = %(town)s and state = 'queued'
        and means = 'email')
"""


@dataclass
class Today:
    """What must be there at the end of a day that began at `since`: a message for each dossier of
    `written`, and the receipts that the field staff `read` in their application."""

    since: datetime
    written: list[UUID] = field(default_factory=list[UUID])
    read: list[UUID] = field(default_factory=list[UUID])


@dataclass
class SimulatedTown:
    """One town and the processes that work for it."""

    house: House
    clock: Clock
    post: Post
    waiter: Waiter
    workers: Mapping[str, Worker]
    kills: Mapping[date, Sequence[Kill]]
    twice: Collection[date]
    waiting_letters: int = 0

    async def live(self, script: Mapping[date, Sequence[Act]]) -> None:
        """The whole year."""
        day = FIRST
        while day <= LAST:
            self.clock.set(at(day, 9) if day in REMINDED else at(day, 6, 30))
            await self._look(day)
            if day == ANNOUNCED:
                await self._announce()
            acts = script.get(day, ())
            if acts:
                self.clock.set(at(day, 10))
                today = Today(at(day, 0))
                await self._act(day, acts, today)
                await self._settled(day, today)
            if day in POSTED and self.waiting_letters:
                self.clock.set(at(day, 15))
                await self._post(day)
                await self._settled(day, Today(at(day, 0)))
            day += timedelta(days=1)

    async def tables_know(self) -> None:
        """Wait until the read models know the log."""
        head = await self.house.log.head()
        assert await self.waiter.until(head, SETTLED_WITHIN) >= head

    async def _look(self, day: date) -> None:
        """The reminders look; on some days two of them at once."""
        one, other = self.workers["reminders"], self.workers["reminders too"]
        watching = [
            await kill.at_first_fact(self.house, one) for kill in self._killing(day, "reminders")
        ]
        await asyncio.gather(one.ask(), *([other.ask()] if day in self.twice else []))
        for task in watching:
            async with asyncio.timeout(SETTLED_WITHIN):
                await task

    async def _announce(self) -> None:
        for bridge in BRIDGES:
            said = AnnounceClosure(first=bridge, last=bridge, reason="Pont.")
            calendars = self.house.catalogue.calendars
            facts = said.decide(calendars, self.house.desk.circumstances(RECEPTION).today)
            await record(self.house, CALENDAR, list(facts))

    async def _act(self, day: date, acts: Sequence[Act], today: Today) -> None:
        """What everybody does on a day: dossiers side by side, each one's acts in their order."""
        by_dossier: dict[UUID, list[Act]] = {}
        for act in acts:
            by_dossier.setdefault(act.dossier, []).append(act)
        turn, half = asyncio.Semaphore(AT_ONCE), len(by_dossier) // 2
        for kill in self._killing(day, "outbox"):
            kill.at_arrival(self.post, self.workers["outbox"])

        async def live_one(some: Sequence[Act], number: int) -> None:
            async with turn:
                if number == half:
                    for role in ("reactor", "projector"):
                        for kill in self._killing(day, role):
                            await kill.now(self.workers[role])
                for act in some:
                    await self._do(act, today)

        async with asyncio.TaskGroup() as group:
            for number, some in enumerate(by_dossier.values()):
                group.create_task(live_one(some, number))

    async def _do(self, act: Act, today: Today) -> None:
        desk = self.house.desk
        if act.what == "open":
            await desk.open(act.dossier, opening(act), hand(act))
            if act.means == "application":
                today.read.append(act.dossier)
        else:
            await desk.handle(act.dossier, command(act), hand(act), expected=None)
        if is_written(act):
            today.written.append(act.dossier)
            self.waiting_letters += act.means == "letter"

    async def _post(self, day: date) -> None:
        """Print the letters that wait and bring them to the post office."""
        await self.tables_know()
        desk, town = self.house.desk, self.house.settings.town
        async with self.house.pool.connection() as connection, connection.cursor() as cursor:
            rows = await listed(cursor, town, "queued", means="letter", limit=20 * BAG)
        for start in range(0, len(rows), BAG):
            some = rows[start : start + BAG]
            letters = tuple(Letter(dossier=row.dossier_id, message=row.number) for row in some)
            id = UUID(int=day.toordinal() * 1000 + start)
            stream = f"mailing.{id}"

            def printed(
                mailing: Mailing, now: Circumstances, letters: tuple[Letter, ...] = letters
            ) -> Sequence[MailingEvent]:
                return PrintMailing(letters=letters).decide(mailing, now)

            def posted(
                mailing: Mailing, now: Circumstances, id: UUID = id
            ) -> Sequence[MailingEvent]:
                return PostMailing().decide(id, mailing, now)

            for decide in (printed, posted):
                asked = f"{stream}/{decide.__name__}"
                given = Hand(author=RECEPTION, command_id=asked, digest=asked)
                assert await decided(desk, stream, Mailing(), decide, given)
        self.waiting_letters -= len(rows)

    async def _settled(self, day: date, today: Today) -> None:
        """Everything that was asked for is queued, and what can leave has left, by two at once but
        on days when one of them is killed. Who died with a message in hand holds it until his lease
        has ended: so time goes on meanwhile."""
        senders = [self.workers["outbox"]]
        if not self._killing(day, "outbox"):
            senders.append(self.workers["outbox too"])
        async with asyncio.timeout(SETTLED_WITHIN):
            while True:
                seen = self.waiter.position
                queued = await self._still_queued(today)
                if queued == 0:
                    return
                if queued is None:
                    await self.waiter.until(seen + 1, 1.0)
                    continue
                await asyncio.gather(*(sender.ask() for sender in senders))
                await self.tables_know()
                if await self._still_queued(today):
                    self.clock.set(self.clock() + A_LEASE)

    async def _still_queued(self, today: Today) -> int | None:
        """How many e-mails still wait; None while not everything is as it must be."""
        values = {
            "town": self.house.settings.town,
            "since": today.since,
            "written": today.written,
            "read": today.read,
        }
        async with self.house.pool.connection() as connection:
            row = await (await connection.execute(STANDING, values)).fetchone()
        assert row is not None
        written, read, letters, queued = row
        there = written >= len(today.written) and read >= len(today.read)
        return queued if there and letters == self.waiting_letters else None

    def _killing(self, day: date, role: str) -> list[Kill]:
        return [kill for kill in self.kills.get(day, ()) if kill.role == role]


@asynccontextmanager
async def working(workers: Sequence[Worker]) -> AsyncGenerator[None]:
    """The processes, started together; gone at the end."""
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            await worker.ready()
        yield
    finally:
        for worker in workers:
            await worker.stop()
