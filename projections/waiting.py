"""Waiting for a position: whoever wrote can read it, without asking again and again.

One connection per process listens to what the projector announces in its own transactions; every
waiter and every live queue of the process hears it there.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from psycopg import AsyncConnection, OperationalError

from projections import stops
from projections.projector import CHANNEL
from projections.read_model import position
from projections.stops import Stop


class Waiter:
    """How far the read models of a town are, and which of them have stopped, as last announced."""

    def __init__(self, conninfo: str, town: str) -> None:
        self._conninfo = conninfo
        self._town = town
        self._moved = asyncio.Condition()
        self.position = 0
        self.stops: dict[str, Stop] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, conninfo: str, town: str) -> AsyncGenerator["Waiter"]:
        """A waiter that listens until it is closed."""
        waiter = cls(conninfo, town)
        listening = asyncio.create_task(waiter.listen())
        try:
            yield waiter
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    def reached(self, *models: str) -> int:
        """The position that all of `models` have reached: that of the checkpoint, unless one of
        them has stopped."""
        stopped = [self.stops[name].reached for name in models if name in self.stops]
        return min([self.position, *stopped])

    async def until(self, wanted: int, within: float = 2.0, *models: str) -> int:
        """The position reached: `wanted` or more, or less when `within` seconds have passed."""
        try:
            async with asyncio.timeout(within), self._moved:
                await self._moved.wait_for(lambda: self.reached(*models) >= wanted)
        except TimeoutError:
            pass  # how far we are is the answer
        return self.reached(*models)

    async def listen(self) -> None:
        """Hear the announcements, over a new connection whenever the old one is lost."""
        while True:
            try:
                await self._hear()
            except OperationalError:
                await asyncio.sleep(0.2)

    async def _hear(self) -> None:
        connection = await AsyncConnection.connect(self._conninfo, autocommit=True)
        async with connection:
            await connection.execute(f"listen {CHANNEL}")
            await connection.execute(f"listen {stops.CHANNEL}")
            async with connection.cursor() as cursor:
                await self._hear_stops(await stops.of_town(cursor, self._town))
                await self._reach(await position(cursor, self._town))
            async for notification in connection.notifies():
                town, _, said = notification.payload.partition(" ")
                if town != self._town:
                    continue
                if notification.channel == stops.CHANNEL:
                    await self._hear_stops(stops.told(said))
                else:
                    await self._reach(int(said))

    async def _reach(self, reached: int) -> None:
        async with self._moved:
            self.position = max(self.position, reached)
            self._moved.notify_all()

    async def _hear_stops(self, stopped: dict[str, Stop]) -> None:
        async with self._moved:
            self.stops = stopped
            self._moved.notify_all()
