"""The floor: the least a web application could do with the same request and keep its promise.

`python -m bench.floor CONNINFO PORT`: Litestar reads the body as the same Struct as Guichet does,
and one INSERT puts it into one plain table; 201 means that PostgreSQL has synced it. There is no
token, no rule of the domain, no encryption, no log: what Guichet does beyond this is what its ratio
to the floor shows.
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import uvicorn
import uvloop
from litestar import Litestar, Request, get, post
from litestar.datastructures import State
from litestar.response import Response
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from domain.intake import OpenDossier, PlaceEntry

AnyRequest = Request[Any, Any, State]
DECODER = msgspec.json.Decoder(OpenDossier)
CONNECTIONS = 16
"""As many as each of two workers has clients at most, so that nobody waits for one."""

TABLE = """
create table if not exists requests (
    id uuid primary key default gen_random_uuid(),
    position bigint not null generated always as identity,
    idempotency_key text not null unique,
    procedure text not null,
    channel text not null,
    nature text,
    summary text not null,
    usager_name text,
    usager_email text,
    usager_phone text,
    usager_address text,
    place_site text,
    place_district text,
    place_label text,
    latitude double precision,
    longitude double precision,
    fields jsonb not null,
    happened_at timestamptz,
    received_at timestamptz,
    entered_at timestamptz,
    recorded_at timestamptz not null default now()
);
grant insert, select on requests to web;
"""

INSERT = """
insert into requests (idempotency_key, procedure, channel, nature, summary,
    usager_name, usager_email, usager_phone, usager_address,
    place_site, place_district, place_label, latitude, longitude,
    fields, happened_at, received_at, entered_at)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
on conflict (idempotency_key) do nothing
returning id, position
"""


@post("/api/v1/dossiers")
async def take_in(request: AnyRequest, state: State) -> Response[bytes]:
    """Check the body, insert it, answer once it is synced; 409 for a key seen before."""
    try:
        command = DECODER.decode(await request.body())
    except msgspec.ValidationError as error:
        return Response(str(error).encode(), status_code=400)
    pool: AsyncConnectionPool[Any] = state.pool
    values = row_of(request.headers.get("idempotency-key", ""), command)
    async with pool.connection() as connection:
        cursor = await connection.execute(INSERT, values)
        row = await cursor.fetchone()
    if row is None:
        return Response(b"{}", status_code=409, media_type="application/json")
    answer = msgspec.json.encode({"id": row[0], "position": row[1]})
    return Response(answer, status_code=201, media_type="application/json")


@get("/health/ready")
async def ready() -> dict[str, bool]:
    """The process answers."""
    return {"ready": True}


def row_of(key: str, command: OpenDossier) -> list[Any]:
    """The columns of a request."""
    usager, place = command.usager, command.place
    where = PlaceEntry(label=place) if isinstance(place, str) else place or PlaceEntry()
    return [
        *(key, command.procedure, command.channel, command.nature, command.summary),
        *((usager.name, usager.email, usager.phone, usager.address) if usager else [None] * 4),
        *(where.site, where.district, where.label, where.latitude, where.longitude),
        *(Jsonb(command.fields), command.happened_at, command.received_at, command.entered_at),
    ]


def create_app(conninfo: str) -> Litestar:
    """The application; every statement is its own transaction."""

    @asynccontextmanager
    async def connected(app: Litestar) -> AsyncGenerator[None]:
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            conninfo,
            min_size=CONNECTIONS,
            max_size=CONNECTIONS,
            kwargs={"autocommit": True},
            open=False,
        )
        async with pool:
            app.state.pool = pool
            yield

    return Litestar(
        [take_in, ready], lifespan=[connected], openapi_config=None, logging_config=None
    )


def main(conninfo: str, port: int) -> None:
    """One worker, served as Guichet's are."""
    config = uvicorn.Config(
        create_app(conninfo),
        port=port,
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    uvloop.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
