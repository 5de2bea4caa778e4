"""The clocks against a second implementation that walks from day to day and knows no short cut."""

from collections.abc import Sequence
from datetime import date, timedelta
from time import perf_counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.calendars import WorkingDays
from domain.deadlines import Pause, due
from domain.dossier_events import DossierAssigned
from domain.grammar import Recorded
from domain.procedures import Delay
from domain.telling import AnswerSent
from domain.waits import DocumentsReceived, DocumentsRequested, WaitingBegan, WaitingEnded
from tests.domain.clocks import fact, guide, opening, promised, silent
from tests.domain.walking import A_DAY, walked

FIRST = date(2026, 1, 1)

days_of_a_year = st.dates(FIRST, date(2028, 12, 31))
closed_days = st.frozensets(st.dates(FIRST, date(2029, 12, 31)), max_size=60)
delays = st.builds(
    Delay,
    months=st.integers(0, 4),
    days=st.integers(0, 40),
    working_days=st.integers(0, 30),
    to_working_day=st.booleans(),
)


@st.composite
def pauses(draw: st.DrawFn) -> list[Pause]:
    """Intervals around the first months, in any order, that may touch and overlap."""
    found: list[Pause] = []
    for _ in range(draw(st.integers(0, 4))):
        begun = FIRST + timedelta(days=draw(st.integers(0, 1100)))
        found.append(Pause(begun=begun, ended=begun + timedelta(days=draw(st.integers(0, 60)))))
    return found


@given(days_of_a_year, delays, closed_days, pauses())
def test_due_is_what_walking_from_day_to_day_finds(
    start: date, delay: Delay, closed: frozenset[date], stops: list[Pause]
) -> None:
    expected = walked(start, delay, closed, stops)
    assert due(start, delay, WorkingDays(closed=closed), stops) == expected


@given(days_of_a_year, delays, closed_days, pauses())
def test_a_pause_never_brings_the_end_nearer_and_order_does_not_matter(
    start: date, delay: Delay, closed: frozenset[date], stops: list[Pause]
) -> None:
    days = WorkingDays(closed=closed)
    end = due(start, delay, days, stops)
    assert end >= due(start, delay, days, stops[1:])
    assert end >= due(start, delay, days)
    assert end == due(start, delay, days, stops[::-1])


@given(days_of_a_year, delays, closed_days, st.data())
def test_coming_back_is_never_late_at_once(
    start: date, delay: Delay, closed: frozenset[date], data: st.DataObject
) -> None:
    days = WorkingDays(closed=closed)
    end = due(start, delay, days)
    begun = start + timedelta(days=data.draw(st.integers(0, (end - start).days)))
    back = begun + timedelta(days=data.draw(st.integers(0, 200)))
    assert due(start, delay, days, [Pause(begun=begun, ended=back)]) >= back


@given(days_of_a_year, delays, closed_days, closed_days)
def test_days_after_the_end_never_mattered(
    start: date, delay: Delay, closed: frozenset[date], other: frozenset[date]
) -> None:
    """Why a change of calendar touches only what is due on the first changed day or later."""
    before, after = WorkingDays(closed=closed), WorkingDays(closed=other)
    first = min(closed ^ other, default=date.max)
    if due(start, delay, before) < first:
        assert due(start, delay, after) == due(start, delay, before)


@st.composite
def stories(draw: st.DrawFn) -> list[Recorded[Any]]:
    """An opening, then whatever may happen to its clocks, in the order of days."""
    day = draw(days_of_a_year)
    past = [fact(day, opening())]
    for _ in range(draw(st.integers(0, 6))):
        day += timedelta(days=draw(st.integers(0, 30)))
        until = day + timedelta(days=draw(st.integers(0, 40)))
        events = (
            DocumentsRequested(documents=("Bail",), until=until),
            DocumentsReceived(),
            WaitingBegan(until=until, reason="X"),
            WaitingEnded(),
            DossierAssigned(service="x", reason="X", transferred_from="y"),
        )
        past.append(fact(day, draw(st.sampled_from(events))))
    return past


@given(stories(), closed_days)
def test_the_two_clocks_are_what_a_diary_of_days_says(
    past: list[Recorded[Any]], closed: frozenset[date]
) -> None:
    days = WorkingDays(closed=closed)
    start = past[0].times.received_at.date()
    month, two = Delay(months=1), Delay(months=2)
    documents, usager = diary(past, start)
    assert promised(*past).due(days) == walked(start, month, closed, documents + usager)
    refusal = silent(guide(silence="refusal"), *past).expires(days)
    assert refusal == walked(start, two, closed, documents)
    assert silent(guide(silence="acceptance"), *past).expires(days) == accepted(past, start)


def diary(past: Sequence[Recorded[Any]], start: date) -> tuple[list[Pause], list[Pause]]:
    """Which days documents were awaited, and which the resident, seen day by day."""
    found: tuple[list[Pause], list[Pause]] = ([], [])
    kinds = (
        (found[0], DocumentsRequested, DocumentsReceived),
        (found[1], WaitingBegan, WaitingEnded),
    )
    for days, begins, ends in kinds:
        for number, one in enumerate(past):
            if not isinstance(one.event, begins):
                continue
            begun = day = one.times.received_at.date()
            over = [x.times.received_at.date() for x in past[number:] if isinstance(x.event, ends)]
            while day < one.event.until and day not in over[:1]:
                day += A_DAY
            days.append(Pause(begun=begun, ended=day))
    return found


def accepted(past: Sequence[Recorded[Any]], start: date) -> date | None:
    """The day on which silence is acceptance: two months in a row with nothing missing."""
    for number, one in enumerate(past):
        if not isinstance(one.event, DocumentsRequested):
            continue
        day = one.times.received_at.date()
        if day > walked(start, Delay(months=2), frozenset(), []):
            break
        came = [x for x in past[number:] if isinstance(x.event, DocumentsReceived)]
        if not came:
            return None
        start = max(start, came[0].times.received_at.date())
    return walked(start, Delay(months=2), frozenset(), [])


def test_ten_thousand_due_dates_are_a_matter_of_a_second() -> None:
    """The target is one second; this machine may be three times slower and busy besides."""
    days = WorkingDays(closed=frozenset(FIRST + timedelta(days=9 * n) for n in range(300)))
    clocks = [
        promised(
            fact(
                FIRST + timedelta(days=n % 700), opening(Delay(months=n % 3, working_days=n % 20))
            ),
            fact(
                FIRST + timedelta(days=n % 700 + 2), DocumentsRequested(documents=(), until=FIRST)
            ),
            fact(
                FIRST + timedelta(days=n % 700 + 3),
                WaitingBegan(until=date(2029, 1, 1), reason="X"),
            ),
            fact(FIRST + timedelta(days=n % 700 + 9), WaitingEnded()),
            fact(
                FIRST + timedelta(days=n % 700 + 40),
                AnswerSent(text="Oui", means="letter", addressee="usager"),
            ),
        )
        for n in range(10_000)
    ]
    begun = perf_counter()
    found = [clock.due(days) for clock in clocks]
    seconds = perf_counter() - begun
    assert len(set(found)) > 100
    assert seconds < 5, seconds
    print(f"10000 due dates in {seconds:.3f} s")
