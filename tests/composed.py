"""docker-compose.yml without Docker: the programs, configuration files, arguments and environment
that it states, with the host names, ports and mounted paths of here."""

import asyncio
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec
import yaml

from adapters.embedded import NatsServer, Server, free_port
from adapters.embedded_child import dying_with_parent
from adapters.embedded_postgres_server import PostgresServer
from guichet.host import environment
from guichet.settings import Settings

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BROKERS = tuple(name for name in SERVICES if name.startswith("nats"))
PROCESSES = ("web", "web2", "projector", "reactor", "outbox", "reminders")


def interpolated(value: str, variables: dict[str, str]) -> str:
    """`${NAME:?}` and `${NAME:-default}` as Compose reads them."""

    def put(match: "re.Match[str]") -> str:
        name, kind, default = match.groups()
        found = variables.get(name) or default
        assert found or kind == ":-", f"{name} manque dans .env"
        return found

    return re.sub(r"\$\{(\w+)(:[?-])(.*?)\}", put, value)


def process(
    *command: str, env: dict[str, str], log: IO[str] | None = None
) -> "subprocess.Popen[str]":
    """One of our processes; what it says goes to `log`, or is kept for who waits for its end."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "guichet.cli", *command],
        env=env,
        cwd=env["HOME"],
        preexec_fn=dying_with_parent(),  # a test that fails leaves nothing either
        stdout=log or subprocess.PIPE,
        stderr=log or subprocess.PIPE,
        text=True,
    )


def done(*command: str, env: dict[str, str]) -> str:
    running = process(*command, env=env)
    out, said = running.communicate(timeout=90)
    assert running.returncode == 0, said
    return out


class Containers:
    """What `docker compose up` would start, started here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config"
        shutil.copytree(ROOT / "guichet" / "config", self.config)
        making = process("installation", "env", "--town", "bourg", env={"HOME": str(folder)})
        text, shown = making.communicate(timeout=90)
        assert making.returncode == 0, shown
        self.recovery_key = shown.split()[-1]
        self.variables = dict(line.split("=", 1) for line in text.splitlines())
        self.ports = {"web": free_port(), "web2": free_port()}
        self.port = self.ports["web"]
        self.places = {
            f"{broker}:{port}": f"127.0.0.1:{free_port()}"
            for broker in BROKERS
            for port in (4222, 6222, 8222)
        }
        self.database_port = str(free_port())

    def environment(self, service: str) -> dict[str, str]:
        """Exactly what the service is given, with the places of here."""
        found = {
            name: interpolated(str(value), self.variables)
            for name, value in SERVICES[service]["environment"].items()
        }
        for name, value in found.items():
            for there, here in self.places.items():
                value = re.sub(f"(//|@){there}", rf"\g<1>{here}", value)
            found[name] = value
        for name, here in {
            "NATS_LISTEN": self.places.get(f"{service}:4222", ""),
            "NATS_CLUSTER": self.places.get(f"{service}:6222", ""),
            "NATS_MONITOR": self.places.get(f"{service}:8222", ""),
            "NATS_STORE": str(self.folder / service / "data"),
            "GUICHET_POSTGRES_HOST": "127.0.0.1",
            "GUICHET_POSTGRES_PORT": self.database_port,
            "GUICHET_PORT": str(self.ports.get(service, self.port)),
        }.items():
            if name in found:
                found[name] = here
        data = self.folder / "data"  # the image's GUICHET_DATA, a volume there
        data.mkdir(exist_ok=True)
        return {**found, "HOME": str(self.folder), "GUICHET_DATA": str(data)}

    def arguments(self, service: str) -> list[str]:
        """Its command, with mounted paths replaced by what is mounted there."""
        assert "./guichet/config:/etc/guichet:ro" in SERVICES[service]["volumes"]
        return [
            word.replace("/etc/guichet", str(self.config)) for word in SERVICES[service]["command"]
        ]

    def settings(self) -> Settings:
        """What a process finds that is given everything."""
        variables = {**self.variables, **self.environment("prepare")}
        content = {**(environment.described(variables) or {}), "data": str(self.folder / "data")}
        content["master_key"] = bytes.fromhex(variables["GUICHET_MASTER_KEY"])
        return msgspec.convert(content, Settings, strict=False, dec_hook=lambda kind, it: kind(it))


