"""Letters as text messages: short, in signs every telephone shows, without a word of anybody."""

import msgspec
import pytest

from guichet.letters.content import AnyLetter, Town
from guichet.letters.mentions import MentionLacking
from guichet.letters.sms import NoTextMessage, segments, sms
from guichet.letters.template_files import Templates
from tests.letters.samples import (
    ANSWER,
    ATTESTATION,
    FORWARDING,
    MAILED,
    PROGRESS,
    REFUSABLE,
    REGISTRATION,
    TICKET,
    URL,
)

WORDS = Templates().words("fr")


def test_a_receipt_says_its_reference_its_date_and_where_to_read_on() -> None:
    assert sms(REFUSABLE, WORDS) == (
        "Ville de Sainte-Aurore : Votre demande 2026-004217 est reçue. Réponse au plus tard le "
        f"24/12/2026. À lire en entier sur {URL}"
    ).replace("ç", "c").replace("À", "A")


@pytest.mark.parametrize("letter", MAILED, ids=lambda letter: letter.kind)
@pytest.mark.parametrize("language", ["fr", "en", "ar"])
def test_whatever_it_says_it_is_short_and_its_link_whole(letter: AnyLetter, language: str) -> None:
    text = sms(letter, Templates().words(language))
    assert text.endswith(URL)
    assert "2026-004217" in text
    assert segments(text) <= 2


@pytest.mark.parametrize("letter", [REFUSABLE, REGISTRATION, ANSWER, PROGRESS, FORWARDING])
def test_no_word_of_anybody_is_in_it(letter: AnyLetter) -> None:
    text = sms(letter, WORDS)
    for word in ("lampadaire", "Vasseur", "copropriété", "pièce", "éclairage", "agglomération"):
        assert word not in text


def test_an_exercise_says_so_first() -> None:
    assert sms(msgspec.structs.replace(PROGRESS, training=True), WORDS).startswith("EXERCICE")


@pytest.mark.parametrize("letter", [TICKET, ATTESTATION])
def test_what_is_only_paper_is_no_text_message(letter: AnyLetter) -> None:
    with pytest.raises(NoTextMessage, match="ne se dit pas"):
        sms(letter, WORDS)


def test_where_room_is_short_the_town_goes_first_then_the_date_and_never_the_link() -> None:
    town = Town(name="Communauté " * 45, address=())
    text = sms(msgspec.structs.replace(PROGRESS, town=town), WORDS)
    assert "Communauté" not in text
    assert "10/12/2026" in text
    long = f"{URL}?{'a' * 150}"
    text = sms(msgspec.structs.replace(PROGRESS, url=long), WORDS)
    assert "2026-004217" in text
    assert "10/12/2026" not in text
    assert text.endswith(long)
    with pytest.raises(NoTextMessage, match="trop long"):
        sms(msgspec.structs.replace(PROGRESS, url=long + long), WORDS)


@pytest.mark.parametrize(
    ("empty", "lacking"), [({"url": " "}, "où lire"), ({"reference": "\u200b"}, "la référence")]
)
def test_without_a_reference_or_a_link_it_is_refused(empty: dict[str, str], lacking: str) -> None:
    with pytest.raises(MentionLacking, match=lacking):
        sms(msgspec.structs.replace(REFUSABLE, **empty), WORDS)


def test_a_number_is_not_shown_in_pieces_among_arabic_words() -> None:
    letter = msgspec.structs.replace(PROGRESS, reference="2026-8F3A21C0")
    text = sms(letter, Templates().words("ar"))
    assert "\u200e2026-8F3A21C0" in text
    assert not {"\u2068", "\u2069"} & set(text)


def test_accents_that_cost_are_left_out_and_no_letter_is() -> None:
    town = Town(name="Nîmes – Œuvrée « l’Âme » €", address=())
    text = sms(msgspec.structs.replace(PROGRESS, town=town), WORDS)
    assert text.startswith('Nimes - OEuvrée " l\'Ame " € : ')


def test_parts_are_counted_as_an_operator_counts_them() -> None:
    assert [segments("a" * n) for n in (160, 161, 306, 307)] == [1, 2, 2, 3]
    assert [segments("€" * n) for n in (80, 81)] == [1, 2]
    assert [segments("ش" * n) for n in (70, 71, 134, 135)] == [1, 2, 2, 3]
