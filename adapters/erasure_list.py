"""The list of what was erased, for the day an older backup is restored (RGPD art. 17).

One line per erasure, before it is done: identifiers of keys that are no more, and nothing personal.
It wants to be copied elsewhere as the seals do: an older backup does not know it.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.log import LogDamaged


class Erased(Struct, frozen=True):
    """Keys that are gone, and the stream that says so: `usager.<id>` or `dossier.<id>`."""

    stream: str
    keys: tuple[UUID, ...]
    time: datetime


def erasures_file(folder: Path, town: str) -> Path:
    """Where the list of a town lies in an installation."""
    return folder / "erasures" / f"{town}.jsonl"


def read(path: Path) -> list[Erased]:
    """The list, oldest first, each erasure once; empty without a file, and a last line that was
    cut off does not count. `LogDamaged` when another line cannot be read."""
    try:
        return parsed(path.read_bytes())
    except FileNotFoundError:
        return []
    except msgspec.MsgspecError:
        raise LogDamaged(f"La liste des effacements {path} ne se lit plus.") from None


def parsed(content: bytes) -> list[Erased]:
    """The list in the bytes of its file."""
    return [msgspec.json.decode(line, type=Erased) for line in content.split(b"\n")[:-1]]


def add(path: Path, stream: str, keys: Iterable[UUID]) -> None:
    """Append one erasure unless it is there, on the disk when this returns; what was cut off
    before it goes."""
    path.parent.mkdir(mode=0o755, exist_ok=True)
    one = Erased(stream=stream, keys=tuple(sorted(keys)), time=datetime.now(UTC))
    if any((known.stream, known.keys) == (one.stream, one.keys) for known in read(path)):
        return
    with path.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(msgspec.json.encode(one) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name too must outlive a power cut
    finally:
        os.close(folder)
