"""A town is saved while it works, and made again elsewhere, row for row, or not at all."""

import asyncio
import json
import os
import shutil
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from signal import SIGKILL, SIGTERM
from urllib.request import urlopen

import msgspec
import pytest

from adapters import recovery, snapshot
from adapters.signing import SealKey
from guichet.backup.restore import Asked, CannotRestore, checked
from guichet.settings import Settings
from tests.running import Running, open_folder, within
from tests.saved_town import (
    NAME,
    WORDS,
    Damage,
    Town,
    begun,
    changed_after,
    flipped,
    guichet,
    holding,
    missing,
    opened,
    rows,
    same,
    words_erased,
)

MODELS = ("queues", "timelines", "dossiers", "promises")


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with open_folder() as folder:
        it = Town(folder)
        yield it
        it.running.process.terminate()
        it.running.process.communicate(timeout=30)


@pytest.fixture(scope="module")
def backup(town: Town) -> Path:
    return town.back_up()


def test_saved_under_load_it_is_restored_row_for_row(town: Town) -> None:
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            town.open("Il fait noir")

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    try:
        saved = town.back_up()
    finally:
        ended.set()
        for worker in workers:
            worker.join()
    manifest = snapshot.checked(saved)
    assert manifest.position < town.running.position()
    told = town.restore(
        saved, "again", "--without-erasures", "--newer-than", str(manifest.position + 7)
    )
    assert told.returncode == 0, told.stderr
    assert "il y manque 7 événements" in told.stderr
    assert "Traceback" not in told.stderr
    again = Running(town.folder / "again", "--demo")
    assert within(60, again.ready)
    original, restored = Settings.find(town.data), Settings.find(again.data)
    archived = "select * from archive.entries where position <= %s"
    assert same(original, restored, archived, manifest.position) == manifest.position
    assert rows(restored, "select count(*) from archive.entries") == [(manifest.position,)]
    later = changed_after(original, manifest.position)
    for model in MODELS:
        query = f"select * from read.{model} where dossier_id <> all(%s)"
        assert same(original, restored, query, later) > 0
    same(original, restored, "select * from accounts.tokens")
    assert guichet("verify", "--data", str(again.data)).returncode == 0
    assert not [path for path in town.folder.iterdir() if path.name.startswith(".")]
    assert "SECOURS" not in again.stop()


def test_its_age_is_told(town: Town, backup: Path) -> None:
    base = f"http://127.0.0.1:{town.running.port}"
    with urlopen(f"{base}/health/ready", timeout=5) as reply:
        told = json.load(reply)
    assert 0 <= told["backup_age_seconds"] < 600
    assert told["backup_position"] >= snapshot.checked(backup).position
    with urlopen(f"{base}/metrics", timeout=5) as reply:
        assert "guichet_backup_age_seconds" in reply.read().decode()


def test_the_recovery_key_is_nowhere(town: Town) -> None:
    word = town.key.read_text()
    private = recovery.read(word)
    assert list(holding(town.data, word.encode(), private, private.hex().encode())) == []


FILES = (*snapshot.FILES, snapshot.MANIFEST, snapshot.SIGNATURE)


@pytest.mark.parametrize("at", [0, 0.1, 0.5, 0.9, 1])
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_refused(
    town: Town, backup: Path, tmp_path: Path, name: str, at: float
) -> None:
    refuse(town, backup, tmp_path, flipped(name, at))


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(town: Town, backup: Path, tmp_path: Path, name: str) -> None:
    refuse(town, backup, tmp_path, missing(name))


def refuse(town: Town, backup: Path, folder: Path, damage: Damage) -> None:
    copy = folder / "copy"
    shutil.copytree(backup, copy)
    damage(copy)
    with pytest.raises(CannotRestore):
        checked(copy, Asked(recovery_key=str(town.key)))


def resigned(folder: Path) -> None:
    """Change the log as somebody would who knows how a backup is made, but not the town's key."""
    manifest = snapshot.checked(folder)
    path = folder / snapshot.LOG
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(lines[:-2]) + b"\n")
    forger = SealKey(os.urandom(32))
    (folder / snapshot.PUBLIC).write_bytes(forger.public)
    digests = {name: sha256((folder / name).read_bytes()).hexdigest() for name in snapshot.FILES}
    forged = msgspec.structs.replace(manifest, digests=digests)
    for name in (snapshot.MANIFEST, snapshot.SIGNATURE):
        (folder / name).unlink()
    snapshot.sign(folder, forged, forger)


