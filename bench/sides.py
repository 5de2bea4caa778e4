"""The two sides that are compared: Guichet as `./run` starts it, and the floor beside it.

Each has two web workers on two ports and a database of its own with the same configuration, in the
bench's temporary folder.
"""

from collections import Counter
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol

import msgspec
import psycopg

from adapters.embedded import free_port
from adapters.embedded_child import CannotStart
from adapters.embedded_postgres_server import PostgresServer, fresh_passwords
from adapters.postgres_roles import ROLES
from bench.floor import TABLE
from bench.line import Line
from bench.processes import cpu_seconds, memory_mb
from bench.programs import Program, await_ready, ready
from guichet.host.installation import CONFIG
from guichet.settings import FILE, Settings
from guichet.tokens import issue

PROJECTED_WITHIN = 3600.0
"""Seconds; a million facts take a while."""


class Side(Protocol):
    """One of the two: where it answers, with which token, and what it has cost so far."""

    name: str
    ports: list[int]
    token: str

    def cpu(self) -> Counter[str]: ...
    def settle(self) -> None: ...


class Guichet:
    """A whole installation, started by `guichet start`, and its second web worker."""

    name = "guichet"

    def __init__(self, folder: Path) -> None:
        self.data = folder / "guichet"
        self.ports = [free_port(), free_port()]
        self.token = ""
        self._programs: list[Program] = []

    def start(self, *, workers: int = 2) -> float:
        """Start everything; the seconds until the installation was ready."""
        self.data.mkdir(mode=0o755, exist_ok=True)
        options = ["--no-demo", "--data", str(self.data), "--port", str(self.ports[0])]
        begun = monotonic()
        whole = self._launch(Program(self.data.parent, "start", "guichet.cli", "start", *options))
        await_ready(whole, lambda: ready(self.ports[0], "/health/ready"), PROJECTED_WITHIN)
        seconds = monotonic() - begun
        for port in self.ports[1:workers]:
            name = f"worker-{port}"
            arguments = ("bench.worker", str(self.data), str(port))
            worker = self._launch(Program(self.data.parent, name, *arguments))
            await_ready(worker, lambda port=port: ready(port, "/health/ready"))
        self.settings = Settings.find(self.data)
        self.token = self.token or issue(self.settings, "receptionist")
        return seconds

    def stop(self) -> None:
        """End everything; may be called again."""
        while self._programs:
            self._programs.pop().stop()

    def cpu(self) -> Counter[str]:
        """CPU seconds so far, by part."""
        return cpu_seconds(program.pid for program in self._programs)

    def memory_mb(self) -> float:
        """Megabytes of all its processes."""
        return memory_mb(program.pid for program in self._programs)

    def settle(self) -> None:
        """Wait until everything recorded is projected, so that its cost counts to who caused it."""
        head = self.head()
        deadline = monotonic() + PROJECTED_WITHIN
        with psycopg.connect(self.settings.postgres["owner"], autocommit=True) as connection:
            while monotonic() < deadline:
                reached = connection.execute("select position from archive.checkpoints").fetchone()
                if reached is not None and reached[0] >= head:
                    return
                sleep(0.05)
        raise CannotStart("Le projecteur n'a pas suivi.")

    def head(self) -> int:
        """The position of the last fact."""
        line = Line(self.ports[0])
        try:
            return line.get("/health/ready").json["log_position"]
        finally:
            line.close()

    def database(self) -> PostgresServer:
        """Its database, to be asked as the superuser."""
        words = msgspec.json.decode((self.data / FILE).read_bytes())["passwords"]
        return PostgresServer(self.data / "postgres", CONFIG, words)

    def _launch(self, program: Program) -> Program:
        program.launch()
        self._programs.append(program)
        return program


class Floor:
    """The floor's database and its two workers."""

    name = "floor"
    token = "none"  # noqa: S105 it asks for none

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "floor"
        self.ports = [free_port(), free_port()]
        self.postgres = PostgresServer(
            self.folder / "postgres", CONFIG, fresh_passwords("postgres", *ROLES)
        )
        self._workers: list[Program] = []

    def start(self) -> None:
        """Start everything."""
        self.folder.mkdir(mode=0o755, exist_ok=True)
        self.postgres.start()
        with psycopg.connect(self.postgres.conninfo("postgres"), autocommit=True) as admin:
            admin.execute(TABLE)
        for port in self.ports:
            arguments = ("bench.floor", self.postgres.conninfo("web"), str(port))
            worker = Program(self.folder, f"worker-{port}", *arguments)
            worker.launch()
            self._workers.append(worker)
            await_ready(worker, lambda port=port: ready(port, "/health/ready"))

    def stop(self) -> None:
        """End everything; may be called again."""
        while self._workers:
            self._workers.pop().stop()
        if self.postgres.process is not None:
            self.postgres.stop()
            self.postgres.process = None

    def cpu(self) -> Counter[str]:
        """CPU seconds so far, by part."""
        roots = [worker.pid for worker in self._workers]
        assert self.postgres.process is not None  # noqa: S101 started
        return cpu_seconds([*roots, self.postgres.process.pid])

    def settle(self) -> None:
        """Nothing is left to do after an answer."""

    def database(self) -> PostgresServer:
        """Its database."""
        return self.postgres
