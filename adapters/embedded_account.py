"""Whom PostgreSQL runs as, and where that account can go.

PostgreSQL refuses to be root. Started by root it therefore runs as another account, which may not
enter every folder; nobody's mode is changed for that, a folder is chosen that it can enter.
"""

import os
import pwd
import signal
import stat
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from adapters.embedded_child import CannotStart, dying_with_parent

NAMES = ("postgres", "nobody")
"""Accounts that root lends to the server, the first one that exists."""


@dataclass(frozen=True)
class Account:
    """An account of this machine; `lent` when it is not the one we run as."""

    uid: int
    gid: int
    name: str
    lent: bool

    def run(
        self, *command: str | Path, environment: Mapping[str, str], cwd: Path = Path("/")
    ) -> "subprocess.CompletedProcess[str]":
        """A short program run as this account; exit code 126 when it cannot be executed. Whoever
        interrupts us ends it and all that it has started: none of them writes after this."""
        try:
            process = subprocess.Popen(  # noqa: S603 our own command
                command,
                env=environment,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                preexec_fn=dying_with_parent(),
                user=self.uid if self.lent else None,
                group=self.gid if self.lent else None,
                extra_groups=[] if self.lent else None,
            )
        except OSError as error:
            return subprocess.CompletedProcess(command, 126, "", error.strerror or "")
        try:
            said, complained = process.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()  # its pipes are closed once the last of them is gone
            raise
        return subprocess.CompletedProcess(command, process.returncode, said, complained)

    def enters(self, folder: Path) -> bool:
        """Whether the account can get into `folder`."""
        if not self.lent:
            return os.access(folder, os.X_OK)
        test = self.run("/usr/bin/env", "test", "-x", folder, environment=os.environ)
        return test.returncode == 0

    def make_private(self, folder: Path) -> Path:
        """`folder`, made for this account and closed to others. One that is already there is left
        as it is, and refused with `CannotStart` unless it is just that."""
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            if not self.owns(folder):
                raise CannotStart(
                    f"Le dossier {folder} n'est pas au compte « {self.name} » seul : "
                    "choisissez-en un autre avec --data."
                ) from None
            return folder
        if self.lent:
            os.chown(folder, self.uid, self.gid)
        return folder

    def owns(self, folder: Path) -> bool:
        """Whether `folder` is a real folder of this account that no other can enter."""
        found = folder.lstat()
        return (
            stat.S_ISDIR(found.st_mode) and found.st_uid == self.uid and not found.st_mode & 0o077
        )


def ourselves() -> Account:
    """The account this process runs as."""
    return Account(os.geteuid(), os.getegid(), str(os.geteuid()), lent=False)


def server_account() -> Account:
    """Whom PostgreSQL runs as here: ourselves, or whom root lends."""
    if os.geteuid() != 0:
        return ourselves()
    for name in NAMES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return Account(found.pw_uid, found.pw_gid, name, lent=True)
    raise CannotStart("PostgreSQL refuse de tourner en root et aucun compte « nobody » n'existe.")
