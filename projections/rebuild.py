"""Rebuild read models beside the living ones, from the archive, and switch.

The archive is read dossier by dossier, so each is folded to its end once and written once, by COPY
into tables that get their indexes afterwards; several workers share the dossiers between them.
Readers see the old tables until the new ones are complete; the live projector goes on meanwhile and
waits only for the switch. An interrupted rebuild leaves nothing but tables nobody reads.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from itertools import groupby
from typing import Any, get_origin
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from domain.grammar import Recorded
from domain.log import Entry
from projections import archive
from projections.projector import create_indexes, create_table, fold_into, remember
from projections.read_model import Cursor, ReadModel, Town
from projections.reckoning import Decode, informed, touched

SHARDS = 64
"""Into how many parts the dossiers are cut: the steps of the progress shown, and what a worker
takes at once."""

Models = Sequence[ReadModel[Any]]
Done = Callable[[int], None]
"""Told how many entries more are done."""


async def begin(connection: AsyncConnection[Any], models: Models, town: Town) -> int:
    """Make the empty tables beside; the position up to which they are to be filled."""
    async with connection.transaction(), connection.cursor() as cursor:
        for model in models:
            name = Identifier("rebuild", model.name)
            await cursor.execute(SQL("drop table if exists {}").format(name))
            await create_table(cursor, model, "rebuild")
        await cursor.execute(
            "select coalesce(max(position), 0) from archive.entries where town = %s", [town.name]
        )
        [(end,)] = await cursor.fetchall()
    return int(end)


async def fill(
    connection: AsyncConnection[Any],
    models: Models,
    town: Town,
    decode: Decode,
    shard: int,
    end: int,
    done: Done,
) -> None:
    """Fold the dossiers of one shard, as they were at the position `end`, into the new tables."""
    async with connection.transaction():
        async with connection.cursor() as cursor:
            destroyed = await archive.destroyed_keys(cursor, town.name)
            town = await informed(cursor, town, decode, end)
        async for entries in whole_streams(archive.by_stream(connection, town.name, shard, end)):
            facts = await decode(entries, destroyed)
            for model in models:
                if rows := folded(model, town, facts):
                    async with connection.cursor() as cursor:
                        await copy_in(cursor, model, town, rows)
            done(len(entries))


async def whole_streams(pages: AsyncIterator[list[Entry]]) -> AsyncIterator[list[Entry]]:
    """The same entries in pages that never cut a stream in two."""
    kept: list[Entry] = []
    async for page in pages:
        page = kept + page
        last = page[-1].stream
        cut = next(n for n in range(len(page), 0, -1) if n == 1 or page[n - 2].stream != last) - 1
        kept = page[cut:]
        if cut:
            yield page[:cut]
    if kept:
        yield kept


def folded(model: ReadModel[Any], town: Town, facts: Sequence[Recorded[Any]]) -> list[Any]:
    """The rows of `facts`, which come stream by stream."""
    rows: list[Any] = []
    for _, past in groupby(facts, lambda fact: fact.stream):
        of_one: tuple[Any, ...] = ()
        for fact in past:
            of_one = model.fold(of_one, fact, town)
        rows += of_one
    return rows


async def copy_in(cursor: Cursor, model: ReadModel[Any], town: Town, rows: Sequence[Any]) -> None:
    """Write new rows, none of which is there yet."""
    names = model.row.__struct_fields__
    columns = SQL(", ").join(map(Identifier, ("town", *names)))
    statement = SQL("copy {} ({}) from stdin").format(Identifier("rebuild", model.name), columns)
    # Only these need another form; asking it of every value would cost more than writing them.
    fields = msgspec.structs.fields(model.row)
    several = [n for n, field in enumerate(fields) if get_origin(field.type) in (tuple, dict)]
    async with cursor.copy(statement) as copy:
        for row in rows:
            values = list(msgspec.structs.astuple(row))
            for n in several:
                values[n] = column(values[n])
            await copy.write_row((town.name, *values))


def column(value: Any) -> Any:
    """An array or an object as its column takes it."""
    if not value:
        return "{}"
    if type(value) is dict:
        return msgspec.json.encode(value).decode().replace("\\u0000", "")
    return list(value)


class Built(Struct, frozen=True):
    """What is about to be put in place: filled up to the position `end`."""

    models: Models
    town: Town
    end: int


async def switch(connection: AsyncConnection[Any], built: Built, decode: Decode) -> None:
    """Give the new tables their indexes, fold again what has changed meanwhile while the projector
    waits, and put them in the place of the old ones."""
    models, town = built.models, built.town
    for model in models:
        async with connection.transaction(), connection.cursor() as cursor:
            await create_indexes(cursor, model, "rebuild")
            name = Identifier("rebuild", model.name)
            await cursor.execute(SQL("analyze {}").format(name))  # or plans are guesses
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(
            "select position from archive.checkpoints where town = %s for update", [town.name]
        )
        reached = max((row[0] for row in await cursor.fetchall()), default=0)
        then = await informed(cursor, town, decode, built.end)
        town = await informed(cursor, town, decode, reached)
        ids = await archive.changed_since(cursor, town.name, built.end)
        destroyed = await archive.destroyed_keys(cursor, town.name)
        ids |= await holding(
            cursor, town, await archive.destroyed_keys(cursor, town.name, built.end)
        )
        ids |= set(await touched(cursor, town, then.days, town.days))
        await cursor.execute("set local search_path = rebuild, public")
        entries = await archive.of_dossiers(cursor, town.name, sorted(ids))
        for model in models:
            await model.forget(cursor, town, sorted(ids))
        await fold_into(models, cursor, town, await decode(entries, destroyed))
        for model in models:
            await put_in_place(cursor, model, town)


async def holding(cursor: Cursor, town: Town, keys: frozenset[UUID]) -> set[UUID]:
    """The dossiers that have words under one of `keys`."""
    await cursor.execute(
        "select dossier_id from read.dossiers where town = %s and keys && %s",
        [town.name, list(keys)],
    )
    return {row[0] for row in await cursor.fetchall()}


async def put_in_place(cursor: Cursor, model: ReadModel[Any], town: Town) -> None:
    """The new table instead of the old one, other towns' rows carried over; where there are none,
    the old one may have other columns."""
    columns = SQL(", ").join(map(Identifier, ("town", *model.row.__struct_fields__)))
    new, old = Identifier("rebuild", model.name), Identifier("read", model.name)
    others = SQL("select exists (select from {} where town <> %s)").format(old)
    await cursor.execute(others, [town.name])
    if await cursor.fetchone() == (True,):
        await cursor.execute(
            SQL("insert into {} ({}) select {} from {} where town <> %s").format(
                new, columns, columns, old
            ),
            [town.name],
        )
    await cursor.execute(SQL("drop table {}").format(old))
    await cursor.execute(SQL("alter table {} set schema read").format(new))
    await remember(cursor, model)
