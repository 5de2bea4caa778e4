"""The log on NATS JetStream: append expecting the last entry of a stream, read, follow.

One JetStream stream per town, one subject per aggregate. The sequence in the stream is the
position of an entry, and a reader that counts finds out when one is missing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import pairwise
from uuid import uuid4

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from adapters.cloudevents import entry_from, entry_of
from adapters.jetstream_api import DirectReader, call, last_message, listen, publish
from domain.log import Conflict, Entry, LogDamaged, LogUnavailable
from domain.message import headers_of

CONFLICTS = {10071, 10164}
"""Error codes of a wrong last sequence, on one server and on several."""

SETTLED_WITHIN = 6.0
"""Seconds in which an unknown outcome is settled with the leader, or given up; batches, which are
for loading, have six times as long."""

BATCH = 1000
"""The most messages an atomic batch may hold."""

KNOWN = 100_000
"""How many subjects' last entries are kept in mind, so that a save needs no extra read."""

IDLE = 1.0
"""Seconds after which a follower looks again even if nothing was announced to it."""

logger = structlog.get_logger()


class Log:
    """The log of one town, as far as the connection's user may see and write it."""

    def __init__(self, nc: Client, town: str) -> None:
        self.town = town
        self.name = stream_name(town)
        self._nc = nc
        self._direct = DirectReader(nc, self.name)
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self.acknowledged = 0
        """The highest position this process was ever told of: a log that ends before it has lost
        something, whatever the broker says of itself."""
        self.may_write: Callable[[], Awaitable[None]] | None = None
        """Asked before every try to write; raises `LogDamaged` or `LogUnavailable`."""

    async def append(self, entries: Sequence[Entry]) -> list[int]:
        """Add `entries`, all of them or none, and return their positions.

        `Conflict` when somebody wrote to one of their streams first; `LogUnavailable` when the
        leader could not be asked within `SETTLED_WITHIN` seconds. An entry that is already the
        last of its stream, under the same id, counts as added."""
        if not entries:
            return []
        if len(entries) > BATCH:
            raise ValueError(f"an atomic batch holds {BATCH} entries at most")
        for before, after in pairwise(sorted(entries, key=lambda e: (e.stream, e.version))):
            if (before.stream, before.version) == (after.stream, after.version):
                raise Conflict(after.stream)
        expected = await self._expected(entries)
        try:
            async with asyncio.timeout(SETTLED_WITHIN * (1 if len(entries) == 1 else 6)):
                last = await self._settled(entries, expected)
        except TimeoutError:
            raise LogUnavailable("Le journal ne répond pas.") from None
        positions = list(range(last - len(entries) + 1, last + 1))
        for entry, position in zip(entries, positions, strict=True):
            self._remember(entry.stream, entry.version, position)
        return positions

    async def read(self, stream: str) -> list[Entry]:
        """The entries of one stream, oldest first."""
        entries: list[Entry] = []
        subject = self._subject(stream)
        while True:
            seq = entries[-1].position + 1 if entries else 1
            messages, more = await self._direct.batch(seq, BATCH, subject)
            entries += [entry_of(message) for message in messages]
            if not more:
                break
        for before, after in pairwise(entries):
            if after.version != before.version + 1:
                raise LogDamaged(f"Il manque l'entrée {before.version + 1} de {stream}.")
        if entries:
            self._remember(stream, entries[-1].version, entries[-1].position)
        return entries

    async def last(self, stream: str) -> Entry | None:
        """The last entry of one stream, as the leader knows it."""
        found = await last_message(self._nc, self.name, self._subject(stream))
        if found is None:
            return None
        headers, data, position = found
        return entry_from(headers, data, position)

    async def existing(self, streams: Sequence[str]) -> set[str]:
        """Those of `streams` that have an entry; a thousand at most in one question."""
        subjects = [self._subject(stream) for stream in streams]
        found = await self._direct.lasts(subjects) if subjects else []
        return {entry_of(message).stream for message in found}

    async def at(self, position: int) -> Entry | None:
        """The entry at a position, or the first one after it."""
        entries = await self.page(position - 1, 1)
        return entries[0] if entries else None

    async def page(self, after: int, size: int) -> list[Entry]:
        """At most `size` entries after a position, as they are now."""
        messages, _ = await self._direct.batch(after + 1, size, f"guichet.{self.town}.>")
        return [entry_of(message) for message in messages]

    async def head(self) -> int:
        """The position of the last entry of all."""
        info = await call(self._nc, f"STREAM.INFO.{self.name}")
        return int(info["state"]["last_seq"])

    async def follow(
        self, after: int, *, size: int = 500, wait: float = 0.05, kind: str = ""
    ) -> AsyncIterator[list[Entry]]:
        """Batches of the entries that follow `after`, for ever: at most `size` at once, and no
        later than `wait` seconds after they are there. Survives the broker's absence. Without a
        `kind` every position must follow the one before, else `LogDamaged`."""
        subject = f"guichet.{self.town}." + (f"{kind}.>" if kind else ">")
        announced = asyncio.Event()

        async def announce(_: Msg) -> None:
            announced.set()

        subscription = await listen(self._nc, subject, announce)
        pause = IDLE
        try:
            while True:
                announced.clear()
                try:
                    messages, _ = await self._direct.batch(after + 1, size, subject)
                except LogUnavailable:
                    await asyncio.sleep(0.1)
                    continue
                if messages:
                    entries = [entry_of(message) for message in messages]
                    if not kind:
                        check_contiguous(after, entries)
                    after, pause = entries[-1].position, 0.001
                    yield entries
                    continue
                # Announcements precede the synced write by a moment: look again soon, then less.
                try:
                    async with asyncio.timeout(pause):
                        await announced.wait()
                    pause = 0.001
                except TimeoutError:
                    pause = min(pause * 2, IDLE) if pause < wait else IDLE
        finally:
            await subscription.unsubscribe()

    async def _settled(self, entries: Sequence[Entry], expected: dict[str, int]) -> int:
        """The position of the last of `entries` once it is certain to be there."""
        uncertain = False
        while True:
            try:
                if self.may_write is not None:
                    await self.may_write()
                code, seq = await self._publish(entries, expected)
                if seq:
                    return seq
                there = await self.last(entries[-1].stream)
            except LogUnavailable:
                uncertain = True
                await asyncio.sleep(0.1)
                await self._must_reach_back()
                continue
            if there is not None and there.id == entries[-1].id:
                return there.position
            overtaken = there is not None and there.version >= entries[-1].version
            # After an unknown outcome a conflict may be our own writing, still on its way.
            if overtaken or (code in CONFLICTS and not uncertain):
                for entry in entries:
                    self._known.pop(entry.stream, None)
                raise Conflict(entries[0].stream)
            logger.warning("log.unsettled", code=code)
            await asyncio.sleep(0.1)

    async def _must_reach_back(self) -> None:
        """After a silence the broker may be another one, on a damaged store: write nothing there,
        or positions would be given twice."""
        try:
            head = await self.head()
        except LogUnavailable:
            return  # still away; whoever tries next asks again
        if head < self.acknowledged:
            raise LogDamaged(f"Le journal finit à {head} ; il allait jusqu'à {self.acknowledged}.")

    async def _publish(self, entries: Sequence[Entry], expected: dict[str, int]) -> tuple[int, int]:
        batch = str(uuid4())
        waiting = dict(expected)
        for number, entry in enumerate(entries, 1):
            headers = headers_of(self.town, entry)
            if entry.stream in waiting:
                seq = waiting.pop(entry.stream)
                headers["Nats-Expected-Last-Subject-Sequence"] = str(seq)
            subject = self._subject(entry.stream)
            last = number == len(entries)
            if len(entries) > 1:
                headers |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
                headers |= {"Nats-Batch-Commit": "1"} if last else {}
            if last or number == 1:
                code, seq = await publish(self._nc, subject, entry.data, headers)
                if code or last:
                    return code, seq
            else:
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
            if stream not in self._known and (last := await self.last(stream)):
                self._remember(stream, last.version, last.position)
            version, position = self._known.get(stream, (0, 0))
            if version >= entry.version:
                there = await self.last(stream)
                if there is None or there.id != entries[-1].id:
                    raise Conflict(stream)
            expected[stream] = position
        return expected

    def _remember(self, stream: str, version: int, position: int) -> None:
        self._known[stream] = (version, position)
        self.acknowledged = max(self.acknowledged, position)
        self._known.move_to_end(stream)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)

    def _subject(self, stream: str) -> str:
        return f"guichet.{self.town}.{stream}"


def stream_name(town: str) -> str:
    """The name of a town's log."""
    return f"GUICHET_{town}"


def check_contiguous(after: int, entries: Sequence[Entry]) -> None:
    """Refuse to go on when a position does not follow the one before."""
    for entry in entries:
        if entry.position != after + 1:
            raise LogDamaged(f"Après la position {after} vient {entry.position}.")
        after = entry.position
