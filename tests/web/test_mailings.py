"""Letters are printed together and posted by one act, which leaves one proof for each."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pikepdf
import pytest
import pytest_asyncio

from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from domain.grammar import Author
from domain.sending import PrepareAcknowledgement
from domain.telling import MessageSent
from guichet.envelopes import Hand
from guichet.house import House
from guichet.reactor import Reactor
from tests.letters.reading import texts
from tests.outbox.conftest import DESCRIBED
from tests.web.conftest import As, Client


@pytest.fixture(autouse=True)
def described(house: House) -> None:
    house.catalogue.organisation = DESCRIBED


@pytest_asyncio.fixture
async def reactor(house: House) -> AsyncIterator[Reactor]:
    settings = house.settings
    nc = await connect(settings.nats_url, "keys", settings.nats_passwords["keys"])
    yield Reactor(house, KeyRing(nc, settings.town, settings.master_key))
    await nc.close()


async def waiting(desk: Client, house: House, name: str, town: str) -> dict[str, Any]:
    """A letter that waits for the post, to somebody in a town."""
    usager = {"name": name, "address": f"1 rue Haute, {town}"}
    id = (await desk.opened(channel="letter", usager=usager)).json()["id"]
    author = Author(role="system", account="reactor")
    hand = Hand(author=author, command_id=id, digest="d")
    await house.desk.handle(UUID(id), PrepareAcknowledgement(), hand, expected=None)
    return {"dossier": id, "message": 2}


async def three(desk: Client, house: House) -> list[dict[str, Any]]:
    return [
        await waiting(desk, house, "Zoé Adam", "77990 SAINTE-AURORE"),
        await waiting(desk, house, "Éric Blanc", "77990 SAINTE-AURORE"),
        await waiting(desk, house, "Ali Cherif", "13001 MARSEILLE"),
    ]


async def told(house: House, id: str) -> list[str]:
    return [type(fact.event).__name__ for fact in await house.desk.past(f"dossier.{id}")]


async def test_a_mailing_is_printed_in_the_order_of_the_post(house: House, desk: Client) -> None:
    zoe, eric, ali = await three(desk, house)
    made = await desk.post("/mailings", {"letters": [zoe, eric, ali]}, key="m1")
    assert made.status_code == 201, made.text
    again = await desk.post("/mailings", {"letters": [zoe, eric, ali]}, key="m1")
    assert again.json() == made.json()
    id = made.json()["id"]
    read = (await desk.get(f"/mailings/{id}")).json()
    assert read["letters"] == [ali, eric, zoe]
    assert read["posted"] is False
    paper = await desk.get(f"/mailings/{id}/letters")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    with pikepdf.open(BytesIO(paper.content)) as pdf:
        assert len(pdf.pages) >= 3
        assert "/StructTreeRoot" in pdf.Root
    sheet = await desk.get(f"/mailings/{id}/sheet")
    assert sheet.status_code == 200
    [listed] = texts(sheet.content)
    assert listed.index("Ali Cherif") < listed.index("Éric Blanc") < listed.index("Zoé Adam")
    assert await told(house, str(zoe["dossier"])) == ["DossierOpened", "MessageQueued"]


async def test_posted_once_each_letter_has_its_proof_however_often_it_is_said(
    house: House, desk: Client, reactor: Reactor
) -> None:
    zoe, eric, ali = await three(desk, house)
    made = await desk.post("/mailings", {"letters": [zoe, eric, ali], "duplex": True})
    id = made.json()["id"]
    path, body = f"/mailings/{id}/posting", {"without": [eric]}
    first = await desk.post(path, body, key="p1")
    assert first.status_code == 201, first.text
    assert (await desk.post(path, body, key="p1")).json() == first.json()
    other = await desk.post(path, {}, key="p2")
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (409, "mailing-gone")
    for _ in range(2):
        await reactor.react(await house.log.page(0, 1000))
    for letter in (zoe, ali):
        assert await told(house, str(letter["dossier"])) == [
            "DossierOpened",
            "MessageQueued",
            "MessageSent",
            "ReceiptAcknowledged",
        ]
    assert await told(house, str(eric["dossier"])) == ["DossierOpened", "MessageQueued"]
    sent = (await house.desk.past(f"dossier.{ali['dossier']}"))[2].event
    assert isinstance(sent, MessageSent)
    assert (sent.message_id, sent.posted_on) == (f"{id}/1", datetime.now(UTC).date())
    assert "2 lettre(s)" in (sent.proof or "")
    assert (await desk.get(f"/mailings/{id}")).json()["posted"] is True
    without = await desk.post("/mailings", {"letters": [eric]})
    await desk.post(f"/mailings/{without.json()['id']}/posting", {})
    await reactor.react(await house.log.page(0, 1000))
    for paper in ("letters", "sheet"):
        nothing = await desk.get(f"/mailings/{id}/{paper}")
        assert nothing.status_code == 409


async def test_only_letters_that_wait_are_put_into_a_mailing(house: House, desk: Client) -> None:
    letter = await waiting(desk, house, "Zoé Adam", "77990 SAINTE-AURORE")
    for wrong, pointer in (
        ({"dossier": str(uuid4()), "message": 2}, "/letters/1"),
        ({**letter, "message": 1}, "/letters/1"),
        (letter, "/letters"),
    ):
        refused = await desk.post("/mailings", {"letters": [letter, wrong]})
        assert (refused.status_code, refused.json()["pointer"]) == (400, pointer), refused.text
    assert (await desk.post("/mailings", {"letters": []})).status_code == 400


async def test_a_letter_that_lacks_a_mention_is_not_printed(house: House, desk: Client) -> None:
    letter = await waiting(desk, house, "Zoé Adam", "77990 SAINTE-AURORE")
    made = await desk.post("/mailings", {"letters": [letter]})
    unnamed = house.catalogue.organisation.services["voirie"][:1]
    services = {**house.catalogue.organisation.services, "voirie": unnamed}
    house.catalogue.organisation = type(DESCRIBED)(
        poles=DESCRIBED.poles, services=services, town=DESCRIBED.town
    )
    refused = await desk.get(f"/mailings/{made.json()['id']}/letters")
    assert refused.status_code == 409
    assert "adresse postale du service" in refused.json()["detail"]


async def test_a_mailing_is_for_those_who_may_see_its_dossiers(
    house: House, desk: Client, as_role: As
) -> None:
    letter = await waiting(desk, house, "Zoé Adam", "77990 SAINTE-AURORE")
    id = (await desk.post("/mailings", {"letters": [letter]})).json()["id"]
    own, other = as_role("service_agent", "voirie"), as_role("service_agent", "proprete")
    for path in (f"/mailings/{id}", f"/mailings/{id}/letters"):
        assert (await own.get(path)).status_code == 200
        assert (await other.get(path)).status_code == 403
        assert (await as_role("caretaker").get(path)).status_code == 403
        assert (await desk.http.get(f"/api/v1{path}")).status_code == 401
    assert (await other.post(f"/mailings/{id}/posting", {})).status_code == 403
    assert (await other.post("/mailings", {"letters": [letter]})).status_code == 403
    nothing = await desk.get(f"/mailings/{uuid4()}")
    assert (nothing.status_code, nothing.json()["title"]) == (404, "Cet envoi n'existe pas.")
