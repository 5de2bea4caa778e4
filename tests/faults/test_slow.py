"""A broker that stands still for a while, and clocks that are wrong."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID

import psutil
import pytest

from adapters.jetstream_api import TIMEOUT
from domain.handling import AddNote
from domain.log import LogUnavailable
from guichet.desk import Desk
from guichet.house import House
from tests.conftest import Broker
from tests.faults.counter import Counter, opening, place_of
from tests.faults.real_town import real_town
from tests.faults.reckoning import complaints, echoed, harvest
from tests.projections.test_read_models import hand, opened
from tests.running import within

STILL = 3.0
"""Seconds for which the broker does not move: longer than anybody waits for one answer of it."""


async def test_a_broker_that_stands_still_loses_nothing(long: bool) -> None:
    with real_town() as town:
        counter = Counter(town)
        common, _ = place_of(await counter.send(opening()))
        clients = [asyncio.create_task(counter.work(common)) for _ in range(10)]
        for _ in range(10 if long else 2):
            await counter.more(50)
            broker = town.running.child("nats-server")
            broker.suspend()
            await asyncio.sleep(STILL)
            broker.resume()
            await counter.more(50)
            assert await asyncio.to_thread(within, 20, town.running.ready)
        counter.over = True
        await asyncio.gather(*clients)
        async with House.open(town.settings) as house:
            await counter.close()
            await echoed(house)
            left = await harvest(house, counter.told)
    assert complaints(left) == []
    assert counter.unexpected == []


async def test_what_was_asked_over_a_line_that_is_cut_is_given_up_at_once(
    house: House, broker: Broker
) -> None:
    assert broker.process is not None
    psutil.Process(broker.process.pid).suspend()  # it hears the question and never answers
    sent = house.nc.stats["out_msgs"]
    asking = asyncio.create_task(house.log.head())
    while house.nc.stats["out_msgs"] == sent:  # noqa: ASYNC110 nats-py has no event for it
        await asyncio.sleep(0)
    cut = monotonic()
    broker.kill()
    try:
        with pytest.raises(LogUnavailable):
            await asking
        assert monotonic() - cut < TIMEOUT / 2
    finally:
        broker.start()
        while not house.nc.is_connected:  # noqa: ASYNC110 nor for this
            await asyncio.sleep(0.02)


def desks(house: House) -> Sequence[Desk]:
    """Three processes of one town: an hour behind, right, and an hour ahead."""

    def by(hours: int) -> Desk:
        off = timedelta(hours=hours)
        parts = (house.log, house.keys, house.cipher, house.catalogue)
        return Desk(*parts, clock=lambda: datetime.now(UTC) + off)

    return [by(hours) for hours in (-1, 0, 1)]


async def test_wrong_clocks_change_no_order(house: House, projector: "asyncio.Task[None]") -> None:
    """Times are told as they were read; what comes after what is a matter of positions."""
    ids: list[UUID] = [await opened(house, "Sigismonde") for _ in range(2)]
    wrong = desks(house)
    texts: dict[UUID, list[str]] = {id: [] for id in ids}
    for number in range(12):
        for id in ids:
            note, desk = AddNote(text=f"note {number}"), wrong[-number % 3]
            await desk.handle(id, note, hand(), expected=number + 1)
            texts[id].append(note.text)
    again = hand()
    told = [await desk.handle(ids[0], AddNote(text="Vu"), again, None) for desk in wrong]
    assert told[0] == told[1] == told[2]
    for id in ids:
        past = (await house.desk.past(f"dossier.{id}"))[1:13]
        assert [fact.event.text for fact in past] == texts[id]
        recorded = [fact.times.recorded_at for fact in past]
        assert recorded != sorted(recorded)
    left = await harvest(house, [])
    wanted = [said for said in complaints(left) if "nobody was told" not in said]
    assert wanted == []
    assert not projector.done()
