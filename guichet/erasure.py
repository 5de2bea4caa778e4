"""*Effacement.* Destroy a key, and see to it that every screen has forgotten what it sealed.

The fact is recorded first, then the key is destroyed, then the read models follow; each step can
be done again after an interruption, and doing it again changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg

from adapters import erasure_list
from adapters.erasure_list import erasures_file
from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from domain.dossier_events import WordsErased
from domain.grammar import NO_KEY, Author, Event, Recorded, replay
from domain.people import Holder, PersonErased
from guichet.envelopes import at_once
from guichet.house import House
from guichet.proof.guarding import write_only_there
from guichet.sentences import Sentence, must_be_ground
from guichet.settings import Settings
from projections.scrub import scrub
from projections.waiting import Waiter

FOLLOWED_WITHIN = 600.0
"""Seconds the read models have to follow, a rebuild in progress included."""


class ReadModelsBehind(Sentence):
    """The key is destroyed and the fact recorded, but the read models have not followed yet."""


class NothingOfItsOwn(Sentence):
    """The words of the dossier lie under the key of a person."""


async def erase(house: House, person: UUID, ground: str) -> int:
    """Record the erasure of a person and destroy his key; the position of the fact."""
    stream = f"usager.{person}"
    past = await house.desk.past(stream, upto_date=True)
    holder = replay(Holder(), [fact.event for fact in past])
    if holder.erased:
        position = past[-1].position
    else:
        event = PersonErased(key=person, ground=ground)
        note(house, stream, [person])
        position = await record(house, stream, holder.version + 1, event)
    await destroy(house, [person])
    return position


async def erase_words(house: House, dossier: UUID, ground: str) -> int:
    """Record the erasure of what lies under a dossier's own keys, and destroy them; the position
    of the fact. `DossierUnknown`, or `NothingOfItsOwn` when every word is some person's."""
    stream = f"dossier.{dossier}"
    past = await house.desk.past(stream, upto_date=True)
    if not past:
        raise NothingOfItsOwn(f"Aucun dossier ne porte l'identifiant {dossier}.")
    opened = past[0].event
    persons = {person.id for person in (opened.usager, opened.on_behalf_of) if person}
    own = {fact.key for fact in past} - persons - {NO_KEY}
    if not own:
        raise NothingOfItsOwn(
            "Les textes de ce dossier sont sous la clé de la personne : "
            f"guichet person erase {opened.usager.id}."
        )
    living = [key for key, secret in (await house.keys.load(own)).items() if secret is not None]
    position = past[-1].position
    if living:
        event = WordsErased(keys=tuple(sorted(own)), ground=ground)
        note(house, stream, event.keys)
        position = await record(house, stream, past[-1].version + 1, event)
    await destroy(house, own)
    return position


def note(house: House, stream: str, keys: Iterable[UUID]) -> None:
    """Put an erasure on the list that outlives this machine, before it is recorded: whoever stops
    in between has erased for a restored backup what he wanted to erase here."""
    settings = house.settings
    erasure_list.add(erasures_file(settings.data, settings.town), stream, keys)


async def record(house: House, stream: str, version: int, event: Event) -> int:
    """The fact of an erasure at the end of its stream; its position."""
    now = datetime.now(UTC)
    fact = Recorded(
        stream=stream,
        version=version,
        event=event,
        times=at_once(now),
        author=Author(role="system", account="effacement"),
        command_id=str(uuid4()),
    )
    return (await house.desk.record([fact]))[-1]


async def destroy(house: House, keys: Iterable[UUID]) -> None:
    """Make the key store forget `keys`."""
    settings = house.settings
    nc = await connect(settings.nats_url, "keys", settings.nats_passwords["keys"])
    try:
        ring = KeyRing(nc, settings.town, settings.master_key)
        for key in keys:
            await ring.destroy(key)
    finally:
        await nc.close()


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


Erase = Callable[[House, UUID, str], Awaitable[int]]


def run(settings: Settings, erasing: Erase, id: UUID, ground: str) -> None:
    """`guichet person erase` and `guichet dossier erase`: return once nothing shows the words."""

    must_be_ground(ground)

    async def whole() -> None:
        async with House.open(settings) as house:
            await write_only_there(house)
            await forget(house, await erasing(house, id, ground))

    asyncio.run(whole())
