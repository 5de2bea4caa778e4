"""The moment it is in the simulated town: one small file, which every process reads.

It is replaced as a whole, so that nobody ever reads half a moment.
"""

import os
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


class Clock:
    """The clock in the file `path`; called, it says what moment it is."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> datetime:
        """The moment, in UTC."""
        return datetime.fromisoformat(self._path.read_text())

    def set(self, moment: datetime) -> None:
        """From here on it is `moment`, for everybody."""
        beside = self._path.with_suffix(".new")
        beside.write_text(moment.astimezone(UTC).isoformat())
        os.replace(beside, self._path)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of `day` by the town's own time."""
    return datetime.combine(day, time(hour, minute), PARIS).astimezone(UTC)
