"""What is to be sent, what left and what was refused; what the town owes and has not done."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Response
from msgspec import Struct

from domain.lapses import LapseKind, Level
from domain.terms import Means
from guichet.web.actors import OF_ONE_SERVICE, may
from guichet.web.dossiers import answered, wait
from guichet.web.problems import AnyRequest
from guichet.web.queues import must_be_of
from guichet.web.reception import Reception
from projections import lapses, messages
from projections.lapses import LapseRow

Limit = Annotated[int, QueryParameter(ge=1, le=500)]


class Owed(Struct, frozen=True):
    """*Manquement*, as it is shown: it names nobody, so that those who measure may read it."""

    dossier_id: UUID
    kind: LapseKind
    since: date
    level: Level
    service: str


class Silent(Struct, frozen=True):
    """How many open `dossiers` of a `service` are under the effect of silence."""

    service: str
    dossiers: int


@get("/messages", summary="Les messages à envoyer, refusés ou partis")
async def read_messages(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    standing: Annotated[messages.State, QueryParameter(name="state")] = "queued",
    means: FromQuery[Means | None] = None,
    service: FromQuery[str | None] = None,
    limit: Limit = 200,
) -> Response[bytes]:
    """What waits or was refused, the oldest first, or what was sent, the last first: of one
    service, of one means, or all. Those of the letters that wait may go into a mailing."""
    author = await reception.doorkeeper.author(request, "queue")
    if author.role in OF_ONE_SERVICE:
        service = service or author.service or ""
        must_be_of(author, service)
    if service is not None:
        reception.catalogue_knows(service)
    behind = await wait(request, reception, "messages", "queues")
    town = reception.house.settings.town
    async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("messages", "queues")
        rows = await messages.listed(
            cursor, town, standing, means=means, service=service, limit=limit
        )
    return answered({"items": rows, "position": reached}, behind)


@get("/services/{service:str}/lapses", summary="Ce qu'un service doit et n'a pas fait")
async def read_lapses(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    service: FromPath[str],
    kind: FromQuery[LapseKind | None] = None,
    limit: Limit = 200,
) -> Response[bytes]:
    """The lapses that last, the oldest first. Agents see those of their own service, and who
    measures those of any."""
    author = await reception.doorkeeper.author(request, "queue", "figures")
    if not may(author, "figures"):
        must_be_of(author, service)
    reception.catalogue_knows(service)
    behind = await wait(request, reception, "lapses")
    town = reception.house.settings.town
    async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("lapses")
        rows = await lapses.lasting(cursor, town, service=service, kind=kind, limit=limit)
    return answered({"items": [shown(row) for row in rows], "position": reached}, behind)


@get("/services/{service:str}/without-next-date", summary="Les dossiers sans prochaine date")
async def read_without_next_date(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    service: FromPath[str],
    limit: Limit = 200,
) -> Response[bytes]:
    """Open dossiers for which nothing is promised for today or later, the oldest first."""
    author = await reception.doorkeeper.author(request, "queue")
    must_be_of(author, service)
    reception.catalogue_knows(service)
    behind = await wait(request, reception, "queues", "promises")
    house = reception.house
    today = house.desk.circumstances(author).today
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("queues", "promises")
        rows = await lapses.without_next_date(
            cursor, house.settings.town, service, today, limit=limit
        )
    return answered({"items": rows, "position": reached}, behind)


@get("/silences", summary="Combien de dossiers ouverts sont sous l'effet du silence")
async def read_silences(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """By service; a service without any is not there."""
    await reception.doorkeeper.author(request, "queue", "figures")
    behind = await wait(request, reception, "lapses")
    town = reception.house.settings.town
    async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("lapses")
        counted = await lapses.silences(cursor, town)
    items = [Silent(service, number) for service, number in counted.items()]
    return answered({"items": items, "position": reached}, behind)


def shown(row: LapseRow) -> Owed:
    """The columns of a lapse that name nobody: its detail may."""
    return msgspec.convert(row, Owed, from_attributes=True)


routes = [read_messages, read_lapses, read_without_next_date, read_silences]
