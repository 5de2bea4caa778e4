"""The archive from one end to the other, as fast as the database can send it: for `guichet verify`
and `guichet repair`, each in a process of its own."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import Copy

from domain.log import Entry
from projections.archive import entry_of

ENTRIES: LiteralString = """
copy (select position, stream, version, id, topic, time, data, hash, chain
      from archive.entries where town = %s and position <= %s order by position)
to stdout (format binary)
"""
TYPES = ["int8", "text", "int4", "text", "text", "timestamptz", "bytea", "bytea", "bytea"]

HASHES: LiteralString = """
copy (select position, hash from archive.entries where town = %s and position <= %s
      order by position)
to stdout (format binary)
"""


def end(conninfo: str, town: str) -> int:
    """The last position the archive holds."""
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            "select max(position) from archive.entries where town = %s", [town]
        ).fetchone()
    return int(found[0] or 0) if found else 0


def entries(conninfo: str, town: str, upto: int) -> Iterator[tuple[Entry, bytes, bytes]]:
    """Every entry up to a position, with the hash and the link that are kept beside it."""
    with copied(conninfo, ENTRIES, town, upto) as copy:
        copy.set_types(TYPES)
        for row in copy.rows():
            yield entry_of(row), bytes(row[7]), bytes(row[8] or b"")


def hashes(conninfo: str, town: str, upto: int) -> Iterator[tuple[int, bytes]]:
    """Position and hash of every entry up to a position."""
    with copied(conninfo, HASHES, town, upto) as copy:
        copy.set_types(["int8", "bytea"])
        for position, hash in copy.rows():
            yield position, bytes(hash)


@contextmanager
def copied(conninfo: str, query: LiteralString, *values: Any) -> Generator[Copy]:
    """A connection in the middle of a copy, times in UTC."""
    with psycopg.connect(conninfo) as connection, connection.cursor() as cursor:
        cursor.execute("set time zone 'UTC'")
        with cursor.copy(query, values) as copy:
            yield copy
