"""What is written is sealed, and what is sealed opens only in its own place."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from adapters.codec import Codec, event_in, keys_of
from domain.dossier_events import DossierOpened
from domain.grammar import ERASED, Author, Event, Person, Recorded, Times, changed
from domain.history import present
from domain.log import LogDamaged
from domain.procedures import Delay
from domain.terms import Place
from domain.waits import DocumentsRequested

EVENTS = Path(__file__).parent.parent / "events"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TIMES = Times(happened_at=NOW, received_at=NOW, entered_at=NOW, recorded_at=NOW)
USAGER, CHILD, DOSSIER = UUID(int=1), UUID(int=2), UUID(int=3)
KEYS = {id: os.urandom(32) for id in (USAGER, CHILD, DOSSIER)}
codec = Codec("ville")


def recorded(event: Event, version: int = 1) -> Recorded[Event]:
    return Recorded(
        stream="dossier.7",
        version=version,
        event=event,
        times=TIMES,
        author=Author(role="receptionist", account="a1"),
        command_id="c1",
        key=DOSSIER,
    )


opened = recorded(
    DossierOpened(
        procedure="cantine",
        procedure_version=1,
        service="ecoles",
        nature="request",
        channel="counter",
        summary="Sigismonde demande une place",
        answer_within=Delay(months=1),
        place=Place(site="ecole", label="chez Sigismonde", point="48.1,2.3"),
        usager=Person(id=USAGER, name="Sigismonde Aubépin", phone="0612345678"),
        on_behalf_of=Person(id=CHILD, name="Théophane"),
        fields={"jours": 4},
        personal_fields={"allergie": "arachide de Théophane"},
    )
)


def test_a_fact_comes_back_as_it_was() -> None:
    assert codec.decode(codec.encode(opened, KEYS), KEYS) == opened
    asked = recorded(DocumentsRequested(documents=("Livret", "Bail"), until=date(2026, 4, 1)))
    assert codec.decode(codec.encode(asked, KEYS), KEYS) == asked


def test_nothing_personal_is_readable_in_the_entry() -> None:
    entry = codec.encode(opened, KEYS)
    for word in ("Sigismonde", "Aubépin", "0612345678", "Théophane", "arachide", "48.1"):
        assert word.encode() not in entry.data
    assert b"cantine" in entry.data


def test_an_entry_names_the_keys_it_needs() -> None:
    assert keys_of([opened]) == {USAGER, CHILD, DOSSIER}
    assert keys_of([codec.read(codec.encode(opened, KEYS))]) == {USAGER, CHILD, DOSSIER}


def test_what_was_under_a_destroyed_key_reads_as_erased() -> None:
    read = codec.decode(codec.encode(opened, KEYS), {**KEYS, USAGER: None})
    event = read.event
    assert isinstance(event, DossierOpened)
    assert event.usager == Person(id=USAGER, name=ERASED, phone=ERASED)
    assert event.on_behalf_of == Person(id=CHILD, name="Théophane")
    assert event.summary == "Sigismonde demande une place"


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_fact_reads_as_it_does_when_its_shape_is_brought_up_to_date(path: Path) -> None:
    name, _, shape = path.stem.partition(".")
    event_type, content = present(f"{name}:{shape}", msgspec.json.decode(path.read_bytes()))
    read = event_in(f"{name}:{shape}", msgspec.Raw(path.read_bytes()))
    assert read == msgspec.convert(content, event_type)


def test_a_sealed_text_does_not_open_in_another_entry() -> None:
    entry = codec.encode(opened, KEYS)
    with pytest.raises(LogDamaged):
        codec.decode(changed(entry, stream="dossier.8"), KEYS)
    with pytest.raises(LogDamaged):
        Codec("autre-ville").decode(entry, KEYS)
