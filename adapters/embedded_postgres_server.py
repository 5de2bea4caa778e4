"""PostgreSQL from its wheel: initialised with passwords for all, on a socket of its own."""

import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGQUIT

import psycopg

from adapters import postgres_roles
from adapters.embedded import Server
from adapters.embedded_account import server_account
from adapters.embedded_child import CannotStart
from adapters.embedded_postgres_programs import programs, socket_folder
from adapters.postgres_roles import SUPERUSER, create_roles


class PostgresServer(Server):
    """The database of an installation; `passwords` by role, `postgres` the superuser's."""

    name = "PostgreSQL"
    ends_with = SIGINT  # fast: open transactions are rolled back
    dies_with = SIGQUIT
    # A password for everybody, the socket included, and checksums on.
    initdb_options: Sequence[str] = (
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums",
    )

    def __init__(self, folder: Path, config: Path, passwords: Mapping[str, str]) -> None:
        super().__init__(folder)
        self.config = config
        self.passwords = dict(passwords)
        self.account = server_account()
        self.cluster = folder / "cluster"
        self.sockets = folder / "sockets"
        self.programs = folder

    def environment(self) -> Mapping[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}

    def command(self) -> Sequence[str]:
        settings = {
            "config_file": self.cluster / "postgresql.conf",
            "hba_file": self.cluster / "pg_hba.conf",
            "unix_socket_directories": '"{}"'.format(str(self.sockets).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "listen_addresses": "",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.cluster), *options]

    def make_folders(self) -> None:
        """The folders of the server, and its programs, where its account can use them. After this
        it is known how to connect. `CannotStart` when there is no such place."""
        if not self.account.enters(self.folder.parent):
            raise CannotStart(
                f"Le compte « {self.account.name} », sous lequel tourne PostgreSQL, ne peut pas "
                f"entrer dans {self.folder.parent} : choisissez un autre dossier avec --data."
            )
        self.account.make_private(self.folder)
        self.sockets = socket_folder(self.account, self.folder)
        self.programs = programs(self.account, self.folder)

    def begin(self) -> None:
        self.make_folders()
        if not self.cluster.exists():
            self.initialise()
        for name in ("postgresql.conf", "pg_hba.conf"):
            (self.cluster / name).write_bytes((self.config / name).read_bytes())
            (self.cluster / name).chmod(0o644)
        super().begin()

    def initialise(self) -> None:
        """A new cluster. It gets its name when it is whole, so that one that was interrupted is
        never taken for a cluster."""
        beside = self.folder / "cluster.new"
        shutil.rmtree(beside, ignore_errors=True)
        word = self.folder / "initial.password"
        word.unlink(missing_ok=True)
        descriptor = os.open(word, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.passwords[SUPERUSER])
        if self.account.lent:
            os.chown(word, self.account.uid, self.account.gid)
        try:
            made = self.account.run(
                self.programs / "initdb",
                f"--pgdata={beside}",
                f"--username={SUPERUSER}",
                f"--pwfile={word}",
                *self.initdb_options,
                environment=self.environment(),
            )
        finally:
            word.unlink()
        if made.returncode:
            words = made.stderr.strip().splitlines() or ["aucun message"]
            why = next((line for line in words if "error" in line.lower()), words[-1])
            raise CannotStart(f"PostgreSQL n'a pas pu être initialisé : {why}")
        beside.rename(self.cluster)

    def conninfo(self, role: str) -> str:
        """How `role` connects, once the folders are made."""
        return postgres_roles.conninfo(role, self.passwords[role], str(self.sockets))

    def answers(self) -> bool:
        try:
            psycopg.connect(self.conninfo(SUPERUSER), dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def await_answer(self) -> None:
        super().await_answer()
        create_roles(self.conninfo(SUPERUSER), self.passwords)

    def stop(self) -> None:
        super().stop()
        if self.sockets != self.folder / "sockets":
            with suppress(OSError):  # the next start makes another one
                self.sockets.rmdir()


def fresh_passwords(*users: str) -> dict[str, str]:
    """A password nobody has to remember for each of `users`."""
    # A letter first: NATS reads what begins with a digit as a number.
    return {user: f"p{secrets.token_hex(24)}" for user in users}
