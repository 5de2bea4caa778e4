"""The way of a command on the real log: recorded once, known again, never overtaken unseen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from adapters.codec import Codec
from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from adapters.stream import Log
from domain.dossier import DossierExists, DossierUnknown
from domain.dossier_events import DossierLinked, NoteAdded
from domain.grammar import Author, Invalid
from domain.handling import AddNote, SendAnswer, TakeDossier
from domain.intake import OpenDossier, PersonEntry
from domain.linking import LinkDossier
from guichet.catalogue import Catalogue
from guichet.ciphering import Cipher
from guichet.desk import Desk, KeyReused, VersionMoved
from guichet.envelopes import Hand
from tests.conftest import Broker
from tests.domain.scenario import ORGANISATION, PROCEDURES

AUTHOR = Author(role="receptionist", account="a1")
REQUEST = OpenDossier(procedure="lampadaire", channel="counter", summary="Il fait noir")
FOR_SIGISMONDE = OpenDossier(
    procedure="lampadaire",
    channel="counter",
    summary="Sigismonde n'y voit rien",
    usager=PersonEntry(name="Sigismonde Aubépin"),
)


def hand(key: str = "", digest: str = "d") -> Hand:
    return Hand(author=AUTHOR, command_id=key or str(uuid4()), digest=digest)


@pytest_asyncio.fixture
async def log(broker: Broker, town: str) -> AsyncIterator[Log]:

    nc = await connect(broker.url, "writer", broker.passwords["writer"])
    yield Log(nc, town)
    await nc.close()


@pytest_asyncio.fixture
async def keys(broker: Broker, town: str) -> AsyncIterator[KeyRing]:
    nc = await connect(broker.url, "keys", broker.passwords["keys"])
    yield KeyRing(nc, town, bytes(32))
    await nc.close()


@pytest.fixture
def desk(log: Log, keys: KeyRing, town: str) -> Desk:
    catalogue = Catalogue()
    catalogue.organisation, catalogue.procedures = ORGANISATION, PROCEDURES
    return Desk(log, keys, Cipher(keys, Codec(town)), catalogue)


async def test_a_dossier_opened_is_in_the_log_and_reads_back(desk: Desk) -> None:
    id = uuid4()
    outcome = await desk.open(id, FOR_SIGISMONDE, hand())
    [fact] = await desk.past(f"dossier.{id}")
    assert (outcome.id, outcome.version, outcome.position) == (id, 1, fact.position)
    assert fact.event.usager.name == "Sigismonde Aubépin"
    assert outcome.usager_id == fact.event.usager.id == fact.key


async def test_the_same_command_twice_has_one_effect_and_one_answer(desk: Desk) -> None:
    id = uuid4()
    first = await desk.open(id, REQUEST, hand("k"))
    assert await desk.open(id, REQUEST, hand("k")) == first
    noted = await desk.handle(id, AddNote(text="Vu"), hand("n"), expected=1)
    assert await desk.handle(id, AddNote(text="Vu"), hand("n"), expected=1) == noted
    assert len(await desk.past(f"dossier.{id}")) == 2


async def test_the_same_key_with_another_body_is_refused(desk: Desk) -> None:
    id = uuid4()
    await desk.open(id, REQUEST, hand("k", "one"))
    with pytest.raises(KeyReused):
        await desk.open(id, REQUEST, hand("k", "two"))


async def test_an_identifier_under_another_key_is_taken(desk: Desk) -> None:
    id = uuid4()
    await desk.open(id, REQUEST, hand("k"))
    with pytest.raises(DossierExists):
        await desk.open(id, REQUEST, hand("l"))


async def test_who_comes_late_learns_what_has_changed(desk: Desk) -> None:
    id = uuid4()
    await desk.open(id, REQUEST, hand())
    await desk.handle(id, AddNote(text="Vu"), hand(), expected=1)
    with pytest.raises(VersionMoved) as moved:
        await desk.handle(id, TakeDossier(), hand(), expected=1)
    assert [fact.event for fact in moved.value.since] == [NoteAdded(text="Vu")]
    assert moved.value.current == 2


async def test_of_many_at_once_each_is_recorded_when_none_cares_for_the_version(desk: Desk) -> None:
    id = uuid4()
    await desk.open(id, REQUEST, hand())
    notes = [AddNote(text=f"note {number}") for number in range(40)]
    await asyncio.gather(*(desk.handle(id, note, hand(), expected=None) for note in notes))
    past = await desk.past(f"dossier.{id}")
    assert [fact.version for fact in past] == list(range(1, 42))
    assert {fact.event.text for fact in past[1:]} == {note.text for note in notes}


async def test_nothing_happens_to_a_dossier_nobody_opened(desk: Desk) -> None:
    with pytest.raises(DossierUnknown):
        await desk.handle(uuid4(), TakeDossier(), hand(), expected=None)


async def test_a_dossier_is_linked_to_another_that_exists(desk: Desk) -> None:
    one, other = uuid4(), uuid4()
    await desk.open(one, REQUEST, hand())
    for wrong in (one, other):
        with pytest.raises(Invalid):
            await desk.handle(one, LinkDossier(dossier=wrong), hand(), expected=None)
    await desk.open(other, REQUEST, hand())
    await desk.handle(one, LinkDossier(dossier=other), hand(), expected=1)
    assert (await desk.past(f"dossier.{one}"))[-1].event == DossierLinked(dossier=other)


async def test_a_person_nobody_knows_is_not_taken_for_somebody(desk: Desk) -> None:
    stranger = OpenDossier(
        procedure="lampadaire",
        channel="counter",
        summary="?",
        usager=PersonEntry(id=UUID(int=404)),
    )
    with pytest.raises(Invalid):
        await desk.open(uuid4(), stranger, hand())


async def test_a_device_that_is_ahead_hands_nothing_in_before_now(desk: Desk) -> None:
    ahead = datetime.now(UTC) + timedelta(days=9)
    command = OpenDossier(procedure="lampadaire", channel="field", summary="?", entered_at=ahead)
    id = uuid4()
    await desk.open(id, command, hand())
    [fact] = await desk.past(f"dossier.{id}")
    assert fact.times.entered_at == ahead
    assert fact.times.received_at == fact.times.recorded_at
    assert fact.event.flags == ("entered_at_in_the_future",)


async def test_what_is_done_at_the_desk_counts_when_it_is_done_whatever_its_device_says(
    desk: Desk,
) -> None:
    id = uuid4()
    await desk.open(id, REQUEST, hand())
    back = datetime.now(UTC) - timedelta(days=40)
    answer = SendAnswer(text="Fait", means="counter", addressee="usager", entered_at=back)
    await desk.handle(id, answer, hand(), expected=None)
    fact = (await desk.past(f"dossier.{id}"))[-1]
    assert (fact.times.entered_at, fact.times.happened_at) == (back, back)
    assert fact.times.received_at == fact.times.recorded_at


async def test_a_note_from_a_clock_ahead_is_flagged_from_the_field_and_refused_at_the_desk(
    desk: Desk,
) -> None:
    id = uuid4()
    await desk.open(id, REQUEST, hand())
    note = AddNote(text="Vu", happened_at=datetime.now(UTC) + timedelta(days=9))
    with pytest.raises(Invalid):
        await desk.handle(id, note, hand(), expected=None)
    caretaker = Hand(author=Author(role="caretaker", account="c1"), command_id="c", digest="d")
    await desk.handle(id, note, caretaker, expected=None)
    noted = (await desk.past(f"dossier.{id}"))[-1]
    assert noted.flags == ("happened_at_in_the_future",)


async def test_after_an_erasure_old_words_are_gone_and_new_ones_take_another_key(
    desk: Desk, keys: KeyRing
) -> None:
    id = uuid4()
    outcome = await desk.open(id, FOR_SIGISMONDE, hand())
    assert outcome.usager_id is not None
    await keys.destroy(outcome.usager_id)
    await desk.handle(id, AddNote(text="La suite"), hand(), expected=1)
    opened, noted = await desk.past(f"dossier.{id}")
    assert opened.event.summary == opened.event.usager.name == "[effacé]"
    assert noted.event.text == "La suite"
    assert noted.key not in (opened.key, outcome.usager_id)
