"""When something is due: a pure function of a moment, a delay, and the days nobody works.

A deadline is computed from the facts whenever it is asked for; nobody ever corrects one.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta, tzinfo

from domain.procedures import Delay

A_DAY = timedelta(days=1)


def due(
    received_at: datetime, delay: Delay, zone: tzinfo, closed: frozenset[date] = frozenset()
) -> date:
    """The last day, in the town's own time, of `delay` counted from the day of receipt: calendar
    months from date to date (31 January + 1 month is 28 or 29 February), then days, then working
    days, which skip Saturdays, Sundays and `closed`."""
    day = received_at.astimezone(zone).date()
    day = months_after(day, delay.months) + timedelta(days=delay.days)
    for _ in range(delay.working_days):
        day += A_DAY
        while day.weekday() >= 5 or day in closed:
            day += A_DAY
    return day


def months_after(day: date, months: int) -> date:
    """The same day `months` later, or the last of its month when there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
