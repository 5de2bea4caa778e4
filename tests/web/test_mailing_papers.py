"""What is printed of a mailing: the letters that wait, in the order of the record; its sheet."""

import asyncio

import pytest

from domain.dossier_events import DossierOpened
from domain.telling import MessageQueued
from guichet.erasure import erase
from guichet.house import House
from tests.letters.reading import texts
from tests.outbox.conftest import DESCRIBED
from tests.web.conftest import Client
from tests.web.letters import printed, waiting


@pytest.fixture(autouse=True)
def described(house: House) -> None:
    house.catalogue.organisation = DESCRIBED


async def test_what_is_printed_lies_in_the_order_of_the_record(desk: Client) -> None:
    far = await waiting(desk, "Abel Roy", "2 rue Haute, 95000 CERGY")
    gone = await waiting(desk, "Basile Gone")
    near = await waiting(desk, "Édith Aubépin")
    id = await printed(desk, far, gone, near, duplex=True)
    withdrawal = {"message": gone["message"], "reason": "Venu au guichet"}
    path = f"/dossiers/{gone['dossier']}/message-withdrawal"
    assert (await desk.post(path, withdrawal, match="*")).status_code == 201
    answer = await desk.get(f"/mailings/{id}/letters.pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'inline; filename="envoi-{id}.pdf"'
    pages = texts(answer.content)
    places = [
        [number for number, page in enumerate(pages) if name in page]
        for name in ("Édith Aubépin", "Basile Gone", "Abel Roy")
    ]
    assert places[1] == []
    assert places[0][0] < places[2][0]
    assert all(found[0] % 2 == 0 for found in (places[0], places[2]))  # on the front of a sheet
    assert (await desk.post(f"/mailings/{id}/posting", {})).status_code == 201
    assert (await desk.get(f"/mailings/{id}/letters.pdf")).json()["type"] == (
        "/problems/mailing-gone"
    )


async def test_the_letter_that_lacks_a_mention_is_named(desk: Client) -> None:
    letters = [await waiting(desk, f"Usager {number}") for number in range(5)]
    id = await printed(desk, *letters)
    lacking = letters[3]["dossier"]
    moved = {"service": "proprete", "reason": "Déchets"}
    assert (await desk.post(f"/dossiers/{lacking}/assignment", moved, match="*")).status_code == 201
    answer = await desk.get(f"/mailings/{id}/letters.pdf")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/letter-not-made")
    assert answer.json()["dossier"] == lacking
    assert answer.json()["message"] == letters[3]["message"]
    assert answer.json()["mention"] == "l'adresse postale du service chargé du dossier"
    assert "R112-5" in answer.json()["detail"]


async def test_a_mailing_of_which_nothing_waits_has_nothing_to_print(desk: Client) -> None:
    letter = await waiting(desk)
    id = await printed(desk, letter)
    path = f"/dossiers/{letter['dossier']}/acknowledgement"
    assert (await desk.post(path, {"means": "counter"}, match="*")).status_code == 201
    answer = await desk.get(f"/mailings/{id}/letters.pdf")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nothing-to-print")


async def test_whoever_was_erased_has_no_letter_in_the_bag(house: House, desk: Client) -> None:
    letter = await waiting(desk, "Édith Aubépin")
    id = await printed(desk, letter)
    [fact] = (await house.desk.past(f"dossier.{letter['dossier']}"))[:1]
    await erase(house, fact.event.usager.id, "RGPD art. 17")
    async with asyncio.timeout(60):  # until this process too has heard that the key is gone
        while (answer := await desk.get(f"/mailings/{id}/letters.pdf")).status_code == 200:
            assert "Aubépin" in texts(answer.content)[0]
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/letter-not-made")
    assert answer.json()["dossier"] == letter["dossier"]


async def test_the_sheet_lists_what_is_in_the_bag(desk: Client) -> None:
    far = await waiting(desk, "Zoé Adam", "2 rue Haute, 77990 SAINTE-AURORE")
    near = await waiting(desk, "Ali Cherif", "3 quai Bas, 13001 MARSEILLE")
    id = (await desk.post("/mailings", {"letters": [far, near]})).json()["id"]
    sheet = await desk.get(f"/mailings/{id}/sheet.pdf")
    assert sheet.status_code == 200, sheet.text
    [listed] = texts(sheet.content)
    assert listed.index("Ali Cherif") < listed.index("Zoé Adam")
    assert (await desk.post(f"/mailings/{id}/posting", {})).status_code == 201
    assert (await desk.get(f"/mailings/{id}/sheet.pdf")).status_code == 409


async def test_what_was_posted_is_not_printed_again_while_proofs_are_recorded(
    house: House, desk: Client
) -> None:
    letter = await waiting(desk)
    id = await printed(desk, letter)
    assert (await desk.post(f"/mailings/{id}/posting", {})).status_code == 201
    past = await house.desk.past(f"dossier.{letter['dossier']}")
    assert [type(fact.event) for fact in past] == [DossierOpened, MessageQueued]
    for paper in ("letters", "sheet"):
        gone = await desk.get(f"/mailings/{id}/{paper}.pdf")
        assert (gone.status_code, gone.json()["type"]) == (409, "/problems/mailing-gone")


async def test_two_letters_to_one_person_lie_as_they_are_recorded(desk: Client) -> None:
    one, other = [await waiting(desk) for _ in "12"]
    order = {
        "text": "La lampe a été changée.",
        "signatory": {"name": "Anne Roy", "quality": "Cheffe de service"},
        "means": "letter",
        "outcome": "done",
        "reason": "Réparé",
    }
    queued = await desk.post(f"/dossiers/{one['dossier']}/answer-order", order, match="*")
    answer = {**one, "message": queued.json()["version"]}
    id = await printed(desk, one, other, answer)
    recorded = (await desk.get(f"/mailings/{id}")).json()["letters"]
    pages = texts((await desk.get(f"/mailings/{id}/letters.pdf")).content)
    shown = [
        letter["dossier"]
        for page in pages
        for letter in (one, other)
        if letter["dossier"][-8:].upper() in page
    ]
    turns = [id for at, id in enumerate(shown) if at == 0 or shown[at - 1] != id]
    expected = [letter["dossier"] for letter in recorded]
    assert turns == [id for at, id in enumerate(expected) if at == 0 or expected[at - 1] != id]
