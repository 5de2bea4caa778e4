"""The link of the authority a request was forwarded to: what it shows, records and never shows."""

import asyncio
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from domain.forwarding import DossierForwarded, PartnerAnswered
from guichet.envelopes import at_once
from guichet.erasure import erase
from guichet.house import House
from guichet.tracking import Tracking
from guichet.web import partner
from tests.faults.real_town import real_town
from tests.running import within
from tests.web.conftest import As, Client

FORWARDING: dict[str, Any] = {
    "authority": "Conseil départemental",
    "reason": "La voie est départementale.",
    "told": "Votre demande est transmise.",
}
WHO = {
    "name": "Sigismonde Aubépin",
    "phone": "06 12 34 56 78",
    "email": "sigismonde@usagers.example",
    "address": "3 impasse du Lavoir",
}
SUMMARY = "Un trou <b>profond</b> & dangereux"
PERSONAL = (*WHO.values(), "profond", "rue du Foulon", "La voie est départementale.")


class Page(HTMLParser):
    """What a page is made of: elements with their attributes, and its words."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def key(self) -> str:
        [hidden] = [field for field in self.all("input") if field["name"] == "key"]
        return hidden["value"] or ""


class Partner:
    """Somebody who was sent a link."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.path = f"/partenaire/{token}"

    async def reads(self) -> httpx.Response:
        return await self.http.get(self.path)

    async def page(self) -> Page:
        answer = await self.reads()
        assert answer.status_code == 200, answer.text
        return Page(answer)

    async def answers(self, text: str, key: str) -> httpx.Response:
        return await self.http.post(self.path, data={"text": text, "key": key})


async def forwarded(desk: Client, house: House, **changes: Any) -> tuple[UUID, str]:
    """A dossier that was forwarded, and the token of its link."""
    opened = await desk.opened(summary=SUMMARY, place="12 rue du Foulon", usager=WHO)
    id = UUID(opened.json()["id"])
    return id, await again(desk, house, id, **changes)


async def again(desk: Client, house: House, id: UUID, **changes: Any) -> str:
    """The token of one more forwarding."""
    done = await desk.post(f"/dossiers/{id}/forwarding", {**FORWARDING, **changes}, match="*")
    assert done.status_code == 201, done.text
    past = await house.desk.past(f"dossier.{id}", upto_date=True)
    entry = [fact.version for fact in past if isinstance(fact.event, DossierForwarded)][-1]
    return Tracking(house.settings.master_key).partner(id, entry)


async def answers_of(house: House, id: UUID) -> list[str]:
    past = await house.desk.past(f"dossier.{id}", upto_date=True)
    return [fact.event.text for fact in past if isinstance(fact.event, PartnerAnswered)]


def names_nobody(answer: httpx.Response) -> bool:
    return not any(word in answer.text for word in PERSONAL)


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


async def test_what_is_no_form_is_a_page_too(house: House, desk: Client) -> None:
    id, token = await forwarded(desk, house)
    path, form = f"/partenaire/{token}", {"Content-Type": "application/x-www-form-urlencoded"}
    for content, headers, status in (
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"text=Oui&key=", form, 400),
        (b"text=Oui", form, 400),
        (b"text=%ff&key=" + b"k" * 20, form, 400),
        (b"\xff", form, 400),
        (b"a=1&" * 50, form, 400),
        (b"text=" + b"x" * 300_000, form, 413),
    ):
        answer = await desk.http.post(path, content=content, headers=headers)
        assert answer.status_code == status, (content[:20], answer.status_code)
        assert answer.headers["Content-Type"].startswith("text/html")
        assert len(Page(answer).all("h1")) == 1
        assert names_nobody(answer)
    assert await answers_of(house, id) == []


