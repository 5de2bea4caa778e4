"""No name in any log: not when somebody is entered, nor erased, nor when things go wrong."""

import subprocess
import sys
from pathlib import Path
from time import sleep
from uuid import uuid4

import httpx

from guichet.demo import accounts
from tests.running import Running, open_folder, within

NAME = "Ghislainequirit"
EMAIL = "ghislainequirit@exemple.fr"
OPENED = {
    "procedure": "lampadaire-eteint",
    "channel": "counter",
    "summary": f"{NAME} dit qu'il fait noir",
    "usager": {"name": NAME, "email": EMAIL},
}
BAD: list[object] = [
    {**OPENED, "procedure": NAME},
    {**OPENED, "channel": NAME},
    {**OPENED, "usager": {"name": NAME, "email": NAME}},
    {**OPENED, NAME: NAME},
    {**OPENED, "fields": {NAME: NAME}},
    {**OPENED, "summary": NAME * 1000},
    {**OPENED, "summary": f"{NAME}\0"},
    [NAME],
    NAME,
]


def test_no_name_is_in_any_log() -> None:
    with open_folder() as folder:
        data = folder / "data"
        it = Running(data, "--no-demo")
        assert within(60, it.ready), it.process.communicate(timeout=5)

        def guichet(*words: str) -> "subprocess.CompletedProcess[str]":
            command = [sys.executable, "-m", "guichet.cli", *words, "--data", str(data)]
            return subprocess.run(command, capture_output=True, text=True, check=True)

        guichet("catalogue", "load", str(Path(accounts.__file__).parent / "ville.toml"))
        token = guichet("token", "create", "--role", "receptionist").stdout.splitlines()[-1]
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{it.port}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )

        def sent(body: object, path: str = "/dossiers", **headers: str) -> httpx.Response:
            headers = {"Idempotency-Key": str(uuid4()), **headers}
            return client.post(path, json=body, headers=headers)

        # The web takes in what another process loads a moment later.
        assert within(10, lambda: str(OPENED["procedure"]) in client.get("/catalogue").text)
        made = sent(OPENED)
        assert made.status_code == 201, made.text
        for body in BAD:
            assert 400 <= sent(body).status_code < 500
        raw = f'{{"summary": "{NAME}'.encode()
        client.post("/dossiers", content=raw, headers={"Idempotency-Key": NAME})
        client.post("/dossiers", content=raw + b'\xff"}', headers={"Idempotency-Key": NAME})
        note = f"/dossiers/{made.json()['id']}/note"
        for version in ('"x.1"', NAME, "*"):
            sent({"text": NAME}, note, **{"If-Match": version})
        for path in (f"/{NAME}", f"/services/{NAME}/queue", f"/dossiers?q={NAME}%00"):
            assert client.get(path).status_code in (400, 404)
        position = made.json()["position"]
        shown = client.get(f"/dossiers/{made.json()['id']}?min_position={position}")
        person = str(shown.json()["usager_id"])
        for word in ("nats-server", "bin/postgres"):
            it.child(word).kill()
            for _ in range(8):
                sent(OPENED)
                client.get(f"/dossiers?q={NAME}")
                sleep(0.1)
            assert within(30, it.ready)
        guichet("person", "erase", person, "--ground", "demande")
        it.child("cli projector").kill()
        assert within(30, it.ready)
        it.stop()
        logs = sorted(data.glob("*.log*"))
        assert len(logs) >= 5
        for log in logs:
            assert NAME.lower() not in log.read_text("utf-8", "replace").lower(), log
