"""The file of rejects: there when it is needed, where it can be, before anything is read."""

from pathlib import Path

import pytest

from guichet.importing.packed import FileRefused
from guichet.importing.rejects import rejects_of


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "there" / "old.csv"
    path.parent.mkdir()
    path.write_text("content")
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_they_are_written_as_they_come_beside_the_source(source: Path) -> None:
    beside = source.with_name("old.csv.rejects.csv")
    beside.write_text("of an earlier import\n" * 9)
    with rejects_of(source, None, ()) as rejects:
        for line in range(50_000):
            rejects.add(line, "7", "sans date")
        assert beside.stat().st_size > 500_000
    lines = beside.read_text().splitlines()
    assert (lines[0], lines[1], len(lines)) == ("line,number,reason", "0,7,sans date", 50_001)


def test_without_a_reject_there_is_no_file(source: Path) -> None:
    beside = source.with_name("old.csv.rejects.csv")
    beside.write_text("of an earlier import")
    with rejects_of(source, None, ()):
        pass
    assert not beside.exists()


def test_where_the_folder_cannot_be_written_they_go_here_and_it_is_said(
    source: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.with_name("old.csv.rejects.csv").mkdir()  # root may write anywhere but here
    with rejects_of(source, None, ()) as rejects:
        rejects.add(2, "7", "sans date")
    assert (elsewhere / "old.csv.rejects.csv").read_text().endswith("2,7,sans date\n")
    assert str(elsewhere) in capsys.readouterr().err


def test_what_cannot_be_written_is_one_sentence(source: Path, elsewhere: Path) -> None:
    for named in (elsewhere, elsewhere / "missing" / "x.csv", Path("a\0b")):
        with pytest.raises(FileRefused, match="--rejects"):
            rejects_of(source, named, ())


def test_the_source_is_never_written_over(source: Path) -> None:
    link = source.with_name("link.csv")
    link.symlink_to(source)
    for named in (source, link):
        with pytest.raises(FileRefused, match="autre fichier"):
            rejects_of(source, named, (source,))
    assert source.read_text() == "content"


def test_a_device_is_not_removed(source: Path) -> None:
    with rejects_of(source, Path("/dev/null"), ()):
        pass
    assert Path("/dev/null").exists()
