"""CSV as other software writes it, defects included: only the row with the defect is lost."""

import gzip
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guichet.importing.packed import FileRefused
from guichet.importing.reading import rows
from guichet.importing.row import LARGEST
from tests.importing.small import read, small, told

QUOTE = "guillemet mal placé ou jamais refermé"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "requests.csv"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_line_end_encoding_and_delimiter(
    path: Path, end: str, encoding: str, delimiter: str
) -> None:
    lines = [("n", "o", "p"), ("1", "é", '"a\nb"'), ("2", "", "")]
    content = "\n".join(delimiter.join(cells) for cells in lines).replace("\n", end)
    found = read(path, content.encode(encoding), encoding=encoding, delimiter=delimiter)
    assert [(row.line, row.values["o"]) for row in found] == [(2, "é"), (4, "")]
    assert found[0].values["p"] == f"a{end}b"


def test_a_byte_order_mark_decides_over_the_encoding(path: Path) -> None:
    assert told(path, "n,o,p\n1,,\n".encode("utf-16"), encoding="windows-1252") == [(2, "1")]


def test_a_quote_that_is_never_closed_costs_its_line_alone(path: Path) -> None:
    more = "".join(f"{number},,\n" for number in range(3, 3000))
    found = told(path, f'n,o,p\n1,"x,y\n{more}')
    assert found[0] == (2, QUOTE)
    assert found[1:] == [(number, str(number)) for number in range(3, 3000)]
    assert told(path, 'n,o,p\n1,"x,y\n2,"y",z\n3,,\n') == [(2, QUOTE), (3, "2"), (4, "3")]
    assert told(path, 'n,o,p\n1,x,"y\n') == [(2, QUOTE)]
    assert told(path, 'n,o,p\n1,"x" y,z\n2,,\n') == [(2, QUOTE), (3, "2")]


def test_quotes_and_escapes_are_what_the_mapping_says(path: Path) -> None:
    assert read(path, "n,o,p\n1,'a,b',c\n", quote="'")[0].values["o"] == "a,b"
    assert read(path, 'n,o,p\n1,"a,b\n', quote="")[0].values["o"] == '"a'
    assert read(path, 'n,o,p\n1,"a\\"b",c\n', escape="\\")[0].values["o"] == 'a"b'


def test_rows_at_fault_are_told_by_the_line_they_begin_on(path: Path) -> None:
    content = b'n,o,p\n1,"a\n\nb",c\n2,\xff,\n\n  \n3,\0,\n4,x\n5,x,y,z\n"6\n",,,\n7,,\n'
    assert told(path, content) == [
        (2, "1"),
        (5, "texte mal encodé dans la colonne 2"),
        (8, "caractère NUL dans la colonne 2"),
        (9, "2 colonnes au lieu de 3"),
        (10, "4 colonnes au lieu de 3"),
        (11, "4 colonnes au lieu de 3"),
        (13, "7"),
    ]


def test_a_line_that_is_too_long_is_one_fault(path: Path) -> None:
    long = f"ligne de plus de {LARGEST} caractères"
    content = f'n,o,p\n1,{"x" * 3 * LARGEST},\n2,,\n3,"{"x" * 2 * LARGEST}",\n4,,\n'
    assert told(path, content) == [(2, long), (3, "2"), (4, long), (5, "4")]


def test_a_delimiter_at_the_end_of_each_row_is_allowed_by_name(path: Path) -> None:
    assert told(path, "n,o,p\n1,,,\n2,,,x\n", trailing_delimiter=True) == [
        (2, "1"),
        (3, "4 colonnes au lieu de 3"),
    ]
    assert told(path, "n,o,p,\n1,,,\n2,,\n") == [(2, "1"), (3, "3 colonnes au lieu de 4")]


def test_a_header_may_come_from_the_mapping_or_after_a_title(path: Path) -> None:
    assert told(path, "1,x,y\n2,,\n", header=("n", "o", "p")) == [(1, "1"), (2, "2")]
    assert told(path, "Export\n2016\n\nn,o,p\n1,,\n", skip_lines=2) == [(5, "1")]
    assert told(path, "", header=("n", "o", "p")) == []


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("N,o,p", "« n » (le fichier a « N »)"),
        (" n ,o,procedure", "« p ». Le fichier a : n, o, procedure."),
        ("n,o,p,n", "deux fois dans le fichier : n"),
        ("n;o;p", "Le fichier a : n;o;p."),
        ("", "vide"),
        ('n,o,"p', "ne se lit pas"),
        ("n,o,\0p", "ne se lit pas"),
    ],
)
def test_a_header_that_does_not_fit_is_one_sentence(path: Path, head: str, said: str) -> None:
    with pytest.raises(FileRefused, match=re.escape(said)):
        read(path, head)


def test_a_column_that_is_twice_and_not_named_does_no_harm(path: Path) -> None:
    assert told(path, "n,o,p,x,x,,\n1,,,,,,\n") == [(2, "1")]
    assert told(path, "n,o,p\n") == []


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    content = b"n,o,p\n1,,\n2,,"
    plain, packed = tmp_path / "plain.csv.gz", tmp_path / "packed.csv"
    members = gzip.compress(content[:8]) + b"\0\0\0" + gzip.compress(content[8:])
    assert told(plain, content) == told(packed, members) == [(2, "1"), (3, "2")]
    found = told(packed, members + b"trailing")
    assert found[:2] == [(2, "1"), (3, "2")]
    assert "suivi d'autre chose" in found[2][1]


def test_a_damaged_gzip_gives_what_was_whole(path: Path) -> None:
    lines = "".join(f"{number},{number * 7919},\n" for number in range(2, 30_000))
    packed = gzip.compress(f"n,o,p\n{lines}".encode())
    whole = [(number, str(number)) for number in range(2, 30_000)]
    cut = told(path, packed[: len(packed) // 2])
    assert "s'arrête au milieu" in cut[-1][1]
    assert cut[:-1] == whole[: len(cut) - 1]
    assert len(cut) > 10_000
    spoilt = told(path, packed[:-8] + b"\0" * 8)
    assert (spoilt[:-1], "abîmé" in spoilt[-1][1]) == (whole, True)


@pytest.mark.parametrize("content", [b"PK\x03\x04rest", b"%PDF-1.4", b"\xd0\xcf\x11\xe0"])
def test_other_kinds_of_files_are_named(path: Path, content: bytes) -> None:
    with pytest.raises(FileRefused, match="enregistrez-le en CSV"):
        read(path, content)


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        writing = pool.submit(pipe.write_bytes, gzip.compress(b"n,o,p\n1,,\n"))
        assert [row.values["n"] for row in rows(pipe, small())] == ["1"]
        writing.result()


def test_a_folder_and_a_missing_file_are_one_sentence(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(FileRefused):
            list(rows(place, small()))
