"""Facts to sealed entries and back: the codec and the key ring that knows their keys."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from adapters.codec import Codec, keys_of
from adapters.keys import KeyRing
from domain.grammar import Recorded
from domain.log import Entry


class Cipher:
    """Seals and unseals the facts of one town."""

    def __init__(self, keys: KeyRing, codec: Codec) -> None:
        self._keys = keys
        self._codec = codec

    async def seal(self, facts: Sequence[Recorded[Any]]) -> list[Entry]:
        """`facts` as entries; every key they need must exist."""
        loaded = await self._keys.load(keys_of(facts))
        keys = {id: key for id, key in loaded.items() if key}
        return [self._codec.encode(fact, keys) for fact in facts]

    async def unseal(
        self, entries: Sequence[Entry], destroyed: frozenset[UUID] = frozenset()
    ) -> list[Recorded[Any]]:
        """The facts of `entries`; what lies under a key that is gone, or one of `destroyed`, reads
        as erased."""
        facts = [self._codec.read(entry) for entry in entries]
        keys = await self._keys.load(keys_of(facts) - destroyed)
        pairs = zip(entries, facts, strict=True)
        return [self._codec.unseal(entry, fact, keys) for entry, fact in pairs]
