"""The archive: every entry of the log once more, in PostgreSQL, with its hash and its link.

It is the second medium of the log, the source of rebuilds, and never thrown away.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection

from domain.log import Entry, LogDamaged
from domain.message import START, hash_of, linked
from projections.read_model import Cursor

COLUMNS = "position, stream, version, id, topic, time, data"


class Known(Struct, frozen=True):
    command_id: str = ""


async def write(cursor: Cursor, town: str, entries: Sequence[Entry]) -> None:
    """Keep `entries`, in one statement, each linked to the one before. `LogDamaged` when the
    archive does not hold the entry they follow."""
    names = f"town, {COLUMNS}, command_id, hash, chain"
    chain = await link_at(cursor, town, entries[0].position - 1)
    rows: list[tuple[Any, ...]] = []
    for entry in entries:
        hash = hash_of(town, entry)
        chain = linked(chain, hash)
        rows.append(
            (
                town,
                entry.position,
                entry.stream,
                entry.version,
                entry.id,
                entry.topic,
                entry.time,
                entry.data,
                command_of(entry.data),
                hash,
                chain,
            )
        )
    async with cursor.copy(f"copy archive.entries ({names}) from stdin") as copy:  # pyright: ignore[reportArgumentType] our own names
        for row in rows:
            await copy.write_row(row)


def command_of(data: bytes) -> str | None:
    """The command that left an entry; None where that cannot be told, for whatever lies in the log
    is kept."""
    try:
        return msgspec.json.decode(data, type=Known).command_id
    except msgspec.MsgspecError:
        return None


async def link_at(cursor: Cursor, town: str, position: int) -> bytes:
    """The link of the chain at a position; 32 zero bytes before the first."""
    if position == 0:
        return START
    await cursor.execute(
        "select chain from archive.entries where town = %s and position = %s", [town, position]
    )
    row = await cursor.fetchone()
    if row is None or row[0] is None:
        raise LogDamaged(f"L'archive n'a pas l'événement {position}.")
    return bytes(row[0])


async def chain_up(cursor: Cursor, size: int = 5000) -> None:
    """Give the entries that were archived before there was a chain their hash and their link, as
    the owner of the tables. What was done stays done: it is one transaction."""
    await cursor.execute("select distinct town from archive.entries where chain is null")
    for (town,) in await cursor.fetchall():
        chain, after = START, 0
        await cursor.execute(
            "create temp table links (position bigint, hash bytea, chain bytea) on commit drop"
        )
        async with cursor.connection.cursor() as reading:
            async for entries in read(reading, town, after, size=size):
                links: list[tuple[int, bytes, bytes]] = []
                for entry in entries:
                    hash = hash_of(town, entry)
                    chain = linked(chain, hash)
                    links.append((entry.position, hash, chain))
                async with cursor.copy("copy links from stdin") as copy:
                    for link in links:
                        await copy.write_row(link)
        await cursor.execute(
            """
            update archive.entries e set hash = l.hash, chain = l.chain from links l
            where e.town = %s and e.position = l.position
            """,
            [town],
        )
        await cursor.execute("drop table links")


async def hashes(cursor: Cursor, town: str, after: int, upto: int) -> list[bytes]:
    """The hashes of the entries after a position and up to another, in their order. `LogDamaged`
    when one of them is missing."""
    await cursor.execute(
        """
        select count(*), string_agg(hash, ''::bytea order by position) from archive.entries
        where town = %s and position > %s and position <= %s
        """,
        [town, after, upto],
    )
    [(count, joined)] = await cursor.fetchall()
    if count != upto - after or (count and len(joined) != 32 * count):
        raise LogDamaged(f"L'archive est incomplète entre {after + 1} et {upto}.")
    return [bytes(joined[at : at + 32]) for at in range(0, 32 * count, 32)]


async def read(
    cursor: Cursor, town: str, after: int, upto: int | None = None, size: int = 5000
) -> AsyncIterator[list[Entry]]:
    """The entries after a position, in their order, `size` at once."""
    while entries := await page(cursor, town, after, upto, size):
        after = entries[-1].position
        yield entries


async def page(cursor: Cursor, town: str, after: int, upto: int | None, size: int) -> list[Entry]:
    """The first `size` entries after a position and up to another."""
    await cursor.execute(
        f"""
        select {COLUMNS} from archive.entries
        where town = %s and position > %s and position <= coalesce(%s, position)
        order by position limit %s
        """,  # noqa: S608 our own names
        [town, after, upto, size],
    )
    return [entry_of(row) for row in await cursor.fetchall()]


async def by_stream(
    connection: AsyncConnection[Any], town: str, shard: int, end: int, size: int = 2000
) -> AsyncIterator[list[Entry]]:
    """The entries of the dossiers of one shard of 64, up to the position `end`, stream by stream,
    each in the order of its versions; `size` at once, within the caller's transaction."""
    first, beyond = f"dossier.{shard * 4:02x}", f"dossier.{shard * 4 + 4:02x}"
    async with connection.cursor(f"shard_{shard}", binary=True) as cursor:
        await cursor.execute(
            f"""
            select {COLUMNS} from archive.entries
            where town = %s and stream >= %s and stream < %s and position <= %s
            order by stream, version
            """,  # noqa: S608 our own names
            [town, first, beyond if shard < 63 else "dossier/", end],
        )
        while rows := await cursor.fetchmany(size):
            yield [entry_of(row) for row in rows]


