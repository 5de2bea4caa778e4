"""One key per person, in a store of its own that truly forgets (RGPD art. 17).

A key is 32 random bytes, wrapped by the master key with AES-256-GCM and bound to its subject. The
store is a plain stream with one message per subject, since a key-value bucket leaves the bytes of
a deleted key on disk. Keys are minted ahead: taking one costs no write.
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.direct import DirectReader
from adapters.jetstream_api import Refusal, call, last_message, listen, publish
from domain.log import LogUnavailable

MINTED = 200
"""Keys minted at once; the pool is filled again when it is half empty."""

FORGOTTEN_WITHIN = 5.0
"""Seconds for which the replicas of a key store are waited for after a destruction."""

CACHED = 200_000
ASKED = 1000
"""Subjects asked for in one read of many; the broker answers 1,024 at most."""

Lasts = Callable[[Sequence[str]], Awaitable[list[tuple[str, bytes]]]]
"""How the last messages of subjects are read: subject and content of those there are."""

NO_MESSAGE = {10037, 10057, 10043}


def keys_stream(town: str) -> str:
    """The name of a town's key store."""
    return f"KEYS_{town}"


class KeyRing:
    """The keys of one town, as one process holds them. `lasts` reads them where there are many to
    read; without it that is done over `nc`."""

    def __init__(self, nc: Client, town: str, master: bytes, lasts: Lasts | None = None) -> None:
        self._nc = nc
        self._town = town
        self._name = keys_stream(town)
        self._master = AESGCM(master)
        self._lasts = lasts or DirectReader(nc, self._name).lasts
        self._pool: list[UUID] = []
        self._minting = asyncio.Lock()
        self._refill: asyncio.Task[None] | None = None
        self._keys: OrderedDict[UUID, bytes] = OrderedDict()
        self._destroyed: set[UUID] = set()
        self._listening = False
        self._reconnects = nc.stats["reconnects"]

    async def take(self, count: int) -> tuple[UUID, ...]:
        """`count` identifiers nobody has had, whose keys are stored."""
        await self._hear_of_destructions()
        while len(self._pool) < count:
            async with self._minting:
                if len(self._pool) < count:
                    await self._mint(max(MINTED, min(count, 1000)))
        taken, self._pool = self._pool[:count], self._pool[count:]
        # Who takes many at once will do so again: an import finds them ready.
        ahead = max(MINTED // 2, count)
        if len(self._pool) < ahead and (self._refill is None or self._refill.done()):
            self._refill = asyncio.create_task(self._fill(max(MINTED, min(count, 1000))))
        return tuple(taken)

    async def load(self, ids: Iterable[UUID]) -> dict[UUID, bytes | None]:
        """The keys of `ids`; None for one that was destroyed or never was."""
        await self._hear_of_destructions()
        if self._nc.stats["reconnects"] != self._reconnects:
            # A destruction may have been announced while the line was cut: trust nothing kept.
            self._reconnects = self._nc.stats["reconnects"]
            self._keys.clear()
        wanted = set(ids)
        missing = [id for id in wanted if id not in self._keys and id not in self._destroyed]
        for start in range(0, len(missing), ASKED):
            await self._read(missing[start : start + ASKED])
        return {id: self._keys.get(id) for id in wanted}

    async def destroy(self, id: UUID) -> None:
        """Overwrite and delete the key of `id`, here and in every process; again changes nothing.
        Only the broker's user `keys` may."""
        self._forget(id)
        found = await last_message(self._nc, self._name, self._subject(id))
        if found is not None:
            try:
                await call(self._nc, f"STREAM.MSG.DELETE.{self._name}", {"seq": found[2]})
            except Refusal as refusal:
                if refusal.code not in NO_MESSAGE:
                    raise
            await self._forgotten_everywhere()
        await self._nc.publish(f"destroyed.{self._town}", id.bytes)
        await self._nc.flush()

    async def _forgotten_everywhere(self) -> None:
        """Wait until every replica that is there has done what the leader did: whoever asks one of
        them for the key after this must not get it. One that is away does it when it is back."""
        until = asyncio.get_running_loop().time() + FORGOTTEN_WITHIN
        while asyncio.get_running_loop().time() < until:
            cluster = (await call(self._nc, f"STREAM.INFO.{self._name}")).get("cluster", {})
            late = [
                one
                for one in cluster.get("replicas", [])
                if not one.get("offline") and (one.get("lag") or not one.get("current"))
            ]
            if not late:
                return
            await asyncio.sleep(0.02)

    async def _fill(self, count: int) -> None:
        async with self._minting:
            try:
                await self._mint(count)
            except LogUnavailable:
                return  # the next one who takes a key mints it, or says why not

    async def _mint(self, count: int) -> None:
        """Store `count` new keys in one atomic batch and add them to the pool."""
        batch = str(uuid4())
        fresh = {uuid4(): os.urandom(32) for _ in range(count)}
        for number, (id, key) in enumerate(fresh.items(), 1):
            headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            subject = self._subject(id)
            if number in (1, count):
                if number == count:
                    headers["Nats-Batch-Commit"] = "1"
                code, _ = await publish(self._nc, subject, self._wrap(subject, key), headers)
                if code:
                    raise LogUnavailable(f"Le magasin de clés refuse d'écrire ({code}).")
            else:
                await self._nc.publish(subject, self._wrap(subject, key), headers=headers)
        for id, key in fresh.items():
            self._keep(id, key)
        self._pool += fresh

    async def _read(self, ids: list[UUID]) -> None:
        wanted = {self._subject(id): id for id in ids}
        for subject, wrapped in await self._lasts(list(wanted)):
            id = wanted[subject]
            if id not in self._destroyed:
                self._keep(id, self._unwrap(subject, wrapped))
        # A replica may not have the latest yet, and a key that is taken for destroyed shows
        # somebody as erased: only the leader is believed when he says that there is none.
        absent = [id for id in ids if id not in self._keys and id not in self._destroyed]
        await asyncio.gather(*(self._ask_leader(id) for id in absent))

    async def _ask_leader(self, id: UUID) -> None:
        subject = self._subject(id)
        found = await last_message(self._nc, self._name, subject)
        if found is not None and id not in self._destroyed:
            self._keep(id, self._unwrap(subject, found[1]))

    def _wrap(self, subject: str, key: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._master.encrypt(nonce, key, subject.encode())

    def _unwrap(self, subject: str, wrapped: bytes) -> bytes:
        return self._master.decrypt(wrapped[:12], wrapped[12:], subject.encode())

    def _keep(self, id: UUID, key: bytes) -> None:
        self._keys[id] = key
        if len(self._keys) > CACHED:
            self._keys.popitem(last=False)

    def _forget(self, id: UUID) -> None:
        self._keys.pop(id, None)
        self._destroyed.add(id)

    def _subject(self, id: UUID) -> str:
        return f"keys.{self._town}.{id}"

    async def _hear_of_destructions(self) -> None:
        if self._listening:
            return
        self._listening = True

        async def forget(message: Msg) -> None:
            self._forget(UUID(bytes=message.data))

        await listen(self._nc, f"destroyed.{self._town}", forget)
