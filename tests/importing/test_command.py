"""`guichet import` as a person runs it, on an installation that was really started."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from guichet.demo.load import MAPPING, SAMPLE, TOWN
from guichet.importing.load import run
from guichet.sentences import Sentence
from guichet.settings import Settings
from tests.running import Running, open_folder, within

COMMAND = [sys.executable, "-m", "guichet.cli"]
ROWS = 6_000


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with open_folder() as folder:
        it = Running(folder / "data")
        assert within(40, it.ready), it.process.communicate(timeout=5)
        command = [*COMMAND, "catalogue", "load", str(TOWN), "--data", str(it.data)]
        subprocess.run(command, check=True, capture_output=True)
        yield it
        os.kill(it.process.pid, signal.SIGINT)
        it.process.communicate(timeout=20)


@pytest.fixture
def installation(running: Running) -> Path:
    return running.data


def started(data: Path, file: Path, *more: str) -> "subprocess.Popen[str]":
    options = ["--mapping", str(MAPPING), "--data", str(data), *more]
    return subprocess.Popen(
        [*COMMAND, "import", str(file), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=file.parent,
    )


def ended(process: "subprocess.Popen[str]") -> tuple[dict[str, int], str, int]:
    """The count on the last line, what was said, and the code."""
    out, said = process.communicate(timeout=60)
    assert "Traceback" not in said, said
    return json.loads(out.splitlines()[-1]), said, process.returncode


def many(path: Path, prefix: int, rows: int) -> Path:
    """A file whose first rows are rejected and which takes seconds to import."""
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as file:
        head, *lines = file
    later = [f"{prefix + number}{line[6:]}" for number in range(4) for line in lines]
    path.write_text(head + "no row\n" * 1000 + "".join(later[:rows]))
    return path


def test_ctrl_c_ends_with_the_count_and_the_next_import_completes(
    installation: Path, tmp_path: Path
) -> None:
    path = many(tmp_path / "many.csv", 900_001, ROWS)
    rejects = tmp_path / "many.csv.rejects.csv"
    process = started(installation, path)
    assert within(20, lambda: rejects.exists() and rejects.stat().st_size > 0)
    process.send_signal(signal.SIGINT)
    first, said, code = ended(process)
    assert (code, said.count("\n"), "relancez" in said) == (130, 1, True)
    assert first["rows"] == first["imported"] + first["rejected"] < ROWS
    second, said, code = ended(started(installation, path))
    assert (code, said, second["rows"], second["rejected"]) == (0, "", ROWS + 1000, 1000)
    assert second["already"] == first["imported"]
    assert first["imported"] + second["imported"] == ROWS


def test_an_import_waits_for_a_broker_that_comes_back(running: Running, tmp_path: Path) -> None:
    path = many(tmp_path / "again.csv", 800_001, 3000)
    rejects = tmp_path / "again.csv.rejects.csv"
    process = started(running.data, path)
    assert within(20, lambda: rejects.exists() and rejects.stat().st_size > 0)
    running.child("nats-server").kill()
    count, said, code = ended(process)
    assert (code, count["imported"], count["already"], said) == (0, 3000, 0, "")


def test_two_imports_at_once_end_well(installation: Path, tmp_path: Path) -> None:
    path = tmp_path / "sample.csv.gz"
    path.write_bytes(SAMPLE.read_bytes())
    running = [started(installation, path, "--rejects", f"{name}.csv") for name in "ab"]
    counts = [ended(process) for process in running]
    assert [code for _, _, code in counts] == [0, 0]
    assert sum(count["imported"] for count, _, _ in counts) == 3000


def test_a_dry_run_tells_the_rejects_and_adds_nothing(installation: Path, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as file:
        path.write_text(f"{next(file)}x\n9{next(file)}")
    for more in (["--dry-run"], []):
        count, said, code = ended(started(installation, path, *more))
        assert (count["imported"], count["rejected"], said, code) == (1, 1, "", 0)
        assert path.with_name("few.csv.rejects.csv").read_text().startswith("line,number,reason\n2")


@pytest.mark.parametrize("wrong", ["missing", "folder", "cut", "empty", "mapping", "rejects"])
def test_whatever_is_wrong_is_one_sentence_and_a_count(
    installation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    file, mapping, rejects = tmp_path / "file.csv", MAPPING, None
    match wrong:
        case "missing":
            pass
        case "folder":
            file.mkdir()
        case "cut":
            file.write_bytes(SAMPLE.read_bytes()[:30_000])
        case "mapping":
            mapping = file
            file.write_text("no TOML")
        case "rejects":
            file.write_text("x")
            rejects = tmp_path / "missing" / "rejects.csv"
        case _:
            file.write_text("")
    with pytest.raises(Sentence, match=r"^[^\n]+$"):
        run(Settings.find(installation), file, mapping, rejects, True)
    count = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (count["rows"] > 100) is (wrong == "cut")
    assert not file.with_name("file.csv.rejects.csv").exists()
