"""Rows of a CSV, of whatever separator.

A quote that is never closed must not swallow the rows after it: what is no well-formed record ends
with its first line, which is told, and reading goes on with the next.
"""

import csv
from collections.abc import Iterator
from typing import Any

from guichet.importing.packed import FileRefused, Text
from guichet.importing.row import LARGEST, NO_TEXT, Lines, Row, check_columns, sound
from guichet.importing.sources import Mapping

TALLEST = 1000
"""Lines in one record; more is a quote that was never closed."""


class Unclosed(Exception):
    """A record that does not end."""


class Bounded(Lines):
    """Lines, no more of them for one record than a record may have."""

    def __next__(self) -> str:
        if len(self.taken) >= TALLEST:
            raise Unclosed
        return super().__next__()


def in_csv(text: Text, mapping: Mapping) -> Iterator[Row]:
    """The rows of a CSV; one with another number of columns than its head is at fault."""
    lines = Bounded(text)
    for _ in range(mapping.skip_lines):
        next(lines, None)
    head = list(mapping.header)
    if head:
        check_columns(mapping, head)
    for line, cells, fault in records(lines, mapping):
        if not head:
            if fault:
                raise FileRefused(f"L'en-tête (ligne {line}) ne se lit pas : {fault}.")
            head = [name.strip() for name in cells]
            check_columns(mapping, head)
        elif fault:
            yield Row(line, fault=fault)
        else:
            yield row(line, head, cells, mapping)
    if not head and not text.trouble:
        raise FileRefused("Le fichier est vide : il n'a pas même d'en-tête.")


def row(line: int, head: list[str], cells: list[str], mapping: Mapping) -> Row:
    """The row whose cells these are."""
    if mapping.trailing_delimiter and len(cells) == len(head) + 1 and not cells[-1]:
        cells.pop()
    if len(cells) != len(head):
        return Row(line, fault=f"{len(cells)} colonnes au lieu de {len(head)}")
    return Row(line, dict(zip(head, cells, strict=True)))


def records(lines: Bounded, mapping: Mapping) -> Iterator[tuple[int, list[str], str | None]]:
    """The line each record starts on, its cells, and why it has none."""
    csv.field_size_limit(2 * LARGEST)  # of all its lines together; below, of one
    reader = csv.reader(lines, **dialect(mapping))
    while True:
        lines.taken.clear()
        line, cells, fault = lines.number + 1, list[str](), None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, Unclosed):
            fault = "guillemet mal placé ou jamais refermé"
            lines.keep_first()
        raw = lines.taken[0] if len(lines.taken) == 1 else "".join(lines.taken)
        if any(map(lines.too_long, lines.taken)):
            fault = f"ligne de plus de {LARGEST} caractères"
        elif not fault and ("\0" in raw or not (raw.isascii() or not NO_TEXT.search(raw))):
            fault = sound(Row(line, {str(n): cell for n, cell in enumerate(cells, 1)})).fault
        if fault or raw.strip(" \r\n"):
            yield line, cells, fault


def dialect(mapping: Mapping) -> dict[str, Any]:
    """The mapping's marks, as the csv module calls them. It is strict, since a quote in the wrong
    place means that we would guess where the cell ends."""
    return {
        "delimiter": mapping.delimiter,
        "quotechar": mapping.quote or None,
        "quoting": csv.QUOTE_MINIMAL if mapping.quote else csv.QUOTE_NONE,
        "escapechar": mapping.escape or None,
        "strict": True,
    }
