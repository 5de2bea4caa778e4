"""The process that keeps the read models: follows the log from the checkpoint, batch by batch."""

import asyncio
from zoneinfo import ZoneInfo

import structlog
from psycopg import AsyncConnection, OperationalError
from rich.progress import Progress

from domain.log import LogDamaged
from guichet.guarding import must_continue
from guichet.house import House
from guichet.sealing import keep_sealed
from guichet.sentences import Sentence
from guichet.settings import Settings
from projections.projector import MODELS, Projector, prepare
from projections.read_model import Town
from projections.rebuild import rebuild as rebuild_beside

logger = structlog.get_logger()


class ReadModelUnknown(Sentence):
    """No read model has that name."""


def town_of(settings: Settings) -> Town:
    """The town of an installation, for the folds."""
    return Town(name=settings.town, zone=ZoneInfo(settings.zone))


async def follow(house: House) -> None:
    """Project everything that is and will be in the log, the database's absences included."""
    while True:
        try:
            await follow_while_it_lasts(house)
        except OperationalError as error:
            logger.warning("projector.database_away", error=str(error))
            await asyncio.sleep(0.2)
        except LogDamaged as error:
            logger.error("projector.log_damaged", error=str(error))
            await asyncio.sleep(2.0)  # until `guichet repair` has been by


async def follow_while_it_lasts(house: House) -> None:
    """Project over one connection to the database, until that is lost."""
    settings = house.settings
    conninfo = settings.postgres["projector"]
    async with await AsyncConnection.connect(conninfo, autocommit=True) as connection:
        projector = Projector(connection, town_of(settings), house.desk.unseal)
        position = await projector.begin()
        logger.info("projector.follows", position=position)
        seen = await must_continue(house)
        async for entries in house.log.follow(position):
            if seen != house.nc.stats["reconnects"]:
                seen = await must_continue(house)
            await projector.project(entries)


async def rebuild_models(house: House, names: list[str]) -> None:
    """Rebuild some read models, showing how far it is."""
    settings = house.settings
    owner = settings.postgres["owner"]
    with Progress(transient=True) as progress:
        async with await AsyncConnection.connect(owner, autocommit=True) as connection:
            for model in (model for model in MODELS if model.name in names):
                task = progress.add_task(f"Reconstruction : {model.name}", total=None)

                def show(done: int, of: int, task: int = task) -> None:
                    progress.update(task, completed=done, total=of)  # pyright: ignore[reportArgumentType] TaskID is an int

                town = town_of(settings)
                await rebuild_beside(connection, model, town, house.desk.unseal, show)


async def project(settings: Settings) -> None:
    """Rebuild what is of another version, then follow the log."""
    async with House.open(settings, user="projector", role="projector") as house:
        owner = settings.postgres["owner"]
        async with await AsyncConnection.connect(owner, autocommit=True) as connection:
            outdated = await prepare(connection)
        if outdated:
            await rebuild_models(house, outdated)
        sealing = asyncio.create_task(keep_sealed(house))
        try:
            await follow(house)
        finally:
            sealing.cancel()


def main(settings: Settings) -> None:
    """`guichet projector`."""
    asyncio.run(project(settings))


def rebuild(settings: Settings, name: str | None = None) -> None:
    """`guichet rebuild [NAME]`: one read model, or all of them."""
    known = [model.name for model in MODELS]
    if name is not None and name not in known:
        raise ReadModelUnknown(f"Les tables de lecture sont : {', '.join(known)}.")

    async def whole() -> None:
        async with House.open(settings, user="projector", role="projector") as house:
            await rebuild_models(house, [name] if name else known)

    asyncio.run(whole())
