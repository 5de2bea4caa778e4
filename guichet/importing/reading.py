"""Rows out of a file, in a stream: CSV, a JSON array or JSON lines, plain or gzip.

A row that cannot be read is told with its line and the reason, and does not stop the rest; a file
that breaks off is told after the last row that could be read.
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from guichet.importing.mapping import Mapping
from guichet.sentences import Sentence

LARGEST = 1_000_000
"""Characters in one field, and in one JSON object ten times that."""


class FileRefused(Sentence):
    """The file cannot be read as the mapping says."""


class FileBreaksOff(Sentence):
    """The file ends in the middle; the rows before that were read."""


class Row(Struct, frozen=True):
    """One row: the line it starts on, its values by column, or why it has none."""

    line: int
    values: dict[str, str] = {}
    fault: str | None = None


def rows(path: Path, mapping: Mapping) -> Iterator[Row]:
    """The rows of `path`, one at a time."""
    kind = mapping.format or guessed(path)
    try:
        with opened(path, mapping.encoding) as text:
            match kind:
                case "csv":
                    yield from csv_rows(text, mapping)
                case "jsonl":
                    yield from json_lines(text)
                case _:
                    yield from json_array(text)
    except FileNotFoundError:
        raise FileRefused(f"Le fichier {path} n'existe pas.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileBreaksOff(f"Le fichier {path} est abîmé : {error}") from None
    except OSError as error:
        raise FileRefused(f"Le fichier {path} ne se laisse pas lire ({error.strerror}).") from None


def guessed(path: Path) -> str:
    """The format by the name of the file."""
    name = path.name.removesuffix(".gz")
    return {"json": "json", "jsonl": "jsonl", "ndjson": "jsonl"}.get(name.rpartition(".")[2], "csv")


def opened(path: Path, encoding: str) -> IO[str]:
    """The text of a file, unpacked when it is gzip whatever its name says. Bytes that are not text
    are kept as lone surrogates, so that only their row is rejected."""
    file = path.open("rb")
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    plain: Any = gzip.GzipFile(fileobj=file) if packed else file
    return io.TextIOWrapper(plain, encoding, errors="surrogateescape", newline="")


def csv_rows(text: IO[str], mapping: Mapping) -> Iterator[Row]:
    """Rows of a CSV; one with another number of columns than its head is at fault."""
    csv.field_size_limit(LARGEST)
    reader = csv.reader(text, delimiter=mapping.delimiter)
    head: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, fault=f"ligne illisible ({error})")
            continue
        if not cells:
            continue
        if head is None:
            head = [name.strip() for name in cells]
            check_columns(mapping, set(head))
        elif len(cells) != len(head):
            yield Row(line, fault=f"{len(cells)} colonnes au lieu de {len(head)}")
        else:
            yield sound(Row(line, dict(zip(head, cells, strict=True))))


def json_lines(text: IO[str]) -> Iterator[Row]:
    """One object per line."""
    for line, content in enumerate(text, 1):
        if content.strip():
            yield json_row(line, content)


def json_array(text: IO[str]) -> Iterator[Row]:
    """The objects of one array, without holding it whole. `line` counts the objects."""
    decoder, buffer, number, begun = json.JSONDecoder(), "", 0, False
    while True:
        chunk = text.read(65_536)
        buffer = (buffer + chunk).lstrip()
        if not begun and buffer:
            if not buffer.startswith("["):
                raise FileRefused("Le fichier n'est pas un tableau JSON.")
            buffer, begun = buffer[1:], True
        while True:
            buffer = buffer.lstrip(", \r\n\t")
            if buffer.startswith("]"):
                return
            try:
                value, end = decoder.raw_decode(buffer)
            except (ValueError, RecursionError) as error:
                if len(buffer) > 10 * LARGEST or isinstance(error, RecursionError):
                    raise FileBreaksOff(f"L'objet n° {number + 1} est illisible.") from None
                break
            if end == len(buffer) and chunk:
                break  # a number may go on in the next chunk
            number += 1
            buffer = buffer[end:]
            yield flattened(number, value)
        if not chunk:
            raise FileBreaksOff(f"Le fichier s'arrête après {number} objets.")


def json_row(line: int, content: str) -> Row:
    """The row on one line."""
    try:
        return flattened(line, json.loads(content))
    except (ValueError, RecursionError):
        return Row(line, fault="la ligne n'est pas du JSON")


def flattened(line: int, value: Any) -> Row:
    """An object as columns; what lies inside another is `outer.inner`."""
    if not isinstance(value, dict):
        return Row(line, fault="ce n'est pas un objet JSON")
    columns: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = list(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] any JSON
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, dict):
            waiting += [(f"{name}.{inner}", found) for inner, found in item.items()]  # pyright: ignore[reportUnknownVariableType] any JSON
        elif item is None:
            columns[name] = ""
        else:
            columns[name] = item if isinstance(item, str) else json.dumps(item)
    return sound(Row(line, columns))


def sound(row: Row) -> Row:
    """`row`, or the fault in its characters."""
    for name, text in row.values.items():
        if "\0" in text:
            return Row(row.line, fault=f"caractère NUL dans la colonne {name}")
        if any("\ud800" <= character <= "\udfff" for character in text):
            return Row(row.line, fault=f"texte mal encodé dans la colonne {name}")
    return row


def check_columns(mapping: Mapping, head: set[str]) -> None:
    """Every column the mapping names is there, or one sentence says which is not."""
    needed = {name for source in mapping.sources().values() for name in source.columns()}
    if missing := sorted(needed - head):
        raise FileRefused(f"Colonnes absentes du fichier : {', '.join(missing)}.")
