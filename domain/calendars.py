"""*Calendrier.* The days on which the town works: public holidays by versions, its own closures.

What a calendar said of a day that is gone stays: a new version, a closure or its cancelling
changes days to come only, so that no verdict on a promise is ever rewritten by it.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, assert_never

from msgspec import Meta

from domain.grammar import Event, Invalid, Refused, Value, changed

A_DAY = timedelta(days=1)
A_YEAR = timedelta(days=366)

Reason = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"\S")]
"""Why the town is closed: a bridge day, the mayor's order; never the name of anybody."""


# What can happen


class CalendarPublished(Event, frozen=True):
    """*Publication d'un calendrier.* The public holidays of `region` from `since` to `until`, both
    included, as `source` gave them. Days before `since` keep what the version before said."""

    version: int
    region: str
    since: date
    until: date
    holidays: tuple[date, ...]
    source: str


class ClosureAnnounced(Event, frozen=True):
    """*Fermeture.* The town's services do not work from `first` to `last`, both included."""

    first: date
    last: date
    reason: Reason


class ClosureCancelled(Event, frozen=True):
    """*Fermeture annulée* from the day `since` on; what was closed before it was closed."""

    first: date
    last: date
    since: date


CalendarEvent = CalendarPublished | ClosureAnnounced | ClosureCancelled

# What we remember


class WorkingDays(Value, frozen=True):
    """Which days count as working days: neither Saturdays and Sundays nor `closed` ones."""

    closed: frozenset[date] = frozenset()

    def include(self, day: date) -> bool:
        """Whether the town works on `day`."""
        return day.weekday() < 5 and day not in self.closed

    def onwards(self, day: date) -> date:
        """`day`, or the first working day after it."""
        while not self.include(day) and day < date.max:
            day += A_DAY
        return day


class Closure(Value, frozen=True):
    """A closure that holds, from `first` to `last`; `announced` is the last day it was given."""

    first: date
    last: date
    announced: date


class Calendars(Value, frozen=True):
    """The holidays of all versions put together, and the closures."""

    version: int = 0
    region: str = ""
    until: date | None = None
    holidays: frozenset[date] = frozenset()
    closures: tuple[Closure, ...] = ()

    def evolve(self, event: CalendarEvent) -> "Calendars":
        """The calendar after `event`; a version that is known already changes nothing."""
        match event:
            case CalendarPublished():
                if event.version <= self.version:
                    return self
                kept = {day for day in self.holidays if day < event.since}
                return changed(
                    self,
                    version=event.version,
                    region=event.region,
                    until=event.until,
                    holidays=frozenset(kept | set(event.holidays)),
                )
            case ClosureAnnounced(first=first, last=last):
                closure = Closure(first=first, last=last, announced=last)
                known = closure in self.closures
                return self if known else changed(self, closures=(*self.closures, closure))
            case ClosureCancelled(first=first, last=last, since=since):
                rest = [c for c in self.closures if (c.first, c.announced) != (first, last)]
                if since > first:
                    rest.append(Closure(first=first, last=since - A_DAY, announced=last))
                return changed(self, closures=tuple(rest))
            case _:
                assert_never(event)

    @property
    def working_days(self) -> WorkingDays:
        """The days that count, as far as is known today."""
        own = {
            date.fromordinal(number)
            for closure in self.closures
            for number in range(closure.first.toordinal(), closure.last.toordinal() + 1)
        }
        return WorkingDays(closed=self.holidays | own)

    def covers(self, day: date) -> bool:
        """Whether the public holidays are known up to `day`."""
        return self.until is not None and day <= self.until


def first_difference(before: WorkingDays, after: WorkingDays) -> date | None:
    """The first day on which two calendars differ: no due date before it depends on which."""
    return min(before.closed ^ after.closed, default=None)


# What may be decided


class PublishCalendar(Value, frozen=True):
    """Publish the holidays of a region up to the end of the day `until`."""

    region: str
    since: date
    until: date
    holidays: tuple[date, ...]
    source: str

    def decide(self, calendars: Calendars, today: date) -> Sequence[CalendarEvent]:
        """One fact, or none when nothing would change; days gone by are left out of it, unless no
        calendar was there before."""
        since = self.since if calendars.version == 0 else max(self.since, today)
        holidays = tuple(sorted(day for day in self.holidays if since <= day <= self.until))
        published = CalendarPublished(
            version=calendars.version + 1,
            region=self.region,
            since=since,
            until=self.until,
            holidays=holidays,
            source=self.source,
        )
        after = calendars.evolve(published)
        return [published] if changed(after, version=calendars.version) != calendars else []


class AnnounceClosure(Value, frozen=True):
    """Close the town's services for some days to come."""

    first: date
    last: date
    reason: Reason

    def decide(self, calendars: Calendars, today: date) -> Sequence[CalendarEvent]:
        """One fact, or none when this closure is known."""
        if self.first < today:
            raise DaysGoneBy
        if not self.first <= self.last < self.first + A_YEAR:
            raise Invalid("/last", "Une fermeture va d'un jour au même ou à un suivant, sur un an.")
        fact = ClosureAnnounced(first=self.first, last=self.last, reason=self.reason)
        return [fact] if calendars.evolve(fact) != calendars else []


class CancelClosure(Value, frozen=True):
    """Work again on what remains of a closure."""

    first: date
    last: date

    def decide(self, calendars: Calendars, today: date) -> Sequence[CalendarEvent]:
        """One fact."""
        if not any((c.first, c.last) == (self.first, self.last) for c in calendars.closures):
            raise ClosureUnknown
        if self.last < today:
            raise DaysGoneBy
        since = max(today, self.first)
        return [ClosureCancelled(first=self.first, last=self.last, since=since)]


CalendarCommand = PublishCalendar | AnnounceClosure | CancelClosure

# Why the answer may be no


class DaysGoneBy(Refused):
    title = "Le calendrier des jours passés ne change plus."


class ClosureUnknown(Refused):
    title = "Aucune fermeture ne va de ce premier à ce dernier jour."
