"""The projector: archive, rows and checkpoint of a whole batch in one transaction, then the news.

There is one writer. Another one finds the lock taken, and one that was overtaken finds the
checkpoint moved: neither can write a row.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from domain.grammar import Recorded
from domain.log import Entry
from domain.people import keys_destroyed_by
from projections import archive, dossiers, promises, queues, timelines
from projections.read_model import Cursor, ReadModel, Town
from projections.reckoning import Decode, informed, is_learned, learned, touched
from projections.widening import widen

MODELS: tuple[ReadModel[Any], ...] = (
    queues.MODEL,
    timelines.MODEL,
    dossiers.MODEL,
    promises.MODEL,
)
HERE = Path(__file__).parent
CHANNEL = "guichet"
AT_ONCE = 500
"""Dossiers folded again at once when the calendar changes."""


class Overtaken(Exception):
    """Another projector writes, or has written, where this one was about to."""


class Projector:
    """Writes the read models of one town through one connection."""

    def __init__(self, connection: AsyncConnection[Any], town: Town, decode: Decode) -> None:
        self._connection = connection
        self._town = town
        self._decode = decode
        self._destroyed: frozenset[UUID] = frozenset()
        self._holds_the_pen = False

    async def begin(self) -> int:
        """Take the pen; the position from which to go on. `Overtaken` when it is held."""
        town = self._town.name
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            await cursor.execute("select pg_try_advisory_lock(hashtext(%s))", [f"projector {town}"])
            row = await cursor.fetchone()
            if row is None or not row[0]:
                raise Overtaken("Un autre projecteur écrit déjà.")
            await cursor.execute(
                "insert into archive.checkpoints values (%s, 0) on conflict do nothing", [town]
            )
            self._holds_the_pen = True  # for as long as the connection lives
            # The log is on the disk already. What a power cut takes from here, rows and checkpoint
            # alike, is taken in once more from there; waiting for a second flush would only make
            # everybody wait for what they wrote.
            await cursor.execute("set synchronous_commit = off")
            self._destroyed = await archive.destroyed_keys(cursor, town)
            await cursor.execute("select position from archive.checkpoints where town = %s", [town])
            row = await cursor.fetchone()
            reached = int(row[0]) if row else 0
            self._town = await informed(cursor, self._town, self._decode, reached)
            return reached

    async def project(self, entries: Sequence[Entry]) -> None:
        """Take in the entries that follow the checkpoint, all of them or none."""
        if not self._holds_the_pen:
            raise Overtaken("Ce projecteur n'a pas pris la plume.")
        facts = await self._decode(entries, self._destroyed)
        first, last = entries[0].position, entries[-1].position
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            await cursor.execute(
                "update archive.checkpoints set position = %s where town = %s and position = %s",
                [last, self._town.name, first - 1],
            )
            if cursor.rowcount != 1:
                raise Overtaken(f"Le point de reprise n'est plus avant la position {first}.")
            await archive.write(cursor, self._town.name, entries)
            for alone, some in groupby(facts, stands_alone):
                if not alone:
                    await fold_into(MODELS, cursor, self._town, list(some))
                    continue
                for fact in some:
                    await self._heed(cursor, fact)
            await cursor.execute("select pg_notify(%s, %s)", [CHANNEL, f"{self._town.name} {last}"])

    async def _heed(self, cursor: Cursor, fact: Recorded[Any]) -> None:
        """Take in what changes the rows of dossiers it does not belong to."""
        if not is_learned(fact):
            await self._erase(cursor, fact)
            return
        before = self._town.days
        self._town = learned(self._town, fact)
        ids = await touched(cursor, self._town, before, self._town.days)
        for start in range(0, len(ids), AT_ONCE):
            await self._fold_again(cursor, ids[start : start + AT_ONCE], fact.position)

    async def _erase(self, cursor: Cursor, fact: Recorded[Any]) -> None:
        """Fold every dossier that has words under the destroyed keys again, without them; the
        fact itself is among its entries when it is a dossier's."""
        destroyed = keys_destroyed_by(fact.event)
        self._destroyed |= set(destroyed)
        await cursor.execute(
            "select dossier_id from dossiers where town = %s and keys && %s",
            [self._town.name, list(destroyed)],
        )
        ids = [row[0] for row in await cursor.fetchall()]
        await self._fold_again(cursor, ids, fact.position)

    async def _fold_again(self, cursor: Cursor, ids: Sequence[UUID], upto: int) -> None:
        """Fold some dossiers again from their first fact, up to a position."""
        entries = await archive.of_dossiers(cursor, self._town.name, ids, upto)
        facts = await self._decode(entries, self._destroyed)
        for model in MODELS:
            await model.forget(cursor, self._town, ids)
        await fold_into(MODELS, cursor, self._town, facts)


