"""What the bench starts: programs that die with it, and know nothing of the user's installation."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep

from adapters.embedded import CannotStart, Server

STOPS_WITHIN = 60
"""Seconds for a good end: a database that has just taken in 100,000 dossiers has much to write."""


def surroundings() -> Mapping[str, str]:
    """The environment without what would lead to the user's own installation."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GUICHET_")}
    return {**ours, "PYTHONUNBUFFERED": "1"}


class Program(Server):
    """A Python module run as a process of its own, its log in `folder`."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        super().__init__(folder)
        self.name = name
        self._arguments = arguments

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", *self._arguments]

    def environment(self) -> Mapping[str, str]:
        return surroundings()

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """Its number; it has been launched."""
        assert self.process is not None  # noqa: S101 launched before anybody asks
        return self.process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(self.ends_with)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()


def ready(port: int, path: str) -> bool:
    """Whether a web server answers 200 there."""
    line = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", path)
        return line.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        line.close()


def await_ready(program: Program, happened: Callable[[], bool], within: float = 60.0) -> None:
    """Until it happened; `CannotStart` when `program` ends first or `within` seconds are over."""
    deadline = monotonic() + within
    while not happened():
        if not program.alive() or monotonic() > deadline:
            raise CannotStart(f"{program.name} n'est pas prêt : {program.last_words()}")
        sleep(0.02)  # a server offers no event to wait for before it answers
