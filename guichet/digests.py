"""*Relances.* Once a working day, each service hears what is before it, its head what lasts, and
the unit that evaluates what lasts longest: by e-mail, at working hours, never a resident's name.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import date, timedelta

import structlog
from nats.errors import Error as NatsError

from adapters.carriers import Later, MailCarrier, Undeliverable
from adapters.jetstream_api import Refusal
from domain.circumstances import Circumstances
from domain.grammar import Author, Refused, replay
from domain.lapses import Level
from domain.log import Conflict, LogUnavailable
from domain.organisation import ServiceDefined, TownDescribed
from domain.reminding import Reminded, ServiceReminded, decide, stream_of
from guichet.aggregates import decided
from guichet.envelopes import Hand
from guichet.house import House
from guichet.letters.mail import UnusableAddress
from guichet.letters.notices import Digest, DigestLine, reminder
from guichet.outbox.letterhead import letterhead, message_id, site
from guichet.owed import Owed, missing, owed
from guichet.tracking import reference

SYSTEM = Author(role="system", account="reminders")
LASTS: dict[Level, tuple[Level, ...]] = {
    "service": ("service", "service_head", "evaluation"),
    "service_head": ("service_head", "evaluation"),
    "evaluation": ("evaluation",),
}
"""What is told at a level: what was brought to it, and what went beyond it."""

logger = structlog.get_logger()


class Digests:
    """Sends the day's reminders of one town by one carrier."""

    def __init__(self, house: House, carrier: MailCarrier) -> None:
        self._house = house
        self._carrier = carrier

    async def send(self) -> int:
        """Remind whoever has something before him and was not reminded today; how many were. One
        process at a time does it."""
        at = self._house.desk.circumstances(SYSTEM)
        town = at.organisation.town
        if town is None or not self._house.may_send or not is_working_time(town, at):
            return 0
        told = 0
        async with self._alone() as alone:
            if alone:
                for address, digest, id in await self._written(town, at):
                    told += await self._told(address, digest, id, town, at)
        return told

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[bool]:
        """Whether no other process reminds meanwhile."""
        name = f"guichet digests {self._house.settings.town}"
        async with self._house.pool.connection() as connection:
            query = "select pg_try_advisory_lock(hashtextextended(%s, 0))"
            row = await (await connection.execute(query, [name])).fetchone()
            alone = row is not None and bool(row[0])
            try:
                yield alone
            finally:
                if alone:
                    unlock = "select pg_advisory_unlock(hashtextextended(%s, 0))"
                    await connection.execute(unlock, [name])

    async def _written(
        self, town: TownDescribed, at: Circumstances
    ) -> list[tuple[str, Digest, str]]:
        """The digests of the day that say something: to which address, what, for which service."""
        settings = self._house.settings
        until = working_days_after(at.today, max(town.remind_before, default=0), at)
        async with self._house.pool.connection() as connection, connection.cursor() as cursor:
            due = await owed(cursor, settings.town, until)
            lapses = {level: await missing(cursor, settings.town, LASTS[level]) for level in LASTS}
        written: list[tuple[str, Digest, str]] = []
        for service in (versions[-1] for versions in at.organisation.services.values()):
            own = [one for one in due if one.service == service.id]
            for level, address in addresses(service):
                lasting = [one for one in lapses[level] if one.service == service.id]
                before = own if level == "service" else []
                digest = self._digest(level, service.name, before, lasting, town, at)
                written.append((address, digest, service.id))
        unit = self._digest("evaluation", "", [], lapses["evaluation"], town, at)
        written.append((town.evaluation_email, unit, ""))
        return [one for one in written if not one[1].says_nothing]

    def _digest(
        self,
        level: Level,
        service: str,
        due: Iterable[Owed],
        lapses: Iterable[Owed],
        town: TownDescribed,
        at: Circumstances,
    ) -> Digest:
        lines = [self._line(one, at) for one in due]
        return Digest(
            town=letterhead(town, self._house.settings.zone),
            written_at=at.now,
            service=service,
            level=level,
            url=site(town),
            training=self._house.settings.training,
            late=tuple(line for line in lines if line.on < at.today),
            today=tuple(line for line in lines if line.on == at.today),
            soon=tuple(line for line in lines if line.on > at.today),
            lapses=tuple(self._line(one, at) for one in lapses),
        )

    def _line(self, one: Owed, at: Circumstances) -> DigestLine:
        procedure = at.procedures.version(one.procedure, one.version)
        return DigestLine(
            reference=reference(one.dossier, one.received_at),
            procedure=procedure.name if procedure else one.procedure,
            on=one.on,
            days=(at.today - one.on).days,
            lapse=one.lapse,
        )

    async def _told(
        self, address: str, digest: Digest, service: str, town: TownDescribed, at: Circumstances
    ) -> bool:
        """Whether a digest was due, has left or has nowhere to go, and is recorded."""
        stream = stream_of(service, digest.level)
        past = await self._house.desk.past(stream)
        last = replay(Reminded(), (fact.event for fact in past)).on
        if last is not None and last >= at.today:
            return False
        id = await self._sent(address, digest, stream, town) if address else ""
        if id is None:
            return False
        event = ServiceReminded(
            service=service,
            level=digest.level,
            on=at.today,
            late=len(digest.late),
            today=len(digest.today),
            soon=len(digest.soon),
            lapses=len(digest.lapses),
            message_id=id,
        )
        asked = f"{stream}/{at.today.isoformat()}"
        hand = Hand(author=SYSTEM, command_id=asked, digest=asked)
        try:
            await decided(
                self._house.desk, stream, Reminded(), lambda known, _: decide(known, event), hand
            )
        except (Refused, Conflict, LogUnavailable, NatsError, Refusal) as error:
            logger.warning("digest.unrecorded", stream=stream, error=type(error).__name__)
        return True

    async def _sent(
        self, address: str, digest: Digest, stream: str, town: TownDescribed
    ) -> str | None:
        """The Message-ID under which it left, empty where the address takes nothing, None when it
        must be tried again."""
        day = digest.town.local(digest.written_at).date()
        id = message_id(f"{stream}.{day.isoformat()}", town)
        try:
            message = reminder(digest, sender=town.sender, to=address, message_id=id)
            await self._carrier.deliver(message)
        except (Undeliverable, UnusableAddress) as refusal:
            logger.error("digest.refused", stream=stream, reason=str(refusal))
            return ""
        except Later as later:
            logger.warning("digest.later", stream=stream, reason=later.reason)
            return None
        return id


def is_working_time(town: TownDescribed, at: Circumstances) -> bool:
    """Whether somebody is there to read."""
    now = at.now.astimezone(at.zone)
    return at.days.include(now.date()) and town.opens <= now.hour < town.closes


def working_days_after(today: date, count: int, at: Circumstances) -> date:
    """The day `count` working days after `today`."""
    day = today
    while count > 0:
        day += timedelta(days=1)
        count -= at.days.include(day)
    return day


def addresses(service: ServiceDefined) -> list[tuple[Level, str]]:
    """Who of a service hears of what: the service, and its head where he has an address."""
    head = service.head_email if isinstance(service.head_email, str) else ""
    heads: list[tuple[Level, str]] = [("service_head", head)] if head else []
    return [("service", service.email or ""), *heads]
