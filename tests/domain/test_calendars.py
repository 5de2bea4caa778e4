"""The calendar of the town: versions, closures, and days gone by that stay as they were."""

from datetime import date, timedelta

import pytest

from domain.calendars import (
    AnnounceClosure,
    CalendarEvent,
    Calendars,
    CancelClosure,
    ClosureUnknown,
    DaysGoneBy,
    PublishCalendar,
    WorkingDays,
    first_difference,
)
from domain.grammar import Invalid, replay

TODAY = date(2026, 5, 12)
MAY_8, ASCENSION, BRIDGE = date(2026, 5, 8), date(2026, 5, 14), date(2026, 5, 15)
FRANCE = PublishCalendar(
    region="metropole",
    since=date(2000, 1, 1),
    until=date(2036, 12, 31),
    holidays=(MAY_8, ASCENSION),
    source="a test",
)


def published() -> Calendars:
    return replay(Calendars(), FRANCE.decide(Calendars(), TODAY))


def test_the_first_calendar_holds_for_days_gone_by_too() -> None:
    calendars = published()
    assert not calendars.working_days.include(MAY_8)
    assert calendars.working_days.include(BRIDGE)
    assert calendars.covers(date(2036, 12, 31))
    assert not calendars.covers(date(2037, 1, 1))
    assert not Calendars().covers(TODAY)


def test_the_same_calendar_twice_is_no_fact() -> None:
    assert FRANCE.decide(published(), TODAY) == []


def test_a_later_version_changes_days_to_come_only() -> None:
    calendars = published()
    without = PublishCalendar(
        region="nulle-part", since=FRANCE.since, until=FRANCE.until, holidays=(), source="a test"
    )
    [fact] = without.decide(calendars, TODAY)
    after = calendars.evolve(fact)
    assert not after.working_days.include(MAY_8)
    assert after.working_days.include(ASCENSION)
    assert first_difference(calendars.working_days, after.working_days) == ASCENSION
    assert after.evolve(fact) == after


def test_the_town_closes_on_a_bridge_day_and_opens_again() -> None:
    calendars = published()
    close = AnnounceClosure(first=BRIDGE, last=BRIDGE, reason="Pont")
    closed = replay(calendars, close.decide(calendars, TODAY))
    assert not closed.working_days.include(BRIDGE)
    assert close.decide(closed, TODAY) == []
    opened = replay(closed, CancelClosure(first=BRIDGE, last=BRIDGE).decide(closed, TODAY))
    assert opened == calendars


def test_a_closure_cancelled_on_its_way_was_a_closure_until_then() -> None:
    first, last, middle = date(2026, 8, 3), date(2026, 8, 7), date(2026, 8, 5)
    empty = Calendars()
    closed = replay(empty, AnnounceClosure(first=first, last=last, reason="X").decide(empty, TODAY))
    rest = replay(closed, CancelClosure(first=first, last=last).decide(closed, middle))
    assert rest.working_days.closed == {first, first + timedelta(days=1)}
    with pytest.raises(ClosureUnknown):
        CancelClosure(first=first, last=last).decide(rest, middle)


def test_closures_that_overlap_are_opened_one_by_one() -> None:
    calendars = Calendars()
    for first, last in ((ASCENSION, BRIDGE), (BRIDGE, BRIDGE)):
        close = AnnounceClosure(first=first, last=last, reason="X")
        calendars = replay(calendars, close.decide(calendars, TODAY))
    cancelled = CancelClosure(first=ASCENSION, last=BRIDGE).decide(calendars, TODAY)
    assert replay(calendars, cancelled).working_days.closed == {BRIDGE}


@pytest.mark.parametrize(
    ("first", "last", "refusal"),
    [
        (TODAY - timedelta(days=1), TODAY, DaysGoneBy),
        (BRIDGE, ASCENSION, Invalid),
        (BRIDGE, BRIDGE + timedelta(days=400), Invalid),
    ],
)
def test_no_closure_is_announced_afterwards_or_without_end(
    first: date, last: date, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        AnnounceClosure(first=first, last=last, reason="X").decide(Calendars(), TODAY)


def test_what_is_closed_already_is_not_opened_afterwards() -> None:
    facts: list[CalendarEvent] = list(
        AnnounceClosure(first=TODAY, last=TODAY, reason="X").decide(Calendars(), TODAY)
    )
    closed = replay(Calendars(), facts)
    with pytest.raises(DaysGoneBy):
        CancelClosure(first=TODAY, last=TODAY).decide(closed, TODAY + timedelta(days=1))


def test_a_year_has_its_weekends_whoever_publishes_nothing() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert sum(WorkingDays().include(day) for day in days) == 261
