"""When the last backup was made: told to whoever watches, never a reason not to serve."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

FILE = "backup.json"


class LastBackup(Struct, frozen=True):
    """A backup that is whole: when it began, up to which position, and where it was put."""

    time: datetime
    position: int
    place: str

    @property
    def age(self) -> float:
        """Seconds since it was begun."""
        return (datetime.now(UTC) - self.time).total_seconds()


def last_backup(data: Path) -> LastBackup | None:
    """The last backup of an installation; None when there is none to be told of."""
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=LastBackup)
    except (OSError, msgspec.MsgspecError):
        return None
