"""`guichet calendar`: publish the public holidays, close the town's services, open them again.

Each change is a fact; the dates that depend on it are reckoned again as soon as it is read.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from adapters.holiday_calendar import REGIONS, SOURCE, holidays_of
from domain.calendars import CalendarCommand, Calendars, Closure, PublishCalendar
from domain.grammar import Refused
from guichet.catalogue import CALENDAR
from guichet.catalogue_file import record
from guichet.house import House
from guichet.proof.guarding import write_only_there
from guichet.sentences import Sentence
from guichet.settings import Settings

SINCE = 2000
"""The first year of the first calendar: before any request that is still to be counted."""

YEARS = 10
"""How many years beyond this one are published at once."""

COMING = timedelta(days=365)
"""What a calendar must cover from today on: no delay of the law is longer."""


class CalendarRefused(Sentence):
    """The calendar stays as it is."""


def today_in(zone: str) -> date:
    """The day it is in the town."""
    return datetime.now(ZoneInfo(zone)).date()


def holidays_published(region: str, today: date) -> PublishCalendar:
    """The holidays of `region`, ten years ahead."""
    if region not in REGIONS:
        raise CalendarRefused(f"Les régions connues sont : {', '.join(REGIONS)}.")
    last = today.year + YEARS
    return PublishCalendar(
        region=region,
        since=date(SINCE, 1, 1),
        until=date(last, 12, 31),
        holidays=holidays_of(region, SINCE, last),
        source=SOURCE,
    )


async def change(house: House, command: CalendarCommand) -> int:
    """Decide `command` on the calendar as it is and record what follows; how many facts that
    made."""
    await house.catalogue.load(house.log, house.codec)
    facts = command.decide(house.catalogue.calendars, today_in(house.settings.zone))
    await record(house, CALENDAR, list(facts))
    return len(facts)


async def publish(house: House, region: str | None = None) -> int:
    """Publish the holidays of `region`, that of the calendar in force unless said; 0 when they are
    known."""
    region = region or house.catalogue.calendars.region
    if not region:
        known = ", ".join(REGIONS)
        raise CalendarRefused(f"Précisez la région, --region, parmi : {known}.")
    return await change(house, holidays_published(region, today_in(house.settings.zone)))


def days_covered(calendars: Calendars, today: date) -> int:
    """For how many days from today the holidays are known; 0 without a calendar."""
    return max((calendars.until - today).days, 0) if calendars.until else 0


def covers_coming_year(calendars: Calendars, today: date) -> bool:
    """Whether every due date of the coming year is reckoned with its holidays."""
    return calendars.covers(today + COMING)


def run(settings: Settings, command: CalendarCommand | None, region: str | None = None) -> None:
    """`guichet calendar publish` without a command, else `close` or `open`."""

    async def whole() -> tuple[int, Calendars]:
        async with House.open(settings) as house:
            await write_only_there(house)
            made = await (change(house, command) if command else publish(house, region))
            return made, house.catalogue.calendars

    try:
        made, calendars = asyncio.run(whole())
    except Refused as refusal:
        raise CalendarRefused(refusal.detail) from None
    print(("Enregistré." if made else "Rien n'a changé.") + f" {told(calendars)}")


def told(calendars: Calendars) -> str:
    """The calendar in a sentence."""
    if calendars.until is None:
        return "Aucun jour férié n'est encore publié."
    ahead = upcoming(calendars.closures)
    return (
        f"Calendrier {calendars.version} ({calendars.region}), jusqu'au {calendars.until:%d/%m/%Y}"
        + (f" ; fermetures : {ahead}." if ahead else ".")
    )


def upcoming(closures: Sequence[Closure]) -> str:
    """The closures of a calendar, as they are read."""
    return ", ".join(f"{c.first:%d/%m/%Y}-{c.last:%d/%m/%Y}" for c in closures)
