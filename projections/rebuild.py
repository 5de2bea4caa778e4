"""Rebuild a read model beside the living one, from the archive, and switch.

Readers see the old table until the new one is complete; the live projector goes on meanwhile and
waits only for the switch. An interrupted rebuild leaves nothing but a table nobody reads.
"""

from collections.abc import Callable
from typing import Any

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from projections import archive
from projections.projector import Decode, create_table, remember
from projections.read_model import Cursor, ReadModel, Town

Progress = Callable[[int, int], None]
"""Told how many entries are done, and of how many."""


async def rebuild(
    connection: AsyncConnection[Any],
    model: ReadModel[Any],
    town: Town,
    decode: Decode,
    progress: Progress = lambda done, of: None,
) -> None:
    """Rebuild `model` for `town`, as the owner of the tables."""
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(
            SQL("drop table if exists {}").format(Identifier("rebuild", model.name))
        )
        await create_table(cursor, model, "rebuild")
        await cursor.execute(
            "select coalesce(max(position), 0) from archive.entries where town = %s", [town.name]
        )
        [(end,)] = await cursor.fetchall()
    done = 0
    async with connection.cursor() as reading:
        async for entries in archive.read(reading, town.name, 0, end):
            async with connection.transaction(), connection.cursor() as cursor:
                await beside(cursor)
                destroyed = await archive.destroyed_keys(cursor, town.name)
                await model.apply(cursor, town, await decode(entries, destroyed))
            done = entries[-1].position
            progress(done, end)
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(
            "select position from archive.checkpoints where town = %s for update", [town.name]
        )
        await beside(cursor)
        destroyed = await archive.destroyed_keys(cursor, town.name)
        await catch_up(cursor, model, town, decode, done)
        if destroyed:
            await follow_erasures(cursor, model, town, decode)
        await switch(cursor, model, town)


async def beside(cursor: Cursor) -> None:
    """Let the statements of this transaction mean the tables being built."""
    await cursor.execute("set local search_path = rebuild, public")


async def catch_up(
    cursor: Cursor, model: ReadModel[Any], town: Town, decode: Decode, after: int
) -> None:
    """Fold what the live projector has archived meanwhile; it waits while we do."""
    destroyed = await archive.destroyed_keys(cursor, town.name)
    connection = cursor.connection
    async with connection.cursor() as reading:
        async for entries in archive.read(reading, town.name, after):
            await model.apply(cursor, town, await decode(entries, destroyed))


async def follow_erasures(
    cursor: Cursor, model: ReadModel[Any], town: Town, decode: Decode
) -> None:
    """Fold again the dossiers whose key was destroyed while we were building."""
    destroyed = await archive.destroyed_keys(cursor, town.name)
    await cursor.execute(
        "select dossier_id from read.dossiers where town = %s and keys && %s",
        [town.name, list(destroyed)],
    )
    ids = [row[0] for row in await cursor.fetchall()]
    entries = await archive.of_dossiers(cursor, town.name, ids)
    await model.forget(cursor, town, ids)
    await model.apply(cursor, town, await decode(entries, destroyed))


async def switch(cursor: Cursor, model: ReadModel[Any], town: Town) -> None:
    """Put the new table in the place of the old one, other towns' rows carried over."""
    columns = SQL(", ").join(map(Identifier, ("town", *model.row.__struct_fields__)))
    new, old = Identifier("rebuild", model.name), Identifier("read", model.name)
    await cursor.execute(
        SQL("insert into {} ({}) select {} from {} where town <> %s").format(
            new, columns, columns, old
        ),
        [town.name],
    )
    await cursor.execute(SQL("drop table {}").format(old))
    await cursor.execute(SQL("alter table {} set schema read").format(new))
    await cursor.execute(SQL("analyze {}").format(old))  # or plans are guesses until the night
    await remember(cursor, model)
