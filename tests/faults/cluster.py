"""A cluster to do harm to: the three brokers of docker-compose.yml, and a town on them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil
from msgspec import structs
from nats.aio.client import Client

from adapters.jetstream_api import Refusal, addresses, call, connect
from adapters.steward import create_streams
from adapters.stream import stream_name
from domain.log import LogUnavailable
from guichet.settings import Settings
from tests.composed import ComposedBroker, Containers

WITHIN = 90.0
"""Seconds brokers may take to find each other, or one to have everything again."""


@dataclass(frozen=True)
class Cluster:
    """Three brokers, and what a process of a town of theirs is given."""

    containers: Containers
    brokers: dict[str, ComposedBroker]
    settings: Settings

    @classmethod
    async def of(
        cls, containers: Containers, brokers: dict[str, ComposedBroker], settings: Settings
    ) -> "Cluster":
        """A new town on the brokers, its streams kept by all three; the database is that of
        `settings`."""
        there = containers.settings()
        place = structs.replace(
            settings,
            nats_url=there.nats_url,
            nats_monitor=there.nats_monitor,
            nats_replicas=3,
            nats_passwords=there.nats_passwords,
        )
        cluster = cls(containers, brokers, place)
        async with asyncio.timeout(WITHIN), cluster.steward() as nc:
            while True:
                try:
                    await create_streams(nc, settings.town, replicas=3)
                    break
                except LogUnavailable:
                    await asyncio.sleep(0.1)
        await cluster.healed()
        return cluster

    @asynccontextmanager
    async def steward(self) -> AsyncGenerator[Client]:
        """A line that may do anything."""
        words = self.settings.nats_passwords
        nc = await connect(self.settings.nats_url, "steward", words["steward"])
        try:
            yield nc
        finally:
            await nc.close()

    async def leader(self) -> str:
        """The name of the broker that leads the log."""
        async with self.steward() as nc:
            return (await led(nc, stream_name(self.settings.town)))["leader"]

    async def healed(self) -> None:
        """Wait until everybody has everything."""
        async with asyncio.timeout(WITHIN), self.steward() as nc:
            for kind in ("GUICHET", "SEALS", "KEYS"):
                await caught_up(nc, f"{kind}_{self.settings.town}")

    def through(self, name: str) -> Settings:
        """The settings of a process that knows one of the brokers only."""
        at = list(self.brokers).index(name)
        return structs.replace(
            self.settings,
            nats_url=addresses(self.settings.nats_url)[at],
            nats_monitor=addresses(self.settings.nats_monitor)[at],
        )

    def suspend(self, name: str) -> None:
        """Let a broker stand still."""
        self._process(name).suspend()

    def resume(self, name: str) -> None:
        """Let it go on."""
        self._process(name).resume()

    def _process(self, name: str) -> psutil.Process:
        process = self.brokers[name].process
        assert process is not None
        return psutil.Process(process.pid)


async def led(nc: Client, stream: str) -> dict[str, Any]:
    """Who leads a stream and who follows, as soon as somebody leads."""
    while True:
        with suppress(LogUnavailable, Refusal):
            cluster: dict[str, Any] = (await call(nc, f"STREAM.INFO.{stream}"))["cluster"]
            if cluster.get("leader"):
                return cluster
        await asyncio.sleep(0.1)


async def caught_up(nc: Client, stream: str) -> None:
    """Wait until the two who follow have everything."""
    while True:
        others: list[dict[str, Any]] = (await led(nc, stream)).get("replicas", [])
        if len(others) == 2 and all(one["current"] and not one.get("lag") for one in others):
            return
        await asyncio.sleep(0.1)


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    """Wait until that has happened which nobody tells."""
    async with asyncio.timeout(WITHIN):
        while not await happened():  # noqa: ASYNC110 brokers offer no event to wait for
            await asyncio.sleep(0.05)
