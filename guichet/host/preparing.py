"""`guichet prepare`: what must exist in both servers before any process works with them.

Everything is created where it is missing and left alone where it is not, so it may be run at every
start, and by several at once.
"""

import asyncio
from time import monotonic, sleep

from psycopg import AsyncConnection, OperationalError
from psycopg.conninfo import conninfo_to_dict

from adapters.jetstream_api import connect
from adapters.postgres_roles import ROLES, SUPERUSER, create_roles
from adapters.steward import create_streams
from domain.log import LogUnavailable
from guichet import reactor, tokens
from guichet.outbox import attempts
from guichet.settings import Settings
from projections import projector

PATIENCE = 60.0
"""Seconds for which servers that do not answer yet are asked again."""


async def prepare(settings: Settings) -> None:
    """Create the streams and the tables that are not there yet; both servers run."""
    nc = await connect(settings.nats_url, "steward", settings.nats_passwords["steward"])
    try:
        for sentence in await create_streams(nc, settings.town, replicas=settings.nats_replicas):
            print(sentence)
    finally:
        await nc.close()
    owner = settings.postgres["owner"]
    async with await AsyncConnection.connect(owner, autocommit=True) as connection:
        await projector.prepare(connection)
        await tokens.prepare(connection)
        await reactor.prepare(connection)
        await attempts.prepare(connection)


def prepare_roles(settings: Settings) -> None:
    """The database and its roles, each with the password the settings give it."""
    words = {role: conninfo_to_dict(settings.postgres[role])["password"] for role in ROLES}
    create_roles(settings.postgres[SUPERUSER], {role: str(word) for role, word in words.items()})


def run(settings: Settings, patience: float = PATIENCE) -> None:
    """Prepare everything as soon as both servers answer, `patience` seconds at most."""
    deadline = monotonic() + patience
    while True:
        try:
            prepare_roles(settings)
            # A connection to the broker is asked for again and again by itself.
            asyncio.run(asyncio.wait_for(prepare(settings), deadline - monotonic()))
        except TimeoutError:
            raise LogUnavailable("Le courtier de messages ne répond pas.") from None
        except (OperationalError, LogUnavailable):
            if monotonic() > deadline:
                raise
            sleep(0.3)  # servers that start offer no event to wait for
        else:
            print(f"L'installation de « {settings.town} » est prête.")
            return
