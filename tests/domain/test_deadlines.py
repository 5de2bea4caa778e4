"""When an answer is due."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.calendars import WorkingDays
from domain.deadlines import Pause, day_of, due
from domain.procedures import Delay

PARIS = ZoneInfo("Europe/Paris")
MONTH = Delay(months=1)
ROLLED = Delay(months=1, to_working_day=True)


@pytest.mark.parametrize(
    ("received", "delay", "expected"),
    [
        ("2026-01-31T10:00", MONTH, date(2026, 2, 28)),
        ("2028-01-31T10:00", MONTH, date(2028, 2, 29)),
        ("2028-02-29T10:00", Delay(months=12), date(2029, 2, 28)),
        ("2028-02-29T10:00", Delay(months=48), date(2032, 2, 29)),
        ("2028-02-29T10:00", MONTH, date(2028, 3, 29)),
        ("2026-12-15T10:00", MONTH, date(2027, 1, 15)),
        ("2026-03-02T10:00", Delay(days=15), date(2026, 3, 17)),
        ("2026-01-30T10:00", Delay(months=1, days=1), date(2026, 3, 1)),
        ("2026-03-06T10:00", Delay(working_days=1), date(2026, 3, 9)),
        ("2026-03-06T10:00", Delay(working_days=2), date(2026, 3, 11)),
        ("2026-03-07T10:00", Delay(working_days=1), date(2026, 3, 9)),
        ("2026-03-02T23:30", MONTH, date(2026, 4, 3)),
        # A Sunday, a Saturday before a closed Monday, and a day that is worked.
        ("2026-02-01T10:00", ROLLED, date(2026, 3, 2)),
        ("2026-05-16T10:00", ROLLED, date(2026, 6, 16)),
        ("2026-02-10T10:00", ROLLED, date(2026, 3, 11)),
        ("2026-02-01T10:00", MONTH, date(2026, 3, 1)),
        ("2026-02-10T10:00", MONTH, date(2026, 3, 10)),
    ],
)
def test_an_answer_is_due(received: str, delay: Delay, expected: date) -> None:
    days = WorkingDays(closed=frozenset({date(2026, 3, 10)}))
    at = datetime.fromisoformat(received).replace(tzinfo=UTC)
    assert due(day_of(at, PARIS), delay, days) == expected


@pytest.mark.parametrize(
    ("delay", "pause", "expected"),
    [
        (MONTH, (date(2026, 3, 9), date(2026, 3, 19)), date(2026, 4, 12)),
        # On the last day, before it began, after the end, and for no day at all.
        (MONTH, (date(2026, 4, 2), date(2026, 4, 12)), date(2026, 4, 12)),
        (MONTH, (date(2026, 2, 1), date(2026, 3, 5)), date(2026, 4, 5)),
        (MONTH, (date(2026, 4, 3), date(2026, 5, 3)), date(2026, 4, 2)),
        (MONTH, (date(2026, 3, 9), date(2026, 3, 9)), date(2026, 4, 2)),
        # 3 of 5 working days are left on Wednesday, and still on the Sunday it is over.
        (Delay(working_days=5), (date(2026, 3, 4), date(2026, 3, 15)), date(2026, 3, 18)),
        # The wait ends on a Sunday, and the last of five days was the one it began on.
        (Delay(working_days=5), (date(2026, 3, 9), date(2026, 3, 15)), date(2026, 3, 16)),
    ],
)
def test_a_pause_leaves_what_was_left(
    delay: Delay, pause: tuple[date, date], expected: date
) -> None:
    begun, ended = pause
    assert due(date(2026, 3, 2), delay, pauses=[Pause(begun=begun, ended=ended)]) == expected


def test_a_fact_without_an_end_stops_nobody_who_reads_it() -> None:
    endless = Pause(begun=date(2026, 3, 3), ended=date.max)
    for delay in (MONTH, ROLLED, Delay(working_days=3), Delay(months=120)):
        assert due(date(2026, 3, 2), delay, pauses=[endless]) == date.max
    assert due(date(9999, 12, 1), Delay(months=1, days=1, working_days=9)) == date.max


def test_a_moment_without_a_day_there_stops_nobody() -> None:
    assert day_of(datetime(9999, 12, 31, 23, 30, tzinfo=UTC), PARIS) == date.max
    assert day_of(datetime(1, 1, 1, tzinfo=UTC), ZoneInfo("America/Cayenne")) == date.min
