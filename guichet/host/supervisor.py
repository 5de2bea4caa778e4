"""What ./run watches over: two servers and our processes, started again when they die.

Everything runs as a child of this process and ends with it. Ctrl-C stops the processes first, then
the servers, in order.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from adapters.embedded import Server
from guichet.host import disk
from guichet.host.disk import ENOUGH
from guichet.host.installation import Installation
from guichet.settings import Settings

PROCESSES = ("web", "projector", "reactor", "outbox", "reminders")
AGAIN = 0.3
"""Seconds between two looks at what should be running."""

PATIENCE = 1.5
"""Seconds before something that died at once is tried again."""

AT_ONCE = 10.0
"""Seconds of life under which a death counts as one more of the same row."""

HEALTH = 3.0
"""Seconds between two looks at what the broker says of itself."""

LONGEST_LOG = 5 * 1024 * 1024
"""Bytes of a log before it is set aside; one former log is kept."""


class Process(Server):
    """One of our own processes."""

    def __init__(self, folder: Path, name: str, *options: str) -> None:
        super().__init__(folder)
        self.name = name
        self._options = options

    def command(self) -> Sequence[str]:
        ours = [sys.executable, "-P", "-m", "guichet.cli", self.name]
        return [*ours, *self._options, "--data", str(self.folder)]

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "PYTHONUNBUFFERED": "1"}

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"


def backups(settings: Settings) -> Process:
    """The process that takes backups by itself."""
    rhythm = ["--every", str(settings.backup_hours), "--keep", str(settings.backup_keep)]
    return Process(settings.data, "backup", settings.backup, *rhythm)


class Supervisor:
    """Everything that runs for one installation, in the order it is started."""

    def __init__(self, installation: Installation, settings: Settings) -> None:
        self._settings = settings
        self._broker = installation.broker(settings)
        self._looked = 0.0
        self.servers: list[Server] = [self._broker, installation.database()]
        self.processes: list[Server] = [Process(settings.data, name) for name in PROCESSES]
        if settings.backup:
            self.processes.append(backups(settings))
        self._row: dict[str, int] = {}
        for server in self.everything:
            server.holds = (installation.folder.lock,)
            server.set_log_aside()

    @property
    def everything(self) -> list[Server]:
        """Servers, then processes."""
        return [*self.servers, *self.processes]

    def start_servers(self) -> None:
        """The broker and the database, begun together, both ready when this returns."""
        for server in self.servers:
            server.begin()
        importlib.import_module("guichet.host.preparing")  # meanwhile

        for server in self.servers:
            server.await_answer()

    def start_processes(self) -> None:
        """All of `PROCESSES`, and backups where they are wanted."""
        for process in self.processes:
            process.launch()

    def watch(self, stop: Callable[[], bool]) -> None:
        """Start again whatever dies, until we are to `stop`."""
        while not stop():
            self.look()
            sleep(AGAIN)

    def look(self) -> None:
        """One round: what has died is started again, what has said too much gets a new log."""
        for server in self.everything:
            if server.process is not None and server.process.poll() is not None:
                self.revive(server)
            with suppress(OSError):
                server.set_log_aside(above=LONGEST_LOG)
        if monotonic() - self._looked > HEALTH:
            self._looked = monotonic()
            self.free_the_broker()

    def free_the_broker(self) -> None:
        """Start the broker again when a full disk has closed its streams and there is room now."""
        settings = self._settings
        least = settings.least_free or ENOUGH
        if disk.shortage(settings.data, least) or not self._broker.is_stuck():
            return
        say("Le disque a de nouveau de la place ; le courtier, qui l'a vu plein, est relancé.")
        self._broker.stop()
        self._broker.launch()

    def revive(self, server: Server) -> None:
        """Start `server` again, a little later when it died at once; of a row of such deaths the
        second, the fourth and so on are told with its last words."""
        lived = monotonic() - server.since
        if lived < PATIENCE:
            return
        row = self._row.get(server.name, 0) + 1 if lived < AT_ONCE else 1
        self._row[server.name] = row
        if row == 1:
            say(f"« {server.name} » s'est arrêté ; il est relancé.")
        elif row & (row - 1) == 0:
            say(f"« {server.name} » s'arrête à peine lancé ({row}×) : {server.last_words()}")
        try:
            server.launch()
        except OSError as error:
            server.since = monotonic()
            say(f"« {server.name} » ne se relance pas : {error.strerror}")

    def stop(self) -> None:
        """End everything, processes before servers."""
        for process in self.processes:
            if process.process is not None:
                process.process.send_signal(signal.SIGTERM)
        for server in (*self.processes, *self.servers):
            server.stop()


def say(text: str) -> None:
    """Tell the person at the keyboard, who may have left."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)
