"""Facts into the rows of several read models, within the caller's transaction.

The hot path folds a whole batch at once and takes no precaution. When that fails, the batch is
folded again carefully: each read model behind a savepoint, then fact by fact, until the one that
stops it is known.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain.calendars import WorkingDays
from domain.grammar import Recorded
from domain.history import Unreadable
from domain.log import Entry
from domain.people import keys_destroyed_by
from domain.skipping import EventSkipped
from projections import archive, hindsight
from projections.read_model import Cursor, ReadModel, Town, dossier_id
from projections.reckoning import Decode, informed, is_learned, learned, touched
from projections.stops import Stop, Stops, is_poison, stopped_at

AT_ONCE = 500
"""Dossiers made again at once: a change of the calendar can touch all that are open."""

Models = Sequence[ReadModel[Any]]
Facts = Sequence[Recorded[Any]]


class Folding:
    """Folds the facts of one town, knowing which keys are destroyed, which read model does without
    which events, and which days count."""

    def __init__(self, town: Town, decode: Decode) -> None:
        self.town = town
        self._decode = decode
        self._destroyed: frozenset[UUID] = frozenset()
        self._skips: dict[str, frozenset[int]] = {}
        self._informed = 0
        """The position up to which the town's catalogue is known."""

    async def learn(self, cursor: Cursor, upto: int) -> None:
        """Hear of every destroyed key and every skipped event the archive knows of, and of the
        catalogue as it was at the position `upto`."""
        self._destroyed = await hindsight.destroyed_keys(cursor, self.town.name)
        self._skips = await hindsight.skips(cursor, self.town.name)
        self.town = await informed(cursor, self.town, self._decode, upto)
        self._informed = upto

    async def decoded(self, entries: Sequence[Entry]) -> list[Recorded[Any]]:
        """The facts of `entries`. What one of them skips is skipped from here on."""
        facts = await self._decode(entries, self._destroyed)
        for fact in facts:
            if isinstance(skip := fact.event, EventSkipped):
                known = self._skips.get(skip.model, frozenset())
                self._skips[skip.model] = known | {skip.position}
        return facts

    def kept(self, model: ReadModel[Any], facts: Facts) -> Facts:
        """Those of `facts` that `model` does not do without."""
        skipped = self._skips.get(model.name)
        return [fact for fact in facts if fact.position not in skipped] if skipped else facts

    async def fold(
        self, cursor: Cursor, models: Models, facts: Facts, stops: Stops, careful: bool
    ) -> dict[str, Stop]:
        """Fold `facts`, oldest first, into those of `models` that have not stopped; the stops
        afterwards. Without care an event that stops one is an error, and nothing is learned."""
        after, town, informed_of = dict(stops), self.town, self._informed
        try:
            for some in pieces(facts):
                await self._fold_piece(cursor, models, some, after, careful)
        except BaseException:
            self.town, self._informed = town, informed_of
            raise
        return after

    async def _fold_piece(
        self, cursor: Cursor, models: Models, some: Facts, after: dict[str, Stop], careful: bool
    ) -> None:
        first = some[0]
        keys, is_news = keys_destroyed_by(first.event), self._is_news(first)
        ids: set[UUID] = set()
        if keys:
            self._destroyed |= set(keys)
            ids = await self.holding(cursor, keys, after)
            ids |= {id for id in [dossier_id(first)] if id}
        elif is_news:
            before = self.town.days
            self.town, self._informed = learned(self.town, first), first.position
            ids = await self.moved(cursor, before, after)
        elif isinstance(first.event, EventSkipped):
            ids = await hindsight.dossier_at(cursor, self.town.name, first.event.position)
        for model in models:
            if stop := after.get(model.name):
                if keys or is_news:  # it must follow like the others, as far as it has come
                    await self.fold_anew(cursor, model, ids, stop.reached)
                continue
            if keys or is_news or is_skip(first, model):
                found = await self.fold_anew(cursor, model, ids, first.position)
                found = found and replace(found, reached=first.position - 1)
            else:
                found = await self._fold_on(cursor, model, some, careful)
            if found is not None:
                after[model.name] = found

    def _is_news(self, fact: Recorded[Any]) -> bool:
        """Whether `fact` tells of the catalogue what is not known yet: whoever catches up folds
        with the last one all along."""
        readable = not isinstance(fact.event, Unreadable)
        return is_learned(fact) and readable and fact.position > self._informed

    async def _fold_on(
        self, cursor: Cursor, model: ReadModel[Any], facts: Facts, careful: bool
    ) -> Stop | None:
        """Fold `facts` into `model`; with care, as far as they go, and what stopped it."""
        facts = self.kept(model, facts)
        if not careful:
            await model.apply(cursor, self.town, facts)
            return None
        if await self._fits(cursor, model, facts) is None:
            return None
        return await self._fold_as_far_as_it_goes(cursor, model, facts)

    async def fold_anew(
        self, cursor: Cursor, model: ReadModel[Any], ids: Collection[UUID], upto: int | None
    ) -> Stop | None:
        """Make the rows of some dossiers again from what the archive has of them up to a position;
        the first event that stops that."""
        some, stops = sorted(ids), list[Stop]()
        for start in range(0, len(some), AT_ONCE):
            stop = await self._some_anew(cursor, model, some[start : start + AT_ONCE], upto)
            stops += [stop] if stop else []
        return min(stops, key=lambda stop: stop.position, default=None)

    async def _some_anew(
        self, cursor: Cursor, model: ReadModel[Any], ids: Sequence[UUID], upto: int | None
    ) -> Stop | None:
        """The same for a few of them. When an event stops it, none of their rows is left: they may
        say what was erased."""
        entries = await archive.of_dossiers(cursor, self.town.name, ids, upto)
        facts = self.kept(model, await self._decode(entries, self._destroyed))
        await model.forget(cursor, self.town, ids)
        if await self._fits(cursor, model, facts) is None:
            return None
        stop = await self._fold_as_far_as_it_goes(cursor, model, facts)
        if stop is not None:
            await model.forget(cursor, self.town, ids)
        return stop

    async def _fold_as_far_as_it_goes(
        self, cursor: Cursor, model: ReadModel[Any], facts: Facts
    ) -> Stop | None:
        for fact in facts:
            if error := await self._fits(cursor, model, [fact]):
                return stopped_at(model.name, fact, error, reached=fact.position - 1)
        return None

    async def _fits(self, cursor: Cursor, model: ReadModel[Any], facts: Facts) -> Exception | None:
        """Fold `facts`, or leave everything as it was and say why."""
        try:
            async with cursor.connection.transaction():
                await model.apply(cursor, self.town, facts)
        except Exception as error:
            if not is_poison(error):
                raise
            return error
        return None

    async def holding(self, cursor: Cursor, keys: Collection[UUID], stops: Stops) -> set[UUID]:
        """The dossiers that have words under one of `keys`. Where the read model that knows them
        did without an event, or has stopped, the archive itself is searched."""
        town = self.town.name
        await cursor.execute(
            "select dossier_id from read.dossiers where town = %s and keys && %s",
            [town, list(keys)],
        )
        ids = {row[0] for row in await cursor.fetchall()}
        for position in self._skips.get("dossiers", ()):
            ids |= await hindsight.dossier_at(cursor, town, position)
        if "dossiers" in stops:
            ids |= await hindsight.naming(cursor, town, keys)
        return ids

    async def moved(self, cursor: Cursor, before: WorkingDays, stops: Stops) -> set[UUID]:
        """The dossiers that may have another date than when the days `before` counted. Where the
        read model that knows dates did without an event, or has stopped, others are looked at."""
        if before == self.town.days:
            return set()
        town = self.town.name
        ids = set(await touched(cursor, self.town, before, self.town.days))
        for position in self._skips.get("dossiers", ()):
            ids |= await hindsight.dossier_at(cursor, town, position)
        if "dossiers" in stops:
            ids |= await hindsight.all_dossiers(cursor, town)
        return ids


def is_skip(fact: Recorded[Any], model: ReadModel[Any]) -> bool:
    """Whether `fact` says that `model` does without an event."""
    return isinstance(fact.event, EventSkipped) and fact.event.model == model.name


def pieces(facts: Facts) -> Iterator[Facts]:
    """`facts` in runs that are folded at once; one that changes what was folded before is alone."""

    def reaches_back(fact: Recorded[Any]) -> bool:
        skips = isinstance(fact.event, EventSkipped)
        return skips or is_learned(fact) or bool(keys_destroyed_by(fact.event))

    for alone, some in groupby(facts, reaches_back):
        if alone:
            yield from ([fact] for fact in some)
        else:
            yield list(some)
