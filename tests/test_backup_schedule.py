"""Backups that are taken by themselves while ./run runs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from adapters import snapshot
from guichet.backup import last_backup
from guichet.backup.last_backup import LastBackup
from guichet.backup.schedule import due_in
from guichet.backup.taking import must_have_room
from guichet.host.disk import MEBIBYTE, free
from guichet.sentences import Sentence
from guichet.settings import Settings
from tests.running import Running, open_folder, within

SECOND = 1 / 3600
"""In hours."""


@pytest.fixture
def running() -> Iterator[Running]:
    with open_folder() as name:
        rhythm = ["--backup-hours", str(SECOND), "--backup-keep", "2"]
        it = Running(name / "data", "--no-demo", "--backup", f"{name}/saved", *rhythm)
        yield it
        if it.process.poll() is None:
            it.stop()


def test_one_follows_the_other_and_the_oldest_go(running: Running) -> None:
    place = running.data.parent / "saved"
    seen: set[str] = set()

    def many() -> bool:
        whole = [path.name for path in place.glob("guichet-ville-*")]
        seen.update(whole)
        return len(seen) >= 4

    assert within(90, many), seen
    assert within(30, lambda: len(list(place.glob("guichet-ville-*"))) <= 2)
    running.stop()
    assert not list(place.glob(".*.partial"))
    last = max(place.glob("guichet-ville-*"))
    assert snapshot.checked(last).town == "ville"
    again = Running(running.data, "--no-demo")  # it is remembered
    assert within(60, lambda: max(place.glob("guichet-ville-*")) > last)
    again.stop()
    quiet = Running(running.data, "--no-demo", "--backup", "")
    assert within(60, quiet.ready)
    assert not quiet.runs("cli backup")
    quiet.stop()


@pytest.mark.parametrize(
    ("age", "expected"), [(None, 0), (0, 100), (40, 60), (130, -30), (-3600, 0)]
)
def test_one_is_due_when_the_last_is_old_enough(
    tmp_path: Path, age: float | None, expected: float
) -> None:
    settings = described(tmp_path)
    if age is not None:
        when = datetime.now(UTC) - timedelta(seconds=age)
        note = LastBackup(time=when, position=1, place="ailleurs")
        (tmp_path / last_backup.FILE).write_bytes(msgspec.json.encode(note))
    assert due_in(settings, 100) == pytest.approx(expected, abs=5)


def test_it_does_not_fill_the_disk(tmp_path: Path) -> None:
    settings = described(tmp_path)
    must_have_room(settings, tmp_path, 1)
    with pytest.raises(Sentence, match="Pas assez de place"):
        must_have_room(settings, tmp_path, free(tmp_path) + MEBIBYTE)


def described(data: Path) -> Settings:
    return Settings(
        data=data,
        nats_url="nats://127.0.0.1:1",
        nats_monitor="",
        nats_passwords={},
        postgres={},
        master_key=bytes(32),
    )
