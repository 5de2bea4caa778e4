"""Facts to entries of the log and back: JSON, with everything personal sealed on the way.

A sealed text becomes AES-256-GCM ciphertext under the key of its person (the `id` of the nearest
enclosing `Person`) or under the key of its fact, bound to its town, stream, entry and field, so
that it opens nowhere else. Where the key is gone, `[effacé]` is read.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct, inspect

from domain.grammar import ERASED, NO_KEY, Author, Event, Origin, Person, Recorded, Times, name_of
from domain.history import present
from domain.log import Entry, LogDamaged

NONCE = 12
E = TypeVar("E", bound=Event)
Keys = Mapping[UUID, bytes | None]


class Envelope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is written beside the fact itself; stream and version lie in the entry."""

    event: dict[str, Any]
    times: Times
    author: Author
    command_id: str
    key: UUID = NO_KEY
    digest: str = ""
    origin: Origin | None = None
    flags: tuple[str, ...] = ()


class Holder(Struct, frozen=True):
    id: UUID


class Holders(Struct, frozen=True):
    usager: Holder | None = None
    on_behalf_of: Holder | None = None


class KeysOnly(Struct, frozen=True):
    """As little of an envelope as tells which keys it needs."""

    event: Holders
    key: UUID = NO_KEY


envelopes = msgspec.json.Decoder(Envelope)
keys_only = msgspec.json.Decoder(KeysOnly)


def keys_in(entry: Entry) -> set[UUID]:
    """The keys without which `entry` cannot be read in full."""
    found = keys_only.decode(entry.data)
    holders = (found.event.usager, found.event.on_behalf_of)
    return ({found.key} | {holder.id for holder in holders if holder}) - {NO_KEY}


def keys_of(fact: Recorded[Any]) -> set[UUID]:
    """The keys without which `fact` cannot be written."""
    persons = (getattr(fact.event, name, None) for name in ("usager", "on_behalf_of"))
    return ({fact.key} | {person.id for person in persons if person}) - {NO_KEY}


class Codec:
    """Reads and writes the facts of one town."""

    def __init__(self, town: str) -> None:
        self.town = town

    def encode(self, fact: Recorded[Event], keys: Mapping[UUID, bytes]) -> Entry:
        """`fact` sealed. Every key of `keys_of(fact)` must be there."""
        id = str(uuid4())  # of this writing: a retry by the client is another one
        content = cast("dict[str, Any]", msgspec.to_builtins(fact.event))

        def seal(text: str, key: UUID, path: str) -> str:
            nonce = os.urandom(NONCE)
            aad = self._place(fact.stream, id, path)
            return b64encode(nonce + AESGCM(keys[key]).encrypt(nonce, text.encode(), aad)).decode()

        event_type: type[Event] = type(fact.event)
        walk(content, sealed_places(event_type), fact.key, "", seal)
        envelope = Envelope(
            event=content,
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
        envelope = envelopes.decode(entry.data)
        event_type, content = present(entry.topic, envelope.event)

        def unseal(text: str, key: UUID, path: str) -> str:
            secret = keys.get(key)
            if secret is None:
                return ERASED
            sealed = b64decode(text)
            aad = self._place(entry.stream, entry.id, path)
            try:
                return AESGCM(secret).decrypt(sealed[:NONCE], sealed[NONCE:], aad).decode()
            except InvalidTag:
                raise LogDamaged(
                    f"Un texte scellé ne s'ouvre pas : entrée {entry.position}, champ {path}."
                ) from None

        walk(content, sealed_places(event_type), envelope.key, "", unseal)
        return Recorded(
            stream=entry.stream,
            version=entry.version,
            event=msgspec.convert(content, event_type),
            times=envelope.times,
            author=envelope.author,
            command_id=envelope.command_id,
            key=envelope.key,
            digest=envelope.digest,
            origin=envelope.origin,
            flags=envelope.flags,
            position=entry.position,
        )

    def _place(self, stream: str, id: str, path: str) -> bytes:
        return f"{self.town}\0{stream}\0{id}\0{path}".encode()


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
            found = {field.encode_name: places(field.type) for field in fields}
            inside = {name: at for name, at in found.items() if at}
            return Places(fields=inside, own_key=issubclass(cls, Person)) if inside else None
        case _:
            return None


def walk(
    value: Any, at: Places, key: UUID, path: str, change: Callable[[str, UUID, str], str]
) -> Any:
    """`value` with `change(text, key, path)` in place of each sealed text, changed in place."""
    if value is None:
        return None
    if at.whole:
        return change(value, key, path)
    if at.each is not None:
        if isinstance(value, dict):
            items = cast("dict[str, Any]", value)
            return {n: walk(v, at.each, key, f"{path}/{n}", change) for n, v in items.items()}
        return [walk(v, at.each, key, f"{path}/{n}", change) for n, v in enumerate(value)]
    if at.own_key:
        key = UUID(str(value["id"]))
    for name, inner in at.fields.items():
        if value.get(name) is not None:
            value[name] = walk(value[name], inner, key, f"{path}/{name}", change)
    return value
