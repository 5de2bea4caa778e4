"""Group commit: facts of different writers that wait at the same moment share one disk flush.

One synced server writes plain publishes one after the other, a flush each, and does not group
them by itself. So while two groups are on their way the next one gathers: few are published
plainly, many become one atomic batch, each with its own expectation. When one of them makes the
server refuse the whole, each is written alone, so that nobody fails for another's conflict.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import structlog

from domain.log import Conflict, Entry, LogDamaged, LogUnavailable

AT_ONCE = 2
"""Groups on their way at the same time: while the disk is busy with one, the next is made."""

WORTH_A_BATCH = 8
"""Facts waiting at once from which one batch is cheaper than as many flushes of the disk."""

TOGETHER = 200
"""The most facts in one batch: what one of them waits for the others."""

SETTLED_WITHIN = 6.0
"""Seconds in which an unknown outcome is settled with the leader, or given up."""

Publish = Callable[[Sequence[Entry], Mapping[str, int]], Awaitable[tuple[int, int]]]
"""One try to write entries, each stream ending where it is expected to: (0, position of the last)
or (the server's code, 0)."""

Settle = Callable[[float, Sequence[Entry], Mapping[str, int], bool], Awaitable[int]]
"""Seconds, entries, expectations, whether they may be there already → the position of the last."""

logger = structlog.get_logger()


class Waiting(NamedTuple):
    """A fact on its way: what it must follow, and where its writer hears its position."""

    entry: Entry
    expected: int
    position: "asyncio.Future[int]"

    @property
    def expectation(self) -> Mapping[str, int]:
        return {self.entry.stream: self.expected}

    def tell(self, position: int) -> None:
        """Answer the writer; he may have gone away meanwhile."""
        if not self.position.done():
            self.position.set_result(position)

    def fail(self, error: Exception) -> None:
        """Tell the writer why not."""
        if not self.position.done():
            self.position.set_exception(error)


class GroupCommit:
    """Gathers the facts of one process on their way to one log."""

    def __init__(self, publish: Publish, settle: Settle) -> None:
        self._publish = publish
        self._settle = settle
        self._waiting: list[Waiting] = []
        self._flying: set[asyncio.Task[None]] = set()
        self._settling: set[asyncio.Task[None]] = set()

    async def write(self, entry: Entry, expected: int) -> int:
        """The position of `entry` once it is written behind the position `expected` of its stream;
        `Conflict`, `LogUnavailable` or `LogDamaged` otherwise."""
        one = Waiting(entry, expected, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._go()
        try:
            async with asyncio.timeout(SETTLED_WITHIN):
                return await one.position
        except TimeoutError:
            raise LogUnavailable("Le journal ne répond pas.") from None
        finally:
            with suppress(ValueError):
                self._waiting.remove(one)

    def _go(self) -> None:
        """Send what waits, as far as there is room."""
        while self._waiting and len(self._flying) < AT_ONCE:
            flight = asyncio.create_task(self._write_group(self._next_group()))
            self._flying.add(flight)
            flight.add_done_callback(self._landed)

    def _landed(self, flight: "asyncio.Task[None]") -> None:
        self._flying.discard(flight)
        self._go()

    async def _write_group(self, group: Sequence[Waiting]) -> None:
        """Write `group`: many as one batch, few, or a batch that was refused, each alone."""
        uncertain = False
        try:
            if len(group) >= WORTH_A_BATCH and await self._together(group):
                return
        except LogUnavailable:
            uncertain = True
        except LogDamaged as error:
            for one in group:
                one.fail(error)
            return
        await asyncio.gather(*(self._alone(one, uncertain) for one in group))

    def _next_group(self) -> list[Waiting]:
        """Those who wait, the first of each stream only: a batch takes one expectation a stream."""
        first: dict[str, Waiting] = {}
        for one in self._waiting:
            if len(first) < TOGETHER:
                first.setdefault(one.entry.stream, one)
        group = list(first.values())
        self._waiting = [one for one in self._waiting if first.get(one.entry.stream) is not one]
        return group

    async def _together(self, group: Sequence[Waiting]) -> bool:
        """Write `group` as one batch; whether the server took it."""
        expected = {one.entry.stream: one.expected for one in group}
        code, last = await self._publish([one.entry for one in group], expected)
        if code:
            logger.info("log.batch_refused", code=code, size=len(group))
            return False
        for position, one in enumerate(group, last - len(group) + 1):
            one.tell(position)
        return True

    async def _alone(self, one: Waiting, uncertain: bool) -> None:
        """Write one fact; when it is not plainly taken, settle it without keeping others waiting.
        `uncertain`: it may be there already, by a batch that was not answered."""
        try:
            _, position = await self._publish([one.entry], one.expectation)
        except LogUnavailable:
            position, uncertain = 0, True
        except LogDamaged as error:
            one.fail(error)
            return
        if position:
            one.tell(position)
            return
        settling = asyncio.create_task(self._settled(one, uncertain))
        self._settling.add(settling)
        settling.add_done_callback(self._settling.discard)

    async def _settled(self, one: Waiting, uncertain: bool) -> None:
        try:
            one.tell(await self._settle(SETTLED_WITHIN, [one.entry], one.expectation, uncertain))
        except (Conflict, LogUnavailable, LogDamaged) as error:
            one.fail(error)
