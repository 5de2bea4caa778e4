"""What goes with the letters to the post office: their order, and the sheet that is signed."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from guichet.letters.content import Addressee, AnyLetter
from guichet.letters.posting import in_postal_order, posting_sheet
from guichet.letters.press import Press, UnusableTemplate
from guichet.letters.template_files import Templates
from tests.letters.reading import opened, plain, signs, structure, texts
from tests.letters.samples import ANSWER, PROGRESS

PRINTED = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
HOSTILE = '#panic() $x$ *b* <label> @ref {page} 👩🏽‍🚒 \n"'


def lives(name: str, *address: str) -> Addressee:
    return Addressee(name, address)


def test_letters_lie_by_postal_code_then_by_name() -> None:
    people = [
        lives("Zoé Roy", "1 rue A", "77990 SAINTE-AURORE"),
        lives("Élise Roy", "2 rue A", "77990 SAINTE-AURORE"),
        lives("eric roy", "3 rue A", "77990 SAINTE-AURORE CEDEX"),
        lives("Un Lointain", "4 rue A", "01000 BOURG-EN-BRESSE"),
        lives("Du Pays", "5 rue A", "69001 LYON", "France"),
    ]
    assert in_postal_order(people) == [3, 4, 1, 2, 0]


def test_those_without_a_postal_code_come_last_and_nobody_is_lost() -> None:
    people = [
        None,
        lives("Sans adresse"),
        lives("Belge", "1 rue B", "1000 BRUXELLES", "BELGIQUE"),
        lives("Allemand", "1 rue C", "10115 BERLIN", "ALLEMAGNE"),
        lives("Numéro de rue", "77990 rue du Faux-Code"),
        lives("Code trop long", "779901 VILLE"),
        lives("D'ici", "1 rue D", "77990 SAINTE-AURORE", " "),
    ]
    order = in_postal_order(people)
    assert sorted(order) == list(range(len(people)))
    assert set(order[:2]) == {4, 6}  # a street that begins like a code is taken for one
    assert order[2:] == [0, 3, 2, 5, 1]


def test_equal_addressees_stay_in_their_order() -> None:
    assert in_postal_order([lives("A", "1", "77990 X")] * 4) == [0, 1, 2, 3]
    assert in_postal_order([]) == []


def letters(count: int, **fields: Any) -> list[AnyLetter]:
    return [
        msgspec.structs.replace(
            PROGRESS if number % 2 else ANSWER,
            reference=f"2026-{number:08X}",
            addressee=lives(f"Usager {number}", "1 rue A", f"{77000 + number} VILLE-{number}"),
            **fields,
        )
        for number in range(count)
    ]


def test_a_sheet_lists_every_letter_to_be_ticked_and_signed(press: Press) -> None:
    pages = texts(press.sheet(posting_sheet(letters(70), "envoi-12", PRINTED)))
    whole = " ".join(pages)
    assert "Bordereau de dépôt : 70 courriers" in pages[0]
    assert "Envoi envoi-12, imprimé le mercredi 25 novembre 2026" in pages[0]
    assert "Déposé le" in pages[0]
    assert "à La Poste" in pages[0]
    assert "signature" in pages[0]
    for number in range(70):
        row = f"{number + 1} 2026-{number:08X} Usager {number} {77000 + number} VILLE-{number}"
        assert row in whole
    for number, page in enumerate(pages, 1):
        assert "Destinataire" in page  # the head of the table stands on every page
        assert f"page {number} sur {len(pages)}" in page


def test_a_sheet_is_tagged_like_the_letters(press: Press) -> None:
    with opened(press.sheet(posting_sheet(letters(3), "envoi-12", PRINTED))) as pdf:
        root: Any = pdf.Root
        assert str(root.Lang) == "fr"
        kinds = [str(element.S) for element in structure(pdf)]
        assert {"/Document", "/H1", "/Table", "/TH", "/TD"} <= set(kinds)
        assert (kinds.count("/TH"), kinds.count("/TD")) == (5, 15)
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
            assert metadata["dc:title"] == "Bordereau de dépôt envoi-12"
            assert "Usager" not in str(metadata)


def test_the_same_sheet_gives_the_same_bytes(press: Press) -> None:
    sheet = posting_sheet(letters(3), "envoi-12", PRINTED)
    assert Press(Templates()).sheet(sheet) == press.sheet(sheet)


def test_what_people_are_called_is_text_and_keeps_its_row(press: Press) -> None:
    odd = [
        msgspec.structs.replace(PROGRESS, addressee=None),
        msgspec.structs.replace(PROGRESS, addressee=lives(HOSTILE, HOSTILE)),
        msgspec.structs.replace(PROGRESS, addressee=lives("M" * 300, "77990 " + "W" * 300)),
    ]
    pdf = press.sheet(posting_sheet([*odd, *letters(1)], HOSTILE, PRINTED))
    text = " ".join(texts(pdf))
    assert plain('#panic() $x$ *b* <label> @ref {page} \ufffd "') in text
    assert "4 2026-00000000 Usager 0 77000 VILLE-0" in text
    assert all(sign.left >= 19 and sign.right <= 191 for sign in signs(pdf))


def test_a_sheet_of_an_exercise_says_so(press: Press) -> None:
    sheet = posting_sheet([*letters(1), *letters(1, training=True)], "envoi-12", PRINTED)
    assert "EXERCICE – SANS VALEUR" in texts(press.sheet(sheet))[0]
    assert "EXERCICE" not in texts(press.sheet(posting_sheet(letters(1), "e", PRINTED)))[0]


def test_there_is_no_sheet_of_nothing_and_a_broken_template_is_told(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="no letter"):
        posting_sheet([], "envoi-12", PRINTED)
    (tmp_path / "posting.typ").write_text('#let body(letter) = say(letter, "rien")')
    with pytest.raises(UnusableTemplate, match="modèle de courrier"):
        Press(Templates(tmp_path)).sheet(posting_sheet(letters(1), "envoi-12", PRINTED))
