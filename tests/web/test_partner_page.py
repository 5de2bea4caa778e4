"""The page of a link, for whoever comes: nothing to guess, nothing to load, nothing in a log."""

import re
from base64 import b64encode
from hashlib import sha256
from uuid import UUID

import httpx

from guichet.house import House
from guichet.tracking import Tracking
from guichet.web import partner
from tests.faults.real_town import real_town
from tests.running import within
from tests.web.conftest import Client
from tests.web.partners import FORWARDING, Page, Partner, answers_of, forwarded, names_nobody


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
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert len(Page(answer).all("h1")) == 1
        assert names_nobody(answer)
    assert await answers_of(house, id) == []


async def test_a_wrong_link_says_nothing(house: House, desk: Client) -> None:
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
