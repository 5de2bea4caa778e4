"""Letters on paper: how they are tagged, where the address stands, what a camera reads."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from guichet.letters.content import Addressee, AnyLetter
from guichet.letters.press import Press, UnprintableAddress, UnusableTemplate
from guichet.letters.template_files import NoSuchLanguage, Templates
from tests.letters.reading import codes, dictionaries, opened, plain, signs, size, structure, texts
from tests.letters.samples import (
    ADDRESSEE,
    ANSWER,
    FOLLOWED,
    PAPER,
    PROGRESS,
    REFUSABLE,
    REGISTRATION,
    SHEETS,
    TICKET,
    TOWN,
    URL,
)

LANGUAGES = ("fr", "en", "ar")


def changed(letter: AnyLetter, **fields: Any) -> Any:
    return msgspec.structs.replace(letter, **fields)


def in_order(text: str, *pieces: str) -> bool:
    """Whether `pieces` follow each other in `text`."""
    where = 0
    for piece in pieces:
        found = text.find(plain(piece), where)
        if found < 0:
            return False
        where = found + 1
    return True


def test_a_ticket_is_eighty_millimetres_wide_and_names_nobody(press: Press) -> None:
    pdf = press.printed(TICKET)
    (text,) = texts(pdf)
    assert in_order(
        text,
        "Demande enregistrée",
        "mardi 24 novembre 2026 à 0 h 30",
        "K7QPM-3X9TZ-4W2A",
        "Travaux publics et éclairage",
    )
    assert "Vasseur" not in text
    assert size(pdf)[0] == pytest.approx(80, abs=0.1)
    assert all(sign.left >= 4 and sign.right <= 76 for sign in signs(pdf))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", PAPER, ids=lambda letter: letter.kind)
def test_every_page_is_tagged_for_screen_readers_and_for_the_archive(
    press: Press, letter: AnyLetter, language: str
) -> None:
    with opened(press.printed(changed(letter, language=language))) as pdf:
        root: Any = pdf.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == language
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        elements = list(structure(pdf))
        kinds = {str(element.S) for element in elements}
        pictures = [element for element in elements if str(element.S) == "/Figure"]
        assert {"/Document", "/H1", "/P"} <= kinds
        assert bool(pictures) == (letter in FOLLOWED)
        assert all(letter.reference in str(picture.Alt) for picture in pictures)
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
            assert letter.reference in metadata["dc:title"]
            assert "Vasseur" not in str(metadata)
            assert "dc:creator" not in metadata
        assert "Vasseur" not in str(dict(pdf.docinfo))


def test_only_our_own_fonts_are_used_and_they_are_embedded(press: Press) -> None:
    with opened(press.printed(changed(REFUSABLE, language="ar"))) as pdf:
        fonts: list[Any] = [font for font in dictionaries(pdf) if "/FontDescriptor" in font]
        for font in fonts:
            assert any(name in str(font.BaseFont) for name in ("Atkinson", "Noto", "Almarai"))
            assert {"/FontFile2", "/FontFile3"} & set(font.FontDescriptor.keys())
        assert len(fonts) >= 3


@pytest.mark.parametrize("letter", SHEETS, ids=lambda letter: letter.kind)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "addressee",
    [
        ADDRESSEE,
        Addressee("M" * 38, ("W" * 38,) * 5),  # NF Z10-011: six lines of 38 signs
    ],
    ids=["usual", "largest"],
)
def test_the_window_of_the_envelope_shows_the_address_and_nothing_else(
    press: Press, letter: AnyLetter, language: str, addressee: Addressee
) -> None:
    pdf = press.printed(changed(letter, language=language, addressee=addressee))
    behind = [
        sign
        for sign in signs(pdf)
        if sign.right > 90 and sign.left < 200 and sign.bottom > 34 and sign.top < 90
    ]
    shown = "".join((addressee.name, *addressee.address)).replace(" ", "")
    assert sorted(sign.text for sign in behind) == sorted(shown)
    for sign in behind:
        assert 100 <= sign.left < sign.right <= 190
        assert 45 <= sign.top < sign.bottom <= 79


def test_an_address_of_seven_lines_is_refused(press: Press) -> None:
    with pytest.raises(UnprintableAddress, match="six lignes"):
        press.printed(changed(ANSWER, addressee=Addressee("Nom", ("ligne",) * 6)))


@pytest.mark.parametrize("letter", FOLLOWED, ids=lambda letter: letter.kind)
def test_the_code_is_read_from_the_printed_page(press: Press, letter: AnyLetter) -> None:
    pdf = press.printed(letter)
    assert codes(pdf, 150) == [URL]
    assert codes(pdf, 203, black_and_white=True) == [URL]  # the dots of a thermal printer


def test_the_same_letter_gives_the_same_bytes_and_another_day_others(press: Press) -> None:
    pdf = press.printed(REFUSABLE)
    assert Press(Templates()).printed(REFUSABLE) == pdf
    later = changed(REFUSABLE, written_at=REFUSABLE.written_at + timedelta(days=1))
    assert press.printed(later) != pdf


def test_threads_share_a_press(press: Press) -> None:
    letters = [changed(PROGRESS, reference=f"2026-{number:06}") for number in range(8)]
    alone = [press.printed(letter) for letter in letters]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(press.printed, letters)) == alone


def test_what_has_no_template_or_no_words_is_refused(press: Press) -> None:
    with pytest.raises(UnusableTemplate, match=r"registration\.typ"):
        press.printed(REGISTRATION)
    with pytest.raises(NoSuchLanguage, match="fr"):
        press.printed(changed(ANSWER, language="tlh"))


def test_a_logo_takes_the_place_of_the_name(tmp_path: Any) -> None:
    (tmp_path / "blason.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" width="40" height="20">'
        '<rect width="40" height="20" fill="#1d4f73"/></svg>'
    )
    press = Press(Templates(tmp_path))
    letter = changed(ANSWER, town=msgspec.structs.replace(TOWN, logo="blason.svg"))
    with opened(press.printed(letter)) as pdf:
        pictures = {plain(str(element.get("/Alt", ""))) for element in structure(pdf)}
    assert "Logo : Ville de Sainte-Aurore" in pictures
    missing = changed(ANSWER, town=msgspec.structs.replace(TOWN, logo="absent.svg"))
    with pytest.raises(UnusableTemplate, match=r"absent\.svg"):
        press.printed(missing)
