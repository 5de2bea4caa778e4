"""The letters of the mail register: all that is entered lies in the log, once however often it is
sent, and a refusal is told at its field."""

import re
import socket
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from domain.dossier_events import DossierOpened, IncomingMail
from guichet.house import House
from guichet.tokens import issue
from guichet.town_calendar import today_in
from guichet.web import register
from tests.faults.real_town import RealTown, real_town
from tests.running import within
from tests.web.conftest import As, Client

TODAY = today_in("Europe/Paris").isoformat()
LETTER: dict[str, Any] = {
    "procedure": "lampadaire",
    "channel": "letter",
    "summary": "Lampadaire éteint devant le 14",
    "usager": {
        "name": "Sigismonde Aubépin",
        "email": "sigismonde@usagers.example",
        "phone": "06 12 34 56 78",
        "address": "3 impasse du Lavoir\n77990 SAINTE-AURORE",
    },
    "mail": {
        "registered_number": "1A 204 568 9922 1",
        "pieces": 3,
        "first_service": "proprete",
        "signatories": [{"name": "Hector Aubépin"}, {"name": "Léa Martin"}],
    },
    "happened_at": "2026-02-27T11:00:00.000Z",
    "received_at": "2026-03-02T11:00:00.000Z",
    "entered_at": f"{TODAY}T00:00:00.000Z",
}
"""What `body` of register_entry.js makes of a letter whose fields are all filled in."""


def letter(**changes: Any) -> dict[str, Any]:
    return {**LETTER, "id": str(uuid4()), **changes}


def script(name: str) -> str:
    return register.FILES[name].decode()


async def test_the_page_names_nobody_whoever_was_entered(desk: Client) -> None:
    before = (await desk.http.get("/courrier")).content
    assert (await desk.post("/dossiers", letter())).status_code == 201
    after = (await desk.http.get("/courrier")).content
    assert before == after
    assert "Aubépin" not in after.decode()


async def test_what_the_page_sends_lies_in_the_log(desk: Client, house: House) -> None:
    sent = letter()
    answer = await desk.post("/dossiers", sent)
    assert answer.status_code == 201, answer.text
    assert answer.json()["id"] == sent["id"]
    [fact, *_] = await house.desk.past(f"dossier.{sent['id']}", upto_date=True)
    assert isinstance(fact.event, DossierOpened)
    mail = fact.event.mail
    assert isinstance(mail, IncomingMail)
    kept = msgspec.to_builtins(mail)
    for signatory in kept["signatories"]:
        assert UUID(signatory.pop("id"))
    assert [{name: one[name] for name in one if one[name]} for one in kept["signatories"]] == (
        LETTER["mail"]["signatories"]
    )
    assert {**kept, "signatories": LETTER["mail"]["signatories"]} == LETTER["mail"]
    assert fact.event.usager is not None
    usager = msgspec.to_builtins(fact.event.usager)
    assert {name: usager[name] for name in LETTER["usager"]} == LETTER["usager"]
    assert fact.event.summary == LETTER["summary"]
    assert fact.times.happened_at.isoformat() == "2026-02-27T11:00:00+00:00"
    assert fact.times.received_at.isoformat() == "2026-03-02T11:00:00+00:00"


async def test_a_letter_may_say_next_to_nothing(desk: Client) -> None:
    least = {"procedure": "lampadaire", "channel": "letter", "summary": "Illisible"}
    bare = {**least, "id": str(uuid4()), "mail": {"pieces": 1}}
    assert (await desk.post("/dossiers", bare)).status_code == 201