def stands_alone(fact: Recorded[Any]) -> bool:
    """Whether `fact` is taken in by itself, between those before it and those after it."""
    return is_learned(fact) or bool(keys_destroyed_by(fact.event))


async def fold_into(
    models: Sequence[ReadModel[Any]], cursor: Cursor, town: Town, facts: Sequence[Recorded[Any]]
) -> None:
    """Fold `facts` into each of `models`."""
    for model in models:
        await model.apply(cursor, town, facts)


async def prepare(connection: AsyncConnection[Any]) -> list[str]:
    """Bring the database to what this code expects, as its owner: the archive migrated, missing
    read models created. The names of those whose code has another version, to be rebuilt; until
    then people look at the old tables, which have the new columns, empty."""
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute("select pg_advisory_xact_lock(hashtext('prepare'))")
        await cursor.execute("create schema if not exists installation")
        await cursor.execute(
            "create table if not exists installation.migrations (number int primary key)"
        )
        await cursor.execute("select number from installation.migrations")
        done = {row[0] for row in await cursor.fetchall()}
        for path in sorted((HERE / "migrations").glob("*.sql")):
            number = int(path.name.partition("_")[0])
            if number not in done:
                await cursor.execute(path.read_bytes())
                await cursor.execute("insert into installation.migrations values (%s)", [number])
        await archive.chain_up(cursor)
        await cursor.execute("select name, version from archive.read_models")
        known: dict[str, int] = dict(await cursor.fetchall())
        for model in MODELS:
            if model.name not in known:
                await create_table(cursor, model, "read")
                await create_indexes(cursor, model, "read")
                await remember(cursor, model)
        outdated = [m for m in MODELS if known.get(m.name, m.version) != m.version]
        for model in outdated:
            await widen(cursor, model.name, statements(model)[0])
        return [model.name for model in outdated]


async def create_table(cursor: Cursor, model: ReadModel[Any], schema: str) -> None:
    """The empty table of `model` in `schema`, without its indexes, readable by the web, writable by
    the projector."""
    await cursor.execute(SQL("set local search_path = {}, public").format(Identifier(schema)))
    await cursor.execute(statements(model)[0].encode())
    table = Identifier(schema, model.name)
    await cursor.execute(SQL("grant select on {} to web").format(table))
    await cursor.execute(
        SQL("grant select, insert, update, delete on {} to projector").format(table)
    )


async def create_indexes(cursor: Cursor, model: ReadModel[Any], schema: str) -> None:
    """The indexes of the table; on a full one they cost less than row by row."""
    await cursor.execute(SQL("set local search_path = {}, public").format(Identifier(schema)))
    for statement in statements(model)[1:]:
        await cursor.execute(statement.encode())


def statements(model: ReadModel[Any]) -> list[str]:
    """What lies in the file of a read model: its table, then its indexes."""
    text = (HERE / f"{model.name}.sql").read_text("utf-8")
    return [statement for statement in text.split(";\n") if statement.strip()]


async def remember(cursor: Cursor, model: ReadModel[Any]) -> None:
    """Note which version of the code the table was made by."""
    await cursor.execute(
        "insert into archive.read_models values (%s, %s) "
        "on conflict (name) do update set version = excluded.version",
        [model.name, model.version],
    )
