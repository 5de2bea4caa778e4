"""*Dossiers.* Everything the page of a dossier shows, and how a dossier is found again."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.dossier_events import (
    AssignmentRefused,
    ClosedAtOrigin,
    DossierAssigned,
    DossierClosed,
    DossierLinked,
    DossierOpened,
    DossierReleased,
    DossierReopened,
    DossierTaken,
    DossierUnlinked,
    EntryCorrected,
)
from domain.grammar import NO_KEY, Person, Recorded
from domain.telling import AnswerSent, ReceiptAcknowledged
from domain.terms import Place
from projections.read_model import Cursor, ReadModel, Town, dossier_id, fetch
from projections.reckoning import MOVES_A_CLOCK, promised, silenced


class DossierRow(Struct, frozen=True, kw_only=True):
    """One dossier as it stands. `keys` are those of all its words, `due` is the last day of the
    answer the town promised (the origin's for history), in the town's time; `silence` is the legal
    effect of silence by its `silence_source`, `silence_on` the last day on which a decision comes
    before it, None where it does not run, and `silence_state` how it stands (`domain/
    silence_clock.py`); `clocks` are the memories of the two clocks these dates come from."""

    dossier_id: UUID
    state: str
    service: str
    procedure: str
    procedure_version: int
    nature: str
    channel: str
    summary: str
    due: date | None
    silence: str | None = None
    silence_on: date | None = None
    silence_state: str | None = None
    silence_source: str | None = None
    happened_at: datetime
    received_at: datetime
    received_by_competent_at: datetime | None
    entered_at: datetime
    recorded_at: datetime
    opened_by: str
    place_site: str | None = None
    place_district: str | None = None
    place_label: str | None = None
    place_point: str | None = None
    usager_id: UUID | None = None
    usager_name: str | None = None
    usager_email: str | None = None
    usager_phone: str | None = None
    usager_address: str | None = None
    beneficiary_id: UUID | None = None
    beneficiary_name: str | None = None
    fields: dict[str, Any] = {}
    personal_fields: dict[str, Any] = {}
    acknowledged_at: datetime | None = None
    taken_by: str | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    links: tuple[UUID, ...] = ()
    flags: tuple[str, ...] = ()
    origin_source: str | None = None
    origin_number: str | None = None
    keys: tuple[UUID, ...] = ()
    clocks: dict[str, Any] = {}
    version: int
    position: int


def fold(rows: tuple[DossierRow, ...], fact: Recorded[Any], town: Town) -> tuple[DossierRow, ...]:
    """The dossier after `fact`."""
    if isinstance(fact.event, DossierOpened):
        return (opened(fact, fact.event, town),)
    if not rows:
        return ()
    keys = rows[0].keys
    if fact.key != NO_KEY and fact.key not in keys:
        keys = tuple(sorted({*keys, fact.key}))
    row = replace(rows[0], version=fact.version, position=fact.position, keys=keys)
    if isinstance(fact.event, MOVES_A_CLOCK):
        row = replace(row, **read_off(row.clocks, fact, town))
    at = fact.times.received_at
    match fact.event:
        case ReceiptAcknowledged():
            row = replace(row, acknowledged_at=at)
        case DossierAssigned(service=service) | AssignmentRefused(service=service):
            row = replace(row, service=service, taken_by=None)
        case DossierTaken():
            row = replace(row, taken_by=fact.author.account)
        case DossierReleased():
            row = replace(row, taken_by=None)
        case AnswerSent():
            row = replace(row, answered_at=at)
        case DossierClosed(outcome=outcome):
            row = replace(row, state="closed", closed_at=at, outcome=outcome)
        case ClosedAtOrigin():
            row = replace(row, state="closed", closed_at=fact.times.happened_at)
        case DossierReopened():
            row = replace(row, state="open", closed_at=None, outcome=None, answered_at=None)
        case DossierLinked(dossier=other):
            row = replace(row, links=tuple(sorted({*row.links, other})))
        case DossierUnlinked(dossier=other):
            row = replace(row, links=tuple(sorted({*row.links} - {other})))
        case EntryCorrected(entry=1, text=text):
            row = replace(row, summary=text)
        case _:
            pass  # a note, news or a document changes the timeline, not the dossier's own face
    return (row,)


def opened(fact: Recorded[Any], event: DossierOpened, town: Town) -> DossierRow:
    """The dossier as it was opened."""
    place = event.place or Place()
    nobody = Person(id=NO_KEY)
    usager, other = event.usager or nobody, event.on_behalf_of or nobody
    keys = {fact.key, usager.id, other.id} - {NO_KEY}
    id = dossier_id(fact)
    assert id is not None  # noqa: S101 the stream of an opening is a dossier's
    return DossierRow(
        dossier_id=id,
        state="open",
        service=event.service,
        procedure=event.procedure,
        procedure_version=event.procedure_version,
        nature=event.nature,
        channel=event.channel,
        summary=event.summary,
        **read_off({}, fact, town),
        happened_at=fact.times.happened_at,
        received_at=fact.times.received_at,
        received_by_competent_at=fact.times.received_by_competent_at,
        entered_at=fact.times.entered_at,
        recorded_at=fact.times.recorded_at,
        opened_by=fact.author.account,
        place_site=place.site,
        place_district=place.district,
        place_label=place.label,
        place_point=place.point,
        usager_id=event.usager.id if event.usager else None,
        usager_name=usager.name,
        usager_email=usager.email,
        usager_phone=usager.phone,
        usager_address=usager.address,
        beneficiary_id=event.on_behalf_of.id if event.on_behalf_of else None,
        beneficiary_name=other.name,
        fields=dict(event.fields),
        personal_fields=dict(event.personal_fields),
        flags=event.flags,
        origin_source=fact.origin.source if fact.origin else None,
        origin_number=fact.origin.number if fact.origin else None,
        keys=tuple(sorted(keys)),
        version=fact.version,
        position=fact.position,
    )


def read_off(clocks: dict[str, Any], fact: Recorded[Any], town: Town) -> dict[str, Any]:
    """What the two clocks say after `fact`, by column."""
    promise, due = promised(clocks.get("promise", {}), fact, town)
    silence, said = silenced(clocks.get("silence", {}), fact, town)
    return {"due": due, **said, "clocks": {"promise": promise, "silence": silence}}


MODEL = ReadModel(name="dossiers", version=4, row=DossierRow, fold=fold)

COLUMNS = ", ".join(DossierRow.__struct_fields__)


async def one(cursor: Cursor, town: str, id: UUID) -> DossierRow | None:
    """The dossier `id`."""
    query = f"select {COLUMNS} from dossiers where town = %(town)s and dossier_id = %(id)s"  # noqa: S608 our columns
    rows = await fetch(cursor, DossierRow, query, {"town": town, "id": id})
    return rows[0] if rows else None
