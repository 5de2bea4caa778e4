"""Days as they are counted by hand: one after the other, from a list of those that are closed.

This is the reckoning's own arithmetic and shares nothing with the product's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """A delay: months, then days, then working days; `onwards` when it must end on one of these."""

    months: int = 0
    days: int = 0
    working_days: int = 0
    onwards: bool = False


@dataclass(frozen=True)
class Pause:
    """The days after `begun`, up to `ended`, count for nothing."""

    begun: date
    ended: date

    def takes(self, day: date) -> bool:
        return self.begun < day <= self.ended


@dataclass(frozen=True)
class Almanac:
    """Which days the town works."""

    closed: frozenset[date]

    @classmethod
    def of(cls, *closed: Collection[date]) -> "Almanac":
        return cls(frozenset(day for some in closed for day in some))

    def works(self, day: date) -> bool:
        return day.isoweekday() <= 5 and day not in self.closed

    def next(self, day: date) -> date:
        """`day` itself, or the next one on which the town works."""
        while not self.works(day):
            day += DAY
        return day

    def back(self, day: date, count: int) -> date:
        """The working day that lies `count` working days before `day`."""
        while count:
            day -= DAY
            count -= self.works(day)
        return day

    def last_day(self, start: date, span: Span, pauses: Sequence[Pause] = ()) -> date:
        """The last day of `span` after `start`, day by day."""
        pauses = [Pause(max(p.begun, start), p.ended) for p in pauses if p.ended > start]
        left = (months_on(start, span.months) - start).days + span.days
        day = self._walked(start, left, pauses, working=False)
        day = self._walked(day, span.working_days, pauses, working=True)
        must_work = span.onwards or span.working_days > 0
        if must_work and day != start:
            day = self.next(day)
        while held := [p.ended for p in pauses if p.begun <= day < p.ended]:
            day = max(held)  # who was made to wait on the last day still has it afterwards
            if must_work:
                day = self.next(day)
        return day

    def _walked(self, day: date, left: int, pauses: Sequence[Pause], *, working: bool) -> date:
        """The day on which `left` days have gone by that no pause takes."""
        while left:
            day += DAY
            paused = any(pause.takes(day) for pause in pauses)
            left -= not paused and (not working or self.works(day))
        return day


def months_on(day: date, months: int) -> date:
    """The same day some months later; the last of its month where there is none."""
    month = day.month + months
    year = day.year + (month - 1) // 12
    month = (month - 1) % 12 + 1
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1
