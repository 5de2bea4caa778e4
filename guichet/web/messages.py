"""What waits to leave, what was refused, what is missing: the lists somebody works through."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Response
from msgspec import Struct

from domain.lapses import LapseKind
from domain.terms import Means
from guichet.web.actors import OF_ONE_SERVICE
from guichet.web.dossiers import answered, wait
from guichet.web.problems import AnyRequest
from guichet.web.queues import must_be_of
from guichet.web.reception import Reception
from projections import lapses, messages, promises
from projections.messages import MessageRow, State

Limit = Annotated[int, QueryParameter(ge=1, le=500)]


class LapseShown(Struct, frozen=True):
    """A lapse that lasts, without a word of anybody: see `domain/lapses.py`."""

    dossier: UUID
    kind: str
    service: str
    since: date
    level: str


class Undated(Struct, frozen=True):
    """An open dossier whose resident was given no date that is still to come."""

    dossier: UUID
    procedure: str
    received_at: datetime


class Silences(Struct, frozen=True):
    """How many open dossiers silence has taken effect on, in all and by service."""

    count: int
    by_service: dict[str, int]
    position: int


@get("/messages", summary="Les messages : à envoyer, partis, refusés")
async def read_messages(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    standing: Annotated[State, QueryParameter(name="state")] = "queued",
    means: FromQuery[Means | None] = None,
    service: FromQuery[str | None] = None,
    limit: Limit = 200,
) -> Response[bytes]:
    """What waits or was refused, the oldest first; what is done, the last first. Agents see those
    of the dossiers of their service."""
    author = await reception.doorkeeper.author(request, "queue")
    if author.role in OF_ONE_SERVICE:
        service = service or author.service or ""
        must_be_of(author, service)
    if service is not None:
        reception.catalogue_knows(service)
    behind = await wait(request, reception, "messages", "queues")
    async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("messages", "queues")
        town = reception.house.settings.town
        rows = await messages.listed(
            cursor, town, standing, means=means, service=service, limit=limit
        )
    return answered({"items": [shown(row) for row in rows], "position": reached}, behind)


@get("/services/{service:str}/lapses", summary="Les manquements d'un service qui durent")
async def read_lapses(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    service: FromPath[str],
    kind: FromQuery[LapseKind | None] = None,
    limit: Limit = 500,
) -> Response[bytes]:
    """Oldest first, for the service and for those who evaluate."""
    author = await reception.doorkeeper.author(request, "queue", "figures")
    must_be_of(author, service)
    reception.catalogue_knows(service)
    behind = await wait(request, reception, "lapses")
    async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("lapses")
        town = reception.house.settings.town
        rows = await lapses.lasting(cursor, town, service=service, kind=kind, limit=limit)
    items = [
        LapseShown(row.dossier_id, row.kind, row.service, row.since, row.level) for row in rows
    ]
    return answered({"items": items, "position": reached}, behind)


@get("/services/{service:str}/without-next-date", summary="Les dossiers sans prochaine date")
async def read_undated(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    service: FromPath[str],
    limit: Limit = 500,
) -> Response[bytes]:
    """Open dossiers whose resident awaits nothing that is still to come, oldest first."""
    author = await reception.doorkeeper.author(request, "queue")
    must_be_of(author, service)
    reception.catalogue_knows(service)
    behind = await wait(request, reception, "queues", "promises")
    house = reception.house
    today = house.desk.circumstances(author).today
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("queues", "promises")
        rows = await promises.undated(cursor, house.settings.town, service, today, limit)
    items = [Undated(*row) for row in rows]
    return answered({"items": items, "position": reached}, behind)


@get("/silences", summary="Les dossiers ouverts sous l'effet du silence")
async def read_silences(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """How many there are, by service."""
    await reception.doorkeeper.author(request, "queue", "figures")
    behind = await wait(request, reception, "lapses")
    async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("lapses")
        found = await lapses.silences(cursor, reception.house.settings.town)
    counted = Silences(count=sum(found.values()), by_service=found, position=reached)
    return answered(msgspec.structs.asdict(counted), behind)


def shown(row: MessageRow) -> dict[str, object]:
    """A message as the answer shows it."""
    columns = msgspec.structs.asdict(row)
    return {"dossier": columns.pop("dossier_id"), **columns}
