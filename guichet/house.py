"""The house: the one place where parts are put together.

A process opens it with the broker's user and the database's role it acts as, and finds the log,
the keys, the catalogue and the desk of its town, ready.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from nats.aio.client import Client

from adapters.bulk import Bulk
from adapters.codec import Codec
from adapters.jetstream_api import connect
from adapters.keys import KeyRing, keys_stream
from adapters.postgres import Pool, open_pool
from adapters.stream import Log
from guichet.catalogue import Catalogue
from guichet.ciphering import Cipher
from guichet.desk import Desk, now
from guichet.settings import Settings


@dataclass(frozen=True)
class House:
    """The parts of one process, for one town."""

    settings: Settings
    nc: Client
    log: Log
    keys: KeyRing
    codec: Codec
    cipher: Cipher
    catalogue: Catalogue
    desk: Desk
    pool: Pool

    @property
    def may_send(self) -> bool:
        """Whether anything leaves: the town has said so, or it only exercises."""
        return self.settings.training or self.catalogue.leaving.allowed

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: Settings,
        user: str = "writer",
        role: str = "web",
        clock: Callable[[], datetime] = now,
    ) -> AsyncGenerator["House"]:
        """The house open, as `user` of the broker and `role` of the database. `LogUnavailable`
        when the broker does not answer; the database may come later. `clock` is what commands are
        dated by."""
        nc = await connect(settings.nats_url, user, settings.nats_passwords[user])
        log = Log(nc, settings.town)
        keys = KeyRing(nc, settings.town, settings.master_key)
        codec, catalogue = Codec(settings.town), Catalogue()
        pool = open_pool(settings.postgres[role])
        following = None
        try:
            await pool.open(wait=False)
            await log.hear_elections()
            await catalogue.load(log, codec)
            following = asyncio.create_task(catalogue.follow(log, codec))
            cipher = Cipher(keys, codec)
            desk = Desk(log, keys, cipher, catalogue, clock, ZoneInfo(settings.zone))
            yield cls(settings, nc, log, keys, codec, cipher, catalogue, desk, pool)
        finally:
            if following is not None:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following
            await pool.close()
            await nc.close()


@asynccontextmanager
async def reading(settings: Settings) -> AsyncGenerator[Cipher]:
    """Only what unseals the facts of the archive, for a worker that needs no more of the house."""
    town, word = settings.town, settings.nats_passwords["projector"]
    nc = await connect(settings.nats_url, "projector", word)
    try:
        with Bulk.open(settings.nats_url, "projector", word, keys_stream(town)) as line:
            lasts = partial(asyncio.to_thread, line.lasts)
            yield Cipher(KeyRing(nc, town, settings.master_key, lasts), Codec(town))
    finally:
        await nc.close()
