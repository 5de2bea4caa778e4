"""API tokens: 256 random bits shown once, kept as their SHA-256, each with a role.

A token cannot be guessed, so it needs no slow hash; a revoked one is out within `TRUSTED` seconds.
"""

import secrets
from hashlib import sha256
from time import monotonic
from typing import Any, get_args
from uuid import uuid4

import psycopg
from psycopg import AsyncConnection

from adapters.postgres import Pool
from domain.grammar import Author, Role
from guichet.sentences import Sentence
from guichet.settings import Settings

TRUSTED = 30.0
"""Seconds for which a token that was seen is believed without asking again."""

ISSUED = frozenset(get_args(Role)) - {"usager", "system"}

TABLES = """
create schema if not exists accounts;
create table if not exists accounts.tokens (
    id text primary key,
    town text not null,
    hash bytea not null unique,
    role text not null,
    service text,
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);
grant usage on schema accounts to web;
grant select on accounts.tokens to web;
"""


class RoleUnknown(Sentence):
    """No token can be made for that role."""


async def prepare(connection: AsyncConnection[Any]) -> None:
    """Create the table of tokens; done by the owner of the database."""
    await connection.execute(TABLES)


def issue(settings: Settings, role: str, service: str | None = None) -> str:
    """A new token, told once and stored as its hash."""
    if role not in ISSUED:
        raise RoleUnknown(f"Les rôles sont : {', '.join(sorted(ISSUED))}.")
    token = f"gui_{secrets.token_urlsafe(32)}"
    with psycopg.connect(settings.postgres["owner"]) as connection:
        connection.execute(
            "insert into accounts.tokens (id, town, hash, role, service) values (%s,%s,%s,%s,%s)",
            [str(uuid4()), settings.town, hash_of(token), role, service],
        )
    return token


def create(settings: Settings, role: str, service: str | None = None) -> None:
    """`guichet token create`: the token alone on the last line."""
    token = issue(settings, role, service)
    print(f"Jeton pour le rôle {role}. Il ne sera plus montré :")
    print(token)


def hash_of(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


class Tokens:
    """Who holds which token, asked of the database and remembered for a moment."""

    def __init__(self, pool: Pool, town: str) -> None:
        self._pool = pool
        self._town = town
        self._seen: dict[bytes, tuple[float, Author | None]] = {}

    async def author(self, token: str) -> Author | None:
        """Whose token it is, None when nobody's. With the database away, a token seen before is
        still believed, so that the counter goes on."""
        digest = hash_of(token)
        seen = self._seen.get(digest)
        if seen is not None and monotonic() - seen[0] < TRUSTED:
            return seen[1]
        try:
            found = await self._ask(digest)
        except psycopg.OperationalError:
            if seen is not None:
                return seen[1]
            raise
        if len(self._seen) > 10_000:
            self._seen.clear()
        self._seen[digest] = (monotonic(), found)
        return found

    async def _ask(self, digest: bytes) -> Author | None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "select id, role, service from accounts.tokens "
                "where hash = %s and town = %s and revoked_at is null",
                [digest, self._town],
            )
            row = await cursor.fetchone()
        return Author(account=row[0], role=row[1], service=row[2]) if row else None
