"""An event that one read model cannot fold stops that one only, until it is skipped or cured."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from psycopg import AsyncConnection

from domain.grammar import Recorded
from domain.handling import AddNote, ReportProgress, TakeDossier
from guichet.house import House
from guichet.rebuilding import rebuild_models
from guichet.skipping import NotInTheWay, skip
from projections import promises, queues
from projections.projector import MODELS
from projections.read_model import Town
from tests.conftest import Database
from tests.faults.poison import (
    GROUND,
    NAMES,
    PATIENCE,
    answered_too_late,
    folded,
    garbled,
    hand,
    opened,
    projecting_beside,
    reached,
    rows,
    skipped,
    told,
    watching,
)

OTHERS = [model for model in MODELS if model.name != "promises"]
LATER = date.today() + timedelta(days=9)  # noqa: DTZ011 any day to come


async def test_the_others_go_on_and_a_skip_heals_what_a_rebuild_makes_again(house: House) -> None:
    ids = [await opened(house) for _ in range(3)]
    poison = await answered_too_late(house, ids[1])
    async with projecting_beside(house), watching(house) as waiter:
        await house.desk.handle(ids[0], TakeDossier(), hand(), expected=None)
        await house.desk.handle(ids[1], AddNote(text="La suite"), hand(), expected=None)
        ids.append(await opened(house))
        await reached(house, waiter)
        stop = waiter.stops["promises"]
        assert (stop.position, stop.reached) == (poison, poison - 1)
        assert (stop.stream, stop.topic) == (f"dossier.{ids[1]}", "AnswerSent:1")
        assert stop.error == "OverflowError"
        live = await rows(house)
        for model in OTHERS:
            assert live[model.name] == await folded(house, model, ids), model.name
        assert live["promises"] == await folded(house, promises.MODEL, ids, upto=poison - 1)
        with pytest.raises(NotInTheWay, match=f"il s'arrête à {poison}"):
            await skip(house, "promises", poison + 1, GROUND)
        with pytest.raises(NotInTheWay, match="rien ne l'arrête"):
            await skip(house, "queues", poison, GROUND)
        assert set(await rebuild_models(house, NAMES)) == {"promises"}
        assert await rows(house) == live
        await told(waiter, lambda: waiter.stops["promises"].position == poison)
        at = await skip(house, "promises", poison, GROUND)
        assert at == await house.log.head()
        await told(waiter, lambda: not waiter.stops)
        await reached(house, waiter, *NAMES)
        healed = await rows(house)
        assert healed["promises"] == await folded(house, promises.MODEL, ids, without=poison)
        assert len(healed["promises"]) == 4
        assert await rebuild_models(house, NAMES) == {}
        assert await rows(house) == healed
        await house.desk.handle(ids[1], AddNote(text="Encore"), hand(), expected=None)
        await reached(house, waiter, *NAMES)
        assert await rebuild_models(house, NAMES) == {}


async def test_an_entry_nobody_can_decode_stops_all_and_loses_nothing(house: House) -> None:
    ids = [await opened(house) for _ in range(2)]
    async with projecting_beside(house), watching(house) as waiter:
        poison = await garbled(house, f"dossier.{ids[0]}", 2, "DossierLinked:1")
        ids.append(await opened(house))
        await reached(house, waiter)
        assert {name: stop.position for name, stop in waiter.stops.items()} == dict.fromkeys(
            NAMES, poison
        )
        assert {stop.error for stop in waiter.stops.values()} == {"ValidationError"}
        for name in NAMES:
            await skip(house, name, poison, GROUND)
            await told(waiter, lambda name=name: name not in waiter.stops)
        await reached(house, waiter, *NAMES)
        healed = await rows(house)
        assert [row.dossier_id for row in healed["queues"]] == sorted(ids)
        assert await rebuild_models(house, NAMES) == {}
        assert await rows(house) == healed


async def test_a_cured_read_model_goes_on_by_itself_after_a_restart(house: House) -> None:
    def sick(rows: Any, fact: Recorded[Any], town: Town) -> Any:
        if type(fact.event).__name__ == "DossierTaken":
            raise KeyError("Sigismonde Aubépin")
        return promises.fold(rows, fact, town)

    ids = [await opened(house) for _ in range(2)]
    await house.desk.handle(ids[0], TakeDossier(), hand(), expected=None)
    models = [replace(m, fold=sick) if m.name == "promises" else m for m in MODELS]
    async with projecting_beside(house, models), watching(house) as waiter:
        await reached(house, waiter)
        for _ in range(3):
            ids.append(await opened(house))
        await reached(house, waiter)
        assert waiter.stops["promises"].error == "KeyError"
        assert "Sigismonde" not in repr(waiter.stops)
    async with projecting_beside(house), watching(house) as waiter:
        await told(waiter, lambda: not waiter.stops and waiter.position > 0)
        await reached(house, waiter, *NAMES)
        assert (await rows(house))["promises"] == await folded(house, promises.MODEL, ids)


@pytest.mark.parametrize("harm", ["pg_terminate_backend", "pg_cancel_backend"])
async def test_what_the_database_does_is_not_taken_for_poison(
    house: House, database: Database, harm: str
) -> None:
    """The projector is cut off, or its statement ended, while the fold of one read model waits for
    its table; as often as it takes to try a batch whole, again with care, and fact by fact."""
    await opened(house)
    owner = house.settings.postgres["owner"]
    waiting = "select pid from pg_locks where not granted and relation = 'read.promises'::regclass"
    cut = f"select {harm}(pid) from ({waiting}) blocked"
    async with projecting_beside(house), watching(house) as waiter:
        await reached(house, waiter)
        async with await AsyncConnection.connect(owner) as holding:
            await holding.execute("lock table read.promises in access exclusive mode")
            id = await opened(house)
            superuser = database.conninfo("postgres")
            async with (
                await AsyncConnection.connect(superuser, autocommit=True) as admin,
                asyncio.timeout(PATIENCE),
            ):
                for _ in range(5):
                    while not await (await admin.execute(cut.encode())).fetchall():
                        pass  # each of these asks the database
        await reached(house, waiter, *NAMES)
        assert waiter.stops == {}
        assert id in {row.dossier_id for row in (await rows(house))["promises"]}


async def test_a_long_past_is_caught_up_page_by_page_beside_the_living(house: House) -> None:
    ids = [await opened(house) for _ in range(4)]
    poison = await answered_too_late(house, ids[0])
    async with projecting_beside(house, page=5), watching(house) as waiter:
        for number in range(12):
            command = AddNote(text=f"Note {number}")
            await house.desk.handle(ids[number % 4], command, hand(), expected=None)
        news = ReportProgress(text="Vu", next_date=LATER)
        await house.desk.handle(ids[1], news, hand(), expected=None)
        await reached(house, waiter)
        assert set(waiter.stops) == {"promises"}
        await skip(house, "promises", poison, GROUND)
        ids.append(await opened(house))
        await told(waiter, lambda: not waiter.stops)
        await reached(house, waiter, *NAMES)
        expected = await folded(house, promises.MODEL, ids, without=poison)
        assert (await rows(house))["promises"] == expected


async def test_a_skip_counts_wherever_it_lies_even_for_what_was_folded(house: House) -> None:
    """Somebody decided to skip while somebody else had already cured the read model; and both the
    event and its skip are there before the projector is."""
    ids = [await opened(house) for _ in range(2)]
    taken = await house.desk.handle(ids[0], TakeDossier(), hand(), expected=None)
    async with projecting_beside(house), watching(house) as waiter:
        await reached(house, waiter)
        await skipped(house, "queues", taken.position)
        await house.desk.handle(ids[0], AddNote(text="La suite"), hand(), expected=None)
        await reached(house, waiter)
        assert (await rows(house))["queues"] == await folded(
            house, queues.MODEL, ids, without=taken.position
        )
    poison = await answered_too_late(house, ids[1])
    await skipped(house, "promises", poison)
    async with projecting_beside(house), watching(house) as waiter:
        await reached(house, waiter)
        assert waiter.stops == {}
        live = await rows(house)
        assert live["promises"] == await folded(house, promises.MODEL, ids, without=poison)
        assert await rebuild_models(house, NAMES) == {}
        assert await rows(house) == live
