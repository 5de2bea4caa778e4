"""*Promesses.* Every date given to a resident: kept, renegotiated before its day, or broken.

History promised nothing.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.dossier_events import (
    AssignmentRefused,
    DossierAssigned,
    DossierClosed,
    DossierOpened,
    DossierReopened,
    PlannedWorkDone,
)
from domain.grammar import Recorded
from domain.telling import AnswerSent, ProgressReported
from projections.read_model import ReadModel, Town, dossier_id
from projections.reckoning import MOVES_A_CLOCK, promised


class PromiseRow(Struct, frozen=True, kw_only=True):
    """A promise made by the entry `number` of a dossier: an `answer`, `progress` or announced
    `work` by the end of the day `promised_for`, in the town's time. `state` is `open`, `kept`,
    `renegotiated` (another date was given, by that day) or `broken`; an open one whose day has
    passed is late, which is for who reads to see, since time is not a fact. The date of an answer
    moves with the `clock` it is read off, until another one is given; the others were given.
    `service` is who owes it, or owed it when it was settled; `owner` has the dossier today."""

    dossier_id: UUID
    number: int
    kind: str
    service: str
    made_at: datetime
    promised_for: date
    owner: str
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
            return reopened(rows, fact, town)
        case ProgressReported(next_date=day, answer_by=announced):
            service = owner(rows)
            told = settled(rows, fact, town, "progress")
            if isinstance(announced, date) and any(is_owed(row, "answer") for row in told):
                told = settled(told, fact, town, "answer", by="renegotiated")
                told = (*told, made(fact, "answer", service, announced))
            return (*told, made(fact, "progress", service, day))
        case AnswerSent():
            return settled(rows, fact, town, "answer", "progress")
        case DossierClosed(planned_for=announced):
            told = settled(rows, fact, town, "progress")  # nobody waits for news of what is over
            if not isinstance(announced, date):
                return told
            return (*told, made(fact, "work", owner(rows), announced))
        case PlannedWorkDone():
            return settled(rows, fact, town, "work")
        case DossierAssigned(service=service) | AssignmentRefused(service=service):
            # Whoever has the dossier owes what was promised for it.
            return tuple(
                replace(row, owner=service, service=service if row.state == "open" else row.service)
                for row in rows
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
        owner=service,
        made_at=fact.times.received_at,
        promised_for=day,
    )


def answer(fact: Recorded[Any], town: Town, service: str, clock: dict[str, Any]) -> PromiseRow:
    """The promise of an answer, made by the opening or the reopening."""
    clock, day = promised(clock, fact, town)
    assert day is not None  # noqa: S101 only history is promised nothing
    return replace(made(fact, "answer", service, day), clock=clock)


def reopened(
    rows: tuple[PromiseRow, ...], fact: Recorded[Any], town: Town
) -> tuple[PromiseRow, ...]:
    """Another answer is owed, by the clock that begins anew; announced work waits for it."""
    clocks = [row.clock for row in rows if row.kind == "answer" and row.clock]
    if not clocks:
        return rows
    rows = settled(rows, fact, town, "work", by="renegotiated")
    return (*rows, answer(fact, town, owner(rows), clocks[-1]))


def owner(rows: tuple[PromiseRow, ...]) -> str:
    """Which service has the dossier; empty for history, of which nothing is kept here."""
    return rows[-1].owner if rows else ""


def is_owed(row: PromiseRow, kind: str) -> bool:
    """Whether a promise of that kind waits to be kept."""
    return row.state == "open" and row.kind == kind


def settled(
    rows: tuple[PromiseRow, ...], fact: Recorded[Any], town: Town, *kinds: str, by: str = "kept"
) -> tuple[PromiseRow, ...]:
    """The same promises, the open ones of these kinds kept (or what `by` says) or broken by
    `fact`."""
    at = fact.times.received_at
    today = at.astimezone(town.zone).date()
    return tuple(
        replace(row, state=by if today <= row.promised_for else "broken", settled_at=at)
        if row.state == "open" and row.kind in kinds
        else row
        for row in rows
    )


def moved(row: PromiseRow, fact: Recorded[Any], town: Town) -> PromiseRow:
    """An answer that is still owed, on the day its clock says after `fact`."""
    if not is_owed(row, "answer") or not row.clock:
        return row
    clock, day = promised(row.clock, fact, town)
    return replace(row, clock=clock, promised_for=day or row.promised_for)


MODEL = ReadModel(
    name="promises",
    version=5,
    row=PromiseRow,
    fold=fold,
    key=("dossier_id", "number", "kind"),  # news may announce the answer too: two by one fact
)
