"""*Promesses.* Every date given to a resident, kept or broken. History promised nothing."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.deadlines import due
from domain.dossier import (
    AnswerSent,
    AssignmentRefused,
    DossierAssigned,
    DossierOpened,
    ProgressReported,
)
from domain.grammar import Recorded
from projections.read_model import ReadModel, Town, dossier_id


class PromiseRow(Struct, frozen=True, kw_only=True):
    """A promise made by the entry `number` of a dossier: an `answer` or `progress` by the end of
    the day `promised_for`, in the town's time. `state` is `open`, `kept` or `broken`; an open one
    whose day has passed is late, which is for who reads to see, since time is not a fact."""

    dossier_id: UUID
    number: int
    kind: str
    service: str
    made_at: datetime
    promised_for: date
    state: str = "open"
    settled_at: datetime | None = None


def fold(rows: tuple[PromiseRow, ...], fact: Recorded[Any], town: Town) -> tuple[PromiseRow, ...]:
    """The promises of the dossier after `fact`."""
    if fact.origin is not None:
        return rows
    at = fact.times.received_at

    def settled(*kinds: str) -> tuple[PromiseRow, ...]:
        today = at.astimezone(town.zone).date()
        return tuple(
            replace(row, state="kept" if today <= row.promised_for else "broken", settled_at=at)
            if row.state == "open" and row.kind in kinds
            else row
            for row in rows
        )

    def made(kind: str, service: str, day: date) -> PromiseRow:
        id = dossier_id(fact)
        assert id is not None  # noqa: S101 only facts of dossiers come here
        return PromiseRow(
            dossier_id=id,
            number=fact.version,
            kind=kind,
            service=service,
            made_at=at,
            promised_for=day,
        )

    match fact.event:
        case DossierOpened(service=service, answer_within=delay):
            return (made("answer", service, due(at, delay, town.zone)),)
        case ProgressReported(next_date=day):
            service = rows[-1].service if rows else ""
            return (*settled("progress"), made("progress", service, day))
        case AnswerSent():
            return settled("answer", "progress")
        case DossierAssigned(service=service) | AssignmentRefused(service=service):
            # Whoever has the dossier owes what was promised for it.
            return tuple(
                replace(row, service=service) if row.state == "open" else row for row in rows
            )
        case _:
            return rows


MODEL = ReadModel(
    name="promises", version=1, row=PromiseRow, fold=fold, key=("dossier_id", "number")
)
