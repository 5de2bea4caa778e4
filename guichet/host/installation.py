"""An installation in a folder: what it holds, made once, found again at every start."""

import errno
import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from adapters.embedded import NatsServer, free_port
from adapters.embedded_child import CannotStart
from adapters.embedded_postgres_server import PostgresServer, fresh_passwords
from adapters.postgres_roles import ROLES, SUPERUSER
from guichet.host.environment import USERS
from guichet.host.folder import DataFolder
from guichet.host.town import TOWN, ZONE, check_town, kept
from guichet.settings import FILE, Settings

CONFIG = Path(__file__).parents[1] / "config"
KEPT = (
    *("tls_cert", "tls_key", "trusted_proxies", "least_free"),
    *("backup", "backup_hours", "backup_keep", "letters", "training"),
    *("smtp", "smtp_security", "smtp_user", "smtp_password"),
    *("sms_gateway", "sms_token", "sms_sender"),
)
"""Options of a start that later starts go on with."""


class Installation:
    """The two servers of a folder and the settings by which processes find them."""

    def __init__(self, folder: DataFolder, host: str, port: int) -> None:
        self.folder = folder
        self.data = folder.path
        self.address = (host, port)

    def claim(self) -> None:
        """Make the folder ours, and see that it and the address will do; `CannotStart` otherwise,
        and then nothing is left that was not there."""
        self.folder.claim()
        try:
            self._see_address()
            self.folder.inspect()
        except CannotStart:
            self.folder.give_up()
            raise

    def _see_address(self) -> None:
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        with closing(socket.socket(family)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(self.address)
            except (OSError, OverflowError) as error:
                raise CannotStart(self._refused(error)) from None

    def _refused(self, error: OSError | OverflowError) -> str:
        host, port = self.address
        match error:
            case PermissionError():
                return f"Le port {port} est réservé à root : choisissez-en un autre avec --port."
            case OverflowError():
                return f"{port} n'est pas un port : choisissez-en un, de 1 à 65535, avec --port."
            case OSError(errno=errno.EADDRINUSE):
                return (
                    f"L'adresse {host}:{port} est déjà prise : choisissez-en une autre avec --port."
                )
            case _:
                return f"L'adresse {host}:{port} n'existe pas ici : choisissez-en une avec --host."

    def settings(
        self,
        town: str | None = None,
        zone: str | None = None,
        kept_options: Mapping[str, Any] | None = None,
    ) -> Settings:
        """The settings, made at the first start and kept; ports taken meanwhile are changed, and
        so are those of `kept_options` that are not None. `TownRefused` when the town is another one
        than at the first start."""
        path = self.data / FILE
        known: dict[str, Any] = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
        if known:  # installations older than the question were of the default town
            known = {"town": TOWN, "zone": ZONE, **known}
        town = kept("town", known.get("town"), town, TOWN)
        zone = kept("zone", known.get("zone"), zone, ZONE)
        check_town(town, zone)
        words = known.get("passwords") or fresh_passwords(SUPERUSER, *ROLES)
        self._database = PostgresServer(self.data / "postgres", CONFIG, words)
        self._database.make_folders()
        if not known:
            self._make_master_key()
        broker = usable(known.get("nats_port"))
        monitor = usable(known.get("nats_monitor_port"))
        options = {name: known[name] for name in KEPT if name in known}
        options |= {name: it for name, it in (kept_options or {}).items() if it is not None}
        content = {
            **options,
            "town": town,
            "zone": zone,
            "passwords": words,
            "nats_passwords": known.get("nats_passwords") or fresh_passwords(*USERS),
            "nats_port": broker,
            "nats_monitor_port": monitor,
            "nats_url": f"nats://127.0.0.1:{broker}",
            "nats_monitor": f"http://127.0.0.1:{monitor}",
            "postgres": {role: self._database.conninfo(role) for role in (SUPERUSER, *ROLES)},
            "host": self.address[0],
            "port": self.address[1],
        }
        write_private(path, msgspec.json.format(msgspec.json.encode(content)).decode())
        return Settings.find(self.data)

    def _make_master_key(self) -> None:
        """Once and never again: a second key would make everything personal unreadable."""
        key = self.data / "master.key"
        if not key.exists() and "GUICHET_MASTER_KEY" not in os.environ:
            write_private(key, secrets.token_hex(32))

    def broker(self, settings: Settings) -> NatsServer:
        """The broker of this installation."""
        port = int(settings.nats_url.rpartition(":")[2])
        monitor = int(settings.nats_monitor.rpartition(":")[2])
        config = CONFIG / "nats.conf"
        return NatsServer(self.data / "nats", config, port, monitor, settings.nats_passwords)

    def database(self) -> PostgresServer:
        """The database of this installation, once its settings are known."""
        return self._database


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
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name too must outlive a power cut
    finally:
        os.close(folder)
