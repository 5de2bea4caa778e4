"""`guichet doctor` on a real installation: well, half down, and with something wrong."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from msgspec import structs

from adapters.embedded import free_port
from guichet.host.doctor import mail
from guichet.host.findings import listening
from guichet.settings import Settings
from tests.running import Running, open_folder, within

GAUGE = "guichet_calendar_covered_days "


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with open_folder() as name:
        it = Running(name / "data")
        assert within(40, it.ready)
        assert "guichet calendar publish --region metropole" in wrong(it.data)["calendrier"]
        said = calendar(it.data, "publish", "--region", "metropole")
        assert said.stdout.startswith("Enregistré. Calendrier 1 (metropole), jusqu'au 31/12/")
        yield it
        it.stop()


def examined(data: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "guichet.cli", "doctor", *options, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=40)


def calendar(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "guichet.cli", "calendar", *words, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def wrong(data: Path) -> dict[str, str]:
    """What was found of each check that is not well, with what to do."""
    done = examined(data, "--json")
    assert "Traceback" not in done.stderr, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    found = {row["check"]: f"{row['found']} → {row['todo']}" for row in rows if not row["ok"]}
    assert done.returncode == bool(found)
    return found


def backed_up(data: Path) -> None:
    note = {"time": datetime.now(UTC).isoformat(), "position": 1, "place": "/ailleurs"}
    (data / "backup.json").write_text(json.dumps(note))


def test_a_house_that_is_well(running: Running) -> None:
    (running.data / "backup.json").unlink(missing_ok=True)
    assert "jamais" in wrong(running.data).pop("sauvegarde")
    backed_up(running.data)
    done = examined(running.data)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) == 17
    assert all(line.startswith("✓ ") for line in lines)


def test_an_old_backup_and_an_open_secret_are_told_with_what_to_do(running: Running) -> None:
    old = {"time": "2020-01-01T00:00:00+00:00", "position": 1, "place": "/ailleurs"}
    (running.data / "backup.json").write_text(json.dumps(old))
    (running.data / "master.key").chmod(0o644)
    try:
        found = wrong(running.data)
    finally:
        (running.data / "master.key").chmod(0o600)
        backed_up(running.data)
    assert set(found) == {"sauvegarde", "secrets"}
    assert f"chmod 600 {running.data / 'master.key'}" in found["secrets"]


def test_another_master_key_opens_nothing(running: Running) -> None:
    backed_up(running.data)
    key = running.data / "master.key"
    own = key.read_text()
    key.write_text(os.urandom(32).hex())
    try:
        found = wrong(running.data)
    finally:
        key.write_text(own)
    assert set(found) <= {"clé maîtresse"}  # a store that is still empty cannot tell


@pytest.mark.parametrize(
    ("word", "away"),
    [
        (
            "nats-server",
            {
                "courtier",
                "écriture",
                "clé maîtresse",
                "tables de lecture",
                "calendrier",
                "envois",
            },
        ),
        ("bin/postgres", {"base de données", "tables de lecture", "événements", "envois"}),
        ("cli web", {"web"}),
    ],
)
def test_half_of_the_house_is_examined_while_the_other_is_down(
    running: Running, word: str, away: set[str]
) -> None:
    backed_up(running.data)
    assert within(20, running.ready)
    child = running.child(word)
    children = [child, *child.children(recursive=True)]
    for one in children:
        one.suspend()
    try:
        found = set(wrong(running.data))
    finally:
        for one in children:
            one.resume()
    assert away <= found <= away | {"web"}
    assert within(20, running.ready)


def test_the_town_closes_and_opens_again_and_the_doors_tell_of_the_calendar(
    running: Running,
) -> None:
    assert calendar(running.data, "publish").stdout.startswith("Rien n'a changé. Calendrier 1")
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    told = f"fermetures : {day:%d/%m/%Y}-{day:%d/%m/%Y}."
    closed = calendar(running.data, "close", str(day), "--reason", "Pont")
    assert (closed.returncode, told in closed.stdout) == (0, True), closed.stderr
    opened = calendar(running.data, "open", str(day))
    assert (opened.returncode, "fermetures" in opened.stdout) == (0, False), opened.stderr
    for words in (("open", str(day)), ("close", "2020-01-01", "--reason", "X")):
        refused = calendar(running.data, *words)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    unknown = calendar(running.data, "publish", "--region", "atlantide")
    assert (unknown.returncode, "metropole, alsace" in unknown.stderr) == (2, True)
    base = f"http://127.0.0.1:{running.port}"
    with urlopen(f"{base}/health/ready", timeout=10) as reply:
        ready = json.load(reply)
    assert ready["calendar_until"] == f"{datetime.now(UTC).year + 10}-12-31"
    assert ready["calendar_covers_coming_year"] is True
    with urlopen(f"{base}/metrics", timeout=10) as reply:
        [line] = [x for x in reply.read().decode().splitlines() if x.startswith(GAUGE)]
    assert float(line.split()[1]) > 365 * 9


def test_where_nothing_is_installed(tmp_path: Path) -> None:
    done = examined(tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("✗ configuration : Aucune installation")


def test_the_ports_of_the_broker_are_seen_on_the_loopback(running: Running) -> None:
    kept = json.loads((running.data / "installation.json").read_text())
    assert ("127.0.0.1", kept["nats_port"]) in set(listening())


def test_a_mail_server_that_was_named_is_asked(tmp_path: Path) -> None:
    port = free_port()
    named = Settings(
        data=tmp_path,
        nats_url="",
        nats_monitor="",
        nats_passwords={},
        postgres={},
        master_key=bytes(32),
        smtp=f"127.0.0.1:{port}",
    )
    away = asyncio.run(mail(named))
    assert away.found == f"127.0.0.1:{port} ne répond pas"
    assert "--smtp" in away.todo
    server = Controller(Sink(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        assert asyncio.run(mail(named)).ok
    finally:
        server.stop()
    assert asyncio.run(mail(structs.replace(named, smtp=""))).ok
