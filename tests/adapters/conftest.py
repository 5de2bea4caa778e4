"""What the tests of the log have in common: somebody who may write, and something to write."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest_asyncio
from nats.aio.client import Client

from adapters.jetstream_api import connect
from domain.log import Entry
from tests.conftest import Broker


def entry(stream: str, version: int = 1) -> Entry:
    now = datetime.now(UTC)
    return Entry(id=str(uuid4()), stream=stream, version=version, topic="T:1", data=b"{}", time=now)


@pytest_asyncio.fixture
async def writer(broker: Broker) -> AsyncIterator[Client]:
    client = await connect(broker.url, "writer", broker.passwords["writer"])
    yield client
    await client.close()
