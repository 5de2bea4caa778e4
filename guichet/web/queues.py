"""The queue of a service: a page at a time, and live."""

from collections.abc import AsyncGenerator
from datetime import date, datetime
from typing import Annotated
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Response, Stream

from domain.grammar import Author
from guichet.web.actors import OF_ONE_SERVICE
from guichet.web.dossiers import answered, wait
from guichet.web.intents import forbidden
from guichet.web.problems import AnyRequest, invalid
from guichet.web.reception import Reception
from projections import queues
from projections.queues import NEVER, Order, Place, QueueRow, State

PING = 20.0
"""Seconds of silence after which a line without meaning keeps a live connection open."""


@get("/services/{service:str}/queue", summary="La file d'un service")
async def read_queue(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    service: FromPath[str],
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
    order: FromQuery[Order] = "due",
    standing: Annotated[State | None, QueryParameter(name="state")] = None,
    after: FromQuery[str | None] = None,
) -> Response[bytes]:
    """The open dossiers of the service, the most urgent or the newest first, all or those in one
    state; `Link` leads to the next page."""
    author = await reception.doorkeeper.author(request, "queue")
    must_be_of(author, service)
    reception.catalogue_knows(service)
    behind = await wait(request, reception, "queues")
    town = reception.house.settings.town
    place = place_of(after, order)
    async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("queues")
        rows = await queues.page(
            cursor, town, service, order=order, state=standing, after=place, limit=limit + 1
        )
    headers: dict[str, str] = {}
    if len(rows) > limit:
        last = rows[limit - 1]
        seen = last.due if order == "due" else last.received_at
        asked = {"limit": limit, "order": order, "after": f"{seen.isoformat()}.{last.dossier_id}"}
        query = urlencode(asked | ({"state": standing} if standing else {}))
        headers["Link"] = f'</api/v1/services/{quote(service)}/queue?{query}>; rel="next"'
    body = {"items": [item(row) for row in rows[:limit]], "position": reached}
    return answered(body, behind, headers)


@get("/services/{service:str}/queue/live", summary="La file d'un service, en direct (SSE)")
async def live_queue(
    request: AnyRequest, reception: NamedDependency[Reception], service: FromPath[str]
) -> Stream:
    """What changes in the queue, as it changes; `id:` is the position, with which a client that
    was cut off goes on (`Last-Event-ID`)."""
    author = await reception.doorkeeper.author(request, "queue")
    must_be_of(author, service)
    reception.catalogue_knows(service)
    last = request.headers.get("last-event-id", "")
    since = int(last) if last.isdecimal() and len(last) < 19 else reception.waiter.reached("queues")
    return Stream(
        changes(reception, service, since),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def changes(reception: Reception, service: str, since: int) -> AsyncGenerator[bytes]:
    """The events of a live queue after a position: `changed` with the row, `removed` with the
    identifier of a dossier that was closed or went elsewhere."""
    yield b": bonjour\n\n"
    while True:
        reached = await reception.waiter.until(since + 1, PING, "queues")
        if reached <= since:
            yield b": toujours la\n\n"
            continue
        town = reception.house.settings.town
        async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
            rows = await queues.changed_since(cursor, town, service, since)
        for row in rows:
            here = row.open and row.service == service
            body = item(row) if here else {"id": row.dossier_id}
            kind = b"changed" if here else b"removed"
            data = msgspec.json.encode(body)
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (row.position, kind, data)
        since = max(reached, since) if len(rows) < queues.CHANGES else rows[-1].position


def must_be_of(author: Author, service: str) -> None:
    """Agents see the queue of their own service only."""
    if author.role in OF_ONE_SERVICE and author.service != service:
        raise forbidden()


def place_of(after: str | None, order: Order) -> Place | None:
    """The last row of the page before."""
    if after is None:
        return None
    value, _, id = after.rpartition(".")
    read = date if order == "due" else datetime
    try:
        return Place(read.fromisoformat(value), UUID(id))
    except ValueError:
        raise invalid("/after", "Suivez le lien de la page précédente.") from None


def item(row: QueueRow) -> dict[str, object]:
    """A row as the answer shows it: `due` is empty where nothing was ever promised."""
    columns = msgspec.structs.asdict(row)
    id = columns.pop("dossier_id")
    columns.pop("clock")
    return {"id": id, **columns, "due": None if row.due == NEVER else row.due}


routes = [read_queue, live_queue]
