"""A disk that fills up: commands are refused at once, reads go on, and all comes back by itself.

On a real small file system where mounting is allowed (root); elsewhere by the threshold alone.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx

from adapters.jetstream_api import connect
from guichet.demo import accounts
from tests.running import Running, open_folder, within

BODY = {"procedure": "lampadaire-eteint", "channel": "counter", "summary": "Il fait noir"}


@contextmanager
def small_disk() -> Generator[tuple[Path, bool]]:
    """A folder, and whether it is a disk of 400 MB of its own."""
    with open_folder() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=400m,mode=755", "guichet-test", str(folder)]
        mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
        try:
            yield folder, mounted
        finally:
            if mounted:
                subprocess.run(["umount", "-l", str(folder)], check=True)


class Town:
    """An installation with a catalogue, and a receptionist in it."""

    def __init__(self, data: Path, *options: str) -> None:
        self.running = Running(data, "--no-demo", *options)
        assert within(60, self.running.ready), self.running.process.communicate(timeout=5)
        catalogue = Path(accounts.__file__).parent / "ville.toml"
        self.guichet("catalogue", "load", str(catalogue))
        token = self.guichet("token", "create", "--role", "receptionist").splitlines()[-1]
        url = f"http://127.0.0.1:{self.running.port}"
        self.client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"})

    def guichet(self, *words: str) -> str:
        command = [sys.executable, "-m", "guichet.cli", *words]
        command += ["--data", str(self.running.data)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def opened(self, within: float = 12.0) -> httpx.Response:
        key = {"Idempotency-Key": str(uuid4())}
        return self.client.post("/api/v1/dossiers", json=BODY, headers=key, timeout=within)

    def acknowledged(self) -> bool:
        try:
            return self.opened().status_code == 201
        except httpx.TransportError:
            return False

    def read(self) -> int:
        return self.client.get("/api/v1/services/travaux-publics/queue", timeout=3).status_code

    def ready(self) -> str:
        return self.client.get("/health/ready", timeout=5).text


def fill(path: Path) -> None:
    """Write until nothing is left."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"\0" * 1_048_576):
            pass
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass


def refused_quickly(town: Town) -> None:
    for _ in range(5):
        began = monotonic()
        answer = town.opened()
        assert monotonic() - began < 2
        assert answer.status_code == 503
        assert "Il ne reste que" in answer.json()["detail"]
        assert town.read() == 200
    assert "Il ne reste que" in town.ready()


def test_commands_are_refused_while_there_is_no_room_and_taken_again_by_themselves() -> None:
    with small_disk() as (disk, real):
        data = disk / "data"
        if not real:
            threshold(data)
            return
        town = Town(data, "--least-free", "64")
        assert town.opened().status_code == 201
        fill(disk / "full")
        refused_quickly(town)
        (disk / "full").unlink()
        assert within(30, town.acknowledged)
        assert within(10, town.running.ready)
        town.running.stop()


def threshold(data: Path) -> None:
    """A house that wants more room than there is, and then one that does not."""
    town = Town(data)
    town.running.stop()
    town.running = Running(data, "--no-demo", "--least-free", str(2**40))
    town.client.base_url = f"http://127.0.0.1:{town.running.port}"
    assert within(60, lambda: town.running.position() > 0)
    refused_quickly(town)
    town.running.stop()


def closed_by_the_disk(monitor: str) -> bool:
    """Whether the broker has met the full disk."""
    return "no space left" in httpx.get(f"{monitor}/healthz", timeout=2).text


async def meet_the_full_disk(kept: dict[str, Any]) -> None:
    """Write where no event lies, until the broker has met the full disk."""
    nc = await connect(kept["nats_url"], "writer", kept["nats_passwords"]["writer"])
    while not closed_by_the_disk(kept["nats_monitor"]):
        await nc.publish(f"keys.{kept['town']}.{uuid4()}", b"x" * 100_000)
        await nc.flush()
    await nc.close()


def test_without_the_threshold_writers_wait_in_vain_and_the_broker_is_started_again() -> None:
    """What the threshold spares people, and what a broker that met the full disk needs."""
    with small_disk() as (disk, real):
        if not real:
            return
        town = Town(disk / "data", "--least-free", "0")
        fill(disk / "full")
        kept = json.loads((disk / "data" / "installation.json").read_text())
        began = monotonic()
        while town.acknowledged():  # some is taken, in what is left of a block
            assert monotonic() - began < 60
        asyncio.run(meet_the_full_disk(kept))
        before = town.running.child("nats-server").pid
        (disk / "full").unlink()
        assert within(45, town.acknowledged)
        assert town.running.child("nats-server").pid != before
        town.running.stop()
