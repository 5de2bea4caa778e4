"""Which agents are away, as the archive tells it."""

from datetime import date, datetime
from itertools import groupby

from msgspec import Struct

from domain.absences import Absence
from domain.grammar import replay
from domain.history import Unreadable
from guichet.house import House
from projections import archive
from projections.read_model import Cursor

KIND = "absence"
"""The kind of their streams, one per account."""


class Away(Struct, frozen=True, kw_only=True):
    """An absence that lasts or comes, from `first` to `last`, both included; `announced_at` is when
    the town learned of it."""

    account: str
    first: date
    last: date
    announced_at: datetime


async def away(house: House, cursor: Cursor, today: date) -> list[Away]:
    """The absences that last on the day `today` or come after it, the first ones first. An entry
    that cannot be read is left out: who decides on an absence reads its stream anyway."""
    facts = await house.cipher.read(await archive.of_kind(cursor, house.settings.town, KIND))
    found: list[Away] = []
    for stream, group in groupby(facts, lambda fact: fact.stream):
        told = [fact for fact in group if not isinstance(fact.event, Unreadable)]
        absence = replay(Absence(), (fact.event for fact in told))
        if absence.first is not None and absence.last is not None and absence.last >= today:
            found.append(
                Away(
                    account=stream.removeprefix(f"{KIND}."),
                    first=absence.first,
                    last=absence.last,
                    announced_at=told[-1].times.recorded_at,
                )
            )
    return sorted(found, key=lambda one: (one.first, one.account))
