"""When the calendar changes, the dates in the tables are reckoned again, and a rebuild agrees."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from psycopg import AsyncConnection

from adapters.holiday_calendar import holidays_of
from domain.calendars import AnnounceClosure, CancelClosure, WorkingDays
from domain.deadlines import due
from domain.grammar import Origin
from domain.handling import RequestDocuments, SendAnswer
from domain.procedures import Delay, ProcedurePublished
from domain.waiting import AwaitUsager, EndWaiting, ReceiveDocuments
from guichet.catalogue import PROCEDURES
from guichet.catalogue_file import record
from guichet.house import House
from guichet.rebuilding import town_of
from guichet.town_calendar import change, publish
from projections import rebuild
from projections.folding import AT_ONCE, Folding
from projections.projector import MODELS
from tests.projections.lamps import (
    LAMP,
    TEN,
    TODAY,
    in_queue_and_promised,
    learned,
    opening,
    rebuilt_is_live,
    shown,
)
from tests.projections.test_read_models import done, opened, reached, rows


async def test_dates_follow_the_calendar_and_a_rebuild_agrees(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    await learned(house, LAMP)
    id = await opened(house)
    weekdays = due(TODAY, TEN)
    assert (await shown(house, id)).due == weekdays

    assert await publish(house, "moselle") == 1
    holidays = WorkingDays(closed=frozenset(holidays_of("moselle", 2000, TODAY.year + 10)))
    assert (await shown(house, id)).due == due(TODAY, TEN, holidays)

    closing = AnnounceClosure(first=TODAY, last=TODAY + timedelta(days=6), reason="Déménagement")
    assert await change(house, closing) == 1
    week = {TODAY + timedelta(days=n) for n in range(7)}
    closed = due(TODAY, TEN, WorkingDays(closed=holidays.closed | week))
    assert (await shown(house, id)).due == closed
    assert closed > weekdays
    assert await in_queue_and_promised(house, id) == (closed, closed)
    await rebuilt_is_live(house)

    again = CancelClosure(first=closing.first, last=closing.last)
    assert await change(house, again) == 1
    assert (await shown(house, id)).due == due(TODAY, TEN, holidays)
    await rebuilt_is_live(house)
    assert await publish(house) == 0
    assert not projector.done()


async def test_a_change_during_a_rebuild_is_in_the_new_tables(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    """The shards are folded with the calendar of the beginning, and what it touches once more."""
    await learned(house, LAMP)
    id, town = await opened(house), town_of(house.settings)
    await reached(house)
    owner, folding = house.settings.postgres["owner"], Folding(town, house.cipher.read)
    counts: list[int] = []
    async with await AsyncConnection.connect(owner, autocommit=True) as connection:
        end = await rebuild.begin(connection, MODELS, town)
        for shard in range(rebuild.SHARDS):
            await rebuild.fill(connection, MODELS, folding, shard, end, counts.append)
        await change(house, AnnounceClosure(first=TODAY, last=TODAY, reason="Travaux"))
        last = TODAY + timedelta(days=9)
        await change(house, AnnounceClosure(first=TODAY, last=last, reason="Déménagement"))
        await reached(house)
        live = await rows(house)
        built = rebuild.Built(models=MODELS, end=end)
        await rebuild.switch(connection, built, folding)
    assert await rows(house) == live
    closed = WorkingDays(closed=frozenset(TODAY + timedelta(days=n) for n in range(10)))
    assert (await shown(house, id)).due == due(TODAY, TEN, closed)
    assert not projector.done()


async def test_only_what_the_change_can_touch_is_folded_again(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    """A settled promise is not judged again, and history has no date that a calendar could move."""
    await learned(house, LAMP)
    settled, history = await opened(house), UUID(int=7)
    await done(house, settled, SendAnswer(text="Réparé", means="email", addressee="usager"))
    boston = Origin(source="boston-311", number="101")
    key = (await house.keys.take(1))[0]
    at = datetime(2011, 7, 1, 10, tzinfo=UTC)
    await house.desk.record([opening(history, at, key, boston)])
    far = AnnounceClosure(first=TODAY + timedelta(days=2), last=due(TODAY, TEN), reason="Travaux")
    await change(house, far)
    row = await shown(house, settled)
    assert row.due is not None
    assert row.due > due(TODAY, TEN)
    assert row.silence_state == "answered"
    old = await shown(house, history)
    assert (old.due, old.silence, old.silence_on) == (date(2011, 7, 4), None, None)
    async with house.pool.connection() as connection:
        cursor = await connection.execute(
            "select dossier_id, state from promises where town = %s", [house.settings.town]
        )
        assert await cursor.fetchall() == [(settled, "kept")]
    await rebuilt_is_live(house)
    assert not projector.done()


async def test_the_effect_of_silence_stands_beside_the_dossier(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    await learned(house, LAMP)
    await publish(house, "metropole")
    id = await opened(house)
    row = await shown(house, id)
    assert row.silence_on is not None
    assert (row.silence, row.silence_state, row.silence_source) == (
        "acceptance",
        "running",
        "CRPA L231-1",
    )
    assert row.silence_on >= TODAY + timedelta(days=59)
    later = TODAY + timedelta(days=20)
    await done(house, id, RequestDocuments(documents=("Photo",), until=later))
    asked = await shown(house, id)
    assert (asked.silence_on, asked.silence_state) == (None, "not_started")
    assert asked.due == due(later, TEN, house.catalogue.calendars.working_days)
    await done(house, id, ReceiveDocuments())
    came = await shown(house, id)
    assert (came.silence_on, came.due, came.state) == (row.silence_on, row.due, "open")
    await done(house, id, AwaitUsager(until=later, reason="Il mesure"))
    waiting = await shown(house, id)
    assert (waiting.silence_on, waiting.due) == (row.silence_on, asked.due)
    assert await in_queue_and_promised(house, id) == (asked.due, asked.due)
    await done(house, id, EndWaiting())
    assert (await shown(house, id)).due == row.due
    await rebuilt_is_live(house)
    assert not projector.done()


async def test_a_new_version_of_a_procedure_moves_no_date(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    await learned(house, LAMP)
    id = await opened(house)
    before = await shown(house, id)
    await record(
        house,
        PROCEDURES,
        [
            ProcedurePublished(
                id="lampadaire",
                version=2,
                name="Lampadaire éteint",
                service="voirie",
                since=TODAY,
                answer_within=Delay(working_days=1),
                silence="none",
            )
        ],
    )
    assert await shown(house, id) == before
    newer = await opened(house)
    assert (await shown(house, newer)).due == due(TODAY, Delay(working_days=1))
    assert (await shown(house, newer)).silence_state == "none"
    await rebuilt_is_live(house)
    assert not projector.done()


async def test_a_change_reaches_more_dossiers_than_are_folded_at_once(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    await learned(house, LAMP)
    key = (await house.keys.take(1))[0]
    many = AT_ONCE * 2 + 200
    now = datetime.now(UTC)
    facts = [opening(UUID(int=n), now, key) for n in range(1, many + 1)]
    for start in range(0, many, 400):
        await house.desk.record(facts[start : start + 400])
    await change(house, AnnounceClosure(first=TODAY, last=TODAY + timedelta(days=13), reason="X"))
    await reached(house)
    closed = WorkingDays(closed=frozenset(TODAY + timedelta(days=n) for n in range(14)))
    async with house.pool.connection() as connection:
        cursor = await connection.execute(
            "select due, count(*) from queues where town = %s group by due", [house.settings.town]
        )
        assert await cursor.fetchall() == [(due(TODAY, TEN, closed), many)]
    assert not projector.done()
