"""Ready words: which are offered for what, the most precise first."""

from typing import Any

from domain.grammar import replay
from domain.texts import TextEvent, TextPublished, Texts, TextWithdrawn


def text(id: str, **said: Any) -> TextPublished:
    usual: dict[str, Any] = {"id": id, "name": id, "text": "Bonjour", "kind": "answer"}
    return TextPublished(**{**usual, **said})


GENERAL = text("general")
REFUSED = text("refused", outcome="refused")
LAMP = text("lamp", procedure="lampadaire")
LAMP_DONE = text("lamp-done", procedure="lampadaire", outcome="done")
CANTEEN = text("canteen", procedure="cantine")


def texts(*past: TextEvent) -> Texts:
    return replay(Texts(), past)


def test_what_fits_is_offered_the_most_precise_first() -> None:
    known = texts(GENERAL, REFUSED, LAMP, LAMP_DONE, CANTEEN)
    assert known.offered("lampadaire", "done") == [LAMP_DONE, LAMP, GENERAL]
    assert known.offered("lampadaire", "refused") == [LAMP, REFUSED, GENERAL]
    assert known.offered("cantine", None) == [CANTEEN, GENERAL]
    assert known.offered(None, "refused") == [REFUSED, GENERAL]
    assert known.offered(None, None) == [GENERAL]


def test_texts_as_precise_as_each_other_are_offered_by_name() -> None:
    known = texts(text("1", name="Zèle"), text("2", name="Accord"), text("3", name="Merci"))
    assert [one.name for one in known.offered(None, None)] == ["Accord", "Merci", "Zèle"]


def test_a_text_published_again_takes_the_place_of_the_one_before() -> None:
    newer = text("general", text="Bonsoir")
    assert texts(GENERAL, newer).offered(None, None) == [newer]


def test_a_text_that_was_withdrawn_is_no_longer_offered_until_it_comes_back() -> None:
    gone = TextWithdrawn(id="general")
    assert texts(GENERAL, LAMP, gone).texts == {"lamp": LAMP}
    assert texts(GENERAL, gone, GENERAL).offered(None, None) == [GENERAL]
    assert texts(gone) == Texts()
