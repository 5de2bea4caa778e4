"""Which message is being sent by whom: leases that end by themselves, and growing delays.

Nothing here is a fact: it could be lost, and only the log says what was sent.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from adapters.postgres import Pool
from domain.terms import Means

TABLE = """
create schema if not exists outbox;
create table if not exists outbox.attempts (
    town text not null,
    dossier_id uuid not null,
    number int not null,
    tries int not null,
    next_at timestamptz not null,
    leased_until timestamptz,
    why text,
    primary key (town, dossier_id, number)
);
grant usage on schema outbox to web;
grant select, insert, update, delete on outbox.attempts to web;
"""

LEASE = timedelta(minutes=2)
"""How long a message is one process's affair; longer than any carrier takes."""
DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720))
"""After which a message that could not leave is tried again; the last one over and over."""


class Lease(Struct, frozen=True):
    """A message that is ours for a while, and how often it was tried, this time included."""

    dossier: UUID
    number: int
    tries: int


async def prepare(connection: AsyncConnection) -> None:
    """Create what the outbox remembers; done by the owner of the database."""
    await connection.execute(TABLE)


async def lease(
    pool: Pool, town: str, now: datetime, limit: int, means: Sequence[Means] = ("email",)
) -> list[Lease]:
    """The messages to be sent now by one of these `means`, oldest first, taken before any other
    process does."""
    query = """
        with due as (
            select m.dossier_id, m.number from messages m
            left join outbox.attempts a using (town, dossier_id, number)
            where m.town = %(town)s and m.state = 'queued' and m.means = any(%(means)s)
              and (a.number is null or (a.next_at <= %(now)s
                   and (a.leased_until is null or a.leased_until <= %(now)s)))
            order by m.queued_at limit %(limit)s
        )
        insert into outbox.attempts as a
        select %(town)s, dossier_id, number, 1, %(now)s, %(until)s from due
        on conflict (town, dossier_id, number) do update
          set tries = a.tries + 1, leased_until = excluded.leased_until
          where a.next_at <= %(now)s and (a.leased_until is null or a.leased_until <= %(now)s)
        returning dossier_id, number, tries
    """
    values: dict[str, Any] = {"town": town, "now": now, "until": now + LEASE, "limit": limit}
    values["means"] = list(means)
    async with pool.connection() as connection:
        cursor = await connection.execute(query, values)
        return [Lease(*row) for row in await cursor.fetchall()]


async def put_off(pool: Pool, town: str, lease: Lease, now: datetime, why: str) -> None:
    """Give a message back, to be tried again after its delay."""
    delay = DELAYS[min(lease.tries, len(DELAYS)) - 1]
    async with pool.connection() as connection:
        await connection.execute(
            "update outbox.attempts set next_at = %s, leased_until = null, why = %s "
            "where town = %s and dossier_id = %s and number = %s",
            [now + delay, why, town, lease.dossier, lease.number],
        )


async def settle(pool: Pool, town: str) -> None:
    """Forget the attempts of messages that no longer wait."""
    async with pool.connection() as connection:
        await connection.execute(
            "delete from outbox.attempts a where town = %s and not exists (select from messages m "
            "where m.town = a.town and m.dossier_id = a.dossier_id and m.number = a.number "
            "and m.state = 'queued')",
            [town],
        )
