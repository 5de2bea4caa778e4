"""Rebuild read models beside the living ones, from the archive, and switch.

The archive is read dossier by dossier, so each is folded to its end once and written once, by COPY
into tables that get their indexes afterwards; several workers share the dossiers between them.
Readers see the old tables until the new ones are complete; the live projector goes on meanwhile and
waits only for the switch. An interrupted rebuild leaves nothing but tables nobody reads.

What an event stops is rebuilt as far as just before the first such event, and put in place stopped.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from msgspec import Struct, structs
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from domain.log import Entry
from projections import archive, hindsight
from projections.copying import lines
from projections.folding import Facts, Folding, Models
from projections.read_model import Cursor, ReadModel, Town, dossier_id
from projections.stops import Stop, Stops, is_poison, read, stopped_at, write
from projections.tables import create_table, remember, statements

SHARDS = 64
"""Into how many parts the dossiers are cut: the steps of the progress shown, and what a worker
takes at once."""

Done = Callable[[int], None]
"""Told how many entries more are done."""

Connect = Callable[[], Awaitable[AsyncConnection[Any]]]
"""Opens a connection of the owner's."""


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
    folding: Folding,
    shard: int,
    end: int,
    done: Done,
) -> dict[str, Stop]:
    """Fold the dossiers of one shard, as they were at the position `end`, into the new tables. The
    first event that stops each read model; its table is then not to be used."""
    stops: dict[str, Stop] = {}
    async with connection.transaction():
        async with connection.cursor() as cursor:
            await folding.learn(cursor, end)
        async for entries in whole_streams(
            archive.by_stream(connection, folding.town.name, shard, end)
        ):
            facts = await folding.decoded(entries)
            for model in models:
                async with connection.cursor() as cursor:
                    if stop := await fill_in(cursor, model, folding, facts, end):
                        stops = first_of(stops, {model.name: stop})
            done(len(entries))
    return stops


def first_of(some: Stops, others: Stops) -> dict[str, Stop]:
    """Of two stops of the same read model the one that comes first."""
    found = dict(some)
    for name, stop in others.items():
        if name not in found or stop.position < found[name].position:
            found[name] = stop
    return found


async def fill_in(
    cursor: Cursor, model: ReadModel[Any], folding: Folding, facts: Facts, end: int
) -> Stop | None:
    """Write the rows of whole dossiers, up to the position `end`, or say which event stops that."""
    rows, stop = folded(model, folding, facts)
    if stop or not rows:
        return stop
    try:
        async with cursor.connection.transaction():
            await copy_in(cursor, model, folding.town, rows)
    except Exception as error:
        if not is_poison(error):
            raise
        # The database takes the rows of some fact for none: found as the projector finds it.
        ids = {id for id in map(dossier_id, facts) if id}
        await cursor.execute("set local search_path = rebuild, public")
        return await folding.fold_anew(cursor, model, ids, end)
    return None


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


def folded(model: ReadModel[Any], folding: Folding, facts: Facts) -> tuple[list[Any], Stop | None]:
    """The rows of `facts`, which come stream by stream, and the first event that stops `model`."""
    rows: list[Any] = []
    stops: list[Stop] = []
    for _, past in groupby(folding.kept(model, facts), lambda fact: fact.stream):
        of_one: tuple[Any, ...] = ()
        for fact in past:
            try:
                of_one = model.after(of_one, fact, folding.town)
            except Exception as error:
                if not is_poison(error):
                    raise
                stops.append(stopped_at(model.name, fact, error, reached=fact.position - 1))
                break
        rows += of_one
    return rows, min(stops, key=lambda stop: stop.position, default=None)


async def copy_in(cursor: Cursor, model: ReadModel[Any], town: Town, rows: Sequence[Any]) -> None:
    """Write new rows, none of which is there yet."""
    names = model.row.__struct_fields__
    columns = SQL(", ").join(map(Identifier, ("town", *names)))
    statement = SQL("copy {} ({}) from stdin").format(Identifier("rebuild", model.name), columns)
    async with cursor.copy(statement) as copy:
        await copy.write(lines(town.name, model.row, rows))


class Built(Struct, frozen=True):
    """What is about to be put in place: filled up to the position `end`, where those of `stops`
    remain."""

    models: Models
    end: int
    stops: Stops = {}


async def finish(connect: Connect, models: Models, at_once: int) -> None:
    """Give the new tables their indexes, `at_once` of them at a time, over connections of their
    own; on full tables they cost less than row by row."""
    some = asyncio.Semaphore(at_once)

    async def carry_out(statement: str) -> None:
        async with some, await connect() as connection, connection.transaction():
            await connection.execute("set local search_path = rebuild, public")
            await connection.execute(statement.encode())

    indexes = [statement for model in models for statement in statements(model)[1:]]
    await asyncio.gather(*map(carry_out, indexes))
    # Without what this finds out, plans would be guesses.
    await asyncio.gather(*(carry_out(f"analyze {model.name}") for model in models))


async def switch(connection: AsyncConnection[Any], built: Built, folding: Folding) -> None:
    """Fold again what has changed meanwhile in the finished tables, while the projector waits, and
    put them in the place of the old ones."""
    town = folding.town.name
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(
            "select position, stops from archive.checkpoints where town = %s for update", [town]
        )
        row = await cursor.fetchone()
        reached, before = (int(row[0]), read(row[1])) if row else (0, dict[str, Stop]())
        await folding.learn(cursor, built.end)
        then = folding.town.days
        await folding.learn(cursor, reached)
        changed = await archive.changed_since(cursor, town, built.end)
        destroyed = await hindsight.destroyed_keys(cursor, town, built.end)
        skipped = await hindsight.skips(cursor, town, built.end)
        moved = await folding.holding(cursor, destroyed, before) if destroyed else set[UUID]()
        moved |= await folding.moved(cursor, then, before)
        await cursor.execute("set local search_path = rebuild, public")
        after = {name: stop for name, stop in before.items() if name not in named(built.models)}
        for model in built.models:
            anew = set(moved)
            for position in skipped.get(model.name, ()):
                anew |= await hindsight.dossier_at(cursor, town, position)
            stop = built.stops.get(model.name)
            if stop is None:
                stop = await folding.fold_anew(cursor, model, anew | changed, None)
            if stop is not None:
                ids = anew if model.name in built.stops else anew | changed
                await folding.fold_anew(cursor, model, ids, built.end)
                after[model.name] = structs.replace(stop, reached=built.end)
            await put_in_place(cursor, model, folding.town)
        if after != before:
            await write(cursor, town, after)


def named(models: Models) -> set[str]:
    """The names of `models`."""
    return {model.name for model in models}


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
