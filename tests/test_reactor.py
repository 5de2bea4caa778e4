"""What the town does by itself goes through the desk, and once; what cannot be done is held."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from domain.dossier_events import DossierLinked
from domain.grammar import Author
from domain.intake import OpenDossier
from domain.linking import LinkDossier, UnlinkDossier
from domain.log import LogUnavailable
from guichet.envelopes import Hand
from guichet.held import Held, held
from guichet.house import House
from guichet.reactor import Reactor
from guichet.skipping import skip
from tests.conftest import Broker
from tests.faults.poison import garbled


def hand() -> Hand:
    author = Author(role="receptionist", account="a1")
    return Hand(author=author, command_id=str(uuid4()), digest="d")


async def opened(house: House) -> UUID:
    id = uuid4()
    command = OpenDossier(procedure="lampadaire", channel="counter", summary="Il fait noir")
    await house.desk.open(id, command, hand())
    return id


@pytest_asyncio.fixture
async def reactor(house: House) -> AsyncIterator[Reactor]:
    settings = house.settings
    nc = await connect(settings.nats_url, "keys", settings.nats_passwords["keys"])
    yield Reactor(house, KeyRing(nc, settings.town, settings.master_key))
    await nc.close()


async def test_a_link_is_answered_by_a_link_back_once(house: House, reactor: Reactor) -> None:
    one, other = await opened(house), await opened(house)
    await house.desk.handle(one, LinkDossier(dossier=other), hand(), expected=1)
    for _ in range(2):
        await reactor.react(await house.log.page(0, 100))
        await reactor.react(await house.log.page(0, 100))
    facts = await house.desk.past(f"dossier.{other}")
    assert [type(fact.event).__name__ for fact in facts] == ["DossierOpened", "DossierLinked"]
    assert facts[1].event == DossierLinked(dossier=one)
    assert facts[1].author.role == "system"


async def what_is_held(house: House) -> list[Held]:
    async with house.pool.connection() as connection:
        return await held(connection, house.settings.town)


async def test_what_cannot_be_done_is_held_and_shown_and_blocks_nobody_else(
    house: House, reactor: Reactor
) -> None:
    sick, one, other = [await opened(house) for _ in range(3)]
    await house.desk.handle(one, LinkDossier(dossier=sick), hand(), expected=1)
    broken = await garbled(house, f"dossier.{sick}", 2, "NoteAdded:1")
    await house.desk.handle(other, LinkDossier(dossier=one), hand(), expected=1)
    await house.desk.handle(one, UnlinkDossier(dossier=sick), hand(), expected=2)
    await reactor.react(await house.log.page(0, 100))
    first, second = await what_is_held(house)
    assert (first.position, first.stream, first.topic) == (4, f"dossier.{one}", "DossierLinked:1")
    assert first.error == "ValidationError"
    assert (second.position, second.topic, second.error) == (7, "DossierUnlinked:1", "")
    linked = await house.desk.past(f"dossier.{one}")
    assert linked[-1].event == DossierLinked(dossier=other)
    assert broken == 5
    await reactor.try_again()
    assert await what_is_held(house) == [first, second]
    at = await skip(house, "reactor", first.position, "Illisible, décision du 3 mars")
    await reactor.react(await house.log.page(at - 1, 100))
    [next_one] = await what_is_held(house)
    assert (next_one.position, next_one.error) == (second.position, "ValidationError")


async def test_a_fact_that_cannot_be_decoded_is_held_until_it_is_set_aside(
    house: House, reactor: Reactor
) -> None:
    position = await garbled(house, f"dossier.{await opened(house)}", 2, "DossierUnlinked:1")
    await reactor.react(await house.log.page(0, 100))
    [found] = await what_is_held(house)
    assert (found.position, found.error) == (position, "ValidationError")
    await skip(house, "reactor", position, "Illisible, décision du 3 mars")
    await reactor.react(await house.log.page(position, 100))
    assert await what_is_held(house) == []


async def test_the_absence_of_the_broker_is_nobodys_fault(
    house: House, reactor: Reactor, broker: Broker
) -> None:
    one, other = await opened(house), await opened(house)
    await house.desk.handle(one, LinkDossier(dossier=other), hand(), expected=1)
    entries = await house.log.page(0, 100)
    broker.kill()
    try:
        with pytest.raises(LogUnavailable):
            await reactor.react(entries)
    finally:
        broker.start()
    assert await what_is_held(house) == []
