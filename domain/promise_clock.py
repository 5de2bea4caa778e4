"""The town's own promise: a pure function of the facts of a dossier and the working days.

It runs from receipt, is not started again by a transfer, stands still while the resident is awaited
and begins anew when a dossier is reopened. It knows nothing of the legal effect of silence.
"""

from datetime import date, datetime, tzinfo
from typing import Any

from msgspec.structs import replace

from domain.calendars import WorkingDays
from domain.deadlines import day_of, due
from domain.dossier_events import DossierOpened, DossierReopened
from domain.grammar import Recorded, Value
from domain.procedures import Delay
from domain.telling import AnswerSent
from domain.waits import (
    DocumentsReceived,
    DocumentsRequested,
    Wait,
    WaitingBegan,
    WaitingEnded,
    Why,
)


class PromiseClock(Value, frozen=True, omit_defaults=True):
    """What the due date is computed from. `started` is the day of receipt or of the reopening, None
    for history, which promised nothing but the date `at_origin`; `answered` is the day of the first
    answer since."""

    started: date | None
    delay: Delay
    at_origin: date | None = None
    waits: tuple[Wait, ...] = ()
    answered: date | None = None

    def due(self, days: WorkingDays) -> date | None:
        """The last day of the answer; None where nothing was ever promised."""
        if self.started is None:
            return self.at_origin
        return due(self.started, self.delay, days, [wait.pause for wait in self.waits])


def promise_after(
    clock: PromiseClock | None, fact: Recorded[Any], zone: tzinfo
) -> PromiseClock | None:
    """The clock after `fact`, None before the opening. Imported facts move nothing."""
    today = day_of(fact.times.received_at, zone)
    match fact.event:
        case DossierOpened(answer_within=delay, due_at_origin=said):
            if fact.origin is None:
                return PromiseClock(started=today, delay=delay)
            at_origin = day_of(datetime.fromisoformat(said), zone) if said else None
            return PromiseClock(started=None, delay=delay, at_origin=at_origin)
        case _ if clock is None or fact.origin is not None:
            return clock
        case DossierReopened():
            return PromiseClock(started=today, delay=clock.delay)
        case _ if clock.answered is not None:
            return clock
        case AnswerSent():
            return replace(clock, answered=today)
        case event:
            return replace(clock, waits=waits_after(clock.waits, event, today))


def waits_after(waits: tuple[Wait, ...], event: object, today: date) -> tuple[Wait, ...]:
    """The intervals of waiting after `event`, on the day `today`."""
    match event:
        case DocumentsRequested(until=until):
            return (*waits, Wait(why="documents", begun=today, until=until))
        case WaitingBegan(until=until):
            return (*waits, Wait(why="usager", begun=today, until=until))
        case DocumentsReceived(received_on=day):
            return over(waits, "documents", day or today)
        case WaitingEnded():
            return over(waits, "usager", today)
        case _:
            return waits


def over(waits: tuple[Wait, ...], why: Why, day: date) -> tuple[Wait, ...]:
    """The same intervals, those that were open for that reason ended on `day`."""
    return tuple(
        replace(wait, ended=day) if wait.why == why and wait.ended is None else wait
        for wait in waits
    )
