"""Pôles, services and sites: a new definition follows the old one and overwrites nothing."""

from datetime import date

import pytest

from domain.grammar import replay
from domain.organisation import (
    Organisation,
    OrganisationEvent,
    PoleDefined,
    ServiceDefined,
    SiteDefined,
    TownDescribed,
)

ROADS = ServiceDefined(id="voirie", name="Voirie", pole="technique", since=date(2020, 1, 1))
MOVED = ServiceDefined(id="voirie", name="Voirie", pole="cadre-de-vie", since=date(2026, 3, 2))
SCHOOL = SiteDefined(id="jaures", name="École Jaurès", since=date(2020, 1, 1))
TOWN = TownDescribed(
    name="Ville", address=("1 place",), since=date(2020, 1, 1), sender="a@b.fr", url="https://b.fr"
)


def organisation(*past: OrganisationEvent) -> Organisation:
    return replay(Organisation(), past)


@pytest.mark.parametrize(
    ("day", "pole"),
    [
        (date(2019, 12, 31), None),
        (date(2020, 1, 1), "technique"),
        (date(2026, 3, 1), "technique"),
        (date(2026, 3, 2), "cadre-de-vie"),
        (date(2030, 1, 1), "cadre-de-vie"),
    ],
)
def test_a_service_rolls_up_to_the_pole_of_its_day(day: date, pole: str | None) -> None:
    assert organisation(ROADS, MOVED).pole_of("voirie", day) == pole


def test_a_service_that_nobody_defined_has_no_pole() -> None:
    assert organisation(ROADS).pole_of("lune", date(2026, 1, 1)) is None


def test_the_last_definition_is_the_one_in_force_and_those_before_it_stay() -> None:
    known = organisation(ROADS, MOVED)
    assert known.service("voirie") == MOVED
    assert known.services["voirie"] == (ROADS, MOVED)
    renamed = SiteDefined(id="jaures", name="Groupe Jaurès", since=date(2026, 1, 1))
    assert organisation(SCHOOL, renamed).site("jaures") == renamed
    assert organisation(SCHOOL, renamed).sites["jaures"] == (SCHOOL, renamed)
    pole = PoleDefined(id="technique", name="Technique", since=date(2020, 1, 1))
    led = PoleDefined(id="technique", name="T", since=date(2026, 1, 1), leader="Mme Roy")
    assert organisation(pole, led).poles["technique"] == (pole, led)


def test_what_nobody_defined_is_not_there() -> None:
    assert organisation().service("voirie") is None
    assert organisation().site("jaures") is None
    assert organisation().town is None


def test_the_town_is_described_by_its_last_words() -> None:
    other = TownDescribed(
        name="Ville nouvelle", address=(), since=date(2026, 1, 1), sender="c@d.fr", url="https://d"
    )
    assert organisation(TOWN, other).town == other
