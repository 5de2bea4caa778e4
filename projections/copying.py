"""Rows as the text that COPY reads, made column by column.

Value by value, writing the rows would cost a rebuild as much as folding them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, get_args, get_origin

import msgspec
from msgspec import Struct

SPECIAL = ("\\", "\t", "\n", "\r", "\0")
"""What a text rarely holds, and never as it is between the tabs of COPY."""

SIGNS = str.maketrans({'"': None, "[": "{", "]": "}"})

one_a_line = msgspec.json.Encoder().encode_lines


def lines(town: str, row: type[Struct], rows: Sequence[Struct]) -> bytes:
    """`rows`, of the type `row`, as lines for COPY: the town, then their fields."""
    columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
    fields = msgspec.structs.fields(row)
    written = [column(field.type, values) for field, values in zip(fields, columns, strict=True)]
    towns = [escaped(town)] * len(rows)
    whole = map("\t".join, zip(towns, *written, strict=True))
    return ("\n".join(whole) + "\n").encode()


def column(kind: Any, values: Sequence[Any]) -> Iterable[str]:
    """The values of a column whose fields are of the type `kind`."""
    if get_origin(kind) is dict:
        json = one_a_line(values).decode().replace("\\u0000", "")
        return json.replace("\\", "\\\\").split("\n")[:-1]
    if str in get_args(kind) and get_origin(kind) is tuple:
        return [escaped(array(value)) if value else "{}" for value in values]
    if kind is str or str in get_args(kind):
        together = "".join(filter(None, values))
        if any(character in together for character in SPECIAL):
            values = [value if value is None else escaped(value) for value in values]
        return ["\\N" if value is None else value for value in values]
    # Numbers, times, identifiers and arrays of these are written as in JSON, but for a few signs.
    return one_a_line(values).decode().translate(SIGNS).replace("null", "\\N").split("\n")[:-1]


def array(values: Sequence[str]) -> str:
    """An array of texts as PostgreSQL reads it."""
    texts = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{text}"' for text in texts) + "}"


def escaped(text: str) -> str:
    """A text between the tabs of COPY. PostgreSQL stores no NUL in one."""
    text = text.replace("\0", "").replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
