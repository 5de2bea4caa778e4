"""What the reactor could not do: facts whose policy or command raises, whatever is tried.

They are kept here and shown until they have been done or set aside; the reactor goes on with the
others, and tries these again at each start.
"""

from typing import Any

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import class_row

from adapters.postgres import Pool

TABLE = """
create table if not exists reactor.held (
    town text not null,
    position bigint not null,
    stream text not null,
    topic text not null,
    error text not null,
    primary key (town, position)
);
grant select, insert, update, delete on reactor.held to web;
"""


class Held(Struct, frozen=True, kw_only=True):
    """A fact that nothing has followed from yet. `error` is the class of what was raised, empty
    for one that only waits for an earlier one of its stream. Nothing in it is personal."""

    position: int
    stream: str
    topic: str
    error: str

    @property
    def sentence(self) -> str:
        """What is said of it to who looks after the house."""
        why = self.error or "attend un fait précédent du même dossier"
        return f"Rien n'a suivi l'événement {self.position} ({self.topic}, {self.stream}) : {why}."


async def held(connection: AsyncConnection[Any], town: str) -> list[Held]:
    """What is held in a town, oldest first."""
    cursor = connection.cursor(row_factory=class_row(Held))
    await cursor.execute(
        "select position, stream, topic, error from reactor.held where town = %s order by position",
        [town],
    )
    return await cursor.fetchall()


async def hold(pool: Pool, town: str, fact: Held) -> None:
    """Keep a fact, or what it is held by now."""
    async with pool.connection() as connection:
        await connection.execute(
            "insert into reactor.held values (%s, %s, %s, %s, %s) "
            "on conflict (town, position) do update set error = excluded.error",
            [town, fact.position, fact.stream, fact.topic, fact.error],
        )


async def release(pool: Pool, town: str, position: int) -> None:
    """Hold a fact no longer: it was done, or set aside."""
    async with pool.connection() as connection:
        await connection.execute(
            "delete from reactor.held where town = %s and position = %s", [town, position]
        )
