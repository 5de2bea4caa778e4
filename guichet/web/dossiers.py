"""Dossiers: taking one in, reading one, finding one, its timeline."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Response
from msgspec.structs import replace
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from domain.clocks import OF_THE_FIELD
from domain.dossier import DossierUnknown
from domain.grammar import Author, Recorded
from domain.intake import OpenDossier
from guichet.desk import KeyReused, Outcome
from guichet.rebuilding import town_of
from guichet.web.actors import OF_ONE_SERVICE, owns, scope_of
from guichet.web.intents import Intent, etag, forbidden
from guichet.web.problems import AnyRequest, invalid, unavailable
from guichet.web.reception import Reception
from projections import archive, dossiers, timelines
from projections.dossiers import DossierRow
from projections.search import search

HIDDEN = ("dossier_id", "keys", "clocks")
"""Columns that are not shown: the identifier is, as `id`."""


@post("/dossiers", summary="Enregistrer une demande")
async def open_dossier(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """One fact; the dossier lies in the queue of its procedure's service."""
    doorkeeper = reception.doorkeeper
    author = await doorkeeper.author(request, "open")
    command, intent = await doorkeeper.command(request, author, OpenDossier)
    id = command.id or doorkeeper.derived_id(author, intent.key)
    known = doorkeeper.knows(intent.hand)
    with doorkeeper.hearing(intent.hand):
        if command.id is not None and not known:
            await must_be_new(reception, intent, f"dossier.{id}")
        await reception.safe_to_write()
        outcome = await reception.house.desk.open(id, command, intent.hand)
    return created(outcome)


@get("/dossiers/{id:uuid}", summary="Lire un dossier, tel qu'il est ou tel qu'il était")
async def read_dossier(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    id: FromPath[UUID],
    as_of: FromQuery[str | None] = None,
) -> Response[bytes]:
    """The dossier now, or `as_of` a recorded time (RFC 3339) or a position."""
    author = await reception.doorkeeper.author(request, "read")
    behind = await wait(request, reception, *(() if as_of else ("dossiers",)))
    if as_of is not None:
        row = await dossier_as_of(reception, id, as_of)
        reached = row.position if row else 0
    else:
        async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
            reached = reception.waiter.reached("dossiers")
            row = await dossiers.one(cursor, reception.house.settings.town, id)
    if row is None:
        raise DossierUnknown if as_of is not None else await without_row(reception, id)
    if not owns(author, row.service, row.opened_by):
        raise forbidden()
    body = {"id": row.dossier_id, **shown(row), "position": max(reached, row.position)}
    headers = {"ETag": etag(id, row.version)}
    return answered(body, behind, headers)


@get("/dossiers/{id:uuid}/timeline", summary="Le fil d'un dossier")
async def read_timeline(
    request: AnyRequest, reception: NamedDependency[Reception], id: FromPath[UUID]
) -> Response[bytes]:
    """Every fact of the dossier, oldest first, in the words a person reads."""
    author = await reception.doorkeeper.author(request, "read")
    behind = await wait(request, reception, "dossiers", "timelines")
    town = reception.house.settings.town
    async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("dossiers", "timelines")
        timeline = await timelines.of(cursor, town, id)
    if timeline is None:
        raise await without_row(reception, id)
    if not owns(author, timeline.service, timeline.opened_by):
        raise forbidden()
    body = {"items": timeline.items, "position": max(reached, timeline.position)}
    return answered(body, behind, {"ETag": etag(id, timeline.version)})


