"""The queue, live, and the house when a part of it is away."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

from guichet.house import House
from guichet.proof.guarding import Guard
from guichet.proof.repair import repair
from guichet.web.queues import changes
from guichet.web.reception import Reception
from projections.waiting import Waiter
from tests.conftest import Broker, Database
from tests.web.conftest import REQUEST, Client


async def told(events: AsyncGenerator[bytes]) -> tuple[str, dict[str, object]]:
    """The next event of a live queue: its kind and its data."""
    async with asyncio.timeout(10):
        async for chunk in events:
            lines = dict(
                line.split(": ", 1) for line in chunk.decode().splitlines() if line[:1] not in ":"
            )
            if "data" in lines:
                return lines["event"], json.loads(lines["data"])
    raise AssertionError("the live queue ended")


async def test_a_queue_tells_what_comes_and_what_goes(house: House, desk: Client) -> None:
    settings = house.settings
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        reception = Reception(house, None, waiter, Guard(house))  # pyright: ignore[reportArgumentType] no door is passed
        voirie, proprete = changes(reception, "voirie", 0), changes(reception, "proprete", 0)
        made = (await desk.opened()).json()
        kind, row = await told(voirie)
        assert (kind, row["id"], row["state"]) == ("changed", made["id"], "to_take")
        body = {"service": "proprete", "reason": "Déchets"}
        await desk.post(f"/dossiers/{made['id']}/assignment", body, match="*")
        assert await told(voirie) == ("removed", {"id": made["id"]})
        assert (await told(proprete))[1]["state"] == "transferred"
        await voirie.aclose()
        await proprete.aclose()


async def test_without_the_broker_commands_wait_or_say_so_and_nothing_is_lost(
    desk: Client, broker: Broker
) -> None:
    await desk.opened()
    broker.kill()
    away = await desk.post("/dossiers", REQUEST, key="k")
    assert (away.status_code, away.json()["type"]) == (503, "/problems/unavailable")
    assert away.headers["retry-after"]
    broker.start()
    again = await desk.post("/dossiers", REQUEST, key="k")
    assert again.status_code == 201
    assert (await desk.post("/dossiers", REQUEST, key="k")).content == again.content


async def test_an_old_copy_of_the_log_put_back_is_seen_and_nothing_is_written_on_it(
    desk: Client, broker: Broker, town: str, tmp_path: Path
) -> None:
    await desk.opened()
    [store] = broker.folder.rglob(f"GUICHET_{town}")
    broker.stop()
    shutil.copytree(store, tmp_path / "old")
    broker.start()
    await desk.opened()
    broker.stop()
    shutil.rmtree(store)
    shutil.copytree(tmp_path / "old", store)
    broker.start()
    async with asyncio.timeout(20):
        while True:
            refused = await desk.post("/dossiers", REQUEST)
            assert refused.status_code == 503
            if "l'archive a lu jusqu'à 2" in refused.json()["detail"]:
                break
    ready = await desk.http.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["log_position"] == 1
    assert "guichet_read_only 1" in (await desk.http.get("/metrics")).text


async def test_a_flipped_bit_closes_the_desk_until_the_log_is_repaired(
    desk: Client, house: House, broker: Broker, town: str
) -> None:
    made = await desk.opened()
    for number in range(3):
        await desk.opened(summary=f"Numéro {number}")
    await reached(desk, 4)
    [block] = broker.folder.rglob(f"GUICHET_{town}/msgs/*.blk")
    broker.stop()
    content = bytearray(block.read_bytes())
    content[content.find(b"Guichet-Version", len(content) // 2) + 40] ^= 4
    block.write_bytes(content)
    broker.start()
    async with asyncio.timeout(20):
        while (
            "n'est plus celui de l'archive"
            not in (refused := await desk.post("/dossiers", REQUEST)).text
        ):
            assert refused.status_code == 503
    assert (await desk.http.get("/health/ready")).status_code == 503
    assert (await desk.get(f"/dossiers/{made.json()['id']}")).status_code == 200
    assert (await repair(house.settings))[0] == 4
    async with asyncio.timeout(20):
        while (again := await desk.post("/dossiers", REQUEST)).status_code == 503:
            pass  # the guard looks again every two seconds, whoever asks
    assert again.json()["position"] == 5


async def reached(desk: Client, position: int) -> None:
    """Until the archive holds that many events."""
    async with asyncio.timeout(20):
        while (await desk.http.get("/health/ready")).json()["position"] < position:
            pass  # each of these asks the database


async def test_figures_are_told_even_when_the_broker_is_away(desk: Client, broker: Broker) -> None:
    broker.kill()
    figures = (await desk.http.get("/metrics")).text
    broker.start()
    assert "guichet_broker_up 0" in figures
    async with asyncio.timeout(20):
        while "guichet_broker_up 1" not in (await desk.http.get("/metrics")).text:
            pass  # each of these asks the broker and waits for its answer


async def test_without_the_database_commands_go_on_and_reads_say_so(
    desk: Client, database: Database
) -> None:
    first = await desk.opened()
    database.kill()
    made = await desk.post("/dossiers", {**REQUEST, "summary": "Sans base"})
    read = await desk.get(f"/dossiers/{first.json()['id']}")
    database.start()
    assert made.status_code == 201
    assert (read.status_code, read.json()["type"]) == (503, "/problems/unavailable")
    position = made.json()["position"]
    path = f"/dossiers/{made.json()['id']}?min_position={position}"
    async with asyncio.timeout(20):
        while (answer := await desk.get(path)).status_code != 200:
            pass  # each of these waits for the position by itself
    assert answer.json()["summary"] == "Sans base"
