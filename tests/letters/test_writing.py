"""What people write, on paper: always text, always on the page, and never what stops a letter."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guichet.letters.content import Addressee
from guichet.letters.press import Press
from tests.letters.reading import plain, signs, texts
from tests.letters.samples import ACCEPTABLE, ANSWER, REFUSABLE
from tests.letters.test_paper import changed, in_order


@pytest.mark.parametrize(
    "text",
    [
        "#panic() #[x] #sys.inputs",
        "$x^2$ \\ \\# \\u{41} \\n",
        "*pas gras* _pas penché_ `code` // pas un commentaire /* ni ici */",
        "= Pas un titre",
        "<label> @reference -- --- ... ~ « »",
        "{received_on} {0} {{ url }} {% raw %} \"guillemets\" 'apostrophes'",
        "<script>alert(1)</script> & &amp;",
        "Ελληνικά, русский, Œuvre, 1 000 €",
    ],
)
def test_what_people_write_is_text_and_nothing_else(press: Press, text: str) -> None:
    for letter in (changed(REFUSABLE, summary=text), changed(ANSWER, text=text)):
        assert plain(text) in " ".join(texts(press.printed(letter)))


def test_signs_that_cannot_be_drawn_are_marked_and_controls_vanish(press: Press) -> None:
    summary = "avant\x00\x07\x1b[31m 👩🏽‍🚒 ❤️ 日本 \ue000 \ufeff\u202eàprès\nfin"
    (text,) = texts(press.printed(changed(REFUSABLE, summary=summary)))
    assert "avant[31m \ufffd \ufffd \ufffd\ufffd \ufffd àprès fin" in text


def test_a_letter_in_arabic_reads_as_one(press: Press) -> None:
    pdf = press.printed(changed(ACCEPTABLE, language="ar"))
    (text,) = texts(pdf)
    assert in_order(
        text, "المصلحة المكلفة بملفكم", "المرجع 2026-004217", "سيدتي، سيدي،", "صفحة 1 من 1"
    )
    # A number among Arabic words is still written from the left.
    heights = {round(sign.bottom) for sign in signs(pdf)}
    lines = {
        "".join(
            s.text for s in sorted(signs(pdf), key=lambda s: s.left) if round(s.bottom) == height
        )
        for height in heights
    }
    assert any("0199001234" in line for line in lines)


def test_arabic_is_printed_from_right_to_left_in_any_letter(press: Press) -> None:
    pdf = press.printed(changed(REFUSABLE, summary="مرحبا بكم abc 123"))
    (text,) = texts(pdf)
    assert "مرحبا" in text
    first = next(sign for sign in signs(pdf) if sign.text == "م")
    line = {sign.text: sign.left for sign in signs(pdf) if abs(sign.bottom - first.bottom) < 3}
    assert line["ر"] > line["ح"] > line["ك"]
    assert line["a"] < line["b"] < line["c"]


def test_ten_thousand_characters_stay_on_the_page(press: Press) -> None:
    for text in ("mot à mot " * 1000, "a" * 10_000, "ligne\n" * 1_667):
        pdf = press.printed(changed(REFUSABLE, summary=text))
        pages = texts(pdf)
        assert len(pages) > 1
        assert pages[0].endswith(f"page 1 sur {len(pages)}")
        assert sum(page.count(text[:3]) for page in pages) >= text.count(text[:3]) - len(pages)
        for number in range(len(pages)):
            assert all(
                sign.left >= 18 and sign.right <= 191 and sign.bottom <= 290
                for sign in signs(pdf, number)
            )


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=300), name=st.text(max_size=40))
def test_no_text_prevents_a_letter(press: Press, text: str, name: str) -> None:
    letter = changed(REFUSABLE, summary=text, addressee=Addressee(name, (name,)), mediator=text)
    assert press.printed(letter).startswith(b"%PDF-")
