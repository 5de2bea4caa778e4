"""The link of the authority a request was forwarded to: what it shows, records and never shows."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.forwarding import DossierForwarded
from guichet.envelopes import at_once
from guichet.erasure import erase
from guichet.house import House
from guichet.tracking import Tracking
from tests.web.conftest import Client
from tests.web.partners import (
    PERSONAL,
    SUMMARY,
    WHO,
    Page,
    Partner,
    again,
    answers_of,
    forwarded,
    names_nobody,
)


async def test_the_partner_reads_the_request_and_answers_once(house: House, desk: Client) -> None:
    id, token = await forwarded(desk, house)
    somebody = Partner(desk.http, token)
    page = await somebody.page()
    for word in (*PERSONAL[:4], SUMMARY, *PERSONAL[5:], "Conseil départemental", "Lampadaire"):
        assert word in page.words, word
    assert f"-{id.hex[-8:].upper()}" in page.words
    done = await somebody.answers("  Nous passons\r\njeudi.\r\n", page.key)
    assert (done.status_code, done.headers["Location"]) == (303, somebody.path)
    after = await somebody.reads()
    assert after.status_code == 200
    assert "Merci, votre réponse est enregistrée" in after.text
    assert names_nobody(after)
    assert not Page(after).all("form")
    assert await answers_of(house, id) == ["Nous passons\njeudi."]
    fact = (await house.desk.past(f"dossier.{id}"))[-1]
    assert (fact.author.role, fact.author.account) == ("system", "partner")


async def test_the_same_page_sent_twice_is_one_answer(house: House, desk: Client) -> None:
    id, token = await forwarded(desk, house)
    somebody = Partner(desk.http, token)
    first, other = await somebody.page(), await somebody.page()
    assert first.key != other.key
    for _ in range(2):
        assert (await somebody.answers("Jeudi.", first.key)).status_code == 303
    assert (await somebody.answers("Vendredi.", first.key)).status_code == 303
    refused = await somebody.answers("Vendredi.", other.key)
    assert (refused.status_code, names_nobody(refused)) == (409, True)
    assert await answers_of(house, id) == ["Jeudi."]


async def test_two_who_share_a_link_answer_once(house: House, desk: Client) -> None:
    id, token = await forwarded(desk, house)
    somebody = Partner(desk.http, token)
    keys = [(await somebody.page()).key for _ in range(4)]
    tried = [somebody.answers(f"Jour {number}.", key) for number, key in enumerate(keys)]
    statuses = [answer.status_code for answer in await asyncio.gather(*tried)]
    assert sorted(statuses) == [303, 409, 409, 409]
    assert await answers_of(house, id) == [f"Jour {statuses.index(303)}."]


async def test_an_agent_who_has_not_read_the_answer_is_told(house: House, desk: Client) -> None:
    id, token = await forwarded(desk, house)
    version = (await house.desk.past(f"dossier.{id}", upto_date=True))[-1].version
    seen = f'"{id}.{version}"'
    somebody = Partner(desk.http, token)
    await somebody.answers("Jeudi.", (await somebody.page()).key)
    late = await desk.post(f"/dossiers/{id}/note", {"text": "Rien de neuf"}, match=seen)
    assert (late.status_code, late.json()["changes"][0]["type"]) == (412, "PartnerAnswered")


async def test_a_former_link_serves_no_longer(house: House, desk: Client) -> None:
    id, former = await forwarded(desk, house)
    page = await Partner(desk.http, former).page()
    latest = await again(desk, house, id, authority="Région")
    for answer in (
        await Partner(desk.http, former).reads(),
        await Partner(desk.http, former).answers("Trop tard.", page.key),
    ):
        assert answer.status_code in (409, 410)
        assert "transmise une nouvelle fois" in answer.text
        assert names_nobody(answer)
    assert await answers_of(house, id) == []
    somebody = Partner(desk.http, latest)
    assert (await somebody.answers("Oui.", (await somebody.page()).key)).status_code == 303
    assert await answers_of(house, id) == ["Oui."]


@pytest.mark.parametrize(
    ("command", "body", "status", "said"),
    [
        ("partner-answer", {"text": "Par téléphone : jeudi."}, 200, "déjà enregistrée"),
        ("hand-over", {}, 410, "Aucune réponse n’est plus attendue"),
    ],
)
async def test_what_the_town_heard_otherwise_ends_the_link(
    house: House, desk: Client, command: str, body: Any, status: int, said: str
) -> None:
    id, token = await forwarded(desk, house)
    done = await desk.post(f"/dossiers/{id}/{command}", body, match="*")
    assert done.status_code == 201, done.text
    answer = await Partner(desk.http, token).reads()
    assert (answer.status_code, said in answer.text, names_nobody(answer)) == (status, True, True)


async def test_a_link_of_more_than_a_year_is_dead(house: House, desk: Client) -> None:
    for days, status in ((360, 200), (370, 410)):
        id = UUID((await desk.opened(summary=SUMMARY, usager=WHO)).json()["id"])
        [opening] = await house.desk.past(f"dossier.{id}", upto_date=True)
        event = DossierForwarded(authority="Région", reason="La voie est départementale.")
        then = at_once(datetime.now(UTC) - timedelta(days=days))
        fact = replace(opening, version=2, event=event, times=then, command_id=f"old {days}")
        await house.desk.record([fact])
        token = Tracking(house.settings.master_key).partner(id, 2)
        answer = await Partner(desk.http, token).reads()
        assert answer.status_code == status, answer.text
        assert names_nobody(answer) == (status == 410)


async def test_what_was_erased_is_not_shown(house: House, desk: Client) -> None:
    id, token = await forwarded(desk, house)
    person = (await desk.get(f"/dossiers/{id}?as_of=999999999")).json()["usager_id"]
    await erase(house, UUID(person), "RGPD art. 17")
    answer = await Partner(desk.http, token).reads()
    assert (answer.status_code, names_nobody(answer)) == (200, True)
    assert "[effacé]" not in answer.text


@pytest.mark.parametrize("text", ["", "  \r\n ", "\u200b", "x" * 10_001, "a\0b"])
async def test_an_answer_that_says_nothing_comes_back_with_its_page(
    house: House, desk: Client, text: str
) -> None:
    id, token = await forwarded(desk, house)
    somebody = Partner(desk.http, token)
    answer = await somebody.answers(text, (await somebody.page()).key)
    page = Page(answer)
    assert answer.status_code == 400
    [area] = page.all("textarea")
    assert area["aria-invalid"] == "true"
    assert "error" in (area["aria-describedby"] or "").split()
    assert await answers_of(house, id) == []
    again = await somebody.answers("é" * 10_000, page.key)
    assert again.status_code == 303
    assert await answers_of(house, id) == ["é" * 10_000]
