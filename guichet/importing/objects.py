"""Rows of JSON: one object per line, or the objects of one array, wherever it lies.

Nothing is held but the object at hand. One that is malformed is told and passed over, as far as its
brackets say where it ends.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from guichet.importing.packed import FileBreaksOff, FileRefused, Text
from guichet.importing.row import LARGEST, Lines, Row, sound
from guichet.importing.sources import Mapping

PIECE = 65_536
OBJECT = 10 * LARGEST
"""Characters in one object."""

MARK = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*+(?:"|(\\?\Z))|[{}\[\]]')
"""A string on one line, or a bracket; the group is there when the string goes on."""

DEEPER = {"{": 1, "[": 1, "}": -1, "]": -1}
BETWEEN = ", \t\r\n"
AFTER = ",]}" + BETWEEN
BARE = re.compile(r"[,{}\[\]\n]")
"""Where something that is no string, array or object ends."""

DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
"""Numbers are kept as they are written: `1e400`, and those of a hundred digits."""


def in_lines(text: Text, mapping: Mapping) -> Iterator[Row]:
    """One object per line."""
    lines = Lines(text, OBJECT)
    for line in lines:
        lines.taken.clear()
        if not line.strip():
            continue
        try:
            value = DECODER.decode(line)
        except (ValueError, RecursionError):
            long = lines.too_long(line)
            yield Row(
                lines.number, fault=f"plus de {OBJECT} caractères" if long else "JSON mal formé"
            )
        else:
            yield flattened(lines.number, value, mapping)


def in_array(
    text: Text, mapping: Mapping, piece: int = PIECE, largest: int = OBJECT
) -> Iterator[Row]:
    """The objects of the array `mapping.records` leads to, of at most `largest` characters each;
    `line` counts them from 1. The text is read `piece` by piece."""
    scan = Scan(text, piece, largest)
    path = mapping.records.split(".") if mapping.records else []
    enter(scan, path)
    number = 0
    while (begins := scan.peek(BETWEEN)) != "]":
        if not begins:
            raise FileBreaksOff(f"Le fichier s'arrête après {number} objets.")
        number += 1
        try:
            value = scan.value()
        except Malformed as error:
            yield Row(number, fault=str(error))
        except EndOfText:
            raise FileBreaksOff(f"Le fichier s'arrête au milieu de l'objet n° {number}.") from None
        else:
            yield flattened(number, value, mapping)
    scan.at += 1
    if not path and scan.peek():
        raise FileBreaksOff("Le tableau est suivi d'autre chose, qui n'a pas été lu.")


def enter(scan: "Scan", path: list[str]) -> None:
    """Go to the first object of the array at `path`, or `FileRefused`."""
    for depth, name in enumerate(path):
        if scan.peek() != "{" or not find(scan, name):
            raise FileRefused(f"Le fichier n'a pas de « {'.'.join(path[: depth + 1])} » (records).")
    begins = scan.peek()
    if begins == "{":
        raise FileRefused(
            "Un objet JSON, et non un tableau : records dit où est le tableau, et "
            'format = "jsonl" qu\'il y a un objet par ligne.'
        )
    if begins != "[":
        raise FileRefused("Le fichier n'est pas un tableau JSON.")
    scan.at += 1


def find(scan: "Scan", name: str) -> bool:
    """Whether the object that begins here has `name`; if so, its value is next."""
    scan.at += 1
    try:
        while scan.peek(BETWEEN) == '"':
            key = scan.value()
            if scan.peek() != ":":
                return False
            scan.at += 1
            if key == name:
                return True
            scan.skip()
    except (Malformed, EndOfText):
        pass
    return False


class Malformed(Exception):
    """A value that is no JSON, passed over."""


class EndOfText(Exception):
    """The text ends inside a value."""


class Scan:
    """A place in a text that is read as it is needed."""

    def __init__(self, text: Text, piece: int, largest: int) -> None:
        self._text = text
        self._piece = piece
        self._largest = largest
        self._held = ""
        self.at: int = 0

    def peek(self, passing: str = " \t\r\n") -> str:
        """The next character that is not in `passing`; empty at the end."""
        while True:
            while self.at < len(self._held):
                if self._held[self.at] not in passing:
                    return self._held[self.at]
                self.at += 1
            if not self._more():
                return ""

    def value(self) -> Any:
        """The value that begins here; `Malformed` past one that is none."""
        while True:
            value, end = self._decoded()
            none = end > len(self._held)
            if end < len(self._held):
                self.at = end
                return value
            if none and (past := self._past_malformed()) is not None:
                self.at = past
                raise Malformed("objet JSON mal formé")
            if len(self._held) - self.at > self._largest:
                self._skip_largest()
                raise Malformed(f"objet de plus de {self._largest} caractères")
            if not self._more():
                if none:
                    raise EndOfText
                self.at = len(self._held)
                return value

    def _decoded(self) -> tuple[Any, int]:
        """The value that begins here and where it ends: at the end of what is held it may go on,
        beyond it there is no value."""
        try:
            value, end = DECODER.raw_decode(self._held, self.at)
        except (ValueError, RecursionError):
            return None, len(self._held) + 1
        bare = self._held[self.at] not in '{["'
        if bare and end < len(self._held) and self._held[end] not in AFTER:
            return None, len(self._held) + 1
        return value, end

    def skip(self) -> None:
        """Pass over the value that begins here, without holding it."""
        if self.peek() not in "{[":
            self.value()
            return
        depth = 0
        while True:
            after, string = len(self._held), None
            for mark in MARK.finditer(self._held, self.at):
                if mark[1] is not None:
                    after, string = mark.start(), mark[1]
                    break
                depth += DEEPER.get(mark[0], 0)
                if depth == 0:
                    self.at = mark.end()
                    return
            self.at = after
            if string is not None:  # the beginning of what it goes on with is enough
                self._held, self.at = f'"{string}', 0
            if not self._more():
                raise EndOfText

    def _skip_largest(self) -> None:
        if self._held[self.at] in "{[":
            self.skip()
        else:
            self.at = len(self._held)

    def _past_malformed(self) -> int | None:
        """Where the malformed value that begins here ends, if that is already held."""
        begins = self._held[self.at]
        if begins == '"' and (mark := MARK.match(self._held, self.at)):
            return mark.end() if mark[1] is None else None
        if begins not in "{[":
            found = BARE.search(self._held, self.at + 1)
            return found.start() if found else None
        depth = 0
        for mark in MARK.finditer(self._held, self.at):
            if mark[1] is not None:
                return None
            depth += DEEPER.get(mark[0], 0)
            if depth == 0:
                return mark.end()
        return None

    def _more(self) -> bool:
        """Read on, twice as far each time a value needs it; whether there was anything."""
        kept = self._held[self.at :]
        piece = self._text.read(max(self._piece, len(kept)))
        self._held, self.at = kept + piece, 0
        return bool(piece)


def flattened(line: int, value: Any, mapping: Mapping) -> Row:
    """An object as columns, what lies inside another as `outer.inner`; an array's cells are named
    by the mapping's header. What is no text is written as JSON writes it."""
    if isinstance(value, list) and mapping.header:
        cells = cast("list[Any]", value)
        if len(cells) != len(mapping.header):
            return Row(line, fault=f"{len(cells)} colonnes au lieu de {len(mapping.header)}")
        value = dict(zip(mapping.header, cells, strict=True))
    if not isinstance(value, dict):
        return Row(line, fault="ce n'est pas un objet JSON")
    columns: dict[str, str] = {}
    waiting = list(cast("dict[str, Any]", value).items())
    try:
        while waiting:
            name, item = waiting.pop()
            if isinstance(item, dict):
                inner = cast("dict[str, Any]", item)
                waiting += [(f"{name}.{key}", found) for key, found in inner.items()]
            elif item is None:
                columns[name] = ""
            else:
                columns[name] = item if isinstance(item, str) else json.dumps(item)
    except RecursionError:
        return Row(line, fault="objet JSON imbriqué trop profondément")
    return sound(Row(line, columns))
