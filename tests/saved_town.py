"""A town that is saved and restored by the tests of both, and what is looked for in it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID, uuid4

import psycopg

from domain.intake import OpenDossier, PersonEntry
from guichet.erasure import erase_words
from guichet.house import House
from guichet.settings import Settings
from tests.projections.test_read_models import hand
from tests.running import Running, within

NAME, WORDS = "Sigismonde Aubépin", "Réverbère brisé devant la mercerie Quatrebarbes"
Done = subprocess.CompletedProcess[str]


class Town:
    """A running installation, and the recovery key that its first start has shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running = Running(folder / "data", "--demo")
        assert self.running.process.stdout is not None
        line = self.running.process.stdout.readline()
        assert line.startswith("CLÉ DE SECOURS"), self.running.process.communicate(timeout=5)
        self.key = folder / "secours.txt"
        self.key.write_text(line.split()[-1])
        assert within(120, self.running.ready)

    @property
    def data(self) -> Path:
        return self.running.data

    @property
    def erasures(self) -> Path:
        return self.data / "erasures" / "ville.jsonl"

    def back_up(self, *options: str, to: str = "backups") -> Path:
        place = self.folder / to
        done = guichet("backup", str(place), "--data", str(self.data), *options)
        assert done.returncode == 0, done.stderr
        return sorted(place.iterdir())[-1]

    def restore(self, backup: Path, name: str, *options: str, key: Path | None = None) -> Done:
        to = ["--data", str(self.folder / name), "--recovery-key", str(key or self.key)]
        return guichet("restore", str(backup), *to, *options)

    def open(self, summary: str) -> None:
        tokens = json.loads((self.data / "demo.json").read_text())
        headers = {
            "Authorization": f"Bearer {tokens['receptionist']}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "application/json",
        }
        body = {"procedure": "lampadaire-eteint", "channel": "counter", "summary": summary}
        url = f"http://127.0.0.1:{self.running.port}/api/v1/dossiers"
        with urlopen(Request(url, json.dumps(body).encode(), headers), timeout=20) as reply:
            assert reply.status == 201


def guichet(*arguments: str) -> Done:
    command = [sys.executable, "-m", "guichet.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rows(settings: Settings, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.postgres["owner"]) as connection:
        return connection.execute(query.encode(), values).fetchall()


def changed_after(settings: Settings, position: int) -> list[UUID]:
    streams = "select distinct stream from archive.entries where position > %s"
    found = [stream.partition(".") for (stream,) in rows(settings, streams, position)]
    return [UUID(id) for kind, _, id in found if kind == "dossier"]


def same(one: Settings, other: Settings, query: str, *values: Any) -> int:
    """How many rows two installations have in common, which must be all."""
    ours, theirs = rows(one, query, *values), rows(other, query, *values)
    assert sorted(map(repr, ours)) == sorted(map(repr, theirs))
    return len(ours)


def holding(folder: Path, *words: bytes) -> Iterator[Path]:
    """The files of a folder in which one of the words stands."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if any(word in content for word in words):
                yield path


async def opened(town: Town) -> tuple[UUID, UUID]:
    """A person with a dossier, and a dossier without a person that has words of its own."""
    named = OpenDossier(
        procedure="lampadaire-eteint",
        channel="counter",
        summary="Il fait noir",
        usager=PersonEntry(name=NAME),
    )
    anonymous = OpenDossier(procedure="lampadaire-eteint", channel="counter", summary=WORDS)
    id = uuid4()
    async with House.open(Settings.find(town.data)) as house:
        person = (await house.desk.open(uuid4(), named, hand())).usager_id
        await house.desk.open(id, anonymous, hand())
    assert person is not None
    return person, id


async def words_erased(town: Town, dossier: UUID) -> None:
    async with House.open(Settings.find(town.data)) as house:
        await erase_words(house, dossier, "RGPD")


Damage = Callable[[Path], None]


def flipped(name: str, at: float) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / name
        content = bytearray(path.read_bytes())
        if not content:
            content = bytearray(b"x")
        else:
            content[int(at * (len(content) - 1))] ^= 1
        path.write_bytes(content)

    return damage


def missing(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def begun(*arguments: str) -> "subprocess.Popen[str]":
    """A command that is not waited for."""
    command = [sys.executable, "-m", "guichet.cli", *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
