"""Papers from the counter: the ticket, and a letter as it would be printed before it leaves."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import httpx
import pytest

from domain.dossier_events import SilenceTookEffect
from domain.grammar import Author
from domain.message import hash_of
from guichet.envelopes import Hand, at_once, wrapped
from guichet.house import House
from guichet.tracking import Tracking, printed
from tests.letters.reading import codes, size, texts
from tests.outbox.conftest import DESCRIBED
from tests.web.conftest import As, Client
from tests.web.letters import waiting


@pytest.fixture(autouse=True)
def described(house: House) -> None:
    house.catalogue.organisation = DESCRIBED


async def test_a_ticket_is_printed_with_its_code_and_names_nobody(
    house: House, desk: Client
) -> None:
    made = (await desk.opened(usager={"name": "Sigismonde Aubépin"})).json()
    answer = await desk.get(f"/dossiers/{made['id']}/ticket.pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    reference = f"-{made['id'][-8:].upper()}"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('inline; filename="')
    assert disposition.endswith(f'{reference}.pdf"')
    [page] = texts(answer.content)
    code = Tracking(house.settings.master_key).code(UUID(made["id"]))
    assert printed(code) in page
    assert reference in page
    assert "Aubépin" not in page
    assert round(size(answer.content)[0]) == 80
    [url] = codes(answer.content, 300)
    assert url == f"https://guichet.ville.example/suivi/{code}"
    [entry] = await house.log.read(f"dossier.{made['id']}")
    digest = hash_of(house.settings.town, entry).hex()
    assert digest in page.replace(" ", "")


async def test_a_letter_is_read_before_it_leaves(desk: Client) -> None:
    letter = await waiting(desk, "Édith Aubépin")
    path = f"/dossiers/{letter['dossier']}/messages/{letter['message']}/letter.pdf"
    answer = await desk.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    page = texts(answer.content)[0]
    assert "Édith Aubépin" in page
    assert "14 rue des Tilleuls" in page
    for number in (1, 9):
        away = await desk.get(f"/dossiers/{letter['dossier']}/messages/{number}/letter.pdf")
        assert (away.status_code, away.json()["type"]) == (404, "/problems/no-such-message")


async def test_what_cannot_be_written_is_one_sentence(house: House, desk: Client) -> None:
    letter = await waiting(desk)
    moved = {"service": "proprete", "reason": "Déchets"}
    dossier = f"/dossiers/{letter['dossier']}"
    assert (await desk.post(f"{dossier}/assignment", moved, match="*")).status_code == 201
    path = f"{dossier}/messages/{letter['message']}/letter.pdf"
    answer = await desk.get(path)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/letter-not-made")
    assert answer.json()["mention"] == "l'adresse postale du service chargé du dossier"
    assert answer.json()["dossier"] == letter["dossier"]
    house.catalogue.organisation = type(DESCRIBED)()
    for wanted in (path, f"{dossier}/ticket.pdf"):
        answer = await desk.get(wanted)
        assert answer.status_code == 409, answer.text
        assert "[town]" in answer.json()["detail"]


async def test_papers_are_for_those_who_may_read_the_dossier(
    http: httpx.AsyncClient, desk: Client, as_role: As
) -> None:
    letter = await waiting(desk)
    papers = [
        f"/dossiers/{letter['dossier']}/ticket.pdf",
        f"/dossiers/{letter['dossier']}/messages/{letter['message']}/letter.pdf",
    ]
    agent, elsewhere = (as_role("service_agent", name) for name in ("voirie", "proprete"))
    for path in papers:
        assert (await Client(http, "x").get(path)).status_code == 401
        for who in (elsewhere, as_role("evaluator"), as_role("caretaker")):
            assert (await who.get(path)).status_code == 403
        assert (await agent.get(path)).status_code == 200
        assert (await desk.get(path.replace(letter["dossier"], str(uuid4())))).status_code == 404
        assert (await desk.get(path.replace(letter["dossier"], "x"))).status_code == 404
    caretaker = as_role("caretaker")
    own = (await caretaker.opened()).json()["id"]
    assert (await caretaker.get(f"/dossiers/{own}/ticket.pdf")).status_code == 200


async def test_nothing_is_attested_that_silence_did_not_accept(desk: Client) -> None:
    id = (await desk.opened()).json()["id"]
    body = {"signatory": {"name": "Anne Roy", "quality": "Cheffe de service"}}
    refused = await desk.post(f"/dossiers/{id}/attestation", body, match="*")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "not-accepted")
    assert (await desk.get(f"/dossiers/{id}/attestation.pdf")).status_code == 409


async def test_what_silence_accepted_is_attested(house: House, desk: Client) -> None:
    id = (await desk.opened(usager={"name": "Léa Martin"})).json()["id"]
    hand = Hand(author=Author(role="system", account="reminders"), command_id="s", digest="d")
    silence = SilenceTookEffect(effect="acceptance", on=date(2026, 5, 3), source="CRPA L231-1")
    past = await house.desk.past(f"dossier.{id}")
    facts = wrapped(f"dossier.{id}", 1, [silence], hand, at_once(datetime.now(UTC)), past[0].key)
    await house.desk.record(facts)
    body = {"signatory": {"name": "Anne Roy", "quality": "Cheffe de service"}}
    issued = await desk.post(f"/dossiers/{id}/attestation", body, match="*")
    assert issued.status_code == 201, issued.text
    paper = await desk.get(f"/dossiers/{id}/attestation.pdf")
    assert paper.status_code == 200, paper.text
    [text] = texts(paper.content)
    for said in ("dimanche 3 mai 2026", "L231-1", "Léa Martin", "Anne Roy", "L232-3"):
        assert said in text
