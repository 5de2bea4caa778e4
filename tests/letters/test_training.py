"""Letters of a town that only exercises: nobody can take one for a real one."""

from typing import Any

import msgspec
import pikepdf
import pytest

from guichet.letters.content import Addressee
from guichet.letters.mail import Mailer
from guichet.letters.press import Press
from tests.letters.reading import opened, signs, texts
from tests.letters.samples import ADDRESSEE, ANSWER, MAILED, PAPER, REFUSABLE, SHEETS
from tests.letters.test_mail import parts, sent

SAID = {
    "fr": "EXERCICE – SANS VALEUR",
    "en": "EXERCISE – WITHOUT VALUE",
    "ar": "تمرين – بدون قيمة",
}
LONG = "Une phrase de la réponse, pour qu'elle tienne sur trois pages.\n" * 90


def exercise(letter: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(letter, training=True, **fields)


def test_every_page_says_so_and_a_screen_reader_hears_it_once(press: Press) -> None:
    pdf = press.printed(exercise(ANSWER, text=LONG))
    pages = texts(pdf)
    assert len(pages) > 2
    assert [page.count(SAID["fr"]) for page in pages] == [2, *[1] * (len(pages) - 1)]
    with opened(pdf) as document:
        assert heard(document) == [1, *[0] * (len(pages) - 1)]


def heard(document: pikepdf.Pdf) -> list[int]:
    """How many tagged pieces of each page, which a screen reader reads, are in the red that only
    exercises have; the bands, which it skips, are red too and stand on every page."""
    tagged: list[int] = []
    for page in document.pages:
        inside, red = [""], False
        pieces: set[str] = set()
        bands = 0
        for instruction in pikepdf.parse_content_stream(page):
            given: list[Any] = list(instruction.operands)
            match str(instruction.operator):
                case "BDC" | "BMC":
                    inside.append(str(given[0]) if len(given) == 1 else str(given[1]))
                case "EMC":
                    inside.pop()
                case "scn" | "rg":
                    red = [round(float(part), 2) for part in given] == [0.63, 0.06, 0.06]
                case "Tj" | "TJ" if red and "MCID" in inside[-1]:
                    pieces.add(inside[-1])
                case "Tj" | "TJ" if red:
                    bands += 1
                case _:
                    pass
        assert bands > 0
        tagged.append(len(pieces))
    return tagged


@pytest.mark.parametrize("letter", PAPER, ids=lambda letter: letter.kind)
@pytest.mark.parametrize("language", SAID)
def test_every_paper_says_so(press: Press, letter: Any, language: str) -> None:
    text = " ".join(texts(press.printed(exercise(letter, language=language))))
    words = SAID[language].split()
    assert all(word in text for word in words)
    assert "SANS VALEUR" not in " ".join(texts(press.printed(letter)))


@pytest.mark.parametrize("letter", SHEETS, ids=lambda letter: letter.kind)
@pytest.mark.parametrize("addressee", [ADDRESSEE, Addressee("M" * 38, ("W" * 38,) * 5)])
def test_the_window_of_the_envelope_shows_nothing_of_it(
    press: Press, letter: Any, addressee: Addressee
) -> None:
    behind = [
        sign.text
        for sign in signs(press.printed(exercise(letter, addressee=addressee)))
        if sign.right > 90 and sign.left < 200 and sign.bottom > 34 and sign.top < 90
    ]
    shown = "".join((addressee.name, *addressee.address)).replace(" ", "")
    assert sorted(behind) == sorted(shown)


@pytest.mark.parametrize("letter", MAILED, ids=lambda letter: letter.kind)
@pytest.mark.parametrize("language", SAID)
def test_an_email_says_so_in_its_subject_and_first(
    mailer: Mailer, letter: Any, language: str
) -> None:
    message = sent(mailer, exercise(letter, language=language))
    assert str(message["Subject"]).startswith(SAID[language])
    text, html = parts(message)
    assert SAID[language] in text.splitlines()[0]
    body = html[html.index("<p") :]
    assert SAID[language] in body[: body.index("</p>")]


@pytest.mark.parametrize(("letter", "field"), [(ANSWER, "text"), (REFUSABLE, "summary")])
def test_a_list_may_go_on_over_the_page(press: Press, letter: Any, field: str) -> None:
    over = 0
    for count in range(8, 24):
        pages = texts(press.printed(exercise(letter, **{field: "ligne\n" * count})))
        before, after = "devant le maire", "devant le tribunal"
        over += any(before in page and after not in page for page in pages[:-1])
    assert over > 0
