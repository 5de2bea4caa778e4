"""docker-compose.yml states what works: started here without Docker, and read."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from adapters.comparing import holders
from adapters.jetstream_api import connect
from guichet.backup.restore import Asked, checked
from guichet.host import environment
from tests import composed as composing
from tests.composed import (
    PROCESSES,
    ROOT,
    SERVICES,
    Containers,
    done,
    interpolated,
    process,
)


@pytest.fixture(scope="module")
def composed() -> Iterator[Containers]:
    with composing.composed() as everything:
        yield everything.containers


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


def test_every_broker_keeps_everything(composed: Containers) -> None:
    settings = composed.settings()
    streams = (f"{kind}_{settings.town}" for kind in ("GUICHET", "SEALS", "KEYS"))

    async def kept() -> list[set[str]]:
        nc = await connect(settings.nats_url, "steward", settings.nats_passwords["steward"])
        try:
            return [set(await holders(nc, stream)) for stream in streams]
        finally:
            await nc.close()

    assert asyncio.run(kept()) == [{"nats1", "nats2", "nats3"}] * 3
    out = done("verify", "--replicas", env=composed.environment("web"))
    assert out == "Tous les exemplaires du journal, des sceaux et des clés concordent.\n"


def test_a_backup_is_taken_that_the_key_of_the_env_command_opens(
    composed: Containers, tmp_path: Path
) -> None:
    env = composed.environment("backup")
    assert answer(httpx.Client(base_url=f"http://127.0.0.1:{composed.port}"), READY)
    words = [
        str(tmp_path) if word == "/backups" else word for word in SERVICES["backup"]["command"]
    ]
    running = process(*words, env=env)
    deadline = monotonic() + 60
    while not (made := list(tmp_path.glob("guichet-bourg-*"))):
        assert running.poll() is None, running.communicate()[1]
        assert monotonic() < deadline
        sleep(0.1)
    running.terminate()
    assert "Traceback" not in running.communicate(timeout=20)[1]
    key = tmp_path / "key.txt"
    key.write_text(composed.recovery_key)
    assert (
        checked(made[0], Asked(recovery_key=str(key))).secrets.master.hex()
        == (composed.variables["GUICHET_MASTER_KEY"])
    )


def test_prepare_may_be_run_again(composed: Containers) -> None:
    env = composed.environment("prepare")
    assert "prête" in done("prepare", env=env)
    assert "prête" in done("prepare", env=env)


def test_every_service_says_how_it_waits_and_what_it_shows() -> None:
    for name in PROCESSES:
        waits = SERVICES[name]["depends_on"]
        assert waits == {"prepare": {"condition": "service_completed_successfully"}}
    published = {name: SERVICES[name].get("ports", []) for name in SERVICES}
    assert {interpolated(port, {}) for port in published.pop("proxy")} == {
        "127.0.0.1:443:443",
        "127.0.0.1:80:80",
    }
    assert published.pop("mail") == ["127.0.0.1:8025:8025"]
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
        name: {key for key in service.get("environment", {}) if key.endswith("_PASSWORD")}
        for name, service in SERVICES.items()
    }
    assert not given["web"] & {name for name in written if "STEWARD" in name or "OWNER" in name}
    assert "GUICHET_POSTGRES_POSTGRES_PASSWORD" not in given["web"] | given["reactor"]
    assert given["web"] | given["projector"] | given["reactor"] <= written


def test_secrets_are_fresh_every_time(tmp_path: Path) -> None:
    first, second = (
        done("installation", "env", env={"HOME": str(tmp_path)}).splitlines()[2:] for _ in range(2)
    )
    assert not set(first) & set(second)


def test_what_is_mounted_is_a_folder_of_the_image_s_account() -> None:
    recipe = (ROOT / "Dockerfile").read_text("utf-8")
    ours = [service for service in SERVICES.values() if service.get("image") == "guichet"]
    mounts = {mount.split(":")[1] for service in ours for mount in service.get("volumes", [])}
    [made] = re.findall(r"install -d -o guichet -m 700 (.*)", recipe)
    assert mounts == set(made.split())
    assert "GUICHET_DATA=/data" in recipe


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
