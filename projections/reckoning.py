"""What the due dates are reckoned with: the calendar and the procedures, as far as they are read.

Every date in a read model is a cache of a clock (`domain/promise_clock.py`, `silence_clock.py`).
When the calendar changes, the dossiers whose dates it can touch are folded again, within the
transaction that takes the change in; so a rebuild, which begins with the last calendar, finds the
same rows. A dossier keeps the version of the procedure it was opened under: no new one moves it.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.calendars import (
    CalendarPublished,
    ClosureAnnounced,
    ClosureCancelled,
    WorkingDays,
    first_difference,
)
from domain.dossier_events import DossierOpened, DossierReopened
from domain.grammar import Recorded
from domain.log import Entry
from domain.procedures import ProcedurePublished, ProcedureWithdrawn
from domain.promise_clock import PromiseClock, promise_after
from domain.silence_clock import SilenceClock, silence_clock_after
from domain.telling import AnswerSent
from domain.waits import (
    DocumentsReceived,
    DocumentsRequested,
    ReceivedByCompetent,
    WaitingBegan,
    WaitingEnded,
)
from projections.archive import COLUMNS, entry_of
from projections.read_model import Cursor, Town

Decode = Callable[[Sequence[Entry], frozenset[UUID]], Awaitable[list[Recorded[Any]]]]
"""Entries to facts; what lies under one of the destroyed keys reads as erased, and what cannot be
decoded as `Unreadable`."""

MOVES_A_CLOCK = (
    DossierOpened,
    DossierReopened,
    AnswerSent,
    DocumentsRequested,
    DocumentsReceived,
    WaitingBegan,
    WaitingEnded,
    ReceivedByCompetent,
)
"""The facts after which a clock may say something else."""

Memory = dict[str, Any]
"""A clock as a row keeps it."""


def is_learned(fact: Recorded[Any]) -> bool:
    """Whether `fact` tells of the calendar or of the procedures."""
    return fact.stream in ("catalogue.calendar", "catalogue.procedures")


def learned(town: Town, fact: Recorded[Any]) -> Town:
    """The town after a fact of its catalogue."""
    match fact.event:
        case CalendarPublished() | ClosureAnnounced() | ClosureCancelled():
            calendars = town.calendars.evolve(fact.event)
            return replace(town, calendars=calendars, days=calendars.working_days)
        case ProcedurePublished() | ProcedureWithdrawn():
            return replace(town, procedures=town.procedures.evolve(fact.event))
        case _:
            return town


async def informed(cursor: Cursor, town: Town, decode: Decode, upto: int) -> Town:
    """The town as the archive knows it at a position."""
    await cursor.execute(
        f"""
        select {COLUMNS} from archive.entries where town = %s and position <= %s
          and stream in ('catalogue.calendar', 'catalogue.procedures')
        order by position
        """,  # noqa: S608 our own names
        [town.name, upto],
    )
    entries = [entry_of(row) for row in await cursor.fetchall()]
    town = Town(name=town.name, zone=town.zone)
    for fact in await decode(entries, frozenset()):
        town = learned(town, fact)
    return town


async def touched(
    cursor: Cursor, town: Town, before: WorkingDays, after: WorkingDays
) -> list[UUID]:
    """The dossiers that may have another date under the second calendar: those with one on the
    first day that differs, or later. An end before it was counted without looking that far, and
    what another software promised was never counted here."""
    first = first_difference(before, after)
    if first is None:
        return []
    await cursor.execute(
        """
        select dossier_id from read.dossiers
        where town = %s and (due >= %s or silence_on >= %s)
          and (origin_source is null or clocks #>> '{promise,started}' is not null)
        order by dossier_id
        """,
        [town.name, first, first],
    )
    return [row[0] for row in await cursor.fetchall()]


def promised(memory: Memory, fact: Recorded[Any], town: Town) -> tuple[Memory, date | None]:
    """The promise's clock after `fact`, and the last day of the answer."""
    before = msgspec.convert(memory, PromiseClock) if memory else None
    clock = promise_after(before, fact, town.zone)
    if clock is None:
        return {}, None
    return kept(clock), clock.due(town.days)


def silenced(memory: Memory, fact: Recorded[Any], town: Town) -> tuple[Memory, dict[str, Any]]:
    """The clock of silence after `fact`, and what it says, by column of a dossier."""
    before = msgspec.convert(memory, SilenceClock) if memory else None
    clock = silence_clock_after(before, fact, town.procedures, town.zone)
    if clock is None:
        return {}, {}
    said = {
        "silence": clock.effect,
        "silence_on": clock.expires(town.days),
        "silence_state": clock.state(town.days),
        "silence_source": clock.source,
    }
    return kept(clock), said


def kept(clock: PromiseClock | SilenceClock) -> Memory:
    """A clock as its column gives it back, so that a row read and a row folded are equal."""
    return msgspec.json.decode(msgspec.json.encode(clock))
