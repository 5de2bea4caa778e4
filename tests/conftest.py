"""The real broker and the real database, started once for all tests, on free ports."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from adapters.embedded import NatsServer, free_port
from adapters.embedded_postgres_server import PostgresServer, fresh_passwords
from adapters.jetstream_api import connect
from adapters.steward import create_streams
from guichet import reactor
from guichet.house import House
from guichet.projecting import follow
from guichet.settings import Settings
from projections.projector import prepare
from tests.domain.scenario import ORGANISATION, PROCEDURES

CONFIG = Path(__file__).parent.parent / "guichet" / "config"
USERS = ("steward", "writer", "projector", "keys", "backup")
Broker = NatsServer
Database = PostgresServer


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="many more cycles of every fault")


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder the database's account may enter, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="guichet-tests-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def broker(folder: Path) -> Iterator[Broker]:
    server = NatsServer(
        folder / "nats", CONFIG / "nats.conf", free_port(), free_port(), fresh_passwords(*USERS)
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def database(folder: Path) -> Iterator[Database]:
    passwords = fresh_passwords("postgres", "owner", "projector", "web")
    server = PostgresServer(folder / "postgres", CONFIG, passwords)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def town(broker: Broker) -> str:
    """A town nobody else has, with its streams."""
    name = f"t{uuid4().hex[:12]}"

    async def create() -> None:
        nc = await connect(broker.url, "steward", broker.passwords["steward"])
        await create_streams(nc, name)
        await nc.close()

    asyncio.run(create())
    return name


@pytest.fixture
def settings(broker: Broker, database: Database, town: str, folder: Path) -> Settings:
    """An installation for that town."""
    return Settings(
        data=folder,
        town=town,
        nats_url=broker.url,
        nats_monitor=broker.monitor,
        nats_passwords=broker.passwords,
        postgres={role: database.conninfo(role) for role in ("owner", "projector", "web")},
        master_key=os.urandom(32),
    )


@pytest_asyncio.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """The house of that town open, its catalogue the one of the scenarios."""
    owner = settings.postgres["owner"]
    async with await AsyncConnection.connect(owner, autocommit=True) as connection:
        assert await prepare(connection) == []
        await reactor.prepare(connection)
    async with House.open(settings) as opened:
        opened.catalogue.organisation = ORGANISATION
        opened.catalogue.procedures = PROCEDURES
        yield opened


@asynccontextmanager
async def running_beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator["asyncio.Task[None]"]:
    """`work` as a task, for as long as the block lasts."""
    task = asyncio.create_task(work)
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest_asyncio.fixture
async def projector(house: House) -> AsyncIterator["asyncio.Task[None]"]:
    """The projector of that town, running."""
    async with running_beside(follow(house)) as task:
        yield task
