"""The log on NATS JetStream: append expecting the last entry of a stream, read, follow.

One JetStream stream per town, one subject per aggregate. The sequence in the stream is the
position of an entry, and a reader that counts finds out when one is missing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import pairwise

from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.appending import BATCH, Appender, subject_of
from adapters.cloudevents import entry_from, entry_of
from adapters.direct import DirectReader
from adapters.jetstream_api import (
    call,
    first_message,
    give_up,
    last_message,
    leaders_message,
    listen,
)
from domain.log import Entry, LogDamaged, LogUnavailable

IDLE = 1.0
"""Seconds after which a follower looks again even if nothing was announced to it."""

SYNCED_WITHIN = 0.5
"""Seconds for which a follower looks for what was announced, before it waits for the next."""

CAUGHT_UP_WITHIN = 2.0
"""Seconds a replica has to learn what the leader knows, before it counts as away."""

LOOK_AGAIN = 0.05
"""Seconds between two such looks, at most."""


class Log:
    """The log of one town, as far as the connection's user may see and write it."""

    def __init__(self, nc: Client, town: str) -> None:
        self.town = town
        self.name = stream_name(town)
        self._nc = nc
        self._direct = DirectReader(nc, self.name)
        self._appender = Appender(nc, town, self.last, self.head)
        self._elections = 0

    @property
    def acknowledged(self) -> int:
        """The highest position this process was ever told of."""
        return self._appender.acknowledged

    @property
    def terms(self) -> int:
        """Grows whenever another broker, or the same one after an absence, may be at the other
        end: what was known of its log must then be looked at again."""
        return self._nc.stats["reconnects"] + self._elections

    async def hear_elections(self) -> None:
        """Count in `terms`, from now on, the times the replicas of the log chose another leader:
        that cuts no line of ours when it is another broker we speak to. What the former leader was
        asked has no answer any more."""

        async def count(_: Msg) -> None:
            self._elections += 1
            give_up(self._nc, "un autre courtier dirige")

        subject = f"$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.{self.name}"
        await listen(self._nc, subject, count)

    def ask_before_writing(self, may_write: Callable[[], Awaitable[None]]) -> None:
        """Ask `may_write` before every try to write, retries included; it raises `LogDamaged` or
        `LogUnavailable` when the log must be left alone."""
        self._appender.may_write = may_write

    async def append(self, entries: Sequence[Entry]) -> list[int]:
        """Add `entries`, all of them or none: see `Appender.append`."""
        return await self._appender.append(entries)

    async def read(self, stream: str, *, upto_date: bool = False) -> list[Entry]:
        """The entries of one stream, oldest first, as any replica knows them: the latest may be
        missing, unless `upto_date`, which asks the leader how far they go."""
        last = await self.last(stream) if upto_date else None
        deadline = asyncio.get_running_loop().time() + CAUGHT_UP_WITHIN
        while True:
            entries = await self._read(stream)
            if last is None or (entries and entries[-1].version >= last.version):
                return entries
            if asyncio.get_running_loop().time() > deadline:
                raise LogUnavailable("Le courtier qui répond est en retard sur les autres.")
            await asyncio.sleep(LOOK_AGAIN)

    async def _read(self, stream: str) -> list[Entry]:
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
            self._appender.remember(stream, entries[-1].version, entries[-1].position)
        return entries

    async def last(self, stream: str) -> Entry | None:
        """The last entry of one stream, as the leader knows it."""
        found = await last_message(self._nc, self.name, self._subject(stream))
        if found is None:
            return None
        return entry_from(*found)

    async def existing(self, streams: Sequence[str]) -> set[str]:
        """Those of `streams` that have an entry; a thousand at most in one question."""
        asked = {self._subject(stream): stream for stream in streams}
        found = await self._direct.lasts(list(asked)) if asked else []
        return {asked[subject] for subject, _ in found}

    async def at(self, position: int) -> Entry | None:
        """The entry at a position, or the first one after it, as the leader knows it."""
        wanted = {"seq": position, "next_by_subj": f"guichet.{self.town}.>"}
        found = await leaders_message(self._nc, self.name, wanted)
        return None if found is None else entry_from(*found)

    async def page(self, after: int, size: int) -> list[Entry]:
        """At most `size` entries after a position, as they are now."""
        return await self._following(after, size, f"guichet.{self.town}.>")

    async def head(self) -> int:
        """The position of the last entry of all."""
        info = await call(self._nc, f"STREAM.INFO.{self.name}")
        return int(info["state"]["last_seq"])

    async def follow(
        self, after: int, *, size: int = 500, linger: float = 0.0, kind: str = ""
    ) -> AsyncIterator[list[Entry]]:
        """Batches of the entries that follow `after`, for ever: at most `size` at once, gathered
        for `linger` seconds while many come. Survives the broker's absence. Without a `kind` every
        position must follow the one before, else `LogDamaged`."""
        subject = f"guichet.{self.town}." + (f"{kind}.>" if kind else ">")
        while True:
            try:
                entries = await self._following(after, size, subject)
                if not entries:
                    entries = await self._awaited(after, size, subject)
                if not kind:
                    entries = await self._without_holes(after, entries)
            except LogUnavailable:
                await asyncio.sleep(0.1)
                continue
            if not entries:
                continue
            if not kind:
                check_contiguous(after, entries)
            after = entries[-1].position
            yield entries
            if len(entries) < size:
                await asyncio.sleep(linger)

    async def _without_holes(self, after: int, entries: list[Entry]) -> list[Entry]:
        """The entries as far as each follows the one before; where already the first does not,
        that which the leader has there: the copy we were given may be damaged, and his whole."""
        whole = [e for number, e in enumerate(entries, after + 1) if e.position == number]
        if whole or not entries:
            return whole
        there = await self.at(after + 1)
        return entries if there is None else [there]

    async def _following(self, after: int, size: int, subject: str) -> list[Entry]:
        messages, _ = await self._direct.batch(after + 1, size, subject)
        return [entry_of(message) for message in messages]

    async def _awaited(self, after: int, size: int, subject: str) -> list[Entry]:
        """The next entries as soon as something is published, or none after `IDLE` seconds."""
        async with first_message(self._nc, subject) as published:
            if entries := await self._following(after, size, subject):
                return entries  # they came while nobody was listening
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE):
                    await published.wait()
        # What is published is there a moment later, once it is on the disk.
        pause, until = 0.001, asyncio.get_running_loop().time() + SYNCED_WITHIN
        while published.is_set() and asyncio.get_running_loop().time() < until:
            if entries := await self._following(after, size, subject):
                return entries
            await asyncio.sleep(pause)
            pause = min(pause * 2, LOOK_AGAIN)
        return []

    def _subject(self, stream: str) -> str:
        return subject_of(self.town, stream)


def stream_name(town: str) -> str:
    """The name of a town's log."""
    return f"GUICHET_{town}"


def check_contiguous(after: int, entries: Sequence[Entry]) -> None:
    """Refuse to go on when a position does not follow the one before."""
    for entry in entries:
        if entry.position != after + 1:
            raise LogDamaged(f"Après la position {after} vient {entry.position}.")
        after = entry.position
