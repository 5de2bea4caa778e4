"""Many letters in one PDF for the printer: their order, their sheets, their pages, their memory."""

import gc
import re
from typing import Any

import msgspec
import psutil
import pytest

from guichet.letters.content import Addressee, AnyLetter
from guichet.letters.press import Press
from tests.letters.reading import opened, texts
from tests.letters.samples import ANSWER, PROGRESS, REFUSABLE


def numbered(letter: AnyLetter, number: int, **fields: Any) -> Any:
    post_code = f"{77990 - 7 * number} SAINTE-AURORE"
    return msgspec.structs.replace(
        letter,
        reference=f"2026-{number:06}",
        addressee=Addressee(f"Usager {number}", ("1 rue des Tilleuls", post_code)),
        **fields,
    )


def post_code(letter: AnyLetter) -> str:
    assert letter.addressee
    return letter.addressee.address[-1]


def signs_of(page: str) -> list[str]:
    return sorted(re.findall(r"\w", page))


LONG = "Une phrase de la réponse, pour qu'elle tienne sur deux pages.\n" * 40
LETTERS = [
    numbered(ANSWER, 1, text=LONG),
    numbered(PROGRESS, 2),
    numbered(REFUSABLE, 3, summary=LONG * 2),
    numbered(PROGRESS, 4, language="ar"),
    numbered(ANSWER, 5),
]
"""Of 2, 1, 3, 1 and 1 pages; their post codes run the other way."""


def test_letters_lie_in_the_order_asked_for_and_each_counts_its_own_pages(press: Press) -> None:
    pages = texts(press.batch(LETTERS, post_code))
    alone = [texts(press.printed(letter)) for letter in reversed(LETTERS)]
    assert [len(letter) for letter in alone] == [1, 1, 3, 1, 2]
    # Alone, a letter in Arabic is a document that runs from the right, and is extracted so.
    expected = [page for letter in alone for page in letter]
    assert list(map(signs_of, pages)) == list(map(signs_of, expected))
    assert "page 2 sur 3" in pages[3]


def test_on_both_sides_each_letter_begins_on_a_front(press: Press) -> None:
    pages = texts(press.batch(LETTERS, post_code, duplex=True))
    firsts = [
        next(page for page, text in enumerate(pages) if f"2026-{number:06}" in text)
        for number in (5, 4, 3, 2, 1)
    ]
    assert firsts == [0, 2, 4, 8, 10]
    assert [page for page, text in enumerate(pages) if not text] == [1, 3, 7, 9]


def test_a_batch_is_tagged_like_a_letter(press: Press) -> None:
    with opened(press.batch(LETTERS, post_code)) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == "Courriers (5)"
        assert "Usager" not in str(metadata)


def test_batches_do_not_pile_up_in_memory(press: Press) -> None:
    process = psutil.Process()

    def printed(batch: int) -> int:
        letters = [numbered(PROGRESS, 100 * batch + number) for number in range(40)]
        assert press.batch(letters, post_code)
        gc.collect()
        return process.memory_info().rss

    first = [printed(batch) for batch in range(1, 3)][-1]
    last = [printed(batch) for batch in range(3, 8)][-1]
    assert last - first < 100 * 1024 * 1024  # five batches kept would be more than twice that


def test_an_empty_batch_is_a_mistake(press: Press) -> None:
    with pytest.raises(ValueError, match="no letter"):
        press.batch([], post_code)
