"""What the town does by itself goes through the desk, and once."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest_asyncio

from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from domain.dossier import DossierLinked
from domain.grammar import Author
from domain.intake import OpenDossier
from domain.linking import LinkDossier
from guichet.envelopes import Hand
from guichet.house import House
from guichet.reactor import Reactor


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