def test_a_manifest_of_somebody_else_is_refused(town: Town, backup: Path, tmp_path: Path) -> None:
    refuse(town, backup, tmp_path, resigned)
    known = Asked(recovery_key=str(town.key), key=town.data / "seal.pub")
    with pytest.raises(CannotRestore, match="signature"):
        checked(tmp_path / "copy", known)


def test_what_is_refused_is_one_sentence_and_leaves_nothing(
    town: Town, backup: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text(recovery.fresh()[0])
    mistyped = tmp_path / "mistyped.txt"
    word = town.key.read_text()
    mistyped.write_text(word[:-1] + ("A" if word[-1] != "A" else "B"))
    copy = tmp_path / "copy"
    shutil.copytree(backup, copy)
    flipped(snapshot.LOG, 0.5)(copy)
    before = set(town.folder.iterdir())
    for done, said in (
        (town.restore(backup, "no", "--without-erasures", key=wrong), "celle de cette sauvegarde"),
        (town.restore(backup, "no", "--without-erasures", key=mistyped), "mal recopiée"),
        (town.restore(copy, "no", "--without-erasures"), snapshot.LOG),
        (town.restore(backup, "no"), "--erasures"),
        (town.restore(tmp_path, "no", "--without-erasures"), "manque"),
    ):
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert said in done.stderr
    assert set(town.folder.iterdir()) == before
    occupied = town.restore(backup, "data", "--without-erasures")
    assert occupied.returncode == 2
    assert "n'est pas vide" in occupied.stderr


def test_interrupted_or_killed_it_leaves_nothing_the_next_one_minds(
    town: Town, backup: Path
) -> None:
    before, beside = set(town.folder.iterdir()), town.folder / ".no.restoring"
    for number, left in ((SIGKILL, {beside}), (SIGTERM, set[Path]())):
        options = ["--data", str(town.folder / "no"), "--recovery-key", str(town.key)]
        process = begun("restore", str(backup), *options, "--without-erasures")
        assert within(
            20, lambda: (beside / "postgres/cluster").exists() and not (beside / "old").exists()
        )
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        assert "Traceback" not in said
        assert set(town.folder.iterdir()) - before == left
        if left:
            (beside / "old").touch()
    assert process.returncode == 2
    assert "il n'en reste rien" in said


def test_who_is_erased_stays_erased_after_an_older_backup(town: Town) -> None:
    person, dossier = asyncio.run(opened(town))
    turned(town.data, "allow")
    saved = town.back_up()
    turned(town.data, "stop")
    assert not town.erasures.exists()
    erased = guichet("person", "erase", str(person), "--ground", "RGPD", "--data", str(town.data))
    assert erased.returncode == 0, erased.stderr
    asyncio.run(words_erased(town, dossier))
    assert len(town.erasures.read_text().splitlines()) == 2
    done = town.restore(saved, "older", "--erasures", str(town.erasures))
    assert done.returncode == 0, done.stderr
    assert "dont 2 effacements rétablis" in done.stdout
    words = (NAME.encode(), WORDS.encode())
    assert list(holding(town.folder / "older", *words)) == []
    assert town.restore(saved, "control", "--without-erasures").returncode == 0
    assert list(holding(town.folder / "control", *words)), "the search finds what is there"
    shutil.rmtree(town.folder / "control")
    again = Running(town.folder / "older", "--demo")
    assert within(60, again.ready)
    restored = Settings.find(again.data)
    told = rows(
        restored, "select stream, topic from archive.entries order by position desc limit 3"
    )
    assert {topic for _, topic in told} == {"PersonErased:1", "WordsErased:1", "SendingStopped:1"}
    assert "Rien ne part" in guichet("sending", "status", "--data", str(again.data)).stdout
    assert guichet("verify", "--data", str(again.data)).returncode == 0
    again.stop()
    newer = town.back_up()
    stale = town.restore(newer, "stale", "--erasures", os.devnull)
    assert stale.returncode == 2
    assert "plus récente" in stale.stderr


def test_only_the_last_ones_are_kept_and_none_is_overwritten(town: Town) -> None:
    made: list[Path] = []
    for _ in range(3):
        made.append(town.back_up("--keep", "2", to="kept"))
    assert sorted((town.folder / "kept").iterdir()) == made[1:]
    assert snapshot.checked(made[1]).town == "ville"


def turned(data: Path, way: str) -> None:
    """Let messages leave a town, or stop them."""
    done = guichet("sending", way, "--ground", "essai", "--data", str(data))
    assert done.returncode == 0, done.stderr
