"""What the last backup left word of, for those who watch over its age."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

FILE = "backup.json"


class Backup(Struct):
    """The word a backup leaves when it has ended well."""

    finished_at: datetime


def last_backup(data: Path) -> float:
    """When the last backup of an installation ended well, in seconds since 1970; 0.0 when there
    has been none, or its word cannot be read."""
    try:
        ended = msgspec.json.decode((data / FILE).read_bytes(), type=Backup).finished_at
    except (OSError, msgspec.DecodeError):
        return 0.0
    return (ended if ended.tzinfo else ended.replace(tzinfo=UTC)).timestamp()
