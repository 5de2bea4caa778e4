"""The two real servers of the default installation, run from their wheels: no Docker, no root.

Both listen on loopback or a private socket only, die with who started them, and are started again
on the same data.
"""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

PR_SET_PDEATHSIG = 1
READY_WITHIN = 30.0
"""Seconds a server may take to answer after its start; recovery included."""


class CannotStart(Exception):
    """A server cannot run here; the sentence says why, for the person at the keyboard."""


def free_port() -> int:
    """A port of the loopback nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dying_with_parent(by: signal.Signals) -> Callable[[], None]:
    """What a child calls before it becomes a server, so that it never outlives who started it."""
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        os.setpgid(0, 0)  # a Ctrl-C is for the supervisor, which stops the others in order
        libc.prctl(PR_SET_PDEATHSIG, by)

    return tie


class Server:
    """A server process: started, asked whether it answers, stopped, killed."""

    name = "serveur"
    ends_with = signal.SIGTERM
    dies_with = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.account: pwd.struct_passwd | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """The program and its arguments."""
        return ()

    def answers(self) -> bool:
        """Whether the server takes connections."""
        return False

    def start(self) -> None:
        """Start and wait until it answers; `CannotStart` with the end of its log when it does
        not within `READY_WITHIN` seconds."""
        self.launch()
        deadline = monotonic() + READY_WITHIN
        while not self.answers():
            if self.process is None or self.process.poll() is not None or monotonic() > deadline:
                raise CannotStart(f"{self.name} ne démarre pas : {self.last_words()}")
            sleep(0.02)  # the servers offer no event to wait for before they answer

    def launch(self) -> None:
        """Start without waiting."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 our own command
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                cwd=self.folder,
                preexec_fn=dying_with_parent(self.dies_with),
                user=self.account.pw_uid if self.account else None,
                group=self.account.pw_gid if self.account else None,
                extra_groups=[] if self.account else None,
            )

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
        """Where it writes what it has to say."""
        return self.folder / "server.log"

    def last_words(self) -> str:
        """The last line of its log."""
        lines = (
            self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        )
        return lines[-1] if lines else "aucun message"


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
        folder.mkdir(parents=True, exist_ok=True)

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
            "NATS_STORE": str(self.folder / "store"),
        }

    def start(self) -> None:
        check = subprocess.run(  # noqa: S603 our own command
            [*self.command(), "-t"],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if check.returncode:
            raise CannotStart(f"Configuration de NATS refusée : {check.stderr.strip()}")
        super().start()

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as line:
                return line.recv(4) == b"INFO"
        except OSError:
            return False


def server_account() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as when we are root, which it refuses to be; None otherwise."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart("PostgreSQL refuse de tourner en root et aucun compte « nobody » n'existe.")
