"""The archive from one end to the other, as fast as the database can send it: for `guichet verify`
and `guichet repair`, each in a process of its own."""

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg

from domain.log import Entry
from projections.archive import entry_of

AT_ONCE = 5000
"""Rows fetched at once."""

ENTRIES: LiteralString = """
select position, stream, version, id, topic, time, data, hash, chain
from archive.entries where town = %s and position <= %s order by position
"""
HASHES: LiteralString = """
select position, hash from archive.entries where town = %s and position <= %s order by position
"""


def end(conninfo: str, town: str) -> int:
    """The last position the archive holds; 0 when it is empty."""
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            "select max(position) from archive.entries where town = %s", [town]
        ).fetchone()
    return int(found[0] or 0) if found else 0


def entries(conninfo: str, town: str, upto: int) -> Iterator[tuple[Entry, bytes, bytes]]:
    """Every entry up to a position, with the hash and the link that are kept beside it."""
    for row in rows(conninfo, ENTRIES, town, upto):
        yield entry_of(row), row[7], row[8]


def hashes(conninfo: str, town: str, upto: int) -> Iterator[tuple[int, bytes]]:
    """Position and hash of every entry up to a position."""
    yield from rows(conninfo, HASHES, town, upto)


def rows(conninfo: str, query: LiteralString, *values: Any) -> Iterator[Any]:
    """The rows of a query, in the database's own binary form, times in UTC."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("set time zone 'UTC'")
        with connection.cursor("whole", binary=True) as cursor:
            cursor.itersize = AT_ONCE
            yield from cursor.execute(query, values)
