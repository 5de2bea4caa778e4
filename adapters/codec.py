"""Facts to entries of the log and back: JSON, with everything personal sealed on the way.

A sealed text becomes AES-256-GCM ciphertext under the key of its person (the `id` of the nearest
enclosing `Person`) or under the key of its fact, bound to its town, stream, entry and field, so
that it opens nowhere else. Where the key is gone, `[effacé]` is read.
"""

import os
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import UNSET, Raw, Struct, inspect

from domain.dossier_events import DossierOpened, persons_of
from domain.grammar import (
    ERASED,
    NO_KEY,
    Author,
    Event,
    Origin,
    Person,
    Recorded,
    Times,
    changed,
    name_of,
)
from domain.history import EVENTS, present
from domain.log import Entry, LogDamaged

NONCE = 12
E = TypeVar("E", bound=Event)
Keys = Mapping[UUID, bytes | None]


class Envelope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is written beside the fact itself; stream and version lie in the entry."""

    event: Raw
    times: Times
    author: Author
    command_id: str
    key: UUID = NO_KEY
    digest: str = ""
    origin: Origin | None = None
    flags: tuple[str, ...] = ()


envelopes = msgspec.json.Decoder(Envelope)
facts_of_today = {name: msgspec.json.Decoder(event) for name, event in EVENTS.items()}


def keys_of(facts: Iterable[Recorded[Any]]) -> set[UUID]:
    """The keys without which `facts` can neither be written nor be read in full."""
    found: set[UUID] = set()
    for fact in facts:
        found.add(fact.key)
        if isinstance(fact.event, DossierOpened):
            found |= {person.id for person in persons_of(fact.event)}
    return found - {NO_KEY}


class Codec:
    """Reads and writes the facts of one town."""

    def __init__(self, town: str) -> None:
        self.town = town

    def encode(self, fact: Recorded[Event], keys: Mapping[UUID, bytes]) -> Entry:
        """`fact` sealed. Every key of `keys_of([fact])` must be there."""
        id = str(uuid4())  # of this writing: a retry by the client is another one

        def seal(text: str, key: UUID, path: str) -> str:
            nonce = os.urandom(NONCE)
            sealed = AESGCM(keys[key]).encrypt(
                nonce, text.encode(), self._place(fact.stream, id, path)
            )
            return b2a_base64(nonce + sealed, newline=False).decode()

        event_type: type[Event] = type(fact.event)
        event = walk(fact.event, sealed_places(event_type), fact.key, "", seal)
        envelope = Envelope(
            event=Raw(msgspec.json.encode(event)),
            times=fact.times,
            author=fact.author,
            command_id=fact.command_id,
            key=fact.key,
            digest=fact.digest,
            origin=fact.origin,
            flags=fact.flags,
        )
        return Entry(
            id=id,
            stream=fact.stream,
            version=fact.version,
            topic=name_of(event_type),
            data=msgspec.json.encode(envelope),
            time=fact.times.recorded_at,
        )

    def decode(self, entry: Entry, keys: Keys) -> Recorded[Any]:
        """The fact of `entry`; `[effacé]` wherever `keys` has no key."""
        return self.unseal(entry, self.read(entry), keys)

    def read(self, entry: Entry) -> Recorded[Any]:
        """The fact of `entry`, its texts still sealed."""
        envelope = envelopes.decode(entry.data)
        return Recorded(
            stream=entry.stream,
            version=entry.version,
            event=event_in(entry.topic, envelope.event),
            times=envelope.times,
            author=envelope.author,
            command_id=envelope.command_id,
            key=envelope.key,
            digest=envelope.digest,
            origin=envelope.origin,
            flags=envelope.flags,
            position=entry.position,
        )

    def unseal(self, entry: Entry, fact: Recorded[Event], keys: Keys) -> Recorded[Any]:
        """`fact`, which was read from `entry`, with its texts; `[effacé]` without their key."""

        ciphers: dict[UUID, AESGCM] = {}  # most texts of a fact lie under one key

        def unseal(text: str, key: UUID, path: str) -> str:
            cipher = ciphers.get(key)
            if cipher is None:
                secret = keys.get(key)
                if secret is None:
                    return ERASED
                cipher = ciphers[key] = AESGCM(secret)
            sealed = a2b_base64(text)
            aad = self._place(entry.stream, entry.id, path)
            try:
                return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], aad).decode()
            except InvalidTag:
                raise LogDamaged(
                    f"Un texte scellé ne s'ouvre pas : entrée {entry.position}, champ {path}."
                ) from None

        event_type: type[Event] = type(fact.event)
        event = walk(fact.event, sealed_places(event_type), fact.key, "", unseal)
        return fact if event is fact.event else changed(fact, event=event)

    def _place(self, stream: str, id: str, path: str) -> bytes:
        return f"{self.town}\0{stream}\0{id}\0{path}".encode()


def event_in(topic: str, content: Raw) -> Event:
    """The fact that `content` tells under the name `topic`, brought to its shape of today."""
    if (of_today := facts_of_today.get(topic)) is not None:
        return of_today.decode(content)
    event_type, brought = present(topic, msgspec.json.decode(content))
    return msgspec.convert(brought, event_type)


class Places(Struct, frozen=True):
    """Where sealed texts lie in a type: the whole, each item, or some of its fields."""

    whole: bool = False
    each: "Places | None" = None
    fields: dict[str, "Places"] = {}
    own_key: bool = False


@cache
def sealed_places(event_type: type[Event]) -> Places:
    """Where the sealed texts of a fact lie, read from its annotations once."""
    return places(inspect.type_info(event_type)) or Places()


def places(shape: inspect.Type) -> Places | None:
    """The sealed places of a type, None when it has none."""
    match shape:
        case inspect.Metadata(type=inner):
            sealed = "sealed" in (cast("dict[str, Any] | None", shape.extra) or {})
            return Places(whole=True) if sealed else places(inner)
        case inspect.UnionType(types=types):
            return next((found for found in map(places, types) if found), None)
        case inspect.DictType(value_type=item) | inspect.VarTupleType(item_type=item):
            each = places(item)
            return Places(each=each) if each else None
        case inspect.StructType(cls=cls, fields=fields):
            found = {field.name: places(field.type) for field in fields}
            inside = {name: at for name, at in found.items() if at}
            return Places(fields=inside, own_key=issubclass(cls, Person)) if inside else None
        case _:
            return None


def walk(
    value: Any, at: Places, key: UUID, path: str, change: Callable[[str, UUID, str], str]
) -> Any:
    """`value` with `change(text, key, path)` in place of each sealed text; itself when it has
    none."""
    if value is None or value is UNSET:
        return value
    if at.whole:
        return change(value, key, path)
    if at.each is not None:
        if isinstance(value, dict):
            items = cast("dict[str, Any]", value)
            return {n: walk(v, at.each, key, f"{path}/{n}", change) for n, v in items.items()}
        return tuple(walk(v, at.each, key, f"{path}/{n}", change) for n, v in enumerate(value))
    if at.own_key:
        key = value.id
    changes = {
        name: walk(inside, inner, key, f"{path}/{name}", change)
        for name, inner in at.fields.items()
        if (inside := getattr(value, name)) is not None
    }
    return changed(value, **changes) if changes else value
