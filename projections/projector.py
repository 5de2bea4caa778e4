"""The projector: archive, rows and checkpoint of a whole batch in one transaction, then the news.

There is one writer. Another one finds the lock taken, and one that was overtaken finds the
checkpoint moved: neither can write a row. A read model that an event stops is left behind, and
catches up from the archive when it gets another chance.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace
from psycopg import AsyncConnection

from domain.log import Entry
from domain.skipping import EventSkipped
from projections import (
    archive,
    dossiers,
    lapses,
    messages,
    promises,
    queues,
    stops,
    timelines,
)
from projections.folding import Decode, Facts, Folding
from projections.read_model import Cursor, ReadModel, Town
from projections.stops import Stop, is_poison
from projections.tables import HERE, create_indexes, create_table, remember, statements
from projections.widening import widen

MODELS: tuple[ReadModel[Any], ...] = (
    queues.MODEL,
    timelines.MODEL,
    dossiers.MODEL,
    promises.MODEL,
    messages.MODEL,
    lapses.MODEL,
)
CHANNEL = "guichet"
PAGE = 500
"""Entries a read model that catches up takes at once: the others wait for no longer."""


class Overtaken(Exception):
    """Another projector writes, or has written, where this one was about to."""


class Projector:
    """Writes the read models of one town through one connection, and what each is stopped by.
    `tell` hears of every stop; one that catches up takes `page` entries at once."""

    def __init__(
        self,
        connection: AsyncConnection[Any],
        town: Town,
        decode: Decode,
        tell: Callable[[Stop], None] = lambda stop: None,
        *,
        models: Sequence[ReadModel[Any]] = MODELS,
        page: int = PAGE,
    ) -> None:
        self._connection = connection
        self._town = town
        self._folding = Folding(town, decode)
        self._tell = tell
        self._models = models
        self._page = page
        self._holds_the_pen = False
        self._writing = asyncio.Lock()
        self._due: set[str] = set()
        self._some_are_due = asyncio.Event()

    async def begin(self) -> int:
        """Take the pen; the position from which to go on. `Overtaken` when it is held. A read model
        that had stopped gets another chance."""
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
            position, stopped = await self._state(cursor)
            await self._folding.learn(cursor, position)
            known = {model.name for model in self._models}
            ours = {name: stop for name, stop in stopped.items() if name in known}
            if ours != stopped:  # one that this code no longer has stops nobody
                await stops.write(cursor, town, ours)
        self._give_another_chance(ours)
        return position

    async def project(self, entries: Sequence[Entry]) -> None:
        """Take in the entries that follow the checkpoint, all of them or none. An event that stops
        a read model stops only that one."""
        if not self._holds_the_pen:
            raise Overtaken("Ce projecteur n'a pas pris la plume.")
        async with self._writing:
            facts = await self._folding.decoded(entries)
            try:
                await self._take_in(entries, facts, careful=False)
            except Exception as error:
                if not is_poison(error):
                    raise
                await self._take_in(entries, facts, careful=True)
        events = [fact.event for fact in facts]
        self._give_another_chance(e.model for e in events if isinstance(e, EventSkipped))

    async def _take_in(self, entries: Sequence[Entry], facts: Facts, careful: bool) -> None:
        town, first, last = self._town.name, entries[0].position, entries[-1].position
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            await cursor.execute(
                "update archive.checkpoints set position = %s where town = %s and position = %s "
                "returning stops",
                [last, town, first - 1],
            )
            row = await cursor.fetchone()
            if row is None:
                raise Overtaken(f"Le point de reprise n'est plus avant la position {first}.")
            before = stops.read(row[0])
            await archive.write(cursor, town, entries)
            after = await self._folding.fold(cursor, self._models, facts, before, careful)
            if after != before:
                await stops.write(cursor, town, after)
            await cursor.execute("select pg_notify(%s, %s)", [CHANNEL, f"{town} {last}"])
        for name in after.keys() - before.keys():
            self._tell(after[name])

    def _give_another_chance(self, names: Iterable[str]) -> None:
        self._due.update(names)
        if self._due:
            self._some_are_due.set()

    async def keep_catching_up(self) -> None:
        """Let read models that stopped go on, whenever a start or a skip gives them another chance,
        beside what is projected meanwhile."""
        while True:
            await self._some_are_due.wait()
            self._some_are_due.clear()
            while self._due:
                for model in self._models:
                    if model.name in self._due and not await self._catch_up(model):
                        self._due.discard(model.name)
                self._due &= {model.name for model in self._models}

    async def _catch_up(self, model: ReadModel[Any]) -> bool:
        """Fold one page of what `model` has missed, from the archive; whether there is more."""
        town = self._town.name
        line = self._connection
        async with self._writing, line.transaction(), line.cursor() as cursor:
            position, before = await self._state(cursor)
            if (old := before.get(model.name)) is None:
                return False
            others = {name: stop for name, stop in before.items() if name != model.name}
            entries = await archive.page(cursor, town, old.reached, position, self._page)
            facts = await self._folding.decoded(entries)
            after = await self._folding.fold(cursor, [model], facts, others, careful=True)
            reached = entries[-1].position if entries else position
            if stopped := model.name in after:
                if after[model.name] != old:
                    self._tell(after[model.name])
            elif reached < position:
                after[model.name] = replace(old, reached=reached, error="")
            if after != before:
                await stops.write(cursor, town, after)
        return not stopped and reached < position

    async def _state(self, cursor: Cursor) -> tuple[int, dict[str, Stop]]:
        """How far the town is and what has stopped, neither to be moved by anybody else."""
        await cursor.execute(
            "select position, stops from archive.checkpoints where town = %s for update",
            [self._town.name],
        )
        row = await cursor.fetchone()
        return (int(row[0]), stops.read(row[1])) if row else (0, {})


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
