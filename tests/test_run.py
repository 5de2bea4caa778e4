"""`./run` as a newcomer meets it: it starts, heals, refuses in a sentence, and leaves nothing."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

from adapters.embedded import free_port


class Running:
    """An installation that was started like ./run starts it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.process = started(data, self.port)

    def ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2) as reply:
                return reply.status == 200
        except (URLError, OSError):
            return False

    def child(self, word: str) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if word in " ".join(child.cmdline()))


def started(data: Path, port: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "guichet.cli", "start", "--no-demo"]
    return subprocess.Popen(
        [*command, "--data", str(data), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        if happened():
            return True
        sleep(0.05)
    return False


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="guichet-run-") as folder:
        Path(folder).chmod(0o755)
        it = Running(Path(folder) / "data")
        assert within(40, it.ready), it.process.communicate(timeout=5)
        yield it
        if it.process.poll() is None:
            it.process.kill()
            it.process.wait()


@pytest.mark.parametrize(
    "word", ["nats-server", "bin/postgres", "cli web", "cli projector", "cli reactor"]
)
def test_whatever_dies_is_started_again(running: Running, word: str) -> None:
    assert within(10, running.ready)
    old = running.child(word)
    old.kill()
    old.wait(5)
    assert within(5, lambda: any_child(running, word))
    assert running.child(word).pid != old.pid
    assert within(10, running.ready)


def any_child(running: Running, word: str) -> bool:
    return any(
        word in " ".join(child.cmdline())
        for child in psutil.Process(running.process.pid).children()
    )


def test_a_second_start_on_the_same_folder_says_so(running: Running) -> None:
    second = started(running.data, free_port())
    _, said = second.communicate(timeout=20)
    assert (second.returncode, said.count("\n")) == (2, 1)
    assert "tourne déjà" in said
    assert within(10, running.ready)


def test_a_taken_port_is_named(running: Running, tmp_path: Path) -> None:
    second = started(tmp_path, running.port)
    _, said = second.communicate(timeout=20)
    assert second.returncode == 2
    assert f"127.0.0.1:{running.port} est déjà prise" in said


def test_a_command_without_an_installation_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "guichet.cli", "rebuild", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "./run" in done.stderr


def test_a_token_is_printed_alone_on_the_last_line(running: Running) -> None:
    command = [sys.executable, "-m", "guichet.cli", "token", "create"]
    options = ["--role", "receptionist", "--data", str(running.data)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].startswith("gui_")


def asked(running: Running, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "guichet.cli", *words, "--data", str(running.data)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_sound_log_is_verified_and_left_alone(running: Running) -> None:
    assert within(10, running.ready)
    verified, repaired = asked(running, "verify"), asked(running, "repair")
    assert (verified.returncode, repaired.returncode) == (0, 0), verified.stderr
    assert "concordent" in verified.stdout
    assert "rien à réparer" in repaired.stdout
    unknown = asked(running, "prove", "00000000-0000-0000-0000-000000000000")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)


def test_secrets_are_for_us_alone(running: Running) -> None:
    for name in ("master.key", "seal.key", "installation.json"):
        assert (running.data / name).stat().st_mode & 0o077 == 0


def test_ctrl_c_leaves_no_process_and_the_next_start_goes_on() -> None:
    with tempfile.TemporaryDirectory(prefix="guichet-run-") as folder:
        Path(folder).chmod(0o755)
        for _ in range(2):
            it = Running(Path(folder) / "data")
            assert within(40, it.ready)
            children = psutil.Process(it.process.pid).children(recursive=True)
            assert len(children) >= 5
            os.kill(it.process.pid, signal.SIGINT)
            _, said = it.process.communicate(timeout=20)
            assert (it.process.returncode, "Traceback" in said) == (0, False)
            assert psutil.wait_procs(children, timeout=5)[1] == []
