"""The reactor: reads the log and carries what the policies ask for to the desk.

It may see a fact twice after an interruption. Commands are known by the fact that asked for them,
so the second time changes nothing. A fact on which a policy raises is held (`held.py`), with those
that follow it in its stream, and blocks nothing else.
"""

from collections.abc import Sequence
from typing import Any

import structlog
import uvloop
from nats.errors import Error as NatsError
from psycopg import AsyncConnection

from adapters.jetstream_api import Refusal, connect
from adapters.keys import KeyRing
from domain.grammar import Author, Recorded, Refused
from domain.history import Unreadable, topic_of
from domain.log import Conflict, Entry
from domain.policies import LISTENED_TO, KeyToDestroy, OnDossier, Request, asked_by
from domain.skipping import REACTOR, EventSkipped
from guichet import held
from guichet.envelopes import Hand
from guichet.held import Held
from guichet.house import House
from guichet.proof.guarding import write_only_there
from guichet.settings import Settings
from projections.stops import is_poison

SYSTEM = Author(role="system", account="reactor")
LINGER = 0.2
"""Seconds for which facts are gathered: what follows from a fact is in no such hurry."""

logger = structlog.get_logger()

TABLE = """
create schema if not exists reactor;
create table if not exists reactor.checkpoints (
    town text primary key,
    position bigint not null
);
grant usage on schema reactor to web;
grant select, insert, update on reactor.checkpoints to web;
"""


async def prepare(connection: AsyncConnection) -> None:
    """Create what the reactor remembers; done by the owner of the database."""
    await connection.execute(TABLE)
    await connection.execute(held.TABLE)


class Reactor:
    """Follows the log for one town and acts on it."""

    def __init__(self, house: House, keys: KeyRing) -> None:
        self._house = house
        self._keys = keys
        self._held: dict[int, str] = {}

    async def run(self, linger: float = LINGER) -> None:
        """Act on every fact after the checkpoint, for as long as the process lives, gathering them
        for `linger` seconds. `LogDamaged` when the log is not the one that was archived."""
        await write_only_there(self._house)
        await self.try_again()
        follow = self._house.log.follow(await self._position(), linger=linger)
        async for entries in follow:
            await self.react(entries)
            await self._remember(entries[-1].position)

    async def react(self, entries: Sequence[Entry]) -> None:
        """Do what the facts of `entries` ask for."""
        heard = [entry for entry in entries if entry.topic in LISTENED_TO]
        for fact in await self._house.cipher.read(heard):
            match fact.event:
                case EventSkipped(model=model, position=position):
                    if model == REACTOR and position in self._held:
                        await self._release(position)
                        await self.try_again()
                case _:
                    await self._follow_up(fact)

    async def try_again(self) -> None:
        """Do what is held, as far as it can be done now."""
        house = self._house
        async with house.pool.connection() as connection:
            waiting = await held.held(connection, house.settings.town)
        self._held = {one.position: one.stream for one in waiting}
        for one in waiting:
            entry = await house.log.at(one.position)
            if entry is not None and entry.position == one.position:
                [fact] = await house.cipher.read([entry])
                await self._follow_up(fact)

    async def _follow_up(self, fact: Recorded[Any]) -> None:
        """Do what `fact` asks for, or hold it; facts of one stream in their order."""
        held = self._held.items()
        behind = any(at < fact.position and stream == fact.stream for at, stream in held)
        error = "" if behind else await self._tried(fact)
        if error is not None:
            await self._hold(fact, error)
        elif fact.position in self._held:
            await self._release(fact.position)

    async def _tried(self, fact: Recorded[Any]) -> str | None:
        """Do what `fact` asks for; the class of what was raised when that cannot be done."""
        if isinstance(fact.event, Unreadable):
            return fact.event.error
        try:
            for number, request in enumerate(asked_by(fact)):
                await self._do(request, fact, number)
        except (Conflict, NatsError, Refusal):
            raise  # of the moment, not of the fact
        except Exception as error:
            if not is_poison(error):
                raise
            return type(error).__name__
        return None

    async def _hold(self, fact: Recorded[Any], error: str) -> None:
        topic = topic_of(fact.event)
        one = Held(position=fact.position, stream=fact.stream, topic=topic, error=error)
        await held.hold(self._house.pool, self._house.settings.town, one)
        self._held[fact.position] = fact.stream
        logger.error("reactor.held", position=one.position, stream=one.stream, error=error)

    async def _release(self, position: int) -> None:
        await held.release(self._house.pool, self._house.settings.town, position)
        self._held.pop(position, None)

    async def _do(self, request: Request, fact: Recorded[Any], number: int) -> None:
        match request:
            case KeyToDestroy(key=key):
                await self._keys.destroy(key)
            case OnDossier(id=id, command=command):
                asked = f"{fact.stream}/{fact.version}/{number}"
                hand = Hand(author=SYSTEM, command_id=asked, digest=asked)
                try:
                    await self._house.desk.handle(id, command, hand, expected=None)
                except Refused as refusal:
                    logger.info("policy.refused", by=type(refusal).__name__, position=fact.position)

    async def _position(self) -> int:
        query = "select position from reactor.checkpoints where town = %s"
        async with self._house.pool.connection() as connection:
            cursor = await connection.execute(query, [self._house.settings.town])
            row = await cursor.fetchone()
        return row[0] if row else 0

    async def _remember(self, position: int) -> None:
        statement = """
            insert into reactor.checkpoints values (%s, %s)
            on conflict (town) do update set position = excluded.position
        """
        async with self._house.pool.connection() as connection:
            await connection.execute(statement, [self._house.settings.town, position])


def main(settings: Settings) -> None:
    """The process `guichet reactor`."""

    async def whole() -> None:
        nc = await connect(settings.nats_url, "keys", settings.nats_passwords["keys"])
        try:
            async with House.open(settings) as house:
                await Reactor(house, KeyRing(nc, settings.town, settings.master_key)).run()
        finally:
            await nc.close()

    uvloop.run(whole())
