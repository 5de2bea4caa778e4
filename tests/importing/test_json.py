"""JSON as other software writes it: arrays wherever they lie, lines, objects that are malformed."""

import gzip
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from guichet.importing.objects import in_array
from guichet.importing.packed import FileRefused, Text
from tests.importing.small import read, short, small, told

ROWS = [{"n": str(number), "o": {"at": number}, "p": None} for number in (1, 2, 3)]
BAD = "objet JSON mal formé"


def text(content: str) -> Text:
    return Text(io.BytesIO(content.encode()), encoding="utf-8", newline="")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "requests.json"


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("piece", [1, 3, 7, 26, 65_536])
def test_the_array_may_lie_inside_an_object(path: Path, indent: int | None, piece: int) -> None:
    noise: dict[str, Any] = {
        "text": 'a "quoted\\" ] } one',
        "list": [[1, {"records": []}], "x"],
        "n": -1.5e3,
    }
    whole: dict[str, Any] = {**noise, "result": {**noise, "records": ROWS, "after": noise}}
    content = text(json.dumps(whole, indent=indent))
    found = list(in_array(content, small(records="result.records"), piece))
    assert [(row.line, row.values) for row in found] == [
        (number, {"n": str(number), "o.at": str(number), "p": ""}) for number in (1, 2, 3)
    ]
    assert read(path, json.dumps(ROWS, indent=indent)) == found
    assert read(path, json.dumps(whole, indent=indent), records="result.records") == found


def test_geojson_and_arrays_of_cells(path: Path) -> None:
    feature = {
        "type": "Feature",
        "properties": {"n": 7},
        "geometry": {"type": "Point", "coordinates": [2.35, 48.85]},
    }
    whole = {"type": "FeatureCollection", "features": [feature]}
    [row] = read(path, json.dumps(whole), records="features")
    assert row.values["properties.n"] == "7"
    assert row.values["geometry.coordinates"] == '["2.35", "48.85"]'
    cells = json.dumps({"meta": {}, "data": [["1", None, 2], ["1"]]})
    found = told(path, cells, records="data", header=("n", "o", "p"))
    assert found == [(1, "1"), (2, "1 colonnes au lieu de 3")]


def test_numbers_are_kept_as_they_are_written(path: Path) -> None:
    huge = "9" * 5000
    content = f'[{{"n": 1e400, "o": {huge}, "p": 48.850000000000001, "q": true, "r": NaN}}]'
    [row] = read(path, content)
    assert row.values == {
        "n": "1e400",
        "o": huge,
        "p": "48.850000000000001",
        "q": "true",
        "r": "NaN",
    }


@pytest.mark.parametrize("piece", [1, 65_536])
@pytest.mark.parametrize("bad", ['{"n": x}', '{"n": "a",}', "x", '{"n": "a\n}', "{'n': 1}"])
def test_a_malformed_object_costs_itself_alone(path: Path, bad: str, piece: int) -> None:
    content = f'[{{"n": "1"}},\n{bad},\n{{"n": "3 }} {{"}}, [], "text", 4]'
    faults = [(number, "ce n'est pas un objet JSON") for number in (4, 5, 6)]
    expected = [(1, "1"), (2, BAD), (3, "3 } {"), *faults]
    assert short(in_array(text(content), small(), piece)) == expected
    assert told(path, content) == expected


def test_nesting_and_size_have_an_end() -> None:
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    large = json.dumps({"n": "x" * 300_000})
    content = f'[{{"n": "1"}}, {deep}, {large}, {{"n": "4"}}, {"z" * 300_000}, {{"n": "6"}}]'
    found = short(in_array(text(content), small(), largest=100_000))
    assert found[:4] == [(1, "1"), (2, BAD), (3, "objet de plus de 100000 caractères"), (4, "4")]
    assert found[-1][1] == "6"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"n": "1"}, {"n": ', "au milieu de l'objet n° 2"),
        ('[{"n": "1"}', "après 1 objets"),
        ('[{"n": "1"}] [{"n": "2"}]', "suivi d'autre chose"),
        (gzip.compress(b'[{"n": "1"}, {"n": "2"}]')[:-9], "objet"),
    ],
)
def test_a_file_that_breaks_off_gives_what_was_whole(
    path: Path, content: str | bytes, said: str
) -> None:
    found = told(path, content)
    assert found[0] == (1, "1")
    assert said in found[-1][1]


@pytest.mark.parametrize(
    ("content", "records", "said"),
    [
        ('{"n": "1"}\n{"n": "2"}', "", "jsonl"),
        ('{"result": []}', "result.records", "« result.records »"),
        ('{"other": {"records": []}}', "records", "« records »"),
        ("[]", "records", "« records »"),
        ("n,o,p\n1,2,3", "", "pas un tableau"),
        ("", "", "pas un tableau"),
        ('{"records": 5}', "records", "pas un tableau"),
        ("{", "a", "« a »"),
        ('{"a', "a", "« a »"),
    ],
)
def test_a_file_without_the_array_is_refused(
    path: Path, content: str, records: str, said: str
) -> None:
    with pytest.raises(FileRefused, match=re.escape(said)):
        read(path, content, records=records)


def test_json_lines_lose_one_line_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    content = (
        b'\xef\xbb\xbf{"n": "1"}\r\n\r\n{"n": \n[1]\n{"n": "\xff"}\n{"n": "\\ud800"}\n{"n": "7"}'
    )
    assert told(path, content) == [
        (1, "1"),
        (3, "JSON mal formé"),
        (4, "ce n'est pas un objet JSON"),
        (5, "texte mal encodé dans la colonne n"),
        (6, "texte mal encodé dans la colonne n"),
        (7, "7"),
    ]
    deep = "[" * 100_000 + "]" * 100_000
    assert told(path, deep) == [(1, "JSON mal formé")]
    cut = gzip.compress(b'{"n": "1"}\n{"n": "2"}')[:-12]
    assert [line for line, _ in told(path, cut)][-1] == 0
