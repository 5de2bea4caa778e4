"""*Veille.* The process that sees time pass: it finds what is missing and says so, and puts what an
absent agent had taken back into its queue; nothing else.

Every look is the same, whenever the last one was: what is found once lasts until it is repaired, so
days off are caught up with in one look, an interrupted one is taken again, and two at once find
everything once.
"""

import asyncio
from collections import Counter
from datetime import date, timedelta

import structlog
import uvloop
from nats.errors import Error as NatsError
from psycopg import OperationalError

from adapters.jetstream_api import Refusal
from domain.calendars import WorkingDays
from domain.grammar import Author, Refused
from domain.log import Conflict, LogDamaged, LogUnavailable
from domain.organisation import TownDescribed
from domain.watching import EscalateLapse, FindLapse, RecordSilence, ReleaseDossier
from guichet.absences import away
from guichet.candidates import Candidate, candidates, to_escalate, to_release
from guichet.desk import VersionMoved
from guichet.digests import Digests
from guichet.envelopes import Hand
from guichet.house import House
from guichet.outbox.carriers import mail_carrier
from guichet.proof.guarding import write_only_there
from guichet.settings import Settings
from projections.lapses import silences
from projections.waiting import Waiter

SYSTEM = Author(role="system", account="reminders")
EVERY = 300.0
"""Seconds between two looks: what is late is late by days."""

UNDESCRIBED = TownDescribed(name="", address=(), since=date.min, sender="", url="")
"""The delays of a town that has not said its own."""

logger = structlog.get_logger()


async def look(house: House) -> Counter[str]:
    """Find what is missing today, by the clock of the desk; how many of each kind were found. The
    read models only say where to look."""
    at = house.desk.circumstances(SYSTEM)
    town, rules = house.settings.town, at.organisation.town or UNDESCRIBED
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        found = await candidates(cursor, town, at)
        to_head = working_days_before(at.today, rules.head_after, at.days)
        to_unit = working_days_before(at.today, rules.evaluation_after, at.days)
        found += await to_escalate(cursor, town, to_head, to_unit)
        absences = await away(house, cursor, at.today)
        found += await to_release(cursor, town, absences, at)
    done: Counter[str] = Counter()
    for one in found:
        if await carried(house, one, at.today):
            done[named(one)] += 1
    return done


async def carried(house: House, one: Candidate, today: date) -> bool:
    """Whether the domain agrees with a candidate. What fails is looked at again next time."""
    seen = "" if one.version is None else f"/{one.version}"
    asked = f"reminders/{one.dossier}/{named(one)}/{today.isoformat()}{seen}"
    hand = Hand(author=SYSTEM, command_id=asked, digest=asked)
    try:
        await house.desk.handle(one.dossier, one.command, hand, expected=one.version)
    except (Refused, VersionMoved):
        return False
    except (Conflict, LogUnavailable, NatsError, Refusal):
        return False
    except LogDamaged as damage:
        logger.error("reminders.damaged", dossier=str(one.dossier), reason=str(damage))
        return False
    return True


def named(one: Candidate) -> str:
    """What a candidate would be found as."""
    match one.command:
        case RecordSilence():
            return "silence"
        case FindLapse(kind=kind):
            return kind
        case EscalateLapse(kind=kind, to=level):
            return f"{kind} → {level}"
        case ReleaseDossier():
            return "released"


def working_days_before(today: date, count: int, days: WorkingDays) -> date:
    """The day `count` working days before `today`."""
    day = today
    while count > 0:
        day -= timedelta(days=1)
        count -= days.include(day)
    return day


async def follow(house: House) -> None:
    """Look again and again, for as long as the process lives, once the tables know the log."""
    settings = house.settings
    carrier = mail_carrier(settings)
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        while True:
            try:
                await waiter.until(await house.log.head(), EVERY)
                found = await look(house)
                if carrier:
                    await Digests(house, carrier).send()
                if found:
                    logger.info("reminders.found", **dict(found))
            except (OperationalError, LogDamaged, LogUnavailable, NatsError) as error:
                logger.warning("reminders.later", error=type(error).__name__)
            await asyncio.sleep(EVERY)


def main(settings: Settings) -> None:
    """The process `guichet reminders`."""

    async def whole() -> None:
        async with House.open(settings) as house:
            await write_only_there(house)
            await follow(house)

    uvloop.run(whole())


def show_silences(settings: Settings) -> None:
    """`guichet silences`."""

    async def counted() -> dict[str, int]:
        async with (
            House.open(settings) as house,
            house.pool.connection() as connection,
            connection.cursor() as cursor,
        ):
            return await silences(cursor, settings.town)

    by_service = asyncio.run(counted())
    print(f"{sum(by_service.values())} dossier(s) ouvert(s) sous l'effet du silence.")
    for service, count in by_service.items():
        print(f"  {service} : {count}")
