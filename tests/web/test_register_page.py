"""The page of the mail register: only its own files, and every field named and seen."""

import re
from urllib.parse import urljoin, urlsplit

from guichet.web import register
from tests.web.conftest import Client
from tests.web.partners import Page
from tests.web.test_partner_page import contrast

FIELDS = [
    *("arrival", "postmark", "procedure", "sender", "address", "signatories", "registered"),
    *("pieces", "service", "summary", "email", "phone"),
]
"""The order in which a letter is entered."""


async def test_the_page_and_its_files_are_served_as_what_they_are(desk: Client) -> None:
    page = await desk.http.get("/courrier")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    kinds = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
    assert {"register.css", "register.js", "register_entry.js"} <= set(register.FILES)
    answers = [page]
    for name in register.FILES:
        answer = await desk.http.get(f"/courrier/{name}")
        kind = kinds[name.rpartition(".")[2]]
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
        answers.append(answer)
    for answer in answers:
        parts = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
        policy = {name: sources for name, *sources in parts}
        assert policy["default-src"] == ["'none'"]
        for own in ("script-src", "style-src", "connect-src"):
            assert policy[own] == ["'self'"]
        for nothing in ("form-action", "base-uri", "frame-ancestors"):
            assert policy[nothing] == ["'none'"]
        assert "unsafe" not in str(policy)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_nothing_but_its_files_lies_at_its_address(desk: Client) -> None:
    for name in ("partner.css", "register.html", "register.py", "..%2Fregister.py", "x", "é.js"):
        answer = await desk.http.get(f"/courrier/{name}")
        assert answer.status_code == 404, name


async def test_every_field_has_a_label_and_comes_in_its_order(desk: Client) -> None:
    page = Page(await desk.http.get("/courrier"))
    assert page.all("html") == [{"lang": "fr"}]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = [label["for"] for label in page.all("label")]
    entered = [
        attributes for tag, attributes in page.elements if tag in ("input", "textarea", "select")
    ]
    assert sorted(str(field["id"]) for field in entered) == sorted(map(str, labelled))
    assert [field["name"] for field in entered if "name" in field] == FIELDS
    for _, attributes in page.elements:
        for link in ("aria-describedby", "aria-controls", "aria-labelledby"):
            assert attributes.get(link, ids[0]) in ids, attributes
        assert "tabindex" not in attributes or attributes["tabindex"] == "0"
    combos = [field for field in entered if field.get("role") == "combobox"]
    assert [field["id"] for field in combos] == ["procedure", "service"]
    assert all(field["aria-autocomplete"] == "list" for field in combos)
    [status] = [attributes for _, attributes in page.elements if attributes.get("id") == "status"]
    assert status["aria-live"] == "polite"


async def test_everything_it_loads_is_its_own(desk: Client) -> None:
    page = Page(await desk.http.get("/courrier"))
    for tag, attributes in page.elements:
        assert tag not in ("style", "iframe", "object", "base", "img"), tag
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    assert all("src" in attributes for attributes in page.all("script"))
    met = [str(one["src"]) for one in page.all("script")]
    met += [str(one["href"]) for one in page.all("link")]
    for address in met:  # grows as modules import others
        path = urlsplit(address)
        assert (path.scheme, path.netloc) == ("", ""), address
        answer = await desk.http.get(address)
        assert answer.status_code == 200, address
        for imported in re.findall(r'^\} from "(.*)";|^import .* from "(.*)";', answer.text, re.M):
            other = urljoin(address, "".join(imported))
            met += [] if other in met else [other]
    assert {address.rpartition("/")[2] for address in met} == set(register.FILES)
    for name in register.FILES:
        for never in ("http:", "https:", "//cdn", "innerHTML", "localStorage", "eval(", "url("):
            assert never not in register.FILES[name].decode(), (name, never)


def test_words_and_edges_stand_out_by_day_and_by_night() -> None:
    schemes = re.findall(r":root \{(.*?)\}", register.FILES["register.css"].decode(), re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", scheme))
        for ink in ("ink", "soft", "accent", "error"):
            assert contrast(colours[ink], colours["paper"]) >= 4.5, (ink, colours)
        for ink in ("soft", "accent"):
            assert contrast(colours[ink], colours["back"]) >= 4.5, (ink, colours)
        for ink in ("ink", "soft"):
            assert contrast(colours[ink], colours["mark"]) >= 4.5, (ink, colours)
        assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
        assert contrast(colours["edge"], colours["paper"]) >= 3
