"""Facts to sealed entries and back: the codec and the key ring that knows their keys."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from adapters.codec import Codec, keys_in, keys_of
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
        needed = {key for fact in facts for key in keys_of(fact)}
        keys = {id: key for id, key in (await self._keys.load(needed)).items() if key}
        return [self._codec.encode(fact, keys) for fact in facts]

    async def unseal(
        self, entries: Sequence[Entry], destroyed: frozenset[UUID] = frozenset()
    ) -> list[Recorded[Any]]:
        """The facts of `entries`; what lies under a key that is gone, or one of `destroyed`, reads
        as erased."""
        needed = {key for entry in entries for key in keys_in(entry)} - destroyed
        keys = await self._keys.load(needed)
        return [self._codec.decode(entry, keys) for entry in entries]
