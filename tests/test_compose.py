"""docker-compose.yml without Docker: the programs, configuration files, arguments and environment
that it states, with the host names, ports and mounted paths of here."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
import yaml

from adapters.embedded import NatsServer, free_port
from adapters.embedded_postgres_server import PostgresServer
from guichet.host import environment

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def interpolated(value: str, variables: dict[str, str]) -> str:
    """`${NAME:?}` and `${NAME:-default}` as Compose reads them."""

    def put(match: "re.Match[str]") -> str:
        name, kind, default = match.groups()
        found = variables.get(name) or (default if kind == ":-" else None)
        assert found, f"{name} manque dans .env"
        return found

    return re.sub(r"\$\{(\w+)(:[?-])(.*?)\}", put, value)


def process(*command: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "guichet.cli", *command],
        env=env,
        cwd=env["HOME"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
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
        text = done("installation", "env", "--town", "bourg", env={"HOME": str(folder)})
        self.variables = dict(line.split("=", 1) for line in text.splitlines())
        self.ports = {"web": free_port(), "web2": free_port()}
        self.port = self.ports["web"]
        self.places = {
            "nats:4222": f"127.0.0.1:{free_port()}",
            "nats:8222": f"127.0.0.1:{free_port()}",
        }
        self.database_port = str(free_port())
        self.running: list[subprocess.Popen[str]] = []

    def environment(self, service: str) -> dict[str, str]:
        """Exactly what the service is given, with the places of here."""
        found = {
            name: interpolated(str(value), self.variables)
            for name, value in SERVICES[service]["environment"].items()
        }
        for name, value in found.items():
            for there, here in self.places.items():
                value = value.replace(f"//{there}", f"//{here}")
            found[name] = value
        for name, here in {
            "NATS_LISTEN": self.places["nats:4222"],
            "NATS_MONITOR": self.places["nats:8222"],
            "NATS_STORE": str(self.folder / "nats" / "data"),
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


class ComposedBroker(NatsServer):
    """The broker of the file."""

    def __init__(self, containers: Containers) -> None:
        self.containers = containers
        port = int(containers.places["nats:4222"].rpartition(":")[2])
        super().__init__(containers.folder / "nats", containers.config, port, 0, {})

    def command(self) -> list[str]:
        return [self.program, *self.containers.arguments("nats")]

    def environment(self) -> dict[str, str]:
        return self.containers.environment("nats")


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
        return True  # `prepare` waits for it by itself

    def await_answer(self) -> None:
        """Nothing: the roles are the business of `prepare`."""


@pytest.fixture(scope="module")
def composed() -> Iterator[Containers]:
    with tempfile.TemporaryDirectory(prefix="guichet-compose-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        containers = Containers(folder)
        for path in (containers.config, *containers.config.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)
        servers = [ComposedBroker(containers), ComposedDatabase(containers)]
        try:
            for server in servers:
                server.begin()
            done(*SERVICES["prepare"]["command"], env=containers.environment("prepare"))
            for service in ("web", "web2", "projector", "reactor"):
                words = SERVICES[service]["command"]
                env = containers.environment(service)
                containers.running.append(process(*words, env=env))
            yield containers
        finally:
            for running in containers.running:
                running.terminate()
            for running in containers.running:
                running.communicate(timeout=20)
            for server in servers:
                server.stop()


def test_a_request_goes_through_to_the_queue(composed: Containers) -> None:
    catalogue = str(ROOT / "guichet" / "demo" / "ville.toml")
    done("catalogue", "load", catalogue, env=composed.environment("web"))
    role = ["--role", "receptionist"]
    out = done("token", "create", *role, env=composed.environment("prepare"))
    bearer = {"Authorization": f"Bearer {out.splitlines()[-1]}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{composed.port}", headers=bearer) as client:
        assert answer(client, READY).json()["ready"]
        known = "/api/v1/catalogue"  # loaded by another process: the web hears of it a moment later
        assert answer(client, known, lambda reply: "lampadaire-eteint" in reply.text)
        body = {"procedure": "lampadaire-eteint", "channel": "counter", "summary": "Il fait noir"}
        sent = client.post("/api/v1/dossiers", json=body, headers={"Idempotency-Key": "k1" * 8})
        assert sent.status_code == 201, sent.text
        other = f"http://127.0.0.1:{composed.ports['web2']}"
        assert answer(client, other + READY)
        queue = f"{other}/api/v1/services/travaux-publics/queue"
        assert answer(client, queue, lambda reply: "Il fait noir" in reply.text)


READY = "/health/ready"


def answer(
    client: httpx.Client, path: str, wanted: Callable[[httpx.Response], bool] = lambda _: True
) -> httpx.Response:
    """The first answer that is as `wanted`."""
    deadline = monotonic() + 60
    while monotonic() < deadline:
        try:
            reply = client.get(path)
        except httpx.TransportError:
            sleep(0.1)
            continue
        if reply.status_code == 200 and wanted(reply):
            return reply
        sleep(0.1)
    raise AssertionError(path)


def test_prepare_may_be_run_again(composed: Containers) -> None:
    env = composed.environment("prepare")
    assert "prête" in done("prepare", env=env)
    assert "prête" in done("prepare", env=env)


def test_every_service_says_how_it_waits_and_what_it_shows() -> None:
    for name in ("web", "web2", "projector", "reactor"):
        waits = SERVICES[name]["depends_on"]
        assert waits == {"prepare": {"condition": "service_completed_successfully"}}
    published = {name: SERVICES[name].get("ports", []) for name in SERVICES}
    assert {interpolated(port, {}) for port in published.pop("proxy")} == {
        "127.0.0.1:443:443",
        "127.0.0.1:80:80",
    }
    assert not any(published.values())


def test_the_proxy_stands_before_every_web_and_is_the_only_one_believed() -> None:
    recipe = (ROOT / "guichet" / "config" / "Caddyfile").read_text("utf-8")
    words = next(line for line in recipe.splitlines() if "reverse_proxy" in line).split()
    webs = {name for name in SERVICES if SERVICES[name].get("command") == ["web"]}
    assert {word.partition(":")[0] for word in words[1:-1]} == webs == {"web", "web2"}
    address = SERVICES["proxy"]["networks"]["front"]["ipv4_address"]
    for name in webs:
        assert SERVICES[name]["environment"]["GUICHET_TRUSTED_PROXY"] == address
        assert "front" in SERVICES[name]["networks"]


def test_a_process_is_given_no_password_it_does_not_act_as() -> None:
    written = {
        line.partition("=")[0] for line in environment.fresh("ville", "UTC", bytes(32)).splitlines()
    }
    given = {
        name: {key for key in service["environment"] if key.endswith("_PASSWORD")}
        for name, service in SERVICES.items()
    }
    assert not given["web"] & {name for name in written if "STEWARD" in name or "OWNER" in name}
    assert "GUICHET_POSTGRES_POSTGRES_PASSWORD" not in given["web"] | given["reactor"]
    assert given["web"] | given["projector"] | given["reactor"] <= written


def test_secrets_are_fresh_every_time() -> None:
    first, second = (
        environment.fresh("ville", "UTC", bytes(32)).splitlines()[2:] for _ in range(2)
    )
    assert not set(first) & set(second)


def test_what_the_image_is_built_from_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    sources = [word for word in copied if not word.startswith(("--from", "/app"))]
    assert sources
    assert all((ROOT / source).exists() for source in sources)


def test_the_environment_is_asked_only_where_no_folder_is_named(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "GUICHET_NATS_URL": "nats://nobody:1"}
    env["GUICHET_MASTER_KEY"] = "00" * 32
    running = process("rebuild", "--data", str(tmp_path), env=env)
    assert "Aucune installation" in running.communicate(timeout=30)[1]
    running = process("rebuild", env=env)
    said = running.communicate(timeout=30)[1]
    assert said == "Il manque ici la variable GUICHET_NATS_PROJECTOR_PASSWORD.\n"
    assert running.returncode == 2
