"""A running town with an event in its way: shown by the doctor, healed by the command line."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import psycopg

from guichet.house import House
from guichet.settings import Settings
from tests.faults.poison import answered_too_late, opened
from tests.faults.real_town import RealTown, real_town
from tests.running import within

PATIENCE = 60


def guichet(town: RealTown, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "guichet.cli", *words, "--data", str(town.running.data)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def ready(town: RealTown) -> dict[str, Any]:
    return httpx.get(f"{town.url}/health/ready", timeout=20).json()


def in_the_house(settings: Settings, work: Callable[[House], Awaitable[int]]) -> int:
    async def whole() -> int:
        async with House.open(settings) as house:
            return await work(house)

    return asyncio.run(whole())


async def poisoned(house: House) -> int:
    return await answered_too_late(house, await opened(house, procedure="lampadaire-eteint"))


async def another(house: House) -> int:
    await opened(house, procedure="lampadaire-eteint")
    return await house.log.head()


def outdated(settings: Settings, model: str) -> None:
    """Let the table of a read model be that of another version of the code."""
    with psycopg.connect(settings.postgres["owner"]) as connection:
        connection.execute("update archive.read_models set version = 0 where name = %s", [model])


def found_by_the_doctor(town: RealTown) -> str:
    rows = json.loads(guichet(town, "doctor", "--json").stdout)
    return next(f"{row['found']} → {row['todo']}" for row in rows if row["check"] == "événements")


def test_a_town_goes_on_with_an_event_in_its_way_and_is_told_how_to_do_without() -> None:
    with real_town() as town:
        position = in_the_house(town.settings, poisoned)
        head = in_the_house(town.settings, another)
        assert within(PATIENCE, lambda: ready(town)["position"] >= head)
        said = ready(town)
        assert [(stop["model"], stop["position"]) for stop in said["stopped"]] == [
            ("promises", position)
        ]
        assert f"« promises » s'est arrêtée à l'événement {position}" in found_by_the_doctor(town)
        assert "guichet projection skip" in found_by_the_doctor(town)
        outdated(town.settings, "promises")
        killed = town.killed("cli projector")
        head = in_the_house(town.settings, another)
        assert within(PATIENCE, lambda: ready(town)["position"] >= head)
        assert ready(town)["stopped"] == said["stopped"]
        projector = town.running.child("cli projector").pid
        assert projector != killed
        refused = guichet(town, "projection", "skip", "queues", str(position), "--ground", "Essai")
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
        words = ("projection", "skip", "promises", str(position), "--ground")
        assert guichet(town, *words, " ").returncode == 2
        done = guichet(town, *words, "Date impossible")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert "« promises » continue." in done.stdout
        assert within(PATIENCE, town.running.ready)
        assert found_by_the_doctor(town) == "aucun n'arrête personne → "
        rebuilt = guichet(town, "rebuild", "promises")
        assert rebuilt.returncode == 0, rebuilt.stderr
        assert town.running.child("cli projector").pid == projector
        log = (town.running.data / "projector.log").read_text()
        assert '"error": "OverflowError"' in log
        assert "Traceback" not in log
