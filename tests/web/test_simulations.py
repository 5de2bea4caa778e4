"""A policy tried through its door and by the command line, on a real log and archive."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from msgspec.structs import replace

from domain.dossier_events import ClosedAtOrigin
from domain.grammar import Origin, Recorded
from domain.handling import SendAnswer
from guichet.house import House
from guichet.simulating import PolicyRefused, run
from tests.projections.lamps import LAMP, TODAY, learned, opening
from tests.projections.test_read_models import done, opened, reached
from tests.web.conftest import As, Client

POLICY = {"procedures": {"lampadaire": {"answer_within": {"working_days": 2}}}}
TOML = """
[procedures.lampadaire]
answer_within = { working_days = 2 }
"""


@pytest_asyncio.fixture
async def told(house: House, desk: Client) -> list[UUID]:
    """Two requests of nine days ago, one answered today and one not; one of today, answered at
    once; one of another software, closed there three days late."""
    del desk
    await learned(house, LAMP)
    key = (await house.keys.take(1))[0]
    then = datetime.now(UTC) - timedelta(days=9)
    first, second, third = uuid4(), uuid4(), await opened(house)
    await house.desk.record([opening(first, then, key), opening(second, then, key)])
    await house.desk.record(history(uuid4(), key))
    answer = SendAnswer(text="Oui", means="email", addressee="usager")
    for id in (first, third):
        await done(house, id, answer)
    await reached(house)
    return [first, second, third]


def history(id: UUID, key: UUID) -> list[Recorded[Any]]:
    origin = Origin(source="boston-311", number="101")
    came = opening(id, datetime(2011, 7, 1, 10, tzinfo=UTC), key, origin)
    gone = datetime(2011, 7, 7, 10, tzinfo=UTC)
    times = replace(came.times, happened_at=gone, received_at=gone)
    closed = ClosedAtOrigin(status="Closed")
    return [came, replace(came, version=2, event=closed, times=times)]


def sums(made: dict[str, Any], series: str) -> tuple[int, ...]:
    lines = [line for line in made["lines"] if line["series"] == series]
    assert {line["service"] for line in lines} == {"voirie"}
    return tuple(sum(line[n] for line in lines) for n in ("answers", "late", "late_under_policy"))


async def test_a_policy_is_tried_and_nothing_is_recorded(
    house: House, as_role: As, told: list[UUID]
) -> None:
    head = await house.log.head()
    answer = await as_role("evaluator").post("/simulations", POLICY, key=None)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert sums(made, "town") == (len(told), 0, 2)
    assert sums(made, "history") == (1, 1, 1)
    assert (made["position"], made["today"]) == (head, TODAY.isoformat())
    assert await house.log.head() == head


async def test_the_command_line_says_the_same(
    house: House, as_role: As, told: list[UUID], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del told
    door = (await as_role("councillor").post("/simulations", POLICY, key=None)).json()
    path = tmp_path / "policy.toml"
    path.write_text(TOML)
    await asyncio.to_thread(run, house.settings, path, True)
    assert json.loads(capsys.readouterr().out) == door
    await asyncio.to_thread(run, house.settings, path, False)
    shown = capsys.readouterr().out
    assert "Demandes de la ville" in shown
    assert "Historique repris" in shown
    assert "Rien n'a été enregistré." in shown


@pytest.mark.parametrize(
    "text",
    [
        "[procedures.lune]\nanswer_within = { days = 1 }",
        "[procedures.lampadaire]\nanswer_within = { weeks = 1 }",
        "[procedures.lampadaire]\nanswer_within = { days = -1 }",
        "[procedures",
        None,
    ],
)
async def test_a_policy_that_says_nothing_clear_is_one_sentence(
    house: House, tmp_path: Path, text: str | None
) -> None:
    await learned(house, LAMP)
    path = tmp_path / "policy.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(PolicyRefused):
        await asyncio.to_thread(run, house.settings, path, True)


async def test_the_door_refuses_what_it_cannot_try(as_role: As, desk: Client) -> None:
    measuring = as_role("evaluator")
    refused: list[tuple[Any, str | None]] = [
        ({"procedures": {"lune": {}}}, "/procedures"),
        ({"procedures": {"lampadaire": {"answer_within": {"weeks": 1}}}}, None),
        ({}, "/procedures"),
        (b"x", ""),
    ]
    for body, pointer in refused:
        answer = await measuring.post("/simulations", body, key=None)
        assert answer.status_code == 400, answer.text
        assert pointer is None or answer.json()["pointer"] == pointer
    assert (await desk.post("/simulations", POLICY, key=None)).status_code == 403
