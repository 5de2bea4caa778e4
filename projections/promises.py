"""*Promesses.* Every date given to a resident, kept or broken. History promised nothing."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.dossier_events import AssignmentRefused, DossierAssigned, DossierOpened, DossierReopened
from domain.grammar import Recorded
from domain.telling import AnswerSent, ProgressReported
from projections.read_model import ReadModel, Town, dossier_id
from projections.reckoning import MOVES_A_CLOCK, promised


class PromiseRow(Struct, frozen=True, kw_only=True):
    """A promise made by the entry `number` of a dossier: an `answer` or `progress` by the end of
    the day `promised_for`, in the town's time. `state` is `open`, `kept` or `broken`; an open one
    whose day has passed is late, which is for who reads to see, since time is not a fact. The date
    of an answer moves with the `clock` it is read off; that of progress was given."""

    dossier_id: UUID
    number: int
    kind: str
    service: str
    made_at: datetime
    promised_for: date
    state: str = "open"
    settled_at: datetime | None = None
    clock: dict[str, Any] = {}


def fold(rows: tuple[PromiseRow, ...], fact: Recorded[Any], town: Town) -> tuple[PromiseRow, ...]:
    """The promises of the dossier after `fact`."""
    if fact.origin is not None:
        return rows
    if isinstance(fact.event, MOVES_A_CLOCK):
        rows = tuple(moved(row, fact, town) for row in rows)
    match fact.event:
        case DossierOpened(service=service):
            return (answer(fact, town, service, {}),)
        case DossierReopened():
            owed = [row for row in rows if row.kind == "answer"]
            return (*rows, answer(fact, town, rows[-1].service, owed[-1].clock)) if owed else rows
        case ProgressReported(next_date=day):
            service = rows[-1].service if rows else ""
            news = made(fact, "progress", service, day)
            return (*settled(rows, fact, town, "progress"), news)
        case AnswerSent():
            return settled(rows, fact, town, "answer", "progress")
        case DossierAssigned(service=service) | AssignmentRefused(service=service):
            # Whoever has the dossier owes what was promised for it.
            return tuple(
                replace(row, service=service) if row.state == "open" else row for row in rows
            )
        case _:
            return rows


def made(fact: Recorded[Any], kind: str, service: str, day: date) -> PromiseRow:
    """A promise made by `fact`."""
    id = dossier_id(fact)
    assert id is not None  # noqa: S101 only facts of dossiers come here
    return PromiseRow(
        dossier_id=id,
        number=fact.version,
        kind=kind,
        service=service,
        made_at=fact.times.received_at,
        promised_for=day,
    )


def answer(fact: Recorded[Any], town: Town, service: str, clock: dict[str, Any]) -> PromiseRow:
    """The promise of an answer, made by the opening or the reopening."""
    clock, day = promised(clock, fact, town)
    assert day is not None  # noqa: S101 only history is promised nothing
    return replace(made(fact, "answer", service, day), clock=clock)


def settled(
    rows: tuple[PromiseRow, ...], fact: Recorded[Any], town: Town, *kinds: str
) -> tuple[PromiseRow, ...]:
    """The same promises, the open ones of these kinds kept or broken by `fact`."""
    at = fact.times.received_at
    today = at.astimezone(town.zone).date()
    return tuple(
        replace(row, state="kept" if today <= row.promised_for else "broken", settled_at=at)
        if row.state == "open" and row.kind in kinds
        else row
        for row in rows
    )


def moved(row: PromiseRow, fact: Recorded[Any], town: Town) -> PromiseRow:
    """An answer that is still owed, on the day its clock says after `fact`."""
    if row.state != "open" or row.kind != "answer":
        return row
    clock, day = promised(row.clock, fact, town)
    return replace(row, clock=clock, promised_for=day or row.promised_for)


MODEL = ReadModel(
    name="promises", version=2, row=PromiseRow, fold=fold, key=("dossier_id", "number")
)
