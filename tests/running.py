"""What the tests of ./run have in common: an installation as its start leaves it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psutil

from adapters.embedded import free_port
from adapters.embedded_child import dying_with_parent


@contextmanager
def open_folder() -> Generator[Path]:
    """A folder that the database's own account may enter too, gone afterwards."""
    with TemporaryDirectory(prefix="guichet-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Running:
    """An installation that was started like ./run starts it."""

    def __init__(self, data: Path, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.process = started(data, self.port, *options, env=env)

    def ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2) as reply:
                return reply.status == 200
        except (URLError, OSError):
            return False

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process:
        """The child that has that word in its command, waited for: it may be starting again."""
        assert within(30, lambda: self.runs(word)), f"no child is a {word}"
        return next(child for child in self.children() if word in command_of(child))

    def stop(self, number: signal.Signals = signal.SIGINT) -> str:
        """Send the signal; what was said. Nothing may be left."""
        children = self.children()
        os.kill(self.process.pid, number)
        _, said = self.process.communicate(timeout=60)
        assert (self.process.returncode, "Traceback" in said) == (0, False), said
        assert psutil.wait_procs(children, timeout=15)[1] == []
        return said

    def position(self) -> int:
        """The head of the log; 0 while nothing answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as reply:
                return json.load(reply)["log_position"]
        except HTTPError as error:  # not ready is an answer too
            return json.load(error)["log_position"]
        except (URLError, OSError):
            return 0

    def runs(self, word: str) -> bool:
        """Whether a child has that word in its command."""
        return any(word in command_of(child) for child in self.children())


def command_of(process: psutil.Process) -> str:
    """Its command line; nothing of one that has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def started(
    data: Path, port: int, *options: str, env: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "guichet.cli", "start", "--port", str(port)]
    return subprocess.Popen(
        [*command, "--data", str(data), *(options or ["--no-demo"])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=dying_with_parent(),  # a test that fails leaves nothing either
        env={**os.environ, **(env or {})},
    )


def refused(data: Path, *options: str, port: int | None = None) -> str:
    """The one sentence of a start that is refused."""
    process = started(data, port or free_port(), "--no-demo", *options)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.count("\n")) == (2, 1), said
    return said


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        if happened():
            return True
        sleep(0.05)
    return False