def test_the_script_names_what_the_letter_of_these_tests_holds() -> None:
    entry = script("register_entry.js")
    made = entry[entry.index("export function body(") :]
    made = made[: made.index("\n}\n")]
    named = set(re.findall(r"^ +(\w+)(?::|,$)", made, re.M))
    assert named == {*letter(), *LETTER["usager"], *LETTER["mail"]}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"received_at": "2999-01-01T11:00:00Z"}, "arrival"),
        ({"happened_at": "1800-01-01T11:00:00Z"}, "postmark"),
        ({"procedure": "absente"}, "procedure"),
        ({"usager": {"name": "x" * 301}}, "sender"),
        ({"usager": {"address": "x" * 301}}, "address"),
        ({"usager": {"email": "sans arobase"}}, "email"),
        ({"usager": {"phone": "douze"}}, "phone"),
        ({"mail": {"signatories": [{"name": "x" * 301}]}}, "signatories"),
        ({"mail": {"signatories": [{"name": "x"}] * 21}}, "signatories"),
        ({"mail": {"registered_number": "x" * 301}}, "registered"),
        ({"mail": {"pieces": 1001}}, "pieces"),
        ({"mail": {"first_service": "absent"}}, "service"),
        ({"summary": "x" * 10_001}, "summary"),
    ],
)
async def test_every_refusal_is_told_at_its_field(
    desk: Client, wrong: dict[str, Any], field: str
) -> None:
    answer = await desk.post("/dossiers", letter(**wrong))
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    table = dict(re.findall(r'^  "(/\S*)": "(\w+)",$', script("register_entry.js"), re.M))
    pointers = [one for one in table if f"{problem['pointer']}/".startswith(f"{one}/")]
    assert table[pointers[0]] == field, problem
    assert problem["detail"].endswith(".")


async def test_who_may_not_open_dossiers_is_told_so(as_role: As) -> None:
    answer = await as_role("evaluator").post("/dossiers", letter())
    assert (answer.status_code, answer.json()["title"]) == (403, "Votre rôle ne permet pas cela.")


def test_a_letter_is_one_dossier_however_often_it_is_sent() -> None:
    with real_town() as town:
        sent = [
            letter(
                procedure="lampadaire-eteint",
                summary=f"Réverbère Zéphirine numéro {number}",
                mail={"pieces": 2, "first_service": "eau"},
                received_at=f"{TODAY}T00:00:00.000Z",
            )
            for number in range(6)
        ]
        keys = {one["id"]: str(uuid4()) for one in sent}
        for number, one in enumerate(sent):
            not_listening(town, one, keys[one["id"]])
            if number % 3 == 1:
                town.killed("guichet.cli web")
            first = insisted(town, one, keys[one["id"]])
            again = insisted(town, one, keys[one["id"]])
            assert (first.status_code, first.json()["id"]) == (201, one["id"])
            assert again.content == first.content
        stranger = {"Authorization": f"Bearer {issue(town.settings, 'receptionist')}"}
        for one in sent:
            other = posted(town, one, keys[one["id"]], **stranger)
            assert other.json()["type"] == "/problems/dossier-exists", other.text
        head = town.running.position()
        asked = {"q": "Zéphirine", "limit": 50, "min_position": head}
        token = {"Authorization": f"Bearer {town.token}"}
        found = httpx.get(f"{town.url}/api/v1/dossiers", params=asked, headers=token, timeout=30)
        assert sorted(one["id"] for one in found.json()["items"]) == sorted(keys)


def posted(town: RealTown, body: dict[str, Any], key: str, **headers: str) -> httpx.Response:
    token = {"Authorization": f"Bearer {town.token}", "Idempotency-Key": key, **headers}
    return httpx.post(f"{town.url}/api/v1/dossiers", json=body, headers=token, timeout=30)


def not_listening(town: RealTown, body: dict[str, Any], key: str) -> None:
    """Send the letter whole and go away before anything is answered."""
    content = msgspec.json.encode(body)
    head = (
        f"POST /api/v1/dossiers HTTP/1.1\r\nHost: guichet\r\nAuthorization: Bearer {town.token}\r\n"
        f"Idempotency-Key: {key}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", town.running.port), timeout=30) as line:
        line.sendall(head.encode() + content)


def insisted(town: RealTown, body: dict[str, Any], key: str) -> httpx.Response:
    """The answer that comes in the end, as the page waits for it."""
    answers: list[httpx.Response] = []

    def answered() -> bool:
        try:
            answers.append(posted(town, body, key))
        except httpx.TransportError:
            return False
        return answers[-1].status_code < 500

    assert within(60, answered), answers[-1:]
    return answers[-1]
