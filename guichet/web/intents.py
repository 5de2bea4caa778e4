"""Who sends what, and has it been sent before: the checks of every POST, in their order.

401, 403, 400 for the key, 428, 400 for the body; what follows (404, 412, 409) is the desk's.
"""

import hmac
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.grammar import Author, Refused
from guichet.desk import KeyReused, VersionMoved
from guichet.envelopes import Hand
from guichet.tokens import Tokens
from guichet.web.actors import Door, may
from guichet.web.bodies import decode, normal, parsed, read
from guichet.web.problems import AnyRequest, Problem

C = TypeVar("C", bound=msgspec.Struct)
REMEMBERED = 100_000
"""How many recent keys a process keeps in mind; older ones are found in the archive."""


class Intent(NamedTuple):
    """A command as it arrived: the hand that sent it and, where one is asked for, the version its
    author had seen (None: he deliberately does not care)."""

    hand: Hand
    expected: int | None
    key: str


class Doorkeeper:
    """Knows tokens and idempotency keys. `secret` makes its digests mean nothing elsewhere."""

    def __init__(self, tokens: Tokens, town: str, master_key: bytes) -> None:
        self._tokens = tokens
        self._town = town
        self._secret = HKDF(SHA256(), 32, None, b"guichet idempotency").derive(master_key)
        self._recent: OrderedDict[str, str] = OrderedDict()

    async def author(self, request: AnyRequest, *doors: Door) -> Author:
        """Who asks, or 401; 403 when his role opens none of these `doors`."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        author = await self._tokens.author(token) if kind.lower() == "bearer" and token else None
        if author is None:
            raise Problem(
                401,
                "unauthenticated",
                "Un jeton valable est nécessaire.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if not any(may(author, door) for door in doors):
            raise forbidden()
        return author

    async def command(
        self, request: AnyRequest, author: Author, command: type[C], id: UUID | None = None
    ) -> tuple[C, Intent]:
        """The command in `request` and its intent; on the dossier `id` an If-Match is needed."""
        key = request.headers.get("idempotency-key", "")
        if not key.strip() or len(key) > 255:
            title = "L'en-tête Idempotency-Key est obligatoire (255 caractères au plus)."
            raise Problem(400, "idempotency-key-missing", title)
        expected = expected_version(request, id) if id is not None else None
        body = await read(request)
        content = parsed(body)
        decoded = decode(content, command)
        route = f"{request.method} {request.url.path}"
        command_id = self.digest(f"{self._town}\n{author.account}\n{route}\n{key}".encode())
        digest = self.digest(normal(content))
        if self._recent.get(command_id, digest) != digest:
            raise KeyReused
        return decoded, Intent(
            Hand(author=author, command_id=command_id, digest=digest), expected, key
        )

    @contextmanager
    def hearing(self, hand: Hand) -> Generator[None]:
        """Keep the key for this command from its arrival on, for as long as it is not refused; an
        unknown outcome keeps it too, since the fact may be there."""
        known = hand.command_id in self._recent
        self._recent[hand.command_id] = hand.digest
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        try:
            yield
        except (Refused, VersionMoved, KeyReused, Problem):
            if not known:
                self._recent.pop(hand.command_id, None)
            raise

    def knows(self, hand: Hand) -> bool:
        """Whether the command was answered by this process not long ago."""
        return hand.command_id in self._recent

    def derived_id(self, author: Author, key: str) -> UUID:
        """The identifier of a dossier whose device made none."""
        digest = self.digest(f"id\n{self._town}\n{author.account}\n{key}".encode())
        return UUID(bytes=bytes.fromhex(digest)[:16], version=4)

    def digest(self, data: bytes) -> str:
        """A keyed digest in hexadecimal."""
        return hmac.digest(self._secret, data, "sha256").hex()


def forbidden() -> Problem:
    """The role does not open this door, or not for this dossier."""
    return Problem(403, "forbidden", "Votre rôle ne permet pas cela.")


def etag(id: UUID, version: int) -> str:
    """The tag of a version of a dossier; that of another dossier never matches."""
    return f'"{id}.{version}"'


def expected_version(request: AnyRequest, id: UUID) -> int | None:
    """The version named by If-Match, None for `*`; -1, which never is, for another dossier's."""
    given = request.headers.get("if-match", "").strip()
    if not given:
        title = "L'en-tête If-Match est obligatoire : relisez le dossier."
        raise Problem(428, "precondition-required", title)
    if given == "*":
        return None
    own, _, version = given.removeprefix("W/").strip('"').rpartition(".")
    return int(version) if own == str(id) and version.isdecimal() and len(version) < 9 else -1
