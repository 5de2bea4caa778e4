"""Papers at the counter: the ticket, a letter before it leaves, an attestation."""

from io import BytesIO
from uuid import UUID

import pikepdf
import pytest

from domain.grammar import Author
from domain.sending import PrepareAcknowledgement
from guichet.envelopes import Hand
from guichet.house import House
from guichet.tracking import Tracking, printed
from tests.letters.reading import texts
from tests.outbox.conftest import DESCRIBED
from tests.web.conftest import As, Client

USAGER = {"name": "Léa Martin", "email": "lea@usagers.example", "address": "1 rue Haute"}
MILLIMETRES = 72 / 25.4


@pytest.fixture
def described(house: House) -> None:
    house.catalogue.organisation = DESCRIBED


@pytest.mark.usefixtures("described")
async def test_a_ticket_is_printed_for_whoever_may_see_the_dossier(
    house: House, desk: Client, as_role: As
) -> None:
    id = (await desk.opened(usager=USAGER)).json()["id"]
    paper = await desk.get(f"/dossiers/{id}/ticket")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.headers["cache-control"] == "no-store"
    assert id[-8:].upper() in paper.headers["content-disposition"]
    [text] = texts(paper.content)
    assert printed(Tracking(house.settings.master_key).code(UUID(id))) in text
    assert "Voirie" in text
    assert "Martin" not in text
    with pikepdf.open(BytesIO(paper.content)) as pdf:
        width = float(pdf.pages[0].mediabox[2])
        assert abs(width - 80 * MILLIMETRES) < 1
    assert (await as_role("caretaker").get(f"/dossiers/{id}/ticket")).status_code == 403
    other = as_role("service_agent", "proprete")
    assert (await other.get(f"/dossiers/{id}/ticket")).status_code == 403
    assert (await desk.http.get(f"/api/v1/dossiers/{id}/ticket")).status_code == 401
    assert (await desk.get(f"/dossiers/{UUID(int=7)}/ticket")).status_code == 404


async def test_a_town_nobody_described_has_no_papers(desk: Client) -> None:
    id = (await desk.opened(usager=USAGER)).json()["id"]
    refused = await desk.get(f"/dossiers/{id}/ticket")
    assert refused.status_code == 409
    assert "[town]" in refused.json()["detail"]


@pytest.mark.usefixtures("described")
async def test_a_message_is_seen_before_it_leaves(house: House, desk: Client) -> None:
    id = (await desk.opened(usager=USAGER)).json()["id"]
    hand = Hand(author=Author(role="system", account="reactor"), command_id=id, digest="d")
    await house.desk.handle(UUID(id), PrepareAcknowledgement(), hand, expected=None)
    paper = await desk.get(f"/dossiers/{id}/messages/2/letter")
    assert paper.status_code == 200
    [text] = texts(paper.content)
    assert "Accusé de réception" in text
    assert "Léa Martin" in text
    nothing = await desk.get(f"/dossiers/{id}/messages/1/letter")
    assert (nothing.status_code, nothing.json()["type"].rpartition("/")[2]) == (
        409,
        "no-such-message",
    )


@pytest.mark.usefixtures("described")
async def test_nothing_is_attested_that_silence_did_not_accept(desk: Client) -> None:
    id = (await desk.opened(usager=USAGER)).json()["id"]
    body = {"signatory": {"name": "Anne Roy", "quality": "Cheffe de service"}}
    refused = await desk.post(f"/dossiers/{id}/attestation", body, match="*")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (
        409,
        "not-accepted",
    )
    assert (await desk.get(f"/dossiers/{id}/attestation")).status_code == 409
