"""`./run` as a newcomer meets it: it starts, heals, refuses in a sentence, and leaves nothing."""

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from adapters.embedded import free_port
from guichet.host.supervisor import LONGEST_LOG
from tests.running import Running, open_folder, refused, started, within

HANGUP = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
"""The end of the terminal, unless the tests themselves run under `nohup`, which is obeyed."""
PROGRAMS = ["nats-server", "bin/postgres"] + [
    f"cli {name}" for name in ("web", "projector", "reactor", "outbox", "reminders")
]
"""What the command line of each process holds."""


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with open_folder() as folder:
        it = Running(folder / "data")
        assert within(40, it.ready), it.process.communicate(timeout=5)
        yield it
        if it.process.poll() is None:
            it.process.kill()
            it.process.wait()


@pytest.mark.parametrize("word", PROGRAMS)
def test_whatever_dies_is_started_again(running: Running, word: str) -> None:
    assert within(10, running.ready)
    old = running.child(word)
    old.kill()
    old.wait(5)
    assert within(10, lambda: running.runs(word))
    assert running.child(word).pid != old.pid
    assert within(10, running.ready)


def test_a_second_start_on_the_same_folder_says_so(running: Running) -> None:
    assert "tourne déjà" in refused(running.data)
    assert within(10, running.ready)


