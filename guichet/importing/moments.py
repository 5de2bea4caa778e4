"""Moments as other software writes them: in which way, in which zone, with what doubt."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.clocks import EARLIEST, LATEST

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WAYS = {"iso": 0, "epoch": 1, "epoch_ms": 1000}
"""The ways that are no strptime format; for a count since 1970, how many make a second."""

NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d*)?([eE][+-]?\d\d?)?", re.ASCII)
PLAIN = "%Y-%m-%d %H:%M:%S"
"""The commonest format, which has a reader ten times as fast as strptime."""

EXACTLY_PLAIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
ISO = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?|\d{8}(T.*)?", re.ASCII)
"""Python would also read as ISO 8601 much that is a count since 1970."""

OF_THE_DAY = re.compile(r"%[HIpcXMSf]")
"""The directives of strptime that tell a time."""


class Unreadable(Exception):
    """The text tells no moment; the words say why."""


class Moments(Struct, frozen=True):
    """Reads moments in one of `ways`, tried in order, in `zone` when they name no offset."""

    ways: Sequence[str]
    zone: ZoneInfo

    def read(self, text: str, *, end_of_day: bool = False) -> tuple[datetime, bool]:
        """The moment in UTC, and whether it is the first of two: a local time that came twice
        (autumn) takes the first offset, one that never was (spring) is `Unreadable`. A date
        without a time is midnight at its beginning, or its last second with `end_of_day`."""
        local, dated = self._written(text)
        if not EARLIEST.year < local.year < LATEST.year:
            raise Unreadable("date hors du calendrier")
        if dated and end_of_day:
            local = local.replace(hour=23, minute=59, second=59)
        if local.tzinfo is not None:
            return local.astimezone(UTC), False
        first = local.replace(tzinfo=self.zone, fold=0)
        if first.utcoffset() == local.replace(tzinfo=self.zone, fold=1).utcoffset():
            return first.astimezone(UTC), False
        if not really_was(first, self.zone):
            raise Unreadable("heure qui n'a pas existé")
        return first.astimezone(UTC), True

    def _written(self, text: str) -> tuple[datetime, bool]:
        """The time as written, and whether only its date was."""
        for way in self.ways:
            try:
                if way in WAYS:
                    return iso(text) if way == "iso" else (counted(text, WAYS[way]), False)
                if way == PLAIN and EXACTLY_PLAIN.fullmatch(text):
                    return datetime.fromisoformat(text), False
                return datetime.strptime(text, way), not OF_THE_DAY.search(way)  # noqa: DTZ007 its zone is the mapping's
            except (ValueError, OverflowError):
                continue
        raise Unreadable("date illisible")


def iso(text: str) -> tuple[datetime, bool]:
    """An ISO 8601 time, and whether it is a date alone."""
    if not ISO.fullmatch(text):
        raise ValueError(text)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text), False
    return datetime(day.year, day.month, day.day), True  # noqa: DTZ001 its zone is the mapping's


def counted(text: str, per_second: int) -> datetime:
    """The moment a count since 1970 tells, to the microsecond."""
    if not NUMBER.fullmatch(text) or abs(float(text)) > 1e15:
        raise ValueError(text)
    return EPOCH + timedelta(microseconds=int(Decimal(text) * 1_000_000 / per_second))


def really_was(local: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks ever showed that time."""
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
