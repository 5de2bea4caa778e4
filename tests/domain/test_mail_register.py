"""The line of the mail register, and the way by which the resident wants to be told."""

from typing import Any

import pytest

from domain.dossier_events import DossierOpened, IncomingMail, persons_of
from domain.grammar import Invalid, Person
from domain.intake import MailEntry, OpenDossier, PersonEntry
from tests.domain.scenario import FRESH, given


def letter(**said: Any) -> OpenDossier:
    usual: dict[str, Any] = {
        "procedure": "lampadaire",
        "channel": "letter",
        "summary": "Il fait noir",
    }
    return OpenDossier(**{**usual, **said})


def the_opening(command: OpenDossier) -> DossierOpened:
    scenario = given().when(command)
    assert scenario.refusal is None
    [opened] = scenario.facts
    assert isinstance(opened, DossierOpened)
    return opened


def test_a_letter_keeps_its_line_and_who_else_signed_it() -> None:
    entry = MailEntry(
        registered_number="1A 234",
        pieces=3,
        first_service="proprete",
        signatories=(PersonEntry(name="M. Roy"),),
    )
    opened = the_opening(letter(mail=entry, usager=PersonEntry(name="Mme Diallo")))
    other = Person(id=FRESH[1], name="M. Roy")
    assert opened.mail == IncomingMail(
        registered_number="1A 234", pieces=3, first_service="proprete", signatories=(other,)
    )
    assert persons_of(opened) == (Person(id=FRESH[0], name="Mme Diallo"), other)


def test_only_letters_lie_in_the_register() -> None:
    wrong = letter(channel="email", mail=MailEntry())
    assert given().when(wrong).refused(Invalid).pointer == "/mail"


def test_a_letter_was_first_brought_to_a_service_that_exists() -> None:
    wrong = letter(mail=MailEntry(first_service="lune"))
    assert given().when(wrong).refused(Invalid).pointer == "/mail/first_service"


def test_who_signed_too_is_checked_where_he_is_named() -> None:
    wrong = letter(mail=MailEntry(signatories=(PersonEntry(), PersonEntry(email="roy"))))
    assert given().when(wrong).refused(Invalid).pointer == "/mail/signatories/1/email"


@pytest.mark.parametrize(
    ("way", "named", "value"),
    [
        ("letter", "address", "1 rue Haute"),
        ("email", "email", "m.diallo@example.org"),
        ("sms", "phone", "06 01 02 03 04"),
    ],
)
def test_a_way_to_be_told_needs_what_leads_there(way: Any, named: str, value: str) -> None:
    for usager in (None, PersonEntry(name="Mme Diallo")):
        wrong = letter(acknowledge_by=way, usager=usager)
        assert given().when(wrong).refused(Invalid).pointer == f"/usager/{named}"
    contact: dict[str, Any] = {named: value}
    entry = PersonEntry(**contact)
    assert the_opening(letter(acknowledge_by=way, usager=entry)).acknowledge_by == way


def test_the_counter_needs_nothing() -> None:
    assert the_opening(letter(acknowledge_by="counter")).acknowledge_by == "counter"
