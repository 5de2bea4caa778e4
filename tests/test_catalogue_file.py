"""The catalogue as a town writes it: loaded once, updated by differences, refused in a sentence."""

from datetime import date
from pathlib import Path

import pytest

from domain.procedures import Delay
from guichet.catalogue import Catalogue
from guichet.catalogue_file import CatalogueRefused, load, read
from guichet.house import House

GOOD = """
[[poles]]
id = "p"
name = "Pôle"
[[services]]
id = "s"
name = "Service"
pole = "p"
[[procedures]]
id = "a"
name = "Arbre"
service = "s"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "ville.toml"
    path.write_text(text)
    return path


async def test_a_procedure_says_its_delay_and_the_effect_of_silence(
    house: House, tmp_path: Path
) -> None:
    house.catalogue.procedures = Catalogue().procedures
    rule = """
silence = "none"
answer_within = { months = 1, to_working_day = true }
"""
    path = written(tmp_path, GOOD + rule)
    await load(house, path)
    [published] = house.catalogue.procedures.versions["a"]
    assert published.silence == "none"
    assert published.answer_within == Delay(months=1, to_working_day=True)
    assert await load(house, path) == 0


async def test_only_differences_are_recorded(house: House, tmp_path: Path) -> None:
    empty = Catalogue()
    house.catalogue.organisation, house.catalogue.procedures = empty.organisation, empty.procedures
    path = written(tmp_path, GOOD)
    assert await load(house, path) == 3
    assert await load(house, path) == 0
    path.write_text(GOOD.replace("Arbre", "Arbres"))
    assert await load(house, path) == 1
    known = house.catalogue.procedures.versions["a"]
    assert [(one.version, one.name) for one in known] == [(1, "Arbre"), (2, "Arbres")]
    path.write_text(GOOD.partition("[[procedures]]")[0])
    assert await load(house, path) == 1
    assert house.catalogue.procedures.in_force("a") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pas du TOML", "ville.toml"),
        (GOOD.replace('pole = "p"', 'pole = "q"'), "pôle inconnu"),
        (GOOD.replace('service = "s"', 'service = "t"'), "service inconnu"),
        (GOOD + GOOD.partition("[[services]]")[0], "défini deux fois"),
        (GOOD + 'couleur = "rouge"', "couleur"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CatalogueRefused, match=said):
        read(written(tmp_path, text), date(2026, 1, 1))
