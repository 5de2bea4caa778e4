"""Facts to sealed entries and back: the codec and the key ring that knows their keys."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from adapters.codec import Codec, Keys, keys_in, keys_of
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

    async def read(
        self, entries: Sequence[Entry], destroyed: frozenset[UUID] = frozenset()
    ) -> list[Recorded[Any]]:
        """The same for who goes on with the others: an entry that cannot be decoded is an
        `Unreadable` fact."""
        needed: set[UUID] = set()
        for entry in entries:
            try:
                needed |= keys_in(entry)
            except UNDECODABLE:
                continue  # found again below, where it gets its name
        keys = await self._keys.load(needed - destroyed)
        return [self._decoded(entry, keys) for entry in entries]

    def _decoded(self, entry: Entry, keys: Keys) -> Recorded[Any]:
        try:
            return self._codec.decode(entry, keys)
        except UNDECODABLE as error:
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
