"""What is asked of a database: its own log of statements, read for a moment.

`log_statement = all` tells every statement with its role, as it was sent. Nothing is estimated: a
`begin`, a `commit` or the empty one by which a pool tries a connection is a round trip and counts.
"""

import re
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from time import sleep

import psycopg
from psycopg.sql import SQL

from adapters.embedded_postgres_server import PostgresServer

SIGN = "bench:"
TOLD = re.compile(rf"^{SIGN}(\w+):(\d+):LOG:  (?:statement|execute [^:]*):(.*)$", re.MULTILINE)
OF_THE_REACTOR = "reactor.checkpoints"
SETTLES = 0.3
"""Seconds until every backend has heard of a setting."""


@contextmanager
def statements(database: PostgresServer) -> Generator[Counter[str]]:
    """Counts what is asked inside the block; filled when it ends, by the role that asked. The
    reactor, which connects as `web` does, is told apart by the table it alone writes."""
    found: Counter[str] = Counter()
    with psycopg.connect(database.conninfo("postgres"), autocommit=True) as admin:
        admin.execute(SQL("alter system set log_line_prefix = {}").format(f"{SIGN}%u:%p:"))
        set_logging(admin, "all")
        begins = database.log.stat().st_size
        try:
            yield found
        finally:
            set_logging(admin, "none")
    with database.log.open("rb") as file:
        file.seek(begins)
        text = file.read().decode(errors="replace")
    told = [(who, pid, words) for who, pid, words in TOLD.findall(text)]
    reactor = {pid for _, pid, words in told if OF_THE_REACTOR in words or is_of(text, pid)}
    for who, pid, _ in told:
        found["reactor" if pid in reactor else who] += 1


def is_of(text: str, pid: str) -> bool:
    """Whether a statement of `pid` that goes over several lines names the reactor's table."""
    pieces = text.split(SIGN)
    return any(f":{pid}:LOG" in piece[:40] and OF_THE_REACTOR in piece for piece in pieces)


def set_logging(admin: "psycopg.Connection[tuple[object, ...]]", what: str) -> None:
    """Have every backend tell `what` it is asked."""
    admin.execute(SQL("alter system set log_statement = {}").format(what))
    admin.execute("select pg_reload_conf()")
    sleep(SETTLES)
