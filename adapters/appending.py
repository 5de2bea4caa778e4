"""Adding to the log: what follows the last entry of its stream, once, or not at all.

A fact alone is a plain publish, or shares a batch with those of other writers
(`group_commit.py`); several facts are an atomic batch. Whatever the broker leaves unanswered is
settled by asking the leader.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import pairwise
from uuid import uuid4

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from adapters.group_commit import GroupCommit
from adapters.jetstream_api import publish
from domain.log import Conflict, Entry, LogDamaged, LogUnavailable
from domain.message import headers_of

CONFLICTS = {10071, 10164}
"""Error codes of a wrong last sequence, on one server and on several."""

SETTLED_BATCH = 36.0
"""Seconds in which the unknown outcome of a batch is settled: batches are for loading, which has
time."""

BATCH = 1000
"""The most messages an atomic batch may hold."""

KNOWN = 100_000
"""How many streams' last entries are kept in mind, so that a save needs no extra read."""

logger = structlog.get_logger()


class Appender:
    """Writes to the log of one town. `last` asks the leader for the last entry of a stream, `head`
    for the last position of all."""

    def __init__(
        self,
        nc: Client,
        town: str,
        last: Callable[[str], Awaitable[Entry | None]],
        head: Callable[[], Awaitable[int]],
    ) -> None:
        self._nc = nc
        self._town = town
        self._last = last
        self._head = head
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._group = GroupCommit(self._publish, self._settled_within)
        self.may_write: Callable[[], Awaitable[None]] | None = None
        """Asked before every try to write; raises `LogDamaged` or `LogUnavailable`."""

        self.acknowledged = 0
        """The highest position this process was ever told of: a log that ends before it has lost
        something, whatever the broker says of itself."""

    async def append(self, entries: Sequence[Entry]) -> list[int]:
        """Add `entries`, all of them or none, and return their positions.

        `Conflict` when somebody wrote to one of their streams first; `LogUnavailable` when the
        leader could not be asked in time. An entry that is already the
        last of its stream, under the same id, counts as added."""
        if not entries:
            return []
        if len(entries) > BATCH:
            raise ValueError(f"an atomic batch holds {BATCH} entries at most")
        for before, after in pairwise(sorted(entries, key=lambda e: (e.stream, e.version))):
            if (before.stream, before.version) == (after.stream, after.version):
                raise Conflict(after.stream)
        expected = await self._expected(entries)
        if len(entries) == 1:
            last = await self._group.write(entries[0], expected[entries[0].stream])
        else:
            last = await self._settled_within(SETTLED_BATCH, entries, expected, False)
        positions = list(range(last - len(entries) + 1, last + 1))
        for entry, position in zip(entries, positions, strict=True):
            self.remember(entry.stream, entry.version, position)
        return positions

    def remember(self, stream: str, version: int, position: int) -> None:
        """Keep in mind where a stream ends."""
        self._known[stream] = (version, position)
        self.acknowledged = max(self.acknowledged, position)
        self._known.move_to_end(stream)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)

    async def _settled_within(
        self,
        seconds: float,
        entries: Sequence[Entry],
        expected: Mapping[str, int],
        uncertain: bool,
    ) -> int:
        """The position of the last of `entries`, settled within `seconds`; `uncertain` when they
        may be there already."""
        try:
            async with asyncio.timeout(seconds):
                return await self._settled(entries, expected, uncertain)
        except TimeoutError:
            raise LogUnavailable("Le journal ne répond pas.") from None

    async def _settled(
        self, entries: Sequence[Entry], expected: Mapping[str, int], uncertain: bool
    ) -> int:
        """The position of the last of `entries` once it is certain to be there."""
        while True:
            try:
                code, position = await self._publish(entries, expected)
                if position:
                    return position
                there = await self._last(entries[-1].stream)
            except LogUnavailable:
                uncertain = True
                await asyncio.sleep(0.1)
                await self._must_reach_back()
                continue
            if there is not None and there.id == entries[-1].id:
                return there.position
            overtaken = there is not None and there.version >= entries[-1].version
            # After an unknown outcome a conflict may be our own writing, still on its way.
            refused = code in CONFLICTS and not uncertain
            if overtaken or (refused and await self._moved(expected)):
                for entry in entries:
                    self._known.pop(entry.stream, None)
                raise Conflict(entries[0].stream)
            logger.warning("log.unsettled", code=code)
            await asyncio.sleep(0.1)

    async def _moved(self, expected: Mapping[str, int]) -> bool:
        """Whether one of the streams really ends elsewhere. Of several brokers the leader refuses
        what follows something that the others have not taken yet: that may come or go, and may be
        what our own author sent before, so it is waited for."""
        for stream, position in expected.items():
            last = await self._last(stream)
            if (last.position if last else 0) != position:
                return True
        return False

    async def _must_reach_back(self) -> None:
        """After a silence the broker may be another one, on a damaged store: write nothing there,
        or positions would be given twice."""
        try:
            head = await self._head()
        except LogUnavailable:
            return  # still away; whoever tries next asks again
        if head < self.acknowledged:
            raise LogDamaged(f"Le journal finit à {head} ; il allait jusqu'à {self.acknowledged}.")

    async def _publish(
        self, entries: Sequence[Entry], expected: Mapping[str, int]
    ) -> tuple[int, int]:
        """One try: (0, position of the last) or (the server's code, 0). The expectation goes with
        the first entry of each stream, as the server wants it."""
        if self.may_write is not None:
            await self.may_write()
        before = self.acknowledged
        batch = str(uuid4())
        waiting = dict(expected)
        for number, entry in enumerate(entries, 1):
            headers = headers_of(self._town, entry)
            if entry.stream in waiting:
                seq = waiting.pop(entry.stream)
                headers["Nats-Expected-Last-Subject-Sequence"] = str(seq)
            subject = subject_of(self._town, entry.stream)
            if len(entries) > 1:
                headers |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            if number == len(entries):
                headers |= {"Nats-Batch-Commit": "1"} if len(entries) > 1 else {}
                code, position = await publish(self._nc, subject, entry.data, headers)
                if position and position - len(entries) < before:
                    # Another replica leads, and had lost what we were told of.
                    raise LogDamaged(f"La position {position} est donnée une seconde fois.")
                return code, position
            try:
                await self._nc.publish(subject, entry.data, headers=headers)
            except NatsError as error:
                raise LogUnavailable(str(error)) from error
        raise AssertionError("a batch has a last entry")

    async def _expected(self, entries: Sequence[Entry]) -> dict[str, int]:
        """The sequence each stream must end with for `entries` to follow."""
        first: dict[str, Entry] = {}
        for entry in entries:
            first.setdefault(entry.stream, entry)
        expected: dict[str, int] = {}
        for stream, entry in first.items():
            if entry.version <= 1 and stream not in self._known:
                expected[stream] = 0
                continue
            if stream not in self._known and (last := await self._last(stream)):
                self.remember(stream, last.version, last.position)
            version, position = self._known.get(stream, (0, 0))
            if version >= entry.version:
                there = await self._last(stream)
                if there is None or there.id != entries[-1].id:
                    raise Conflict(stream)
            expected[stream] = position
        return expected


def subject_of(town: str, stream: str) -> str:
    """The subject of a stream."""
    return f"guichet.{town}.{stream}"