async def test_a_wrong_link_says_nothing(house: House, desk: Client, as_role: As) -> None:
    id, token = await forwarded(desk, house)
    dossier, entry, secret = token.split(".")
    of_another_town = Tracking(b"x" * 32).partner(id, int(entry))
    no_forwarding = Tracking(house.settings.master_key).partner(id, 1)
    beyond = Tracking(house.settings.master_key).partner(id, 9)
    wrong = [
        f"{dossier}.{entry}.{secret[:-1]}",
        f"{dossier}.{entry}.{secret}A",
        f"{dossier}.{int(entry) + 1}.{secret}",
        f"{dossier}.0{entry}.{secret}",
        f"{dossier.upper()}.{entry}.{secret}",
        of_another_town,
        no_forwarding,
        beyond,
        "x",
        "é.1.a",
    ]
    pages: set[str] = set()
    for token in wrong:
        for answer in (
            await Partner(desk.http, token).reads(),
            await Partner(desk.http, token).answers("Oui.", "k" * 22),
        ):
            assert answer.status_code == 404, (token, answer.text)
            pages.add(answer.text)
    assert len(pages) == 1, "every wrong link gets the same page"
    assert await answers_of(house, id) == []


async def test_who_guesses_is_stopped_and_who_knows_is_not(house: House, desk: Client) -> None:
    _, token = await forwarded(desk, house)
    guesses = [await Partner(desk.http, f"{n:032x}.2.{'a' * 22}").reads() for n in range(33)]
    statuses = [answer.status_code for answer in guesses]
    assert statuses == [404] * partner.WRONG_ALLOWED + [429] * 3
    assert guesses[-1].headers["Retry-After"] == "60"
    assert (await Partner(desk.http, token).reads()).status_code == 200


async def test_the_page_is_plain_html_that_loads_nothing(house: House, desk: Client) -> None:
    _, token = await forwarded(desk, house)
    answer = await Partner(desk.http, token).reads()
    page = Page(answer)
    policy = answer.headers["Content-Security-Policy"]
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "script" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert page.all("html") == [{"lang": "fr"}]
    assert len(page.all("h1")) == 1
    [label], [area] = page.all("label"), page.all("textarea")
    assert label["for"] == area["id"]
    assert "required" in area
    assert area["maxlength"] == "10000"
    for tag, attributes in page.elements:
        assert tag not in ("script", "img", "link", "iframe", "object"), tag
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
    assert "http" not in answer.text.replace("http-equiv", "")


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


async def test_words_and_edges_stand_out_by_day_and_by_night(house: House, desk: Client) -> None:
    _, token = await forwarded(desk, house)
    style = (await Partner(desk.http, token).reads()).text
    schemes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", scheme))
        for ink in ("ink", "soft", "accent", "error"):
            assert contrast(colours[ink], colours["paper"]) >= 4.5, (ink, colours)
        assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
        assert contrast(colours["edge"], colours["paper"]) >= 3


def test_no_log_line_holds_a_link() -> None:
    with real_town() as town:
        http = httpx.Client(base_url=town.url)
        token = {"Authorization": f"Bearer {town.token}"}
        request = {
            "procedure": "lampadaire-eteint",
            "channel": "counter",
            "summary": "Il fait noir",
        }
        opened = http.post(
            "/api/v1/dossiers", json=request, headers={**token, "Idempotency-Key": "1"}
        )
        id = opened.json()["id"]
        headers = {**token, "Idempotency-Key": "2", "If-Match": "*"}
        done = http.post(f"/api/v1/dossiers/{id}/forwarding", json=FORWARDING, headers=headers)
        assert done.status_code == 201, done.text
        link = Tracking(town.settings.master_key).partner(UUID(id), 2)
        path = f"/partenaire/{link}"
        shown = http.get(path)
        assert shown.status_code == 200, shown.text
        assert http.post(path, content=b"x").status_code == 415
        assert http.put(path).status_code == 405
        assert http.get(f"{path}/x").status_code == 404
        answer = {"text": "Jeudi.", "key": Page(shown).key}
        assert http.post(path, data=answer).status_code == 303
        wrong = link[:-1] + ("A" if link[-1] != "A" else "B")
        assert http.get(f"/partenaire/{wrong}").status_code == 404
        assert within(30, lambda: "Merci" in http.get(path).text)
        secret = link.rpartition(".")[2][:-1].encode()
        logs = [file for file in town.running.data.rglob("*.log*") if file.is_file()]
        assert any("web" in file.name for file in logs), logs
        assert not [file for file in logs if secret in file.read_bytes()]
