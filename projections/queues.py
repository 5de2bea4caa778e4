"""*Files d'attente.* What each service has before it, the most urgent first."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.dossier_events import (
    AssignmentRefused,
    ClosedAtOrigin,
    DocumentAttached,
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
from domain.grammar import Recorded
from domain.telling import AnswerSent
from domain.waits import DocumentsReceived, DocumentsRequested, WaitingBegan, WaitingEnded
from projections.read_model import Cursor, ReadModel, Town, dossier_id, fetch
from projections.reckoning import MOVES_A_CLOCK, promised

NEVER = date(9999, 12, 31)
"""The due date of history whose origin promised nothing: it comes last."""

State = Literal[
    "to_take",
    "taken",
    "transferred",
    "awaiting_documents",
    "awaiting_usager",
    "reopened",
    "answered",
]
"""Where a dossier stands in its queue."""

Order = Literal["due", "newest"]
"""How a queue is read: what is due first, or what came last."""


class QueueRow(Struct, frozen=True, kw_only=True):
    """One dossier in the queue of its service. `due` is the last day of the answer, in the town's
    time, which `clock` is the memory of; `links` how many other dossiers tell of the same thing;
    `history` marks an import."""

    dossier_id: UUID
    service: str
    previous_service: str | None = None
    open: bool
    state: State
    due: date
    received_at: datetime
    nature: str
    channel: str
    procedure: str
    summary: str
    place: str | None
    district: str | None
    taken_by: str | None
    links: int
    history: bool
    flags: tuple[str, ...]
    clock: dict[str, Any]
    version: int
    position: int


def fold(rows: tuple[QueueRow, ...], fact: Recorded[Any], town: Town) -> tuple[QueueRow, ...]:
    """The place of the dossier in the queues after `fact`."""
    if isinstance(fact.event, DossierOpened):
        return (opened(fact, fact.event, town),)
    if not rows:
        return ()
    row = replace(rows[0], version=fact.version, position=fact.position)
    if isinstance(fact.event, MOVES_A_CLOCK):
        clock, due = promised(row.clock, fact, town)
        row = replace(row, clock=clock, due=due or NEVER)
    match fact.event:
        case DossierAssigned(service=service):
            row = moved(row, service, "transferred")
        case AssignmentRefused(service=service):
            row = moved(row, service, "to_take")
        case DossierTaken():
            row = replace(row, state="taken", taken_by=fact.author.account)
        case DossierReleased():
            taken = row.state == "taken"
            row = replace(row, state="to_take" if taken else row.state, taken_by=None)
        case DocumentsRequested():
            row = replace(row, state="awaiting_documents")
        case WaitingBegan():
            row = replace(row, state="awaiting_usager")
        case DocumentAttached() | DocumentsReceived() if row.state == "awaiting_documents":
            row = replace(row, state="taken" if row.taken_by else "to_take")
        case WaitingEnded() if row.state == "awaiting_usager":
            row = replace(row, state="taken" if row.taken_by else "to_take")
        case AnswerSent():
            row = replace(row, state="answered")
        case DossierClosed() | ClosedAtOrigin():
            row = replace(row, open=False)
        case DossierReopened():
            row = replace(row, open=True, state="reopened")
        case DossierLinked():
            row = replace(row, links=row.links + 1)
        case DossierUnlinked():
            row = replace(row, links=row.links - 1)
        case EntryCorrected(entry=1, text=text):
            row = replace(row, summary=text)
        case _:
            pass  # notes and news leave the queue as it is
    return (row,)


def moved(row: QueueRow, service: str, state: State) -> QueueRow:
    """The dossier in the queue of another service, known as gone in the old one."""
    return replace(row, service=service, previous_service=row.service, state=state, taken_by=None)


def opened(fact: Recorded[Any], event: DossierOpened, town: Town) -> QueueRow:
    """The dossier as it enters the queue."""
    id = dossier_id(fact)
    assert id is not None  # noqa: S101 the stream of an opening is a dossier's
    clock, due = promised({}, fact, town)
    return QueueRow(
        dossier_id=id,
        service=event.service,
        open=True,
        state="to_take",
        due=due or NEVER,
        received_at=fact.times.received_at,
        nature=event.nature,
        channel=event.channel,
        procedure=event.procedure,
        summary=event.summary,
        place=event.place.label or event.place.site if event.place else None,
        district=event.place.district if event.place else None,
        taken_by=None,
        links=0,
        history=fact.origin is not None,
        flags=event.flags,
        clock=clock,
        version=fact.version,
        position=fact.position,
    )


MODEL = ReadModel(name="queues", version=4, row=QueueRow, fold=fold)

CHANGES = 500
"""The most changes told at once."""

COLUMNS = ", ".join(QueueRow.__struct_fields__)


ORDERS = {
    "due": ("(due, dossier_id) > (%(after)s, %(id)s)", "due, dossier_id"),
    "newest": (
        "(received_at, dossier_id) < (%(after)s, %(id)s)",
        "received_at desc, dossier_id desc",
    ),
}
"""What comes after a row, and how rows follow each other."""


class Place(Struct, frozen=True):
    """The last row that was seen: its due date, or when it was received, and its dossier."""

    value: date | datetime
    id: UUID


async def page(
    cursor: Cursor,
    town: str,
    service: str,
    *,
    order: Order = "due",
    state: State | None = None,
    after: Place | None = None,
    limit: int,
) -> list[QueueRow]:
    """The next `limit` open dossiers of `service`, of one `state` where it is given."""
    following, rank = ORDERS[order]
    conditions = ["town = %(town)s", "service = %(service)s", "open"]
    conditions += ["state = %(state)s"] if state else []
    conditions += [following] if after else []
    query = f"""
        select {COLUMNS} from queues where {" and ".join(conditions)}
        order by {rank} limit %(limit)s
    """  # noqa: S608 our columns
    values: dict[str, Any] = {"town": town, "service": service, "state": state, "limit": limit}
    if after:
        values |= {"after": after.value, "id": after.id}
    return await fetch(cursor, QueueRow, query, values)


async def changed_since(cursor: Cursor, town: str, service: str, position: int) -> list[QueueRow]:
    """The dossiers of `service` that changed after `position`, those that left it and closed
    ones included."""
    query = f"""
        select {COLUMNS} from queues
        where town = %(town)s and position > %(position)s
          and %(service)s in (service, previous_service)
        order by position limit {CHANGES}
    """  # noqa: S608 our columns
    values = {"town": town, "service": service, "position": position}
    return await fetch(cursor, QueueRow, query, values)
