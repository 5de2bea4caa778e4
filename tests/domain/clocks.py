"""Facts with their days, for the tests of the clocks: `story(("2026-03-02", fact), …)`."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.calendars import WorkingDays
from domain.dossier_events import DossierOpened
from domain.grammar import Author, Event, Origin, Recorded, Times, replay
from domain.procedures import Delay, ProcedurePublished, Procedures
from domain.promise_clock import PromiseClock, promise_after
from domain.silence_clock import SilenceClock, silence_clock_after

PARIS = ZoneInfo("Europe/Paris")
WEEKDAYS = WorkingDays()
MONTH = Delay(months=1)
ORIGIN = Origin(source="boston-311", number="101")


def guide(**rule: Any) -> Procedures:
    """One procedure, in one version."""
    published = ProcedurePublished(
        id="cantine", version=1, name="Cantine", service="ecoles", since=date(2020, 1, 1), **rule
    )
    return replay(Procedures(), [published])


def opening(within: Delay = MONTH, due_at_origin: str | None = None) -> DossierOpened:
    return DossierOpened(
        procedure="cantine",
        procedure_version=1,
        service="ecoles",
        nature="request",
        channel="letter",
        summary="Une place",
        answer_within=within,
        due_at_origin=due_at_origin,
    )


def fact(
    day: date | str, event: Event, origin: Origin | None = None, competent: date | None = None
) -> Recorded[Any]:
    at = noon(day)
    times = Times(
        happened_at=at,
        received_at=at,
        entered_at=at,
        recorded_at=at,
        received_by_competent_at=noon(competent) if competent else None,
    )
    author = Author(role="receptionist", account="a1")
    return Recorded(
        stream="dossier.00000000-0000-0000-0000-000000000001",
        version=1,
        event=event,
        times=times,
        author=author,
        command_id="c",
        origin=origin,
    )


def noon(day: date | str) -> datetime:
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)


def promised(*past: Recorded[Any]) -> PromiseClock:
    clock = None
    for one in past:
        clock = promise_after(clock, one, PARIS)
    assert clock is not None
    return clock


def silent(procedures: Procedures, *past: Recorded[Any]) -> SilenceClock:
    clock = None
    for one in past:
        clock = silence_clock_after(clock, one, procedures, PARIS)
    assert clock is not None
    return clock
