"""An event that one read model cannot fold stops that one only, until it is skipped or cured."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from psycopg import AsyncConnection

from domain.grammar import Recorded
from domain.handling import AddNote, ReportProgress, TakeDossier
from guichet.erasure import erase
from guichet.house import House
from guichet.projecting import follow
from guichet.rebuilding import rebuild_models
from guichet.skipping import NotInTheWay, skip
from projections import projector as projecting
from projections import promises
from projections.projector import MODELS
from projections.read_model import Town
from projections.waiting import Waiter
from tests.conftest import Database
from tests.faults.poison import (
    answered_too_late,
    folded,
    garbled,
    hand,
    opened,
    opened_out_of_range,
    rows,
)

PATIENCE = 60
NAMES = [model.name for model in MODELS]
OTHERS = [model for model in MODELS if model.name != "promises"]
LATER = date.today() + timedelta(days=9)  # noqa: DTZ011 any day to come
GROUND = "Date impossible, décision du 3 mars"


@asynccontextmanager
async def watching(house: House) -> AsyncGenerator[Waiter]:
    settings = house.settings
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        yield waiter


async def told(waiter: Waiter, is_so: Callable[[], bool]) -> None:
    """Until what the projector told makes it so."""
    async with asyncio.timeout(PATIENCE), waiter._moved:  # pyright: ignore[reportPrivateUsage]
        await waiter._moved.wait_for(is_so)  # pyright: ignore[reportPrivateUsage]


async def reached(house: House, waiter: Waiter, *models: str) -> None:
    """Until the checkpoint, and what `models` have folded, are at the head of the log."""
    head = await house.log.head()
    assert await waiter.until(head, PATIENCE, *models) >= head


@asynccontextmanager
async def projecting_beside(house: House) -> AsyncGenerator["asyncio.Task[None]"]:
    task = asyncio.create_task(follow(house))
    try:
        yield task
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


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


async def test_a_cured_read_model_goes_on_by_itself_after_a_restart(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sick(rows: Any, fact: Recorded[Any], town: Town) -> Any:
        if type(fact.event).__name__ == "DossierTaken":
            raise KeyError("Sigismonde Aubépin")
        return promises.fold(rows, fact, town)

    ids = [await opened(house) for _ in range(2)]
    await house.desk.handle(ids[0], TakeDossier(), hand(), expected=None)
    with monkeypatch.context() as newer:
        models = tuple(replace(m, fold=sick) if m.name == "promises" else m for m in MODELS)
        newer.setattr(projecting, "MODELS", models)
        async with projecting_beside(house), watching(house) as waiter:
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


async def test_what_has_stopped_forgets_who_is_erased(house: House) -> None:
    person = await opened(house, "Sigismonde Aubépin")
    other = await opened(house)
    past = await house.desk.past(f"dossier.{person}")
    poison = await garbled(house, f"dossier.{other}", 2, "DossierTaken:1")
    async with projecting_beside(house), watching(house) as waiter:
        await reached(house, waiter)
        assert set(waiter.stops) == set(NAMES)
        assert "Sigismonde" in repr(await rows(house))
        await erase(house, past[0].event.usager.id, "RGPD art. 17")
        await reached(house, waiter)
        assert "Sigismonde" not in repr(await rows(house))
        for name in NAMES:
            await skip(house, name, poison, GROUND)
        await told(waiter, lambda: not waiter.stops)
        healed = await rows(house)
        assert "Sigismonde" not in repr(healed)
        assert await rebuild_models(house, NAMES) == {}
        assert await rows(house) == healed


async def test_what_the_database_does_is_not_taken_for_poison(
    house: House, database: Database
) -> None:
    """The projector's connection is cut while the fold of one read model waits for its table."""
    await opened(house)
    owner = house.settings.postgres["owner"]
    waiting = "select pid from pg_locks where not granted and relation = 'read.promises'::regclass"
    cut = f"select pg_terminate_backend(pid) from ({waiting}) blocked"
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
                while not await (await admin.execute(cut.encode())).fetchall():
                    pass  # each of these asks the database
        await reached(house, waiter, *NAMES)
        assert waiter.stops == {}
        assert id in {row.dossier_id for row in (await rows(house))["promises"]}


async def test_a_long_past_is_caught_up_page_by_page_beside_the_living(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projecting, "PAGE", 5)
    ids = [await opened(house) for _ in range(4)]
    poison = await answered_too_late(house, ids[0])
    async with projecting_beside(house), watching(house) as waiter:
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


async def test_a_row_the_database_refuses_is_poison_and_hides_nobody_from_an_erasure(
    house: House,
) -> None:
    """While the read model that knows whose words lie where does not follow."""
    poison = await opened_out_of_range(house)
    async with projecting_beside(house), watching(house) as waiter:
        person = await opened(house, "Sigismonde Aubépin", "Sigismonde crie")
        await reached(house, waiter)
        assert {name: stop.error for name, stop in waiter.stops.items()} == {
            "dossiers": "NumericValueOutOfRange"
        }
        live = await rows(house)
        assert "Sigismonde" in repr(live["queues"])
        assert set(await rebuild_models(house, NAMES)) == {"dossiers"}
        assert await rows(house) == live
        past = await house.desk.past(f"dossier.{person}")
        await erase(house, past[0].event.usager.id, "RGPD art. 17")
        await reached(house, waiter)
        assert "Sigismonde" not in repr(await rows(house))
        await skip(house, "dossiers", poison, GROUND)
        await told(waiter, lambda: not waiter.stops)
        healed = await rows(house)
        assert "Sigismonde" not in repr(healed)
        assert len(healed["dossiers"]) == 2
        assert len(healed["queues"]) == 3
        assert await rebuild_models(house, NAMES) == {}
        assert await rows(house) == healed
