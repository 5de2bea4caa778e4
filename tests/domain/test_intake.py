"""What makes a dossier of what a counter, a phone or a letter brings in."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from domain.circumstances import Circumstances
from domain.dossier import Dossier, DossierExists
from domain.dossier_events import DossierOpened
from domain.grammar import Author, Invalid, Person
from domain.intake import OpenDossier, PersonEntry, PlaceEntry, is_phone
from domain.procedures import Answer
from domain.terms import Place
from tests.domain.scenario import AT, FRESH, NOW, given
from tests.domain.test_handling import opened

REQUEST = OpenDossier(procedure="lampadaire", channel="counter", summary="Il fait noir")


def pointer_of(command: OpenDossier) -> str:
    return given().when(command).refused(Invalid).pointer


def fact_of(command: OpenDossier, at: Circumstances = AT) -> DossierOpened:
    return command.decide(Dossier(), at)[0]


def test_opening_puts_the_dossier_in_the_queue_of_its_procedure() -> None:
    fact = fact_of(REQUEST)
    assert (fact.service, fact.nature, fact.procedure_version) == ("voirie", "report", 1)
    assert fact.answer_within.months == 1


def test_an_identifier_opens_one_dossier_only() -> None:
    given(opened).when(REQUEST).refused(DossierExists)


def test_an_unknown_procedure_opens_nothing() -> None:
    assert pointer_of(OpenDossier(procedure="lune", channel="phone", summary="?")) == "/procedure"


def test_a_new_person_takes_an_identifier_whose_key_is_ready() -> None:
    command = OpenDossier(
        procedure="lampadaire",
        channel="phone",
        summary="Il fait noir",
        usager=PersonEntry(name="Sigismonde", phone="06 12 34 56 78"),
        on_behalf_of=PersonEntry(name="Théophane"),
    )
    fact = fact_of(command)
    assert fact.usager == Person(id=FRESH[0], name="Sigismonde", phone="06 12 34 56 78")
    assert fact.on_behalf_of == Person(id=FRESH[1], name="Théophane")


def test_a_known_person_keeps_his_identifier() -> None:
    known = UUID(int=77)
    command = OpenDossier(
        procedure="lampadaire", channel="phone", summary="?", usager=PersonEntry(id=known)
    )
    assert fact_of(command).usager == Person(id=known)


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        (PersonEntry(email="sigismonde"), "/usager/email"),
        (PersonEntry(email="a b@c.fr"), "/usager/email"),
        (PersonEntry(email="a@b"), "/usager/email"),
        (PersonEntry(phone="douze"), "/usager/phone"),
        (PersonEntry(phone="12"), "/usager/phone"),
    ],
)
def test_a_malformed_address_is_named(entry: PersonEntry, pointer: str) -> None:
    command = OpenDossier(procedure="lampadaire", channel="phone", summary="?", usager=entry)
    assert pointer_of(command) == pointer


@pytest.mark.parametrize("text", ["06 12 34 56 78", "+33 6 12 34 56 78", "3975", "01.23.45.67.89"])
def test_numbers_people_dial_are_numbers(text: str) -> None:
    assert is_phone(text)


def test_a_place_is_words_a_site_or_a_point() -> None:
    for entry, place in [
        ("12, rue du Foulon", Place(label="12, rue du Foulon")),
        (PlaceEntry(site="ecole-jaures"), Place(site="ecole-jaures")),
        (PlaceEntry(latitude=48.5, longitude=2.25), Place(point="48.5,2.25")),
    ]:
        command = OpenDossier(procedure="lampadaire", channel="phone", summary="?", place=entry)
        assert fact_of(command).place == place


def test_an_unknown_site_or_half_a_point_is_refused() -> None:
    for entry, pointer in [
        (PlaceEntry(site="lune"), "/place/site"),
        (PlaceEntry(latitude=48.5), "/place"),
        ("  ", "/place"),
    ]:
        command = OpenDossier(procedure="lampadaire", channel="phone", summary="?", place=entry)
        assert pointer_of(command) == pointer


def test_a_time_to_come_is_refused_at_the_desk_and_flagged_from_the_field() -> None:
    ahead = NOW + timedelta(days=1, seconds=1)
    at_desk = OpenDossier(procedure="lampadaire", channel="letter", summary="?", received_at=ahead)
    assert pointer_of(at_desk) == "/received_at"
    outside = OpenDossier(procedure="lampadaire", channel="field", summary="?", happened_at=ahead)
    assert fact_of(outside).flags == ("happened_at_in_the_future",)


def test_a_caretaker_s_wrong_clock_loses_nothing_whatever_the_channel() -> None:
    ahead = NOW + timedelta(days=400)
    command = OpenDossier(procedure="lampadaire", channel="form", summary="?", happened_at=ahead)
    caretaker = Author(role="caretaker", account="c1")
    scenario = given().when(command, author=caretaker)
    assert isinstance(scenario.facts[0], DossierOpened), scenario.refusal
    assert scenario.facts[0].flags == ("happened_at_in_the_future",)


def test_the_clock_of_a_tablet_is_flagged_since_nobody_typed_it() -> None:
    ahead = NOW + timedelta(days=400)
    command = OpenDossier(procedure="lampadaire", channel="counter", summary="?", entered_at=ahead)
    assert fact_of(command).flags == ("entered_at_in_the_future",)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_from_which_no_due_date_can_be_counted_is_refused_from_everywhere(time: str) -> None:
    beyond = datetime.fromisoformat(time)
    command = OpenDossier(procedure="lampadaire", channel="field", summary="?", received_at=beyond)
    assert pointer_of(command) == "/received_at"


def test_answers_to_the_questions_of_a_procedure_are_checked_and_sealed_when_personal() -> None:
    fields: dict[str, Answer] = {"poteau": 412, "temoin": "Madame Aubépin"}
    command = OpenDossier(procedure="lampadaire", channel="phone", summary="?", fields=fields)
    fact = fact_of(command)
    assert (fact.fields, fact.personal_fields) == ({"poteau": 412}, {"temoin": "Madame Aubépin"})


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [({"couleur": "rouge"}, "/fields/couleur"), ({"poteau": "douze"}, "/fields/poteau")],
)
def test_an_answer_nobody_asked_for_is_refused(fields: dict[str, str], pointer: str) -> None:
    command = OpenDossier(procedure="lampadaire", channel="phone", summary="?", fields=dict(fields))
    assert pointer_of(command) == pointer
