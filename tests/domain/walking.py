"""Delays walked from day to day: a second implementation that knows no short cut."""

from collections.abc import Sequence
from datetime import date, timedelta

from domain.deadlines import Pause
from domain.procedures import Delay

A_DAY = timedelta(days=1)


def walked(start: date, delay: Delay, closed: frozenset[date], stops: Sequence[Pause]) -> date:
    """The same as `due`, one day at a time: a day counts or it does not."""
    stopped: set[date] = set()
    for pause in stops:
        day = pause.begun
        while day < pause.ended:
            day += A_DAY
            if day > start:
                stopped.add(day)
    left = days_in_months(start, delay.months) + delay.days
    day = start
    while left:
        day += A_DAY
        left -= day not in stopped
    day = waited(day, stopped)
    for _ in range(delay.working_days):
        day += A_DAY
        while day in stopped or day.weekday() >= 5 or day in closed:
            day += A_DAY
    rolls = bool(delay.working_days or delay.to_working_day)
    ended = None
    while ended != day:
        ended = day
        while rolls and day != start and (day.weekday() >= 5 or day in closed):
            day += A_DAY
        day = waited(day, stopped)
    return day


def waited(day: date, stopped: set[date]) -> date:
    """The last day of the interval that begins on `day`."""
    while day + A_DAY in stopped:
        day += A_DAY
    return day


def days_in_months(start: date, months: int) -> int:
    """How many days the months from `start` on have: the day of the month is looked for, and the
    month's last taken where it has none."""
    day, target = start, (start.year * 12 + start.month + months)
    best = start
    while day.year * 12 + day.month <= target:
        if day.year * 12 + day.month == target and day.day <= start.day:
            best = day
        day += A_DAY
    return (best - start).days
