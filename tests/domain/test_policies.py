"""What the town does by itself."""

from datetime import UTC, datetime
from uuid import UUID

from domain.dossier_events import DossierLinked, DossierTaken, DossierUnlinked
from domain.grammar import Author, Event, Origin, Recorded, Times
from domain.linking import LinkDossier, UnlinkDossier
from domain.people import PersonErased
from domain.policies import KeyToDestroy, OnDossier, asked_by

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


def test_history_and_other_facts_ask_for_nothing() -> None:
    origin = Origin(source="old", number="1")
    assert asked_by(fact(DossierLinked(dossier=THERE), origin)) == ()
    assert asked_by(fact(DossierTaken())) == ()
