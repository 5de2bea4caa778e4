"""The data folder of an installation: chosen, made or found, claimed for one start, given back."""

import fcntl
import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from adapters.embedded_account import server_account
from adapters.embedded_child import CannotStart

ROOM = 200 * 1024 * 1024
"""Bytes that must be free before anything is started."""

ENDING = 15.0
"""Seconds the servers of a start that was killed are waited for."""

SYSTEM = Path("/var/lib")
"""Where root keeps data that other accounts must enter."""


class DataFolder:
    """One folder; `link` is the way to it in the current folder, when it had to lie elsewhere."""

    def __init__(self, path: Path, room: int = ROOM, link: Path | None = None) -> None:
        self.path = path.absolute()
        self.link = link
        self.lock = -1
        self._room = room
        self._made: list[Path] = []

    @classmethod
    def choose(cls, named: Path | None, system: Path = SYSTEM) -> "DataFolder":
        """The folder that was named, by --data or GUICHET_DATA, else ./data. When that does not
        exist and the account PostgreSQL runs as could not enter it, one of root's, named after
        it."""
        asked = named or (Path(text) if (text := os.environ.get("GUICHET_DATA")) else None)
        if asked is not None:
            return cls(asked)
        default = Path("data").absolute()
        if default.exists() or server_account().enters(default.parent):
            return cls(default.resolve())
        digest = hashlib.sha256(os.fsencode(default)).hexdigest()[:12]
        return cls(system / f"guichet-{digest}", link=default)

    def claim(self) -> None:
        """Make the folder ours: it can be written and nobody else runs on it. `CannotStart`
        otherwise, and then nothing is left that was not there."""
        try:
            self._make()
            self._take()
            if self.link is not None and not self.link.is_symlink():
                self.link.symlink_to(self.path)
        except OSError as error:
            self.give_up()
            raise CannotStart(
                f"Le dossier {self.path} ne se laisse pas écrire ({error.strerror}) : "
                "choisissez-en un autre avec --data."
            ) from None
        except CannotStart:
            self.give_up()
            raise

    def claim_anew(self) -> None:
        """Claim the folder without what an interrupted work has left in it."""
        self.claim()
        if len(list(self.path.iterdir())) > 1:
            self._made = [self.path]
            self.give_up()
            self.claim()

    def give_up(self) -> None:
        """Remove the folder if this start has made it; one that was there stays."""
        if self._made:
            shutil.rmtree(self._made[0], ignore_errors=True)
            if self.link is not None and self.link.is_symlink():
                self.link.unlink()
        for parent in self._made[1:]:
            with suppress(OSError):
                parent.rmdir()
        self._made = []

    def keep(self) -> None:
        """From now on the folder holds what must not be lost."""
        self._made = []

    def _make(self) -> None:
        """The folder and those above it. Only what we make gets a mode, whatever the umask says:
        one by which the server's account can pass."""
        missing = [path for path in (self.path, *self.path.parents) if not path.exists()]
        mode = 0o711 if os.geteuid() == 0 else 0o700
        for path in reversed(missing):
            path.mkdir()
            self._made.insert(0, path)
            path.chmod(mode)

    def _take(self) -> None:
        """The lock, which everything that is started holds too: a start that was killed has not
        ended before its servers have."""
        # A number of its own: 0 to 2 are taken over by whatever is started.
        opened = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.lock = fcntl.fcntl(opened, fcntl.F_DUPFD_CLOEXEC, 10)
        os.close(opened)
        deadline = monotonic() + ENDING
        while True:
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if monotonic() < deadline and not alive(os.pread(self.lock, 20, 0)):
                    sleep(0.05)
                    continue
                self._made = []  # somebody was faster and lives there
                raise CannotStart(f"Guichet tourne déjà sur le dossier {self.path}.") from None
            os.ftruncate(self.lock, 0)
            os.pwrite(self.lock, str(os.getpid()).encode(), 0)
            return

    def inspect(self) -> None:
        """`CannotStart` when PostgreSQL could not enter the folder, or has no room in it."""
        account = server_account()
        if not account.enters(self.path):
            raise CannotStart(
                f"Le compte « {account.name} », sous lequel tourne PostgreSQL, ne peut pas entrer "
                f"dans {self.path} : choisissez un autre dossier avec --data."
            )
        if shutil.disk_usage(self.path).free < self._room:
            raise CannotStart(
                f"Le disque de {self.path} est plein : il y faut "
                f"{self._room // (1024 * 1024)} Mo libres."
            )


def alive(pid: bytes) -> bool:
    """Whether the process of that number runs."""
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ValueError, ProcessLookupError):
        return False
    return True
