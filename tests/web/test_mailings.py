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


async def test_the_letter_that_lacks_a_mention_is_named(house: House, desk: Client) -> None:
    letters = [*await three(desk, house), *await three(desk, house)]
    id = (await desk.post("/mailings", {"letters": letters})).json()["id"]
    lacking = letters[4]
    moved = {"service": "proprete", "reason": "Déchets"}
    path = f"/dossiers/{lacking['dossier']}/assignment"
    assert (await desk.post(path, moved, match="*")).status_code == 201
    refused = (await desk.get(f"/mailings/{id}/letters")).json()
    assert (refused["type"], refused["status"]) == ("/problems/paper-unmade", 409)
    assert {"dossier": refused["dossier"], "message": refused["message"]} == lacking
    assert refused["mention"] == "l'adresse postale du service chargé du dossier"


async def test_without_an_address_there_is_no_letter(desk: Client) -> None:
    id = (await desk.opened(usager={"name": "Zoé Adam"})).json()["id"]
    order = f"/dossiers/{id}/acknowledgement-order"
    queued = await desk.post(order, {"means": "letter"}, match="*")
    letter = {"dossier": id, "message": queued.json()["version"]}
    refused = await desk.post("/mailings", {"letters": [letter]})
    assert (refused.status_code, refused.json()["dossier"]) == (409, id)
    assert "adresse postale" in refused.json()["detail"]


async def test_what_was_posted_is_not_printed_again_while_proofs_are_recorded(
    house: House, desk: Client
) -> None:
    letter = await waiting(desk, house, "Zoé Adam", "77990 SAINTE-AURORE")
    id = (await desk.post("/mailings", {"letters": [letter]})).json()["id"]
    assert (await desk.post(f"/mailings/{id}/posting", {})).status_code == 201
    assert await told(house, letter["dossier"]) == ["DossierOpened", "MessageQueued"]
    for paper in ("letters", "sheet"):
        gone = await desk.get(f"/mailings/{id}/{paper}")
        assert (gone.status_code, gone.json()["type"]) == (409, "/problems/mailing-gone")


async def test_two_letters_to_one_person_keep_their_places(house: House, desk: Client) -> None:
    one, other = [await waiting(desk, house, "Zoé Adam", "77990 SAINTE-AURORE") for _ in "12"]
    order = {
        "text": "La lampe a été changée.",
        "signatory": {"name": "Anne Roy", "quality": "Cheffe de service"},
        "means": "letter",
        "outcome": "done",
        "reason": "Réparé",
    }
    path = f"/dossiers/{one['dossier']}/answer-order"
    queued = await desk.post(path, order, match="*")
    assert queued.status_code == 201, queued.text
    answer = {**one, "message": queued.json()["version"]}
    given = [one, other, answer]
    id = (await desk.post("/mailings", {"letters": given})).json()["id"]
    assert (await desk.get(f"/mailings/{id}")).json()["letters"] == given
    pages = texts((await desk.get(f"/mailings/{id}/letters")).content)
    references = [letter["dossier"][-8:].upper() for letter in (one, other)]
    firsts = [name for page in pages for name in references if name in page]
    once = [name for at, name in enumerate(firsts) if at == 0 or firsts[at - 1] != name]
    assert once == [references[0], references[1], references[0]]
