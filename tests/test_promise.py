"""The table of promises names tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CELL = re.compile(r"`(tests/[\w/]+(?:\.py|/))`((?: [a-z_0-9]{8,},?)*)")
TABLE = (ROOT / "docs" / "promise.md").read_text("utf-8")
NAMED = [
    (file, [name.strip(" ,") for name in names.split()]) for file, names in CELL.findall(TABLE)
]


def test_each_line_names_its_proof() -> None:
    lines = [line for line in TABLE.splitlines() if line.startswith("| ")]
    rows = [line for line in lines if not line.startswith(("| the town says", "| elsewhere"))]
    assert len(rows) >= 20
    assert [row for row in rows if not CELL.search(row)] == []


@pytest.mark.parametrize(("file", "names"), NAMED)
def test_what_is_named_is_there(file: str, names: list[str]) -> None:
    path = ROOT / file
    assert path.exists()
    if names:
        content = path.read_text("utf-8")
        assert [name for name in names if f"def test_{name}(" not in content] == []
