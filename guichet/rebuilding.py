"""`guichet rebuild [NAME]`: read models made anew beside the living ones, by several processes.

Folding is work for a processor, so a large archive is shared among as many workers as there are
processors; each opens the house for itself and takes one shard of the dossiers after the other.
"""

import asyncio
import gc
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import AsyncConnection
from rich.progress import Progress

from guichet.ciphering import Cipher
from guichet.house import House, reading
from guichet.sentences import Sentence
from guichet.settings import Settings
from projections import rebuild as beside
from projections.folding import Folding
from projections.projector import MODELS
from projections.read_model import ReadModel, Town
from projections.stops import Stop

WORTH_A_PROCESS = 20_000
"""Entries from which workers are worth their start, about a second each."""


ALIVE = 100_000
"""Objects a worker makes before it looks for dead cycles: facts and rows form none, and looking as
often as usual costs a tenth of its time."""


class ReadModelUnknown(Sentence):
    """No read model has that name."""


class Stopped(Sentence):
    """Some read models were rebuilt up to an event that stops them, and remain there."""


def town_of(settings: Settings) -> Town:
    """The town of an installation, for the folds."""
    return Town(name=settings.town, zone=ZoneInfo(settings.zone))


def chosen(names: Sequence[str]) -> list[ReadModel[Any]]:
    """The read models of those names."""
    return [model for model in MODELS if model.name in names]


async def rebuild_models(
    house: House, names: Sequence[str], worth_a_process: int = WORTH_A_PROCESS
) -> dict[str, Stop]:
    """Rebuild some read models, showing how far it is; what stopped those that an event stops,
    which are in place as they were just before it."""
    models, town = chosen(names), town_of(house.settings)
    owner = house.settings.postgres["owner"]
    folding = Folding(town, house.cipher.read)
    finish = partial(beside.finish, partial(connected, owner), at_once=os.cpu_count() or 1)
    async with await connected(owner) as connection:
        end = await beside.begin(connection, models, town)
        stops = await filled(house, names, end, end < worth_a_process)
        sound = [model for model in models if model.name not in stops]
        await finish(sound)
        await beside.switch(connection, beside.Built(models=sound, end=end), folding)
        for name, stop in stops.items():
            alone = chosen([name])
            await beside.begin(connection, alone, town)
            await filled(house, [name], stop.position - 1, end < worth_a_process)
            await finish(alone)
            built = beside.Built(models=alone, end=stop.position - 1, stops={name: stop})
            await beside.switch(connection, built, folding)
    return stops


async def filled(house: House, names: Sequence[str], end: int, alone: bool) -> dict[str, Stop]:
    """Fill the new tables up to the position `end`, `alone` or by workers; the first event that
    stops each of them."""
    settings = house.settings
    with Progress(transient=True) as progress:
        task = progress.add_task(f"Reconstruction : {', '.join(names)}", total=end)
        if alone:
            _, stops = await fill(settings, house.cipher, names, range(beside.SHARDS), end)
            return stops
        return await share_out(settings, names, end, lambda n: progress.advance(task, n))


Filled = tuple[int, dict[str, Stop]]
"""How many entries a worker folded, and the first event that stops each read model."""


async def connected(owner: str) -> AsyncConnection[Any]:
    """A connection of the owner's."""
    return await AsyncConnection.connect(owner, autocommit=True)


async def fill(
    settings: Settings, cipher: Cipher, names: Sequence[str], shards: Iterable[int], end: int
) -> Filled:
    """Fold some shards into the new tables."""
    counts: list[int] = []
    stops: dict[str, Stop] = {}
    folding = Folding(town_of(settings), cipher.read)
    owner = settings.postgres["owner"]
    async with await connected(owner) as connection:
        for shard in shards:
            models = chosen(names)
            found = await beside.fill(connection, models, folding, shard, end, counts.append)
            stops = beside.first_of(stops, found)
    return sum(counts), stops


async def share_out(
    settings: Settings, names: Sequence[str], end: int, advance: Callable[[int], None]
) -> dict[str, Stop]:
    """Let one worker per processor take shard after shard; see `filled`."""
    stops: dict[str, Stop] = {}
    loop = asyncio.get_running_loop()
    workers = ProcessPoolExecutor(
        os.cpu_count(), get_context("spawn"), initializer=gc.set_threshold, initargs=(ALIVE,)
    )
    try:
        work = [
            loop.run_in_executor(workers, work_on, settings, names, shard, end)
            for shard in range(beside.SHARDS)
        ]
        for done in asyncio.as_completed(work):
            count, found = await done
            stops = beside.first_of(stops, found)
            advance(count)
    finally:
        workers.shutdown(wait=True, cancel_futures=True)
    return stops


def work_on(settings: Settings, names: Sequence[str], shard: int, end: int) -> Filled:
    """What a worker does with one shard."""

    async def whole() -> Filled:
        async with reading(settings) as cipher:
            return await fill(settings, cipher, names, [shard], end)

    return asyncio.run(whole())


def run(settings: Settings, name: str | None = None) -> None:
    """`guichet rebuild [NAME]`: one read model, or all of them."""
    known = [model.name for model in MODELS]
    if name is not None and name not in known:
        raise ReadModelUnknown(f"Les tables de lecture sont : {', '.join(known)}.")

    async def whole() -> dict[str, Stop]:
        async with House.open(settings, user="projector", role="projector") as house:
            return await rebuild_models(house, [name] if name else known)

    if stops := asyncio.run(whole()):
        raise Stopped(" ".join(stop.sentence for stop in stops.values()))
