"""Whatever the bytes, what comes out is rows or one sentence; what was not touched comes out."""

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guichet.importing import objects
from guichet.importing.packed import FileBreaksOff, FileRefused
from guichet.importing.reading import rows
from guichet.importing.row import Row
from tests.importing.small import small

ROWS = [{"n": str(number), "o": "2011-07-01", "p": f"rue é, {number}"} for number in range(9)]
CSV = "n;o;p\n" + "".join(";".join(row.values()) + "\n" for row in ROWS)
MULTILINE = CSV.replace("rue", '"rue\n').replace(", 8\n", ', 8"\n')
ARRAY = json.dumps({"meta": ["x"], "result": {"records": ROWS}})
LINES = "\n".join(map(json.dumps, ROWS))
KINDS: list[tuple[dict[str, Any], str]] = [
    ({"format": "csv", "delimiter": ";"}, CSV),
    ({"format": "csv", "delimiter": ";", "quote": ""}, CSV),
    ({"format": "csv", "delimiter": ";"}, MULTILINE),
    ({"format": "json", "records": "result.records"}, ARRAY),
    ({"format": "json"}, json.dumps(ROWS, indent=1)),
    ({"format": "jsonl"}, LINES),
    ({"format": "csv", "delimiter": ";", "encoding": "utf-16"}, CSV),
]
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=4)), max_size=6)


def out(content: bytes, settings: dict[str, Any]) -> tuple[list[Row], str]:
    """The rows of that content and the sentence it ends with, if any."""
    found: list[Row] = []
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            for row in rows(Path(file.name), small(**settings)):
                found.append(row)
        except (FileBreaksOff, FileRefused) as sentence:
            return found, str(sentence)
    return found, ""


@given(st.sampled_from(KINDS), st.binary(max_size=300), st.booleans())
def test_any_bytes(kind: tuple[dict[str, Any], str], content: bytes, packed: bool) -> None:
    found, _ = out(gzip.compress(content) if packed else content, kind[0])
    assert [row.line for row in found] == sorted(row.line for row in found)


@settings(max_examples=300)
@given(st.sampled_from(KINDS), EDITS, st.booleans(), st.sampled_from([1, 5, 65_536]))
def test_any_damage(
    kind: tuple[dict[str, Any], str],
    edits: list[tuple[float, int, bytes]],
    packed: bool,
    piece: int,
) -> None:
    content = kind[1].encode(kind[0].get("encoding", "utf-8"))
    content = gzip.compress(content) if packed else content
    for place, cut, more in edits:
        at = int(place * len(content))
        content = content[:at] + more + content[at + cut :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "PIECE", piece)
        found, _ = out(content, kind[0])
    lines = [row.line for row in found]
    assert lines == sorted(set(lines))


@settings(max_examples=300)
@given(st.integers(0, 8), st.integers(0, 30), st.text("a1;\"'\\\0é\t,{}[]:", max_size=6))
def test_a_damaged_line_of_a_csv_costs_itself_alone(line: int, at: int, more: str) -> None:
    lines = CSV.splitlines()
    lines[line + 1] = lines[line + 1][:at] + more + lines[line + 1][at:]
    untouched = [row["n"] for number, row in enumerate(ROWS) if number != line]
    found, sentence = out("\n".join(lines).encode(), KINDS[0][0])
    assert (len(found), sentence) == (9, "")
    assert [row.values.get("n") for row in found if row.line != line + 2] == untouched


@given(st.integers(0, 8), st.integers(0, 60), st.text(max_size=6))
def test_a_damaged_json_line_costs_itself_alone(line: int, at: int, more: str) -> None:
    lines = LINES.split("\n")
    more = more.replace("\n", "").replace("\r", "")
    lines[line] = lines[line][:at] + more + lines[line][at:]
    untouched = [row["n"] for number, row in enumerate(ROWS) if number != line]
    found, _ = out("\n".join(lines).encode(errors="replace"), {"format": "jsonl"})
    assert [row.values.get("n") for row in found if row.line != line + 1] == untouched


@settings(max_examples=300)
@given(st.integers(0, 7), st.integers(1, 55), st.text("a1 \t:'é,\0\\\"", max_size=6))
def test_a_damaged_object_costs_itself_alone(number: int, at: int, more: str) -> None:
    texts = [json.dumps(row) for row in ROWS]
    texts[number] = texts[number][:at] + more + texts[number][at:]
    found, sentence = out(b"[" + ",\n".join(texts).encode() + b"]", {"format": "json"})
    numbers = [row.values.get("n") for row in found]
    untouched = [row["n"] for place, row in enumerate(ROWS) if place != number]
    assert sentence == ""
    assert [n for n in numbers if n in untouched] == untouched
