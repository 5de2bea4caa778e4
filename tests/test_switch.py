"""`guichet sending`: the switch from the command line, and a town where nobody has turned it."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from domain.leaving import SendingAllowed, SendingStopped
from guichet.catalogue import SENDING
from guichet.switch import run
from tests.faults.real_town import RealTown, real_town
from tests.outbox.conftest import *  # noqa: F403 a mail server, and an outbox that goes step by step
from tests.outbox.conftest import Desk
from tests.running import within

WAITING = "Rien ne part : les messages attendent.\n"
LEAVING = "Les messages partent.\n"


@pytest.fixture(scope="module")
def running_town() -> Iterator[RealTown]:
    with real_town() as town:
        yield town


def guichet(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "guichet.cli", "sending", *words, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def shown(town: RealTown) -> bool:
    """What the running web says."""
    token = {"Authorization": f"Bearer {town.token}"}
    return httpx.get(f"{town.url}/api/v1/sending", headers=token).json()["allowed"]


def test_the_command_line_turns_it_and_the_running_web_hears_it(running_town: RealTown) -> None:
    data = running_town.running.data
    assert guichet(data, "status").stdout == WAITING
    assert not shown(running_town)
    for words in (("allow",), ("allow", "--ground", " "), ("stop", "--ground", "x" * 301)):
        refused = guichet(data, *words)
        assert refused.returncode != 0
        assert "Traceback" not in refused.stderr
    assert guichet(data, "status").stdout == WAITING
    for words, said, allowed in (
        (("allow", "--ground", "Ouverture"), LEAVING, True),
        (("status",), LEAVING, True),
        (("stop", "--ground", "Panne"), WAITING, False),
    ):
        done = guichet(data, *words)
        assert (done.returncode, done.stdout) == (0, said), done.stderr
        assert within(30, lambda allowed=allowed: shown(running_town) == allowed)


async def test_a_town_without_the_switch_sends_nothing(
    closed_desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    house = closed_desk.house
    id = await closed_desk.opened()
    await closed_desk.reacts()
    await asyncio.to_thread(run, house.settings, None)
    assert capsys.readouterr().out.endswith(WAITING)
    assert await closed_desk.outbox().send() == 0
    await turned(closed_desk, True)
    assert await closed_desk.outbox().send() == 1
    await closed_desk.mail.next(30)
    assert "MessageSent" in await closed_desk.told(id)
    await turned(closed_desk, False)
    await closed_desk.opened()
    await closed_desk.reacts()
    assert await closed_desk.outbox().send() == 0
    assert len(closed_desk.mail.received) == 1
    for _ in range(2):  # it is so already
        await turned(closed_desk, False)
    facts = [fact.event for fact in await house.desk.past(SENDING, upto_date=True)]
    assert facts == [SendingAllowed(ground="essai"), SendingStopped(ground="essai")]


async def turned(desk: Desk, allowed: bool) -> None:
    """By the command; what the house knows then is what lies in the log."""
    house = desk.house
    await asyncio.to_thread(run, house.settings, allowed, "essai")
    await house.catalogue.load(house.log, house.codec)
    assert house.catalogue.leaving.allowed == allowed
