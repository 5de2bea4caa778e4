"""When something is due: a pure function of a day, a delay, the days that count, and the pauses.

A deadline is computed from the facts whenever it is asked for; nobody ever corrects one.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, tzinfo

from domain.calendars import WorkingDays
from domain.grammar import Value
from domain.procedures import Delay

WEEKDAYS = WorkingDays()
"""The calendar of whom nobody told of any holiday."""


class Pause(Value, frozen=True):
    """An interval in which a delay does not run: the days after `begun`, up to `ended` included, do
    not count. What remained on the day it began remains on the day it ends."""

    begun: date
    ended: date


def due(
    start: date, delay: Delay, days: WorkingDays = WEEKDAYS, pauses: Sequence[Pause] = ()
) -> date:
    """The last day of `delay` counted from the day `start`, which itself does not count: calendar
    months from date to date (31 January + 1 month is 28 or 29 February), then days, then working
    days. A pause moves the end by as many days as it lasts, be it months or days that run, and by
    its working days when it is those. The end moves on to a working day where the delay says so,
    or counts working days. A pause that begins after the end changes nothing."""
    stopped = merged(start, pauses) if pauses else ()
    day = months_after(start, delay.months) if delay.months else start
    day = later(day, delay.days) if delay.days else day
    for pause in stopped:
        if pause.begun <= day:
            day = later(day, (pause.ended - pause.begun).days)
    for _ in range(delay.working_days):
        day = after(day, days, stopped)
    if delay.working_days or delay.to_working_day:
        day = days.onwards(day) if day != start else day
    # Whoever is made to wait on the very last day still has it when the wait is over.
    for pause in stopped:
        if pause.begun <= day < pause.ended:
            day = pause.ended
            if delay.working_days or delay.to_working_day:
                day = days.onwards(day)
    return day


def after(day: date, days: WorkingDays, stopped: Sequence[Pause]) -> date:
    """The first working day after `day` that no pause takes away."""
    day = later(day, 1)
    while day < date.max:
        if not days.include(day):
            day = later(day, 1)
        elif inside := next((p for p in stopped if p.begun < day <= p.ended), None):
            day = later(inside.ended, 1)
        else:
            break
    return day


def merged(start: date, pauses: Sequence[Pause]) -> list[Pause]:
    """The pauses after `start`, in their order, those that touch made one."""
    found: list[Pause] = []
    for pause in sorted(pauses, key=lambda pause: pause.begun):
        begun = max(pause.begun, start)
        if pause.ended <= begun:
            continue
        if found and begun <= found[-1].ended:
            last = found.pop()
            begun, ended = last.begun, max(last.ended, pause.ended)
            found.append(Pause(begun=begun, ended=ended))
        else:
            found.append(Pause(begun=begun, ended=pause.ended))
    return found


def months_after(day: date, months: int) -> date:
    """The same day `months` later, or the last of its month when there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    if day.day > 28:
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return date(year, month + 1, day.day)


def later(day: date, count: int) -> date:
    """`count` days after `day`, or the last day there is: no fact may stop who reads it."""
    return date.fromordinal(min(day.toordinal() + count, date.max.toordinal()))


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The day of a moment in the town's own time; the first or last one there is for a moment
    that has none there: no fact may stop who reads it."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return date.max if moment.year == date.max.year else date.min
