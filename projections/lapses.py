"""*Manquements.* What the town owes and has not done: since when, whose it is, until repaired."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.dossier_events import AssignmentRefused, DossierAssigned
from domain.grammar import Recorded
from domain.lapses import LapseEscalated, LapseFound, LapseRepaired
from projections.read_model import Cursor, ReadModel, Town, dossier_id, fetch


class LapseRow(Struct, frozen=True, kw_only=True):
    """The lapse found by the entry `number` of a dossier. `since` is its first day, `service` its
    owner: whoever has the dossier while it lasts; `level` to whom it was brought."""

    dossier_id: UUID
    number: int
    kind: str
    service: str
    since: date
    found_at: datetime
    level: str = "service"
    repaired_at: datetime | None = None
    detail: str | None = None


def fold(rows: tuple[LapseRow, ...], fact: Recorded[Any], town: Town) -> tuple[LapseRow, ...]:
    """The lapses of the dossier after `fact`."""
    at = fact.times.recorded_at
    match fact.event:
        case LapseFound() as found:
            id = dossier_id(fact)
            assert id is not None  # noqa: S101 only facts of dossiers come here
            row = LapseRow(
                dossier_id=id,
                number=fact.version,
                kind=found.kind,
                service=found.service,
                since=found.since,
                found_at=at,
                detail=found.detail,
            )
            return (*rows, row)
        case LapseEscalated(kind=kind, to=level):
            return changed(rows, kind, level=level)
        case LapseRepaired(kind=kind):
            return changed(rows, kind, repaired_at=at)
        case DossierAssigned(service=service) | AssignmentRefused(service=service):
            return changed(rows, None, service=service)
        case _:
            return rows


def changed(rows: tuple[LapseRow, ...], kind: str | None, **changes: Any) -> tuple[LapseRow, ...]:
    """The same lapses, those that last (of one `kind`, where it is said) with changes."""
    return tuple(
        replace(row, **changes) if row.repaired_at is None and kind in (None, row.kind) else row
        for row in rows
    )


MODEL = ReadModel(name="lapses", version=1, row=LapseRow, fold=fold, key=("dossier_id", "number"))

COLUMNS = ", ".join(LapseRow.__struct_fields__)


async def lasting(
    cursor: Cursor,
    town: str,
    *,
    service: str | None = None,
    kind: str | None = None,
    limit: int = 500,
) -> list[LapseRow]:
    """The lapses that last, oldest first."""
    query = f"""
        select {COLUMNS} from lapses where town = %(town)s and repaired_at is null
          and (%(service)s::text is null or service = %(service)s)
          and (%(kind)s::text is null or kind = %(kind)s)
        order by since, dossier_id, number limit %(limit)s
    """  # noqa: S608 our columns
    values = {"town": town, "service": service, "kind": kind, "limit": limit}
    return await fetch(cursor, LapseRow, query, values)


class Undated(Struct, frozen=True, kw_only=True):
    """*Dossier sans prochaine date*: open, and nothing is promised for today or later. `due` is the
    last day of the answer, `state` where the dossier stands in its queue."""

    dossier_id: UUID
    service: str
    procedure: str
    state: str
    received_at: datetime
    due: date


async def without_next_date(
    cursor: Cursor, town: str, service: str, today: date, *, limit: int
) -> list[Undated]:
    """The first `limit` such dossiers of `service`, those that wait longest first; history, for
    which nothing was promised, is not among them."""
    columns = ", ".join(f"q.{name}" for name in Undated.__struct_fields__)
    query = f"""
        select {columns} from queues q
        where q.town = %(town)s and q.service = %(service)s and q.open and not q.history
          and not exists (
              select from promises p where p.town = q.town and p.dossier_id = q.dossier_id
                and p.state = 'open' and p.promised_for >= %(today)s)
        order by q.received_at, q.dossier_id limit %(limit)s
    """  # noqa: S608 our columns
    values = {"town": town, "service": service, "today": today, "limit": limit}
    return await fetch(cursor, Undated, query, values)


async def silences(cursor: Cursor, town: str) -> dict[str, int]:
    """How many open dossiers run under the effect of the town's silence, by service."""
    await cursor.execute(
        "select service, count(*) from lapses "
        "where town = %s and kind = 'silence' and repaired_at is null group by service order by 1",
        [town],
    )
    return dict(await cursor.fetchall())
