"""*Effacement.* Destroy the key of a person, and see to it that every screen has forgotten him.

The fact is recorded first, then the key is destroyed, then the read models follow; each step can
be done again after an interruption, and doing it again changes nothing.
"""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg

from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from domain.grammar import Author, Recorded, Times, replay
from domain.people import Holder, PersonErased
from guichet.house import House
from guichet.sentences import Sentence
from guichet.settings import Settings
from projections.scrub import scrub
from projections.waiting import Waiter

FOLLOWED_WITHIN = 600.0
"""Seconds the read models have to follow, a rebuild in progress included."""


class ReadModelsBehind(Sentence):
    """The key is destroyed and the fact recorded, but the read models have not followed yet."""


async def erase(house: House, person: UUID, ground: str) -> int:
    """Record the erasure and destroy the key; the position of the fact."""
    stream = f"usager.{person}"
    past = await house.desk.past(stream)
    holder = replay(Holder(), [fact.event for fact in past])
    if holder.erased:
        position = past[-1].position
    else:
        now = datetime.now(UTC)
        fact = Recorded(
            stream=stream,
            version=holder.version + 1,
            event=PersonErased(key=person, ground=ground),
            times=Times(happened_at=now, received_at=now, entered_at=now, recorded_at=now),
            author=Author(role="system", account="effacement"),
            command_id=str(uuid4()),
        )
        position = (await house.desk.record([fact]))[-1]
    settings = house.settings
    nc = await connect(settings.nats_url, "keys", settings.nats_passwords["keys"])
    try:
        await KeyRing(nc, settings.town, settings.master_key).destroy(person)
    finally:
        await nc.close()
    return position


async def forget(house: House, position: int) -> None:
    """Wait until the read models have passed `position`, then scrub what the database keeps of
    the rows that were there before."""
    settings = house.settings
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        reached = await waiter.until(position, within=FOLLOWED_WITHIN)
    if reached < position:
        raise ReadModelsBehind("La clé est détruite, mais les tables de lecture sont en retard.")
    owner = settings.postgres["owner"]
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
        await scrub(connection)


def run(settings: Settings, person: UUID, ground: str) -> None:
    """`guichet person erase`: returns once nothing shows the person any more."""

    async def whole() -> None:
        async with House.open(settings) as house:
            await forget(house, await erase(house, person, ground))

    asyncio.run(whole())
