"""When an answer is due."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.deadlines import due
from domain.procedures import Delay

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("received", "delay", "expected"),
    [
        ("2026-01-31T10:00", Delay(months=1), date(2026, 2, 28)),
        ("2028-01-31T10:00", Delay(months=1), date(2028, 2, 29)),
        ("2026-12-15T10:00", Delay(months=1), date(2027, 1, 15)),
        ("2026-03-02T10:00", Delay(days=15), date(2026, 3, 17)),
        ("2026-03-06T10:00", Delay(working_days=1), date(2026, 3, 9)),
        ("2026-03-06T10:00", Delay(working_days=2), date(2026, 3, 11)),
        ("2026-03-02T23:30", Delay(months=1), date(2026, 4, 3)),
    ],
)
def test_an_answer_is_due(received: str, delay: Delay, expected: date) -> None:
    closed = frozenset({date(2026, 3, 10)})
    at = datetime.fromisoformat(received).replace(tzinfo=UTC)
    assert due(at, delay, PARIS, closed) == expected
