"""Live rows, rebuilt rows and an independent fold of the same facts are the same, row for row."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import AsyncConnection

from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from domain.closing import CloseDossier, ReopenDossier
from domain.grammar import ERASED, Author
from domain.handling import (
    AcknowledgeReceipt,
    AddNote,
    AssignDossier,
    CorrectEntry,
    RefuseAssignment,
    ReportProgress,
    RequestDocuments,
    SendAnswer,
    TakeDossier,
)
from domain.intake import OpenDossier, PersonEntry
from domain.linking import LinkDossier
from domain.log import LogDamaged
from domain.sending import RecordRefusal
from guichet.catalogue import CALENDAR, PROCEDURES
from guichet.desk import Intention
from guichet.envelopes import Hand
from guichet.erasure import NothingOfItsOwn, erase, erase_words, forget
from guichet.house import House
from guichet.rebuilding import rebuild_models, town_of
from projections import dossiers, queues, timelines
from projections.projector import MODELS, Overtaken, Projector
from projections.read_model import dossier_id
from projections.reckoning import learned
from projections.search import Scope, search
from projections.waiting import Waiter

LATER = date.today() + timedelta(days=9)  # noqa: DTZ011 any day to come


def hand() -> Hand:
    author = Author(role="receptionist", account="a1")
    return Hand(author=author, command_id=str(uuid4()), digest="d")


async def opened(house: House, name: str | None = None, summary: str = "Il fait noir") -> UUID:
    id = uuid4()
    command = OpenDossier(
        procedure="lampadaire",
        channel="counter",
        summary=summary,
        place="12, rue du Foulon",
        usager=PersonEntry(name=name, phone="06 12 34 56 78") if name else None,
    )
    await house.desk.open(id, command, hand())
    return id


async def done(house: House, id: UUID, *commands: Intention) -> int:
    position = 0
    for command in commands:
        position = (await house.desk.handle(id, command, hand(), expected=None)).position
    return position


async def told(house: House) -> list[UUID]:
    """A handful of stories in which everything happens."""
    first, second = await opened(house, "Sigismonde Aubépin"), await opened(house)
    third = await opened(house, "Théophane Aubépin", "Le trottoir s'effondre")
    await done(house, first, AcknowledgeReceipt(), TakeDossier(), AddNote(text="Vu"))
    await done(house, first, ReportProgress(text="Pièce commandée", next_date=LATER))
    await done(house, first, LinkDossier(dossier=second))
    await done(house, second, AssignDossier(service="proprete", reason="Déchets"))
    await done(house, second, RefuseAssignment(reason="Pas pour nous"))
    await done(house, second, CorrectEntry(entry=1, text="Il fait nuit", reason="Faute"))
    news = ReportProgress(text="Pièce reçue", next_date=LATER, means="email")
    await done(house, second, news, RecordRefusal(message=5, reason="Adresse inconnue"))
    await done(house, third, RequestDocuments(documents=("Photo",), until=LATER))
    await done(house, third, SendAnswer(text="Réparé", means="email", addressee="usager"))
    await done(
        house, third, CloseDossier(outcome="done", reason="Fait"), ReopenDossier(reason="Revenu")
    )
    return [first, second, third]


async def reached(house: House) -> None:
    settings = house.settings
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        head = await house.log.head()
        assert await waiter.until(head, within=10) >= head


async def rows(house: House) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    async with house.pool.connection() as connection:
        for model in MODELS:
            columns = ", ".join(model.row.__struct_fields__)
            keys = ", ".join(model.key)
            query = f"select {columns} from {model.name} where town = %s order by {keys}"
            cursor = await connection.execute(query.encode(), [house.settings.town])
            found[model.name] = await cursor.fetchall()
    return found


async def folded(house: House, ids: Sequence[UUID]) -> dict[str, list[Any]]:
    """The same rows, folded here and now from the log alone."""
    past = [fact for id in ids for fact in await house.desk.past(f"dossier.{id}")]
    town = town_of(house.settings)
    for stream in (CALENDAR, PROCEDURES):
        for fact in await house.desk.past(stream):
            town = learned(town, fact)
    found: dict[str, list[Any]] = {}
    for model in MODELS:
        by_dossier: dict[UUID, tuple[Any, ...]] = {}
        for fact in past:
            id = dossier_id(fact)
            assert id is not None
            by_dossier[id] = model.fold(by_dossier.get(id, ()), fact, town)
        found[model.name] = sorted(
            (row for some in by_dossier.values() for row in some),
            key=lambda row: tuple(getattr(row, name) for name in model.key),
        )
    return found


async def test_live_rebuilt_and_folded_rows_are_equal(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    ids = await told(house)
    await reached(house)
    live = await rows(house)
    assert {name: len(some) for name, some in live.items()} == {
        "queues": 3,
        "timelines": 18,
        "dossiers": 3,
        "promises": 5,
        "messages": 1,
        "lapses": 1,
    }
    independent = await folded(house, ids)
    for model in MODELS:
        names = model.row.__struct_fields__
        read = [model.read(dict(zip(names, row, strict=True))) for row in live[model.name]]
        assert read == independent[model.name]
    await rebuild_models(house, [model.name for model in MODELS])
    assert await rows(house) == live
    assert not projector.done()


async def test_several_processes_rebuild_whatever_was_typed(
    house: House, projector: "asyncio.Task[None]", monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = (
        "\\N",
        "\\",
        "\\.",
        'a\tb\nc\rd\0e"',
        "l'été\u2028\u0085\x0b\x1f🏛",
        "null",
        "{[}]",
        " ",
    )
    for text in texts:
        id = await opened(house, f"Sigismonde {text}", f"Le lieu : {text}")
        await done(house, id, AssignDossier(service="proprete", reason=text))
        await done(house, id, RequestDocuments(documents=(text, "Photo"), until=LATER))
    await told(house)
    await reached(house)
    live = await rows(house)
    await rebuild_models(house, [model.name for model in MODELS], worth_a_process=0)
    assert await rows(house) == live
    assert not projector.done()


async def test_after_an_erasure_nothing_shows_the_person_and_a_rebuild_agrees(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    first, _, third = await told(house)
    outcome = await house.desk.past(f"dossier.{first}")
    person = outcome[0].event.usager.id
    await reached(house)
    await forget(house, await erase(house, person, "RGPD art. 17"))
    after = await rows(house)
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        town = house.settings.town
        shown = await dossiers.one(cursor, town, first)
        kept = await dossiers.one(cursor, town, third)
        found = await search(cursor, town, "Sigismonde")
    assert shown is not None
    assert kept is not None
    assert (shown.usager_name, shown.summary, shown.place_label) == (ERASED, ERASED, ERASED)
    assert kept.usager_name == "Théophane Aubépin"
    assert found == []
    assert "Sigismonde" not in str(after)
    await rebuild_models(house, [model.name for model in MODELS])
    assert await rows(house) == after
    assert not projector.done()


async def test_the_words_of_a_dossier_without_a_person_are_erased_on_their_own_ground(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    anonymous = await opened(house, summary="Sigismonde Aubépin fait du bruit")
    named = await opened(house, "Théophane")
    await done(house, anonymous, AddNote(text="Sigismonde n'ouvre pas"))
    with pytest.raises(NothingOfItsOwn, match="person erase"):
        await erase_words(house, named, "RGPD art. 17")
    for _ in range(2):
        position = await erase_words(house, anonymous, "RGPD art. 17")
        await forget(house, position)
    await done(house, anonymous, AddNote(text="La suite"))
    await reached(house)
    after = await rows(house)
    assert "Sigismonde" not in str(after)
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        timeline = await timelines.of(cursor, house.settings.town, anonymous)
    assert timeline is not None
    thread = timeline.items
    assert [(row.type, row.text) for row in thread] == [
        ("DossierOpened", ERASED),
        ("NoteAdded", ERASED),
        ("WordsErased", None),
        ("NoteAdded", "La suite"),
    ]
    await rebuild_models(house, [model.name for model in MODELS])
    assert await rows(house) == after
    assert not projector.done()


async def test_whoever_may_not_see_a_dossier_does_not_find_it(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    for _ in range(3):
        await opened(house, "Sigismonde Aubépin")
    moved = await opened(house, "Sigismonde Aubépin")
    await done(house, moved, AssignDossier(service="proprete", reason="Déchets"))
    await reached(house)
    ofone = Scope(everything=False, service="proprete", account="a2")
    nobody = Scope(everything=False, account="a2")
    opener = Scope(everything=False, account="a1")
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        town = house.settings.town
        for scope, count in ((Scope(), 4), (ofone, 1), (nobody, 0), (opener, 4)):
            for words in ("Sigismonde", "sigismnde", "06 12 34 56 78"):
                assert len(await search(cursor, town, words, 50, scope)) == count, (scope, words)
        found = await search(cursor, town, str(moved), 50, nobody)
        assert found == []
        [found] = await search(cursor, town, str(moved)[:13], 50)
        assert found.dossier_id == moved


async def test_a_queue_shows_the_open_dossiers_of_its_service_page_by_page(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    ids = {await opened(house) for _ in range(5)}
    await reached(house)
    town = house.settings.town
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        first = await queues.page(cursor, town, "voirie", limit=3)
        place = queues.Place(first[-1].due, first[-1].dossier_id)
        second = await queues.page(cursor, town, "voirie", after=place, limit=3)
    assert {row.dossier_id for row in first + second} == ids
    assert len(first) == 3
    assert not projector.done()


@pytest.mark.parametrize(
    "words",
    ["sigismonde", "Sigismnde Aubepin", "aubépin", "trottoirs", "rue foulon", "0612345678"],
)
async def test_a_dossier_is_found_with_accents_and_typing_errors_forgiven(
    house: House, projector: "asyncio.Task[None]", words: str
) -> None:
    id = await opened(house, "Sigismonde Aubépin", "Le trottoir s'effondre")
    await reached(house)
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        found = await search(cursor, house.settings.town, words)
    assert [row.dossier_id for row in found] == [id]
    assert not projector.done()


async def test_a_timeline_says_what_happened_in_french(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    id = await opened(house)
    await done(house, id, AddNote(text="Vu sur place"))
    await reached(house)
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        timeline = await timelines.of(cursor, house.settings.town, id)
    assert timeline is not None
    items = timeline.items
    told_in = [(item.type, item.label, item.text) for item in items]
    assert told_in == [
        ("DossierOpened", "Demande enregistrée", "Il fait noir"),
        ("NoteAdded", "Note interne", "Vu sur place"),
    ]
    assert not projector.done()


async def test_there_is_one_projector(house: House, projector: "asyncio.Task[None]") -> None:
    await opened(house)
    await reached(house)
    conninfo = house.settings.postgres["projector"]
    async with await AsyncConnection.connect(conninfo, autocommit=True) as connection:
        second = Projector(connection, town_of(house.settings), house.cipher.read)
        with pytest.raises(Overtaken):
            await second.begin()
        taken = await house.log.read(f"dossier.{await opened(house)}")
        await reached(house)
        with pytest.raises(Overtaken):
            await second.project(taken)
    assert not projector.done()


async def test_a_gap_in_the_positions_stops_the_reader(house: House) -> None:
    await opened(house)
    await opened(house)
    with pytest.raises(LogDamaged):
        async for _ in house.log.follow(-1):
            pass


async def test_a_destroyed_key_is_gone_for_every_process(house: House) -> None:
    settings = house.settings
    [id] = await house.keys.take(1)
    assert (await house.keys.load([id]))[id] is not None
    nc = await connect(settings.nats_url, "keys", settings.nats_passwords["keys"])
    other = KeyRing(nc, settings.town, settings.master_key)
    assert (await other.load([id]))[id] == (await house.keys.load([id]))[id]
    await other.destroy(id)
    await nc.close()
    fresh = KeyRing(house.log._nc, settings.town, settings.master_key)  # pyright: ignore[reportPrivateUsage]
    assert (await fresh.load([id]))[id] is None
