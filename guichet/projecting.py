"""The process that keeps the read models: follows the log from the checkpoint, batch by batch."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
import uvloop
from msgspec import structs
from psycopg import AsyncConnection, InterfaceError, OperationalError

from domain.log import LogDamaged, LogUnavailable
from guichet.house import House
from guichet.proof.guarding import must_continue
from guichet.proof.sealing import keep_sealed
from guichet.rebuilding import rebuild_models, town_of
from guichet.settings import Settings
from projections.projector import MODELS, PAGE, Projector, prepare
from projections.read_model import ReadModel
from projections.stops import Stop

LINGER = 0.01
"""Seconds for which facts are gathered into one transaction while many come: far less than the
eye sees, far more than a transaction costs."""

logger = structlog.get_logger()


Models = Sequence[ReadModel[Any]]


async def follow(house: House, models: Models = MODELS, page: int = PAGE) -> None:
    """Project everything that is and will be in the log, the absences of the broker and of the
    database included."""
    while True:
        try:
            await follow_while_it_lasts(house, models, page)
        except (OperationalError, InterfaceError) as error:
            logger.warning("projector.database_away", error=str(error))
            await asyncio.sleep(0.2)
        except LogUnavailable as error:
            logger.warning("projector.broker_away", error=str(error))
            await asyncio.sleep(0.2)
        except LogDamaged as error:
            logger.error("projector.log_damaged", error=str(error))
            await asyncio.sleep(2.0)  # until `guichet repair` has been by


async def follow_while_it_lasts(house: House, models: Models, page: int) -> None:
    """Project over one connection to the database, until that is lost."""
    settings = house.settings
    conninfo = settings.postgres["projector"]
    async with await AsyncConnection.connect(conninfo, autocommit=True) as connection:
        town, decode = town_of(settings), house.cipher.read
        projector = Projector(connection, town, decode, tell, models=models, page=page)
        position = await projector.begin()
        logger.info("projector.follows", position=position)
        seen = await must_continue(house)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(projector.keep_catching_up())
                async for entries in house.log.follow(position, linger=LINGER):
                    if seen != house.log.terms:
                        seen = await must_continue(house)
                    await projector.project(entries)
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the first one is why the other ended too


def tell(stop: Stop) -> None:
    """Say in the process's log what has stopped; nothing in it is personal."""
    logger.error("projector.stopped", **structs.asdict(stop))


async def project(settings: Settings) -> None:
    """Rebuild what is of another version, then follow the log."""
    async with House.open(settings, user="projector", role="projector") as house:
        owner = settings.postgres["owner"]
        async with await AsyncConnection.connect(owner, autocommit=True) as connection:
            outdated = await prepare(connection)
        if outdated:
            for stop in (await rebuild_models(house, outdated)).values():
                tell(stop)
        sealing = asyncio.create_task(keep_sealed(house))
        try:
            await follow(house)
        finally:
            sealing.cancel()


def main(settings: Settings) -> None:
    """`guichet projector`."""
    uvloop.run(project(settings))
