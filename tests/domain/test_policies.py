"""What the town does by itself."""

from datetime import UTC, datetime
from uuid import UUID

from domain.dossier_events import DossierLinked, DossierTaken, DossierUnlinked
from domain.grammar import Author, Event, Origin, Recorded, Times, name_of
from domain.linking import LinkDossier, UnlinkDossier
from domain.people import PersonErased
from domain.policies import LISTENED_TO, KeyToDestroy, OnDossier, asked_by
from domain.sending import PrepareAcknowledgement
from tests.domain.samples import at_the_counter, nobody, opened, opening

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HERE, THERE = UUID(int=1), UUID(int=2)


def fact(event: Event, origin: Origin | None = None) -> Recorded[Event]:
    return Recorded(
        stream=f"dossier.{HERE}",
        version=2,
        event=event,
        times=Times(happened_at=NOW, received_at=NOW, entered_at=NOW, recorded_at=NOW),
        author=Author(role="receptionist", account="a"),
        command_id="c",
        origin=origin,
    )


def test_whenever_a_dossier_is_linked_the_other_is_linked_back() -> None:
    expected = OnDossier(id=THERE, command=LinkDossier(dossier=HERE))
    assert asked_by(fact(DossierLinked(dossier=THERE))) == (expected,)


def test_whenever_a_dossier_is_unlinked_the_other_is_unlinked() -> None:
    expected = OnDossier(id=THERE, command=UnlinkDossier(dossier=HERE))
    assert asked_by(fact(DossierUnlinked(dossier=THERE))) == (expected,)


def test_whenever_a_person_is_erased_his_key_is_destroyed_even_after_an_interruption() -> None:
    assert asked_by(fact(PersonErased(key=THERE, ground="x"))) == (KeyToDestroy(key=THERE),)


def test_whenever_somebody_can_be_written_to_an_acknowledgement_is_prepared() -> None:
    expected = OnDossier(id=HERE, command=PrepareAcknowledgement())
    for one in (opened, opening(acknowledge_by="letter"), nobody(channel="field")):
        assert asked_by(fact(one)) == (expected,)
    for one in (nobody(), at_the_counter, opening(acknowledge_by="counter")):
        assert asked_by(fact(one)) == ()
    assert asked_by(fact(opened, Origin(source="old", number="1"))) == ()


def test_what_is_asked_for_was_listened_to() -> None:
    for event in (opened, DossierLinked(dossier=THERE), PersonErased(key=THERE, ground="x")):
        assert name_of(type(event)) in LISTENED_TO
    assert name_of(DossierTaken) not in LISTENED_TO


def test_history_and_other_facts_ask_for_nothing() -> None:
    origin = Origin(source="old", number="1")
    assert asked_by(fact(DossierLinked(dossier=THERE), origin)) == ()
    assert asked_by(fact(DossierTaken())) == ()
