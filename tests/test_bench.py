"""The bench runs, tells what it promises, and leaves nothing; how fast is not asked here."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest

from bench import report
from bench.command import PROMISED
from bench.driving import read_wrk, together
from tests.running import open_folder

TINY = """
from pathlib import Path
from bench.command import run
from bench.plan import Sizes
sizes = Sizes(
    rounds=1, round_s=0.5, import_rows=300, small=100, large=200,
    resting=150, reads=10, steady_s=0.5
)
run(sizes, Path("figures.json"), False)
"""


def test_a_tiny_run_tells_every_figure_it_promises(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TINY], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert [name for name in PROMISED if not figures[name] > 0] == []
    assert figures["machine"]["database"]["synchronous_commit"] == "on"
    assert (figures["queue_small"], figures["queue_large"]) == (100, 200)
    assert set(figures["create_c8_cpu_ms_by_part"]) >= {"web", "broker", "database", "projector"}
    assert figures["create_c8_failed"] == figures["floor_c32_failed"] == 0
    assert done.stdout.count("\n| ") == len(report.ROWS) + 1


def test_ctrl_c_leaves_no_process_and_no_folder() -> None:
    with open_folder() as folder:
        bench = subprocess.Popen(
            [sys.executable, "-m", "guichet.cli", "bench", "--quick"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(folder)},
        )
        assert within(60, lambda: any("postgres" in line for line in lines_of(bench.pid)))
        children = psutil.Process(bench.pid).children(recursive=True)
        bench.send_signal(signal.SIGINT)
        _, said = bench.communicate(timeout=60)
        assert (bench.returncode, said.splitlines()[-1]) == (2, "Mesures interrompues.")
        assert psutil.wait_procs(children, timeout=5)[1] == []
        assert list(folder.iterdir()) == []


def lines_of(pid: int) -> list[str]:
    children = psutil.Process(pid).children(recursive=True)
    return [" ".join(child.cmdline()) for child in children if child.is_running()]


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        try:
            if happened():
                return True
        except psutil.Error:
            pass  # it ended while we looked
        sleep(0.05)
    return False


def test_without_the_sources_one_sentence_says_so() -> None:
    absent = "import sys; sys.modules['bench'] = None; sys.argv[1:] = ['bench']\n"
    code = f"{absent}from guichet.cli.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "sources" in done.stderr


def test_two_wrk_are_put_together() -> None:
    one = read_wrk("noise\nseen 3 2000000 0\nlatency 1000 2\nlatency 4000 1\n")
    other = read_wrk("seen 1 1000000 1\nlatency 2000 1\n")
    both = together([one, other])
    assert (both.rate, both.failed) == (pytest.approx(2.0), 1)
    assert sorted(both.latencies) == [1.0, 1.0, 2.0, 4.0]
