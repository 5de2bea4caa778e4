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
from projections.projector import MODELS
from projections.read_model import ReadModel, Town

WORTH_A_PROCESS = 20_000
"""Entries from which workers are worth their start, about a second each."""


ALIVE = 100_000
"""Objects a worker makes before it looks for dead cycles: facts and rows form none, and looking as
often as usual costs a tenth of its time."""


class ReadModelUnknown(Sentence):
    """No read model has that name."""


def town_of(settings: Settings) -> Town:
    """The town of an installation, for the folds."""
    return Town(name=settings.town, zone=ZoneInfo(settings.zone))


def chosen(names: Sequence[str]) -> list[ReadModel[Any]]:
    """The read models of those names."""
    return [model for model in MODELS if model.name in names]


async def rebuild_models(house: House, names: Sequence[str]) -> None:
    """Rebuild some read models, showing how far it is."""
    models, town = chosen(names), town_of(house.settings)
    owner = house.settings.postgres["owner"]
    async with await connected(owner) as connection:
        end = await beside.begin(connection, models, town)
        with Progress(transient=True) as progress:
            task = progress.add_task(f"Reconstruction : {', '.join(names)}", total=end)
            if end < WORTH_A_PROCESS:
                shards = range(beside.SHARDS)
                await fill(house.settings, house.cipher, names, shards, end)
            else:
                await share_out(house.settings, names, end, lambda n: progress.advance(task, n))
            progress.update(task, description="Index et bascule", total=None)
            await beside.finish(partial(connected, owner), models, os.cpu_count() or 1)
            built = beside.Built(models=models, town=town, end=end)
            await beside.switch(connection, built, house.cipher.unseal)


async def connected(owner: str) -> AsyncConnection[Any]:
    """A connection of the owner's."""
    return await AsyncConnection.connect(owner, autocommit=True)


async def fill(
    settings: Settings, cipher: Cipher, names: Sequence[str], shards: Iterable[int], end: int
) -> int:
    """Fold some shards into the new tables; how many entries they had."""
    counts: list[int] = []
    models, town = chosen(names), town_of(settings)
    owner = settings.postgres["owner"]
    async with await connected(owner) as connection:
        for shard in shards:
            await beside.fill(connection, models, town, cipher.unseal, shard, end, counts.append)
    return sum(counts)


async def share_out(
    settings: Settings, names: Sequence[str], end: int, advance: Callable[[int], None]
) -> None:
    """Let one worker per processor take shard after shard."""
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
            advance(await done)
    finally:
        workers.shutdown(wait=True, cancel_futures=True)


def work_on(settings: Settings, names: Sequence[str], shard: int, end: int) -> int:
    """What a worker does with one shard."""

    async def whole() -> int:
        async with reading(settings) as cipher:
            return await fill(settings, cipher, names, [shard], end)

    return asyncio.run(whole())


def run(settings: Settings, name: str | None = None) -> None:
    """`guichet rebuild [NAME]`: one read model, or all of them."""
    known = [model.name for model in MODELS]
    if name is not None and name not in known:
        raise ReadModelUnknown(f"Les tables de lecture sont : {', '.join(known)}.")

    async def whole() -> None:
        async with House.open(settings, user="projector", role="projector") as house:
            await rebuild_models(house, [name] if name else known)

    asyncio.run(whole())
