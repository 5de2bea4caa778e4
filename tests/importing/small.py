"""A mapping of three columns, and the rows it finds in a file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import structs

from guichet.importing.reading import FileBreaksOff, rows
from guichet.importing.row import Row
from guichet.importing.sources import Columns, Mapping, Source

COLUMNS = Columns(number="n", opened="o", procedure="p", channel=Source(value="phone"))


def small(**more: Any) -> Mapping:
    """The mapping, with other settings."""
    return structs.replace(Mapping(source="old", zone="Europe/Paris", columns=COLUMNS), **more)


def read(path: Path, content: bytes | str, **more: Any) -> list[Row]:
    """The rows of a file with that content."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(rows(path, small(**more)))


def told(path: Path, content: bytes | str, **more: Any) -> list[tuple[int, str]]:
    """The line of each row and its number or its fault, short; the sentence at the end if any."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    heard: list[tuple[int, str]] = []
    try:
        for row in rows(path, small(**more)):
            heard += short([row])
    except FileBreaksOff as error:
        heard.append((0, str(error)))
    return heard


def short(found: Iterable[Row]) -> list[tuple[int, str]]:
    """The line of each row and its number or its fault."""
    return [(row.line, row.fault or row.values["n"]) for row in found]
