"""`./run`: starts the two servers and the three processes, and starts again what dies.

Everything runs as a child of this process and ends with it. Ctrl-C stops the processes first, then
the servers, in order.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from adapters.embedded import CannotStart, Server
from guichet.demo.load import load_demo
from guichet.installation import Installation, prepare
from guichet.settings import Settings

PROCESSES = ("web", "projector", "reactor")
AGAIN = 0.3
"""Seconds between two looks at what should be running."""

PATIENCE = 1.5
"""Seconds before something that died at once is tried again."""


class Process(Server):
    """One of our own processes."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self.name = name

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "guichet.cli", self.name, "--data", str(self.folder)]

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "PYTHONUNBUFFERED": "1"}

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"


class Stopped(Exception):
    """Somebody asked us to stop."""


class Supervisor:
    """Everything that runs for one installation, in the order it is started."""

    def __init__(self, installation: Installation, settings: Settings) -> None:
        self.servers: list[Server] = [
            installation.broker(settings),
            installation.database(),
        ]
        self.processes: list[Server] = [Process(settings.data, name) for name in PROCESSES]
        self._started: dict[int, float] = {}

    def start_servers(self) -> None:
        """The broker and the database, ready when this returns."""
        for server in self.servers:
            server.start()

    def start_processes(self) -> None:
        """Web, projector and reactor."""
        for process in self.processes:
            process.launch()

    def watch(self) -> None:
        """Start again whatever dies, until `Stopped`."""
        while True:
            for server in (*self.servers, *self.processes):
                if server.process is not None and server.process.poll() is not None:
                    self.revive(server)
            sleep(AGAIN)

    def revive(self, server: Server) -> None:
        """Start `server` again, a little later when it died at once."""
        now = monotonic()
        if now - self._started.get(id(server), 0.0) < PATIENCE:
            return
        self._started[id(server)] = now
        say(f"« {server.name} » s'est arrêté ; il est relancé.")
        try:
            server.launch()
        except OSError as error:
            say(f"« {server.name} » ne se relance pas : {error.strerror}")

    def stop(self) -> None:
        """End everything, processes before servers."""
        for process in self.processes:
            if process.process is not None:
                process.process.send_signal(signal.SIGTERM)
        for server in (*self.processes, *self.servers):
            server.stop()


def run(data: Path, host: str, port: int, demo: bool) -> None:
    """`guichet start`: everything up, until Ctrl-C."""

    def stop(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # once is enough
        raise Stopped

    installation = Installation(data, host, port)
    installation.claim()
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    settings = installation.settings()
    supervisor = Supervisor(installation, settings)
    try:
        say("Démarrage de NATS et de PostgreSQL…")
        supervisor.start_servers()
        asyncio.run(prepare(settings))
        loading = settings.data / "loading"
        loading.touch()
        supervisor.start_processes()
        accounts = asyncio.run(load_demo(settings, say)) if demo else []
        await_projected(settings)
        loading.unlink(missing_ok=True)
        for line in accounts:
            print(line)
        print(f"Guichet répond sur http://{host}:{port} (Ctrl-C pour arrêter)", flush=True)
        supervisor.watch()
    except (Stopped, KeyboardInterrupt):
        say("Arrêt…")
    finally:
        supervisor.stop()


def await_projected(settings: Settings) -> None:
    """Until what was loaded can be read; a few minutes at most."""
    deadline = monotonic() + 300
    while monotonic() < deadline:
        state = health(settings)
        if state and 0 < state["log_position"] <= state["position"]:
            return
        if state and state["log_position"] == 0 and not state["reasons"][1:]:
            return  # an empty town, and no reason but that we are still loading
        sleep(0.1)
    raise CannotStart(f"Guichet n'est pas prêt : voyez les journaux dans {settings.data}.")


def health(settings: Settings) -> dict[str, Any]:
    """What the web process says of itself; empty while it does not answer."""
    line = HTTPConnection("127.0.0.1", settings.port, timeout=5)
    try:
        line.request("GET", "/health/ready")
        return json.loads(line.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        line.close()


def say(text: str) -> None:
    """Tell the person at the keyboard."""
    print(text, file=sys.stderr, flush=True)
