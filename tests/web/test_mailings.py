"""Letters printed together in the order of the post, and posted by one act: a proof in each
dossier, once."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from domain.telling import MessageSent
from guichet.house import House
from guichet.reactor import Reactor
from guichet.town_calendar import today_in
from tests.outbox.conftest import DESCRIBED
from tests.web.conftest import As, Client
from tests.web.letters import printed, waiting

PROVED = ["DossierOpened", "MessageQueued", "MessageSent", "ReceiptAcknowledged"]


@pytest.fixture(autouse=True)
def described(house: House) -> None:
    house.catalogue.organisation = DESCRIBED


@pytest_asyncio.fixture
async def reactor(house: House) -> AsyncIterator[Reactor]:
    settings = house.settings
    nc = await connect(settings.nats_url, "keys", settings.nats_passwords["keys"])
    yield Reactor(house, KeyRing(nc, settings.town, settings.master_key))
    await nc.close()


async def told(house: House, letter: dict[str, Any]) -> list[str]:
    past = await house.desk.past(f"dossier.{letter['dossier']}")
    return [type(fact.event).__name__ for fact in past]


async def test_a_mailing_posted_twice_is_proved_once_in_each_dossier(
    house: House, desk: Client, reactor: Reactor
) -> None:
    far = await waiting(desk, "Abel Roy", "2 rue Haute, 95000 CERGY")
    last = await waiting(desk, "Émile Zola")
    first = await waiting(desk, "Édith Aubépin")
    sent = await desk.post("/mailings", {"letters": [far, last, first]}, key="m")
    assert set(sent.json()) == {"id", "version", "position"}
    assert sent.headers["x-event-position"] == str(sent.json()["position"])
    path = sent.headers["location"].removeprefix("/api/v1")
    assert path == f"/mailings/{sent.json()['id']}"
    shown = (await desk.get(path)).json()
    assert [letter["dossier"] for letter in shown["letters"]] == [
        letter["dossier"] for letter in (first, last, far)
    ]
    assert shown["posted_on"] is None
    assert not any(letter["posted"] for letter in shown["letters"])

    posted = await desk.post(f"{path}/posting", {"without": [last]}, key="p")
    assert posted.status_code == 201, posted.text
    assert (await desk.post(f"{path}/posting", {"without": [last]}, key="p")).json() == (
        posted.json()
    )
    again = await desk.post(f"{path}/posting", {})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/mailing-gone")
    for _ in range(2):
        await reactor.react(await house.log.page(0, 1000))
    today = today_in(house.settings.zone)
    for number, letter in enumerate((first, far), 1):
        assert await told(house, letter) == PROVED
        proof = (await house.desk.past(f"dossier.{letter['dossier']}"))[2].event
        assert isinstance(proof, MessageSent)
        assert (proof.means, proof.posted_on) == ("letter", today)
        assert proof.message_id == f"{sent.json()['id']}/{number}"
        assert sent.json()["id"] in (proof.proof or "")
    assert await told(house, last) == PROVED[:2]
    shown = (await desk.get(path)).json()
    assert shown["posted_on"] == today.isoformat()
    assert [letter["posted"] for letter in shown["letters"]] == [True, False, True]
    # What was answered once is answered again, though its letters wait no longer.
    assert (await desk.post("/mailings", {"letters": [far, last, first]}, key="m")).json() == (
        sent.json()
    )
    assert (await desk.post("/mailings", {"letters": [last]}, key="m")).status_code == 422


async def test_only_letters_that_wait_are_taken_and_the_others_are_named(desk: Client) -> None:
    letter = await waiting(desk)
    mailed = await waiting(desk, acknowledge_by="letter")
    electronic = (await desk.opened(usager={"email": "lea@usagers.example"})).json()
    path = f"/dossiers/{electronic['id']}/acknowledgement-order"
    by_mail = (await desk.post(path, {}, match="*")).json()
    nowhere = (await desk.opened(usager={"name": "Zoé Adam"})).json()["id"]
    path = f"/dossiers/{nowhere}/acknowledgement-order"
    addressless = (await desk.post(path, {"means": "letter"}, match="*")).json()
    wrong: list[dict[str, Any]] = [
        {"dossier": str(uuid4()), "message": 2},
        {**letter, "message": 9},
        {"dossier": by_mail["id"], "message": by_mail["version"]},
        {"dossier": nowhere, "message": addressless["version"]},
    ]
    answer = await desk.post("/mailings", {"letters": [letter, *wrong, mailed]})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/letters-not-waiting")
    named = answer.json()["letters"]
    assert [{key: one[key] for key in ("dossier", "message")} for one in named] == wrong
    assert [one["detail"] for one in named] == [
        "Ce dossier n'existe pas.",
        "Aucun message de ce numéro n'attend son départ.",
        "Ce message ne part pas par courrier.",
        "Aucune adresse postale n'est connue.",
    ]
    assert (await desk.post("/mailings", {"letters": [letter, mailed]})).status_code == 201


async def test_the_doors_refuse(http: httpx.AsyncClient, desk: Client, as_role: As) -> None:
    letter = await waiting(desk)
    body = {"letters": [letter]}
    id = await printed(desk, letter)
    nobody = Client(http, "x")
    assert (await nobody.post("/mailings", body)).status_code == 401
    for who in (as_role("evaluator"), as_role("caretaker"), as_role("service_agent", "proprete")):
        assert (await who.post("/mailings", body)).status_code == 403
        assert (await who.post(f"/mailings/{id}/posting", {})).status_code == 403
        for path in (f"/mailings/{id}", f"/mailings/{id}/letters.pdf"):
            assert (await who.get(path)).status_code == 403
    assert (await as_role("service_agent", "voirie").post("/mailings", body)).status_code == 201
    refused: list[tuple[dict[str, Any], str]] = [
        ({"letters": []}, "/letters"),
        ({"letters": [letter, letter]}, "/letters"),
        ({"letters": [letter], "posted_on": "2026-03-02"}, "/posted_on"),
    ]
    for wrong, pointer in refused:
        answer = await desk.post("/mailings", wrong)
        assert (answer.status_code, answer.json()["pointer"]) == (400, pointer), answer.text
    assert (await desk.post("/mailings", body, key=None)).status_code == 400
    for posting, pointer in [
        ({"posted_on": "2999-01-01"}, "/posted_on"),
        ({"without": [{**letter, "message": 9}]}, "/without"),
    ]:
        answer = await desk.post(f"/mailings/{id}/posting", posting)
        assert (answer.status_code, answer.json()["pointer"]) == (400, pointer), answer.text
    for path in (f"/mailings/{uuid4()}", f"/mailings/{uuid4()}/letters.pdf"):
        assert (await desk.get(path)).status_code == 404
    assert (await desk.post(f"/mailings/{uuid4()}/posting", {})).status_code == 404


async def test_a_mailing_keeps_the_name_its_device_gave_it(desk: Client) -> None:
    letter, id = await waiting(desk), str(uuid4())
    assert await printed(desk, letter, id=id) == id
    answer = await desk.post("/mailings", {"letters": [letter], "id": id})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/mailing-exists")
