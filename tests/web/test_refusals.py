"""What cannot be taken meets a clear answer in French, in the promised order, and harms nothing."""

import json
from typing import Any
from uuid import uuid4

import pytest

from guichet.web.actors import MAY
from guichet.web.handling import COMMANDS
from tests.web.conftest import REQUEST, As, Client

DEEP = b'{"procedure":' + b"[" * 5000 + b"]" * 5000 + b"}"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"procedure": "lune"}, "/procedure"),
        ({"channel": "pigeon"}, "/channel"),
        ({"summary": ""}, "/summary"),
        ({"summary": "   "}, "/summary"),
        ({"summary": "\u200b\ufeff"}, "/summary"),
        ({"summary": "x" * 10_001}, "/summary"),
        ({"summary": "a\0b"}, "/summary"),
        ({"summary": 12}, "/summary"),
        ({"nature": "gift"}, "/nature"),
        ({"id": "douze"}, "/id"),
        ({"usager": {"email": "sigismonde"}}, "/usager/email"),
        ({"usager": {"phone": "douze"}}, "/usager/phone"),
        ({"usager": {"id": str(uuid4())}}, "/usager/id"),
        ({"usager": {"nom": "x"}}, "/usager/nom"),
        ({"place": {"site": "lune"}}, "/place/site"),
        ({"happened_at": "2026-02-30T10:00:00Z"}, "/happened_at"),
        ({"happened_at": "2026-02-03T10:00:00"}, "/happened_at"),
        ({"happened_at": "2999-02-03T10:00:00Z"}, "/happened_at"),
        ({"received_at": "2999-02-03T10:00:00Z"}, "/received_at"),
        ({"fields": {"couleur": "rouge"}}, "/fields/couleur"),
        ({"fields": {"poteau": "douze"}}, "/fields/poteau"),
        ({"invented": 1}, "/invented"),
        ({f"key{number}": 1 for number in range(10_000)}, "/key0"),
    ],
)
async def test_a_bad_entry_is_named(desk: Client, change: dict[str, Any], pointer: str) -> None:
    answer = await desk.post("/dossiers", {**REQUEST, **change})
    assert (answer.status_code, answer.json()["pointer"]) == (400, pointer), answer.text
    assert answer.json()["type"] == "/problems/invalid-entry"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"pas du JSON", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'{"procedure": "\xff\xfe"}', 400),
        (rb'{"procedure": "lampadaire", "channel": "counter", "summary": "\ud800"}', 400),
        (DEEP, 400),
        (json.dumps({**REQUEST, "summary": "x" * 1_000_000}).encode(), 413),
    ],
)
async def test_a_body_that_is_none_is_refused(desk: Client, body: bytes, status: int) -> None:
    answer = await desk.post("/dossiers", body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_missing_field_is_named(desk: Client) -> None:
    answer = await desk.post("/dossiers", {"procedure": "lampadaire", "channel": "phone"})
    assert (answer.status_code, answer.json()["pointer"]) == (400, "/summary")


async def test_a_clock_ahead_is_kept_and_flagged_from_the_field(desk: Client) -> None:
    made = await desk.opened(channel="field", happened_at="2999-01-01T00:00:00Z")
    path = f"/dossiers/{made.json()['id']}?min_position={made.json()['position']}"
    assert (await desk.get(path)).json()["flags"] == ["happened_at_in_the_future"]


async def test_checks_come_in_their_order(as_role: As, desk: Client) -> None:
    path = f"/dossiers/{uuid4()}/note"
    nobody = Client(desk.http, "faux")
    evaluator = as_role("evaluator")
    bad: dict[str, Any] = {"texte": 1}
    assert (await nobody.post(path, bad, key=None)).status_code == 401
    assert (await evaluator.post(path, bad, key=None)).status_code == 403
    assert (await desk.post(path, bad, key=None)).status_code == 400
    assert (await desk.post(path, bad)).status_code == 428
    assert (await desk.post(path, bad, match='"x.1"')).status_code == 400
    assert (await desk.post(path, {"text": "Vu"}, match='"x.1"')).status_code == 404
    made = await desk.opened()
    path = f"/dossiers/{made.json()['id']}/reopening"
    assert (await desk.post(path, {"reason": "?"}, match='"x.1"')).status_code == 412
    assert (await desk.post(path, {"reason": "?"}, match="*")).status_code == 409


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nowhere", 404),
        ("DELETE", "/api/v1/dossiers", 405),
        ("GET", "/api/v1/dossiers/douze", 404),
        ("GET", f"/api/v1/dossiers/{uuid4()}", 404),
        ("GET", "/api/v1/services/lune/queue", 404),
        ("GET", "/api/v1/services/voirie/queue?limit=0", 400),
        ("GET", "/api/v1/services/voirie/queue?after=x", 400),
        ("GET", "/api/v1/services/voirie/queue?min_position=x", 400),
        ("GET", "/api/v1/dossiers?q=%00", 400),
        ("GET", "/api/v1/dossiers?q=%FF%FE", 200),
    ],
)
async def test_every_refusal_is_a_problem(
    desk: Client, method: str, path: str, status: int
) -> None:
    answer = await desk.http.request(method, path, headers=desk.token)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_bad_parameter_is_named(desk: Client) -> None:
    for path, pointer in [
        ("/services/voirie/queue?limit=beaucoup", "/limit"),
        ("/services/voirie/queue?limit=501", "/limit"),
        (f"/dossiers?q={'x' * 301}", "/q"),
    ]:
        answer = await desk.get(path)
        assert (answer.status_code, answer.json().get("pointer")) == (400, pointer), answer.text


async def test_a_role_opens_only_the_doors_of_its_table(as_role: As, desk: Client) -> None:
    id = (await desk.opened()).json()["id"]
    for role, doors in MAY.items():
        if role in ("usager", "system"):
            continue
        somebody = as_role(role, "voirie")
        for name, (_, door, _) in COMMANDS.items():
            answer = await somebody.post(f"/dossiers/{id}/{name}", {}, key=None)
            assert (answer.status_code == 403) == (door not in doors), (role, name)
        for path, door in [
            (f"/dossiers/{id}", "read"),
            ("/dossiers?q=x", "read"),
            ("/catalogue", "catalogue"),
            ("/services/proprete/queue", "queue"),
        ]:
            answer = await somebody.get(path)
            if door not in doors:
                assert answer.status_code == 403, (role, path)
        trial = await somebody.post("/simulations", {}, key=None)
        assert (trial.status_code == 403) == ("figures" not in doors), role
        opening = await somebody.post("/dossiers", {}, key=None)
        assert (opening.status_code == 403) == ("open" not in doors), role


async def test_nothing_is_open_without_a_token(desk: Client) -> None:
    open_to_all = {"/health/live", "/health/ready", "/metrics", "/api/v1/openapi.json"}
    described = (await desk.get("/openapi.json")).json()
    assert len(described["paths"]) >= 20
    for path, operations in described["paths"].items():
        assert path not in open_to_all
        for method in operations:
            real = path.replace("{id}", str(uuid4())).replace("{service}", "voirie")
            real = real.replace("{number}", "2").replace("{account}", "a1")
            answer = await desk.http.request(method, real)
            assert answer.status_code == 401, (method, path)
