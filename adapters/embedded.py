"""The two real servers of the default installation, run from their wheels: no Docker, no root.

Both listen on loopback or a private socket only, die with who started them, and are started again
on the same data.
"""

import itertools
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.error import HTTPError
from urllib.request import urlopen

from adapters.embedded_account import ourselves
from adapters.embedded_child import CannotStart, dying_with_parent

STUCK = ("write error", "no space left", "JetStream is not enabled", "JetStream disabled")
"""What the broker's own health says after a full disk, and not while it recovers its store."""

READY_WITHIN = 30.0
"""Seconds a server may take to answer after its start; recovery included."""


PORTS = range(20_000, 32_768)
"""Where free ports are looked for: below those that Linux gives to outgoing connections, one of
which could take a free port before it is listened on."""

candidates = itertools.count(secrets.randbelow(len(PORTS)))


def free_port() -> int:
    """A port of the loopback nobody listens on; never the same one twice in a row."""
    for number in itertools.islice(candidates, len(PORTS)):
        port = PORTS[number % len(PORTS)]
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise CannotStart("Aucun port n'est libre sur cette machine.")


class Server:
    """A server process: started, asked whether it answers, stopped, killed.

    `holds` are descriptors it keeps open until its end, so that a lock taken by who started it
    lasts as long as anything that was started.
    """

    name = "serveur"
    ends_with = signal.SIGTERM
    dies_with = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.account = ourselves()
        self.process: subprocess.Popen[bytes] | None = None
        self.holds: Sequence[int] = ()
        self.since = 0.0

    def command(self) -> Sequence[str]:
        """The program and its arguments."""
        return ()

    def answers(self) -> bool:
        """Whether the server takes connections."""
        return False

    def start(self) -> None:
        """Start and wait until it answers; `CannotStart` with the end of its log when it does
        not within `READY_WITHIN` seconds."""
        self.begin()
        self.await_answer()

    def begin(self) -> None:
        """Make what the server needs and start it, without waiting."""
        self.launch()

    def await_answer(self) -> None:
        """Wait for what `begin` has started."""
        deadline = monotonic() + READY_WITHIN
        while not self.answers():
            if self.process is None or self.process.poll() is not None or monotonic() > deadline:
                raise CannotStart(f"{self.name} ne démarre pas : {self.last_words()}")
            sleep(0.02)  # the servers offer no event to wait for before they answer

    def launch(self) -> None:
        """Start the process, and nothing else."""
        lent = self.account if self.account.lent else None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 our own command
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                cwd=self.folder,
                pass_fds=self.holds,
                preexec_fn=dying_with_parent(self.dies_with),
                user=lent.uid if lent else None,
                group=lent.gid if lent else None,
                extra_groups=[] if lent else None,
            )
        self.since = monotonic()

    def environment(self) -> Mapping[str, str]:
        """The environment of the process."""
        return os.environ

    def stop(self) -> None:
        """End it in good order; killed when it takes longer than ten seconds."""
        if self.process is None:
            return
        self.process.send_signal(self.ends_with)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """What a power cut does to a process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def log(self) -> Path:
        """Where it writes what it has to say: beside its folder, which may be another's."""
        return self.folder.with_name(f"{self.folder.name}.log")

    def last_words(self) -> str:
        """The last line of its log."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
                lines = file.read().decode(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1].strip()[:300] if lines else "aucun message"

    def set_log_aside(self, above: int = 0) -> None:
        """Begin the log anew when it has more than `above` bytes; the former one stays beside it
        as `.1`, in the place of an older one. The writer goes on at the beginning, because it
        appends; what it says at this very moment may be lost."""
        if self.log.exists() and self.log.stat().st_size > above:
            shutil.copyfile(self.log, self.log.with_name(f"{self.log.name}.1"))
            os.truncate(self.log, 0)


class NatsServer(Server):
    """The broker, on the configuration file that every installation uses."""

    name = "Le courtier NATS"

    def __init__(
        self, folder: Path, config: Path, port: int, monitor: int, passwords: Mapping[str, str]
    ) -> None:
        super().__init__(folder)
        self.config = config
        self.port = port
        self.monitor = f"http://127.0.0.1:{monitor}"
        self.url = f"nats://127.0.0.1:{port}"
        self.passwords = dict(passwords)
        self._monitor_port = monitor

    @property
    def program(self) -> str:
        return str(Path(sys.executable).with_name("nats-server"))

    def command(self) -> Sequence[str]:
        return [self.program, "-c", str(self.config), "-a", "127.0.0.1", "-p", str(self.port)]

    def environment(self) -> Mapping[str, str]:
        users = {f"NATS_{user.upper()}": word for user, word in self.passwords.items()}
        return {
            **os.environ,
            **users,
            "NATS_NAME": "guichet",
            "NATS_LISTEN": f"127.0.0.1:{self.port}",
            "NATS_MONITOR": f"127.0.0.1:{self._monitor_port}",
            # Read as configuration, so that a path with a space in it needs quotes.
            "NATS_STORE": json.dumps(str(self.folder / "store"), ensure_ascii=False),
        }

    def is_stuck(self) -> bool:
        """Whether a stream refuses writes for what a full disk once did to it: the broker keeps
        it so until it is started again, however much room there is. Half a second at most."""
        try:
            with urlopen(f"{self.monitor}/healthz", timeout=0.5):  # noqa: S310 our own address
                return False
        except HTTPError as error:
            said = error.read().decode(errors="replace")
            return any(word in said for word in STUCK)
        except OSError:
            return False

    def begin(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().begin()

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as line:
                return line.recv(4) == b"INFO"
        except OSError:
            return False
