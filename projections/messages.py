"""*Messages.* What is to be sent to residents, what has left, and what was refused."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.grammar import Recorded
from domain.telling import (
    MessageQueued,
    MessageRefused,
    MessageSent,
    MessageWithdrawn,
    ReceiptAcknowledged,
)
from projections.read_model import Cursor, ReadModel, Town, dossier_id, fetch

RECEIPTS = ("registration", "acknowledgement")


class MessageRow(Struct, frozen=True, kw_only=True):
    """The message queued by the entry `number` of a dossier. `state` is `queued`, `sent`, `refused`
    or `withdrawn`, since `settled_at`; `why` is what refused or withdrew it."""

    dossier_id: UUID
    number: int
    kind: str
    means: str
    state: str = "queued"
    queued_at: datetime
    settled_at: datetime | None = None
    message_id: str | None = None
    posted_on: date | None = None
    why: str | None = None


def fold(rows: tuple[MessageRow, ...], fact: Recorded[Any], town: Town) -> tuple[MessageRow, ...]:
    """The messages of the dossier after `fact`."""
    id = dossier_id(fact)
    assert id is not None  # noqa: S101 only facts of dossiers come here
    at = fact.times.recorded_at
    match fact.event:
        case MessageQueued(kind=kind, means=means):
            row = MessageRow(
                dossier_id=id,
                number=fact.version,
                kind=kind,
                means=means,
                queued_at=at,
            )
            return (*rows, row)
        case MessageSent(message=number, message_id=message_id, posted_on=day):
            return changed(
                rows, number, state="sent", settled_at=at, message_id=message_id, posted_on=day
            )
        case MessageRefused(message=number, reason=why):
            return changed(rows, number, state="refused", settled_at=at, why=why)
        case MessageWithdrawn(message=number, reason=why):
            return changed(rows, number, state="withdrawn", settled_at=at, why=why)
        case ReceiptAcknowledged():
            # Given otherwise, it need not be sent any more.
            return tuple(
                replace(row, state="withdrawn", settled_at=at)
                if row.state == "queued" and row.kind in RECEIPTS
                else row
                for row in rows
            )
        case _:
            return rows


def changed(rows: tuple[MessageRow, ...], number: int, **changes: Any) -> tuple[MessageRow, ...]:
    """The same messages, with changes to one."""
    return tuple(replace(row, **changes) if row.number == number else row for row in rows)


MODEL = ReadModel(
    name="messages", version=2, row=MessageRow, fold=fold, key=("dossier_id", "number")
)

COLUMNS = ", ".join(f"m.{name}" for name in MessageRow.__struct_fields__)


State = Literal["queued", "sent", "refused", "withdrawn"]
"""What became of a message."""

ORDERS: dict[State, str] = {
    "queued": "m.queued_at, m.dossier_id, m.number",
    "refused": "m.queued_at, m.dossier_id, m.number",
    "sent": "m.settled_at desc, m.dossier_id, m.number",
    "withdrawn": "m.settled_at desc, m.dossier_id, m.number",
}
"""What somebody must treat, the oldest first; what is done, the last first, since it only grows."""


async def listed(
    cursor: Cursor,
    town: str,
    state: State,
    *,
    means: str | None = None,
    service: str | None = None,
    limit: int = 200,
) -> list[MessageRow]:
    """The first `limit` messages in a state; those of one `service` by its dossiers of today."""
    conditions = ["m.town = %(town)s", "m.state = %(state)s"]
    conditions += ["m.means = %(means)s"] if means else []
    conditions += ["q.service = %(service)s"] if service else []
    owned = "join queues q using (town, dossier_id)" if service else ""
    query = f"""
        select {COLUMNS} from messages m {owned} where {" and ".join(conditions)}
        order by {ORDERS[state]} limit %(limit)s
    """  # noqa: S608 our columns
    values = {"town": town, "state": state, "means": means, "service": service, "limit": limit}
    return await fetch(cursor, MessageRow, query, values)