class ComposedBroker(NatsServer):
    """One of the brokers of the file."""

    def __init__(self, containers: Containers, service: str) -> None:
        self.containers = containers
        self.service = service
        port, monitor = (
            int(containers.places[f"{service}:{port}"].rpartition(":")[2]) for port in (4222, 8222)
        )
        super().__init__(containers.folder / service, containers.config, port, monitor, {})

    def command(self) -> list[str]:
        return [self.program, *self.containers.arguments(self.service)]

    def environment(self) -> dict[str, str]:
        return self.containers.environment(self.service)


class ComposedDatabase(PostgresServer):
    """The database of the file; what the image's entry point does is done with `initdb`."""

    def __init__(self, containers: Containers) -> None:
        self.containers = containers
        self.stated = containers.environment("postgres")
        words = {"postgres": self.stated["POSTGRES_PASSWORD"]}
        super().__init__(containers.folder / "postgres", containers.config, words)
        self.initdb_options = self.stated["POSTGRES_INITDB_ARGS"].split()

    def command(self) -> list[str]:
        here = {"listen_addresses=*": "listen_addresses=127.0.0.1"}
        words = [here.get(word, word) for word in self.containers.arguments("postgres")]
        place = ["-c", f"port={self.containers.database_port}"]
        place += ["-c", f"unix_socket_directories={self.sockets}"]
        return [str(self.programs / "postgres"), "-D", str(self.cluster), *words, *place]

    def answers(self) -> bool:
        """Whether it listens; the roles are the business of `prepare`."""
        try:
            address = ("127.0.0.1", int(self.containers.database_port))
            socket.create_connection(address, timeout=1).close()
        except OSError:
            return False
        return True

    def await_answer(self) -> None:
        Server.await_answer(self)


@contextmanager
def three_brokers() -> Generator[tuple[Containers, dict[str, ComposedBroker]]]:
    """The brokers of the file alone, running."""
    with tempfile.TemporaryDirectory(prefix="guichet-cluster-") as name:
        containers = prepared(Path(name))
        brokers = {name: ComposedBroker(containers, name) for name in BROKERS}
        try:
            for broker in brokers.values():
                broker.begin()
            yield containers, brokers
        finally:
            for broker in brokers.values():
                broker.stop()


def prepared(folder: Path) -> Containers:
    """What is mounted, where every account may read it."""
    folder.chmod(0o755)
    containers = Containers(folder)
    for path in (containers.config, *containers.config.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return containers


@dataclass(frozen=True)
class Composed:
    """Everything the file states, running."""

    containers: Containers
    brokers: dict[str, ComposedBroker]
    processes: dict[str, "subprocess.Popen[str]"]

    @property
    def url(self) -> str:
        """Where the first web process answers."""
        return f"http://127.0.0.1:{self.containers.port}"

    async def keep(self) -> None:
        """Begin again what has ended, for ever, as `restart: unless-stopped` says."""
        while True:
            for name, one in self.processes.items():
                if one.poll() is not None:
                    assert SERVICES[name]["restart"] == "unless-stopped"
                    self.processes[name] = begun(self.containers, name)
            await asyncio.sleep(0.2)


def begun(containers: Containers, service: str) -> "subprocess.Popen[str]":
    """One of our processes, begun as the file states it."""
    words, env = SERVICES[service]["command"], containers.environment(service)
    with (containers.folder / f"{service}.log").open("a") as log:
        return process(*words, env=env, log=log)


@contextmanager
def composed() -> Generator[Composed]:
    """Everything started in its order, and stopped without anything left."""
    with tempfile.TemporaryDirectory(prefix="guichet-compose-") as name:
        containers = prepared(Path(name))
        brokers = {name: ComposedBroker(containers, name) for name in BROKERS}
        servers = [*brokers.values(), ComposedDatabase(containers)]
        running: dict[str, subprocess.Popen[str]] = {}
        try:
            for server in servers:
                server.begin()
            servers[-1].await_answer()
            done(*SERVICES["prepare"]["command"], env=containers.environment("prepare"))
            for service in PROCESSES:
                running[service] = begun(containers, service)
            yield Composed(containers, brokers, running)
        finally:
            for one in running.values():
                one.terminate()
            for one in running.values():
                ended(one)
            for server in servers:
                server.stop()


def ended(one: "subprocess.Popen[str]") -> None:
    """Wait for a process that was told to end; one that does not is killed."""
    try:
        one.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        one.kill()
        one.communicate()
