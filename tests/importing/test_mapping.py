"""A mapping is refused in one sentence, whatever is wrong with it."""

from pathlib import Path

import pytest

from guichet.importing import mapping as mappings
from guichet.importing.mapping import MappingRefused

GOOD = """
source = "old"
zone = "Europe/Paris"
[columns]
number = "n"
opened = "o"
procedure = "p"
channel = { value = "phone" }
"""


def read(folder: Path, before: str = "", after: str = "", good: str = GOOD) -> mappings.Mapping:
    path = folder / "mapping.toml"
    path.write_text(before + good + after)
    return mappings.read(path)


def test_the_example_of_the_documentation_is_a_mapping(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "importing.md").read_text()
    for example in page.split("```toml\n")[1:]:
        path = tmp_path / "example.toml"
        path.write_text(example.partition("```")[0])
        assert mappings.read(path).source


def test_the_settings_it_knows(tmp_path: Path) -> None:
    known = (
        'dates = ["%d/%m/%Y", "%m/%d/%Y %I:%M:%S %p", "%j %Y", "%c", "epoch_ms"]\nescape = "\\\\"'
    )
    assert read(tmp_path, known).sources["channel"].value == "phone"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("colour = 1", "", "colour"),
        ("source = 5", "", "source"),
        ("dates = 5", "", "dates"),
        ("dates = []", "", "dates est vide"),
        ('dates = ["%q"]', "", "« %q »"),
        ('dates = ["%H:%M"]', "", "« %H:%M »"),
        ('dates = ["%d/%m/%Y %Z"]', "", "%Z"),
        ('dates = ["%Y %Y-%m-%d"]', "", "%Y %Y"),
        ('dates = ["%"]', "", "« % »"),
        ('dates = ["ISO"]', "", "ISO"),
        ('encoding = "latin-99"', "", "latin-99"),
        ('encoding = "rot13"', "", "rot13"),
        ('encoding = "idna"', "", "idna"),
        ('encoding = "a\\u0000"', "", "encodage"),
        ('delimiter = ""', "", "delimiter"),
        ('delimiter = "||"', "", "delimiter"),
        ('delimiter = "\\n"', "", "delimiter"),
        ("delimiter = '\"'", "", "différents"),
        ('quote = "xx"', "", "quote"),
        ('header = ["a", "a"]', "", "deux fois"),
        ("skip_lines = -1", "", "skip_lines"),
        ('format = "xml"', "", "format"),
        ('closed_values = ["x"]\nopen_values = ["x"]', "", "à la fois"),
        ("[[[", "", "mapping.toml"),
        ("a = " + "[" * 5000, "", "mapping.toml"),
        ("", "colour = 1", "colour"),
        ("", "due = 5", "due"),
        ("", 'due = { template = "{" }', "due : template"),
        ("", 'due = { template = "x" }', "due : template"),
        ("", 'due = { column = "a", value = "b" }', "due : il faut"),
        ("", "due = {}", "due : il faut"),
        ("", 'due = { column = "a", derived = true }', "derived"),
        ("", 'place = { column = "a", end_of_day = true }', "end_of_day"),
        ("", 'latitude = "a"', "latitude et longitude"),
        ("", 'point = "a"', "point"),
        ("", 'point = { column = "a", order = "x,y" }', "order"),
        ("", '[values.procedur]\n"a" = "b"', "procedur"),
        ("", '[values.channel]\n"a" = "fax"', "« fax »"),
        ("", '[defaults]\nopened = "2011-01-01"', "opened"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, before: str, after: str, said: str) -> None:
    good = GOOD.replace('source = "old"', "") if before.startswith("source") else GOOD
    with pytest.raises(MappingRefused) as refused:
        read(tmp_path, before, after, good)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("zone", ["Europe/Pari", "", "../x", "Europe", "/etc/passwd"])
def test_a_zone_that_is_none_is_named(tmp_path: Path, zone: str) -> None:
    with pytest.raises(MappingRefused, match="fuseau"):
        read(tmp_path, good=GOOD.replace("Europe/Paris", zone))


def test_files_that_are_no_mapping(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\0")
    for path in (tmp_path, tmp_path / "missing.toml", binary):
        with pytest.raises(MappingRefused):
            mappings.read(path)