@get("/dossiers", summary="Chercher un dossier")
async def find_dossiers(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    q: Annotated[str, QueryParameter(max_length=300)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> Response[bytes]:
    """By words, person, place or number; accents and typing errors forgiven."""
    author = await reception.doorkeeper.author(request, "read")
    if "\0" in q:
        raise invalid("/q", "Le texte contient un caractère interdit (NUL).")
    behind = await wait(request, reception, "dossiers")
    town = reception.house.settings.town
    async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.reached("dossiers")
        found = await search(cursor, town, q, limit, scope_of(author)) if q.strip() else []
    items = [{"id": row.dossier_id, **shown(row)} for row in found]
    return answered({"items": items, "position": reached}, behind)


async def must_be_new(reception: Reception, intent: Intent, stream: str) -> None:
    """422 when the key was used for another stream; without the database only what this process
    remembers is known."""
    try:
        async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
            town = reception.house.settings.town
            entry = await archive.by_command(cursor, town, intent.hand.command_id)
    except (OperationalError, PoolTimeout):
        return
    if entry is not None and entry.stream != stream:
        raise KeyReused


async def without_row(reception: Reception, id: UUID) -> Exception:
    """Why a dossier cannot be shown: there is none, or what shows it has stopped before it."""
    stopped = "dossiers" in reception.waiter.stops
    if stopped and await reception.house.log.last(f"dossier.{id}") is not None:
        return unavailable("Le dossier est enregistré, mais ce qui l'affiche est arrêté.")
    return DossierUnknown()


async def must_own(reception: Reception, author: Author, id: UUID) -> None:
    """403 for a dossier of another service, or one the field staff did not open; the log itself is
    asked, so that a transfer counts at once."""
    if author.role not in OF_ONE_SERVICE | OF_THE_FIELD:
        return
    past = await reception.house.desk.past(f"dossier.{id}")
    if not past:
        raise DossierUnknown
    row = row_of(reception, past)
    if row is None or not owns(author, row.service, row.opened_by):
        raise forbidden()


async def dossier_as_of(reception: Reception, id: UUID, as_of: str) -> DossierRow | None:
    """The dossier as its facts up to a recorded time or a position make it."""
    past = await reception.house.desk.past(f"dossier.{id}")
    if as_of.isdecimal() and len(as_of) < 19:
        return row_of(reception, [fact for fact in past if fact.position <= int(as_of)])
    try:
        moment = datetime.fromisoformat(as_of.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid("/as_of", "Une position, ou une date et une heure avec leur décalage.")
    return row_of(reception, [fact for fact in past if fact.times.recorded_at <= moment])


def row_of(reception: Reception, past: list[Recorded[Any]]) -> DossierRow | None:
    """The same fold as the read model's, with the calendar of today."""
    catalogue = reception.house.catalogue
    town = replace(
        town_of(reception.house.settings),
        days=catalogue.calendars.working_days,
        procedures=catalogue.procedures,
    )
    rows: tuple[DossierRow, ...] = ()
    for fact in past:
        rows = dossiers.fold(rows, fact, town)
    return rows[0] if rows else None


def shown(row: DossierRow) -> dict[str, Any]:
    """The columns of a dossier that concern its readers."""
    columns = msgspec.structs.asdict(row)
    return {name: columns[name] for name in columns if name not in HIDDEN}


async def wait(request: AnyRequest, reception: Reception, *models: str) -> dict[str, str]:
    """Wait for `min_position`, two seconds at most; the warning to give when it was not reached,
    or when one of the read `models` has stopped and what it shows is old."""
    wanted = request.query_params.get("min_position", "")
    if wanted and (not wanted.isdecimal() or len(wanted) > 18):
        raise invalid("/min_position", "Une position est un nombre entier.")
    stops = reception.waiter.stops
    for stop in (stops[name] for name in models if name in stops):
        said = f"La table {stop.model} est arretee a la position {stop.reached}"
        return {"Warning": f'110 guichet "{said}"'}
    if not wanted:
        return {}
    reached = await reception.waiter.until(int(wanted))
    if reached >= int(wanted):
        return {}
    return {"Warning": f'110 guichet "Lu a la position {reached}, avant {wanted}"'}


def answered(
    body: dict[str, Any], behind: dict[str, str], headers: dict[str, str] | None = None
) -> Response[bytes]:
    """A reading, with the position it was made at."""
    position = {"X-Event-Position": str(body["position"])}
    return Response(
        msgspec.json.encode(body),
        headers={**position, **behind, **(headers or {})},
        media_type="application/json",
    )


def created(outcome: Outcome) -> Response[bytes]:
    """The answer to a command: a function of the recorded fact alone."""
    return Response(
        msgspec.json.encode(outcome),
        status_code=201,
        headers={
            "Location": f"/api/v1/dossiers/{outcome.id}",
            "ETag": etag(outcome.id, outcome.version),
            "X-Event-Position": str(outcome.position),
        },
        media_type="application/json",
    )


routes = [open_dossier, read_dossier, read_timeline, find_dossiers]
