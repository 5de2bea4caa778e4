"""An installation in a folder: what it holds, made once, found again at every start."""

import fcntl
import os
import secrets
import shutil
import socket
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import msgspec
from nats.aio.client import Client
from psycopg import AsyncConnection

from adapters.embedded import CannotStart, NatsServer, free_port
from adapters.embedded_postgres_server import ROLES, PostgresServer, fresh_passwords
from adapters.jetstream_api import connect
from adapters.steward import create_streams
from guichet import reactor, tokens
from guichet.settings import FILE, Settings
from projections import projector

CONFIG = Path(__file__).parent / "config"
USERS = ("steward", "writer", "projector", "keys", "backup")
ROOM = 200 * 1024 * 1024
"""Bytes that must be free before anything is started."""


class Installation:
    """The two servers of a folder and the settings by which processes find them."""

    def __init__(self, data: Path, host: str, port: int) -> None:
        self.data = data.absolute()
        self.address = (host, port)
        self._lock: IO[str] | None = None

    def claim(self) -> None:
        """Make the folder ours: it can be written, has room, and nobody else runs on it."""
        try:
            self.data.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._lock = (self.data / "lock").open("w")
        except OSError as error:
            raise CannotStart(
                f"Le dossier {self.data} ne se laisse pas écrire ({error.strerror})."
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"Guichet tourne déjà sur le dossier {self.data}.") from None
        if shutil.disk_usage(self.data).free < ROOM:
            raise CannotStart(f"Il reste moins de 200 Mo sur le disque de {self.data}.")
        host, port = self.address
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(self.address)
            except OSError:
                raise CannotStart(
                    f"L'adresse {host}:{port} est déjà prise : choisissez-en une autre avec --port."
                ) from None

    def settings(self) -> Settings:
        """The settings, made at the first start and kept; ports taken meanwhile are changed."""
        path = self.data / FILE
        key = self.data / "master.key"
        if not key.exists() and "GUICHET_MASTER_KEY" not in os.environ:
            write_private(key, secrets.token_hex(32))
        known: dict[str, Any] = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
        words = known.get("passwords") or fresh_passwords("postgres", *ROLES)
        database = self.database(words)
        content = {
            "passwords": words,
            "nats_passwords": known.get("nats_passwords") or fresh_passwords(*USERS),
            "nats_port": usable(known.get("nats_port")),
            "nats_monitor_port": usable(known.get("nats_monitor_port")),
            "postgres": {role: database.conninfo(role) for role in ROLES},
            "host": self.address[0],
            "port": self.address[1],
        }
        content["nats_url"] = f"nats://127.0.0.1:{content['nats_port']}"
        content["nats_monitor"] = f"http://127.0.0.1:{content['nats_monitor_port']}"
        write_private(path, msgspec.json.format(msgspec.json.encode(content)).decode())
        self._words = words
        return Settings.find(self.data)

    def broker(self, settings: Settings) -> NatsServer:
        """The broker of this installation."""
        port = int(settings.nats_url.rpartition(":")[2])
        monitor = int(settings.nats_monitor.rpartition(":")[2])
        config = CONFIG / "nats.conf"
        return NatsServer(self.data / "nats", config, port, monitor, settings.nats_passwords)

    def database(self, words: dict[str, str] | None = None) -> PostgresServer:
        """The database of this installation."""
        return PostgresServer(self.data / "postgres", CONFIG, words or self._words)


async def prepare(settings: Settings) -> None:
    """Create the streams and the tables that are not there yet; both servers run."""
    nc: Client = await connect(settings.nats_url, "steward", settings.nats_passwords["steward"])
    try:
        await create_streams(nc, settings.town)
    finally:
        await nc.close()
    owner = settings.postgres["owner"]
    async with await AsyncConnection.connect(owner, autocommit=True) as connection:
        await projector.prepare(connection)
        await tokens.prepare(connection)
        await reactor.prepare(connection)


def usable(port: int | None) -> int:
    """`port` when nobody has taken it meanwhile, else a free one."""
    if port:
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return free_port()
        return port
    return free_port()


def write_private(path: Path, text: str) -> None:
    """Write a file only we can read, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
