"""Facts to sealed entries and back: the codec and the key ring that knows their keys."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from adapters.codec import Codec, keys_of
from adapters.keys import KeyRing
from domain.grammar import Author, Recorded, Times
from domain.history import FactUnknown, Unreadable
from domain.log import Entry

UNDECODABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, FactUnknown)
"""What decoding raises on words that are not those of a fact. A sealed text that does not open is
`LogDamaged`, and a wrong master key nobody's fault but ours."""


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

    async def read(
        self, entries: Sequence[Entry], destroyed: frozenset[UUID] = frozenset()
    ) -> list[Recorded[Any]]:
        """The same for who goes on with the others: an entry that cannot be decoded is an
        `Unreadable` fact."""
        with suppress(*UNDECODABLE):
            return await self.unseal(entries, destroyed)
        found: list[Recorded[Any]] = []
        for entry in entries:
            try:
                found += await self.unseal([entry], destroyed)
            except UNDECODABLE as error:
                found.append(unreadable(entry, error))
        return found


def unreadable(entry: Entry, error: Exception) -> Recorded[Unreadable]:
    """What is left of an entry that cannot be decoded."""
    at = entry.time
    return Recorded(
        stream=entry.stream,
        version=entry.version,
        event=Unreadable(topic=entry.topic, error=type(error).__name__),
        times=Times(happened_at=at, received_at=at, entered_at=at, recorded_at=at),
        author=Author(role="system", account="journal"),
        command_id="",
        position=entry.position,
    )
