"""One row of a file, whatever the file."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from msgspec import Struct

from guichet.importing.packed import FileRefused, Text
from guichet.importing.sources import Mapping

LARGEST = 1_000_000
"""Characters in one line of a CSV; in one JSON object ten times that."""

NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no row may hold: NUL, and the mark of bytes that are no text."""


ENDS = ("\n", "\r")


class Row(Struct, frozen=True):
    """One row: the line it starts on, its values by column, or why it has none."""

    line: int
    values: dict[str, str] = {}
    fault: str | None = None


class Lines(Iterator[str]):
    """The lines of a text with their ends, from `number` 1. What was taken can be given back.

    The last line of a text that is cut is none. A line that is longer than `largest` comes cut,
    and the rest of it is passed over."""

    def __init__(self, text: Text, largest: int = LARGEST) -> None:
        self._text = text
        self._largest = largest
        self._again: list[str] = []
        self.number = 0
        self.taken: list[str] = []

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def keep_first(self) -> None:
        """Give back all that was taken but the first line."""
        self._again += reversed(self.taken[1:])
        self.number -= len(self.taken) - 1
        del self.taken[1:]

    def too_long(self, line: str) -> bool:
        """Whether a line came cut."""
        return len(line) > self._largest

    def _read(self) -> str:
        line = rest = self._text.readline(self._largest + 1)
        while len(rest) > self._largest and not rest.endswith(ENDS):
            rest = self._text.readline(self._largest + 1)
        return "" if self._text.cut and not rest.endswith(ENDS) else line


def sound(row: Row) -> Row:
    """`row`, or the fault in its characters."""
    for name, text in row.values.items():
        if found := NO_TEXT.search(text):
            what = "caractère NUL" if found[0] == "\0" else "texte mal encodé"
            return Row(row.line, fault=f"{what} dans la colonne {printable(name)}")
    return row


def printable(text: str) -> str:
    """`text` as it may be written in a sentence: on one line, 80 characters at most."""
    line = NO_TEXT.sub("�", " ".join(text.split()))
    return line if len(line) <= 80 else f"{line[:79]}…"


def check_columns(mapping: Mapping, head: list[str]) -> None:
    """Every column the mapping names is there once, or `FileRefused` says which is not."""
    if missing := sorted(mapping.needed - set(head)):
        hints = [near(name, head) for name in missing]
        said = ", ".join(f"« {name} »{hint}" for name, hint in zip(missing, hints, strict=True))
        more = "" if any(hints) else f" Le fichier a : {printable(', '.join(head))}."
        raise FileRefused(f"Colonnes absentes du fichier : {said}.{more}")
    if twice := sorted(name for name in mapping.needed if head.count(name) > 1):
        raise FileRefused(f"Colonnes qui sont deux fois dans le fichier : {', '.join(twice)}.")


def near(name: str, head: list[str]) -> str:
    """The column of `head` that was probably meant, in brackets, or nothing."""
    lower = {other.casefold(): other for other in head if other}
    found = get_close_matches(name.strip().casefold(), lower, 1, 0.75)
    return f" (le fichier a « {printable(lower[found[0]])} »)" if found else ""
