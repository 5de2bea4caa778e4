"""The doors of a real house: real log, real database, real projector, one token per role."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from guichet.house import House
from guichet.tokens import issue, prepare
from guichet.web.app import create_app
from projections.waiting import Waiter

REQUEST: dict[str, Any] = {
    "procedure": "lampadaire",
    "channel": "counter",
    "summary": "Le lampadaire est éteint",
}


class Client:
    """Somebody with a token."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.token = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(f"/api/v1{path}", headers={**self.token, **headers})

    async def post(
        self, path: str, body: Any, *, key: str | None = "", match: str | None = None
    ) -> httpx.Response:
        """`key` is made up when empty, left out when None."""
        headers = dict(self.token)
        if key is not None:
            headers["Idempotency-Key"] = key or str(uuid4())
        if match is not None:
            headers["If-Match"] = match
        content = body if isinstance(body, bytes) else None
        json = None if content is not None else body
        return await self.http.post(f"/api/v1{path}", headers=headers, content=content, json=json)

    async def opened(self, **changes: Any) -> httpx.Response:
        answer = await self.post("/dossiers", {**REQUEST, **changes})
        assert answer.status_code == 201, answer.text
        return answer


@pytest_asyncio.fixture
async def http(house: House, projector: "asyncio.Task[None]") -> AsyncIterator[httpx.AsyncClient]:
    settings = house.settings
    owner = settings.postgres["owner"]
    async with await AsyncConnection.connect(owner, autocommit=True) as connection:
        await prepare(connection)
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        app: Any = create_app(house, waiter)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://guichet") as client:
            yield client
    assert not projector.done()


As = Callable[..., Client]


@pytest.fixture
def as_role(http: httpx.AsyncClient, house: House) -> As:
    """`as_role("service_agent", "voirie")`: somebody of that role."""

    def somebody(role: str, service: str | None = None) -> Client:
        return Client(http, issue(house.settings, role, service))

    return somebody


@pytest.fixture
def desk(as_role: As) -> Client:
    return as_role("receptionist")