async def changed_since(cursor: Cursor, town: str, position: int) -> set[UUID]:
    """The dossiers that have an entry after a position."""
    await cursor.execute(
        """
        select distinct stream from archive.entries
        where town = %s and position > %s and stream like 'dossier.%%'
        """,
        [town, position],
    )
    return {UUID(row[0].partition(".")[2]) for row in await cursor.fetchall()}


async def of_dossiers(
    cursor: Cursor, town: str, ids: Sequence[UUID], upto: int | None = None
) -> list[Entry]:
    """Every entry of some dossiers, in their order."""
    await cursor.execute(
        f"""
        select {COLUMNS} from archive.entries
        where town = %s and stream = any(%s) and position <= coalesce(%s, position)
        order by position
        """,  # noqa: S608 our own names
        [town, [f"dossier.{id}" for id in ids], upto],
    )
    return [entry_of(row) for row in await cursor.fetchall()]


async def of_kind(cursor: Cursor, town: str, kind: str) -> list[Entry]:
    """Every entry of the streams of one `kind`, stream by stream: only for kinds of which there
    are few."""
    await cursor.execute(
        f"""
        select {COLUMNS} from archive.entries
        where town = %s and stream >= %s and stream < %s order by stream, version
        """,  # noqa: S608 our own names
        [town, f"{kind}.", f"{kind}/"],
    )
    return [entry_of(row) for row in await cursor.fetchall()]


async def by_command(cursor: Cursor, town: str, command_id: str) -> Entry | None:
    """The last entry a command left, whatever its stream."""
    await cursor.execute(
        f"""
        select {COLUMNS} from archive.entries
        where town = %s and command_id = %s order by position desc limit 1
        """,  # noqa: S608 our own names
        [town, command_id],
    )
    row = await cursor.fetchone()
    return entry_of(row) if row else None


async def head(cursor: Cursor, town: str) -> tuple[int, bytes] | None:
    """The last position kept and the hash of its entry."""
    await cursor.execute(
        "select position, hash from archive.entries where town = %s order by position desc limit 1",
        [town],
    )
    row = await cursor.fetchone()
    return (row[0], bytes(row[1])) if row else None


def entry_of(row: tuple[Any, ...]) -> Entry:
    """An entry from its columns."""
    return Entry(
        position=row[0],
        stream=row[1],
        version=row[2],
        id=row[3],
        topic=row[4],
        time=row[5],
        data=bytes(row[6]),
    )