def test_a_taken_port_is_named(running: Running, tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    said = refused(data, port=running.port)
    assert f"127.0.0.1:{running.port} est déjà prise" in said
    assert list(tmp_path.iterdir()) == []


def test_a_command_without_an_installation_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "guichet.cli", "rebuild", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "./run" in done.stderr


def test_a_command_whose_installation_is_stopped_says_so_and_does_not_wait(
    running: Running, tmp_path: Path
) -> None:
    assert within(10, running.ready)
    described = json.loads((running.data / "installation.json").read_text())
    described["nats_url"] = f"nats://127.0.0.1:{free_port()}"
    (tmp_path / "installation.json").write_text(json.dumps(described))
    (tmp_path / "master.key").write_text((running.data / "master.key").read_text())
    command = [sys.executable, "-m", "guichet.cli", "rebuild", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1), done.stderr


def test_a_token_is_printed_alone_on_the_last_line(running: Running) -> None:
    assert within(10, running.ready)
    command = [sys.executable, "-m", "guichet.cli", "token", "create"]
    options = ["--role", "receptionist", "--data", str(running.data)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].startswith("gui_")


def asked(running: Running, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "guichet.cli", *words, "--data", str(running.data)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_sound_log_is_verified_and_left_alone(running: Running) -> None:
    assert within(10, running.ready)
    verified, repaired = asked(running, "verify"), asked(running, "repair")
    assert (verified.returncode, repaired.returncode) == (0, 0), verified.stderr
    assert "concordent" in verified.stdout
    assert "rien à réparer" in repaired.stdout
    unknown = asked(running, "prove", "00000000-0000-0000-0000-000000000000")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)


def test_secrets_are_for_us_alone(running: Running) -> None:
    for name in ("master.key", "seal.key", "installation.json"):
        assert within(30, (running.data / name).exists)
        assert (running.data / name).stat().st_mode & 0o077 == 0


def test_the_town_of_the_first_start_is_for_ever() -> None:
    with open_folder() as folder:
        data = folder / "data"
        named = {"GUICHET_TOWN": "saint-denis", "GUICHET_ZONE": "Indian/Reunion"}
        it = Running(data, "--no-demo", env=named)
        assert within(40, it.ready)
        it.stop()
        kept = (data / "installation.json").read_text()
        assert "saint-denis" in kept
        assert "Indian/Reunion" in kept
        assert "« saint-denis »" in refused(data, "--town", "paris")
        assert "« Indian/Reunion »" in refused(data, "--zone", "Europe/Paris")
        assert (data / "installation.json").read_text() == kept


@pytest.mark.parametrize(
    ("option", "value"), [("--town", "Saint Denis"), ("--town", "a.b"), ("--zone", "Mars/Olympus")]
)
def test_a_name_that_no_town_can_have_leaves_nothing(option: str, value: str) -> None:
    with open_folder() as folder:
        assert f"« {value} »" in refused(folder / "data", option, value)
        assert list(folder.iterdir()) == []


def test_a_lost_master_key_is_not_replaced(running: Running) -> None:
    with open_folder() as folder:
        data = folder / "data"
        data.mkdir(mode=0o755)
        kept = (running.data / "installation.json").read_text()
        (data / "installation.json").write_text(kept)
        process = started(data, 0)
        _, said = process.communicate(timeout=20)
        assert (process.returncode, said.count("\n")) == (3, 1)
        assert "clé maîtresse manque" in said
        assert not (data / "master.key").exists()


def test_every_way_to_stop_leaves_no_process_and_the_next_start_goes_on() -> None:
    """And a later start costs little: wall time depends on the neighbours, processor time does
    not, and there are at least two processors to share it."""
    with open_folder() as folder:
        before = after = resource.getrusage(resource.RUSAGE_CHILDREN)
        for number in (signal.SIGINT, signal.SIGTERM, *HANGUP):
            before = after
            it = Running(folder / "data")
            assert within(40, it.ready)
            assert len(it.children()) >= 5
            it.stop(number)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert spent < 7  # five processes of ours import what they need, in some three seconds


def test_a_supervisor_that_is_killed_leaves_no_process_and_the_next_start_waits_for_that() -> None:
    with open_folder() as folder:
        for again in (True, False):
            it = Running(folder / "data")
            assert within(40, it.ready), it.process.communicate(timeout=5)
            left = it.children()
            it.process.kill()
            it.process.communicate(timeout=5)
            if again:
                continue
            assert psutil.wait_procs(left, timeout=10)[1] == []


def test_ctrl_c_while_the_demonstration_loads_and_the_next_start_completes_it() -> None:
    with open_folder() as folder:
        for number in range(8):  # on a busy machine it may all be loaded before we look
            data = folder / f"data{number}"
            it = Running(data, "--demo")
            assert within(60, lambda: it.position() > 100)  # noqa: B023 asked at once
            it.stop()
            if not (data / "demo.json").exists():
                break
        else:
            pytest.fail("the demonstration was never interrupted")
        it = Running(data, "--demo")
        assert within(60, it.ready)
        assert it.position() > 5000
        assert "3000 demandes" in it.stop()
        assert (data / "demo.json").exists()


def test_what_dies_in_a_row_is_told_with_its_last_words() -> None:
    with open_folder() as folder:
        data = folder / "data"
        it = Running(data)
        assert within(40, it.ready)
        settings = data / "installation.json"
        whole = settings.read_text()
        settings.write_text("{")
        it.child("cli reactor").kill()
        assert it.process.stderr is not None
        told = next(line for line in it.process.stderr if "à peine lancé" in line)
        assert "« reactor »" in told
        assert "DecodeError" in told
        settings.write_text(whole)
        assert within(10, lambda: it.runs("cli reactor"))
        it.stop()


def test_logs_begin_anew_when_they_are_long(running: Running) -> None:
    log = running.data / "reactor.log"
    with log.open("ab") as file:
        file.write(b"x" * (LONGEST_LOG + 1))
    assert within(5, lambda: log.stat().st_size < LONGEST_LOG)
    assert log.with_name("reactor.log.1").stat().st_size > LONGEST_LOG


def test_servers_listen_on_the_loopback_alone(running: Running) -> None:
    assert within(10, running.ready)
    listening = {
        line.laddr.ip
        for child in running.children()
        for line in child.net_connections()
        if line.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_folders_that_hold_data_are_closed_to_others(running: Running) -> None:
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (running.data, running.data / "nats", running.data / "postgres" / "sockets")
    }
    passing = 0o711 if os.geteuid() == 0 else 0o700
    assert modes == {"data": passing, "nats": 0o700, "sockets": 0o700}


SWALLOWED = """
import os, signal
from guichet.host.starting import stop_on_signals

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

asked = stop_on_signals()
before = asked()
Finalized()
print(before, asked())
"""


def test_what_is_asked_while_nobody_can_hear_it_is_not_forgotten() -> None:
    """A signal in a finalizer raises there, where Python prints what is raised and goes on."""
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWED], capture_output=True, text=True, check=False
    )
    assert "Stopped" in done.stderr
    assert done.stdout == "False True\n"
