"""The seals: every thousand events, or every ten minutes when there are new ones, the head of the
whole log is signed and put away in two places.

Runs beside the projecting, over what is archived, in no transaction of its; whatever is away is
waited for, and after a restart the tree is grown again from the archive, along the seals that are
there.
"""

import asyncio
from datetime import UTC, datetime

import structlog
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from adapters.seal_book import SealBook
from adapters.signing import SealKey
from domain.log import LogDamaged, LogUnavailable
from domain.merkle import Frontier
from domain.seals import Seal
from guichet.house import House
from projections import archive
from projections.waiting import Waiter

EVERY = 1000
"""Events after which a seal is due."""

PERIOD = 600.0
"""Seconds after the last seal at which one is due for fewer."""

AGAIN = 2.0
"""Seconds before what was away is asked again."""

SETTLING = 10.0
"""Seconds left to the house to get ready before the tree is grown again."""

IDLE = 3600.0
logger = structlog.get_logger()


class Sealer:
    """Seals one town's archive."""

    def __init__(
        self, house: House, key: SealKey, every: int = EVERY, period: float = PERIOD
    ) -> None:
        self._house = house
        self._town = house.settings.town
        self._key = key
        self._book = SealBook(house.nc, self._town, house.settings.data)
        self._every = every
        self._period = period
        self._frontier = Frontier()
        self._count = 0
        self._last: Seal | None = None

    async def find_place(self) -> None:
        """Grow the tree along the seals there are. `LogDamaged` when the archive is not, or no
        longer, what one of them swore to."""
        self._frontier = Frontier()
        seals = await self._book.agreed()
        for seal in seals:
            await self._grow(seal.size)
            if self._frontier.root.hex() != seal.root:
                raise LogDamaged(f"L'archive n'est plus celle du sceau {seal.size}.")
        self._count = len(seals)
        self._last = seals[-1] if seals else None

    async def seal(self, upto: int) -> Seal:
        """Seal the first `upto` events, which are archived."""
        await self._grow(upto)
        async with self._house.pool.connection() as connection, connection.cursor() as cursor:
            chain = await archive.link_at(cursor, self._town, upto)
        seal = Seal(
            town=self._town,
            size=upto,
            root=self._frontier.root.hex(),
            chain=chain.hex(),
            time=datetime.now(UTC),
        )
        seal = self._key.sign(seal)
        await self._book.add(seal, self._count)
        self._count += 1
        self._last = seal
        return seal

    async def keep_sealing(self, waiter: Waiter) -> None:
        """Seal whenever a seal is due; `waiter` hears what is archived."""
        while True:
            sealed = self._last.size if self._last else 0
            reached = await waiter.until(sealed + 1, within=IDLE)
            if reached <= sealed:
                continue
            full = sealed - sealed % self._every + self._every
            await self.seal(min(full, await waiter.until(full, within=self._remaining())))

    def _remaining(self) -> float:
        """Seconds until a seal is due for however few events; 0.1 leaves a burst time to end."""
        if self._last is None:
            return self._period
        age = (datetime.now(UTC) - self._last.time).total_seconds()
        return max(0.1, self._period - age)

    async def _grow(self, upto: int) -> None:
        while self._frontier.size < upto:
            size = self._frontier.size
            async with self._house.pool.connection() as connection, connection.cursor() as cursor:
                end = min(upto, size + EVERY)
                hashes = await archive.hashes(cursor, self._town, size, end)
            self._frontier.extend(hashes)


async def keep_sealed(
    house: House, every: int = EVERY, period: float = PERIOD, settling: float = SETTLING
) -> None:
    """Seal for as long as the process lives, whatever is away meanwhile; what must not be sealed
    is said in the process's log, and looked at again."""
    settings = house.settings
    await asyncio.sleep(settling)
    async with Waiter.open(settings.postgres["projector"], settings.town) as waiter:
        while True:
            try:
                sealer = Sealer(house, SealKey.of(settings.data), every, period)
                await sealer.find_place()
                await sealer.keep_sealing(waiter)
            except (OperationalError, PoolTimeout, LogUnavailable) as error:
                logger.warning("sealing.waits", error=str(error))
            except (LogDamaged, OSError) as error:
                logger.error("sealing.stopped", error=str(error))
            await asyncio.sleep(AGAIN)
