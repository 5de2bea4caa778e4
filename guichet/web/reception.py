"""What every route has at hand: the house, the doorkeeper, the waiter, and the guard's verdict."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from guichet.host import disk
from guichet.house import House
from guichet.proof.guarding import Guard
from guichet.web.intents import Doorkeeper
from guichet.web.problems import Problem, unavailable
from projections.waiting import Waiter

LAG_ALLOWED = 10.0
"""Seconds the read models may be behind before the house calls itself not ready."""


@dataclass
class Reception:
    """The parts of the web process. Nothing is written before the guard has passed by, and the
    guard needs the broker and the database. `simulating` is held by the one simulation there is."""

    house: House
    doorkeeper: Doorkeeper
    waiter: Waiter
    guard: Guard
    simulating: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def safe_to_write(self) -> None:
        """Let commands through only while there is room for them and the guard finds nothing."""
        if sentence := self.shortage():
            raise unavailable(sentence)
        if complaints := await self.guard.verdict():
            raise unavailable("Le journal est en lecture seule : " + " ".join(complaints))

    def shortage(self) -> str:
        """What is wrong with the room on the disk, in a sentence; empty while there is enough."""
        settings = self.house.settings
        return disk.shortage(settings.data, settings.least_free)

    async def lag(self) -> tuple[int, int, float]:
        """The head of the log, the position projected, and the seconds between the two."""
        head = await self.house.log.head()
        reached = self.waiter.position
        waiting = await self.house.log.at(reached + 1) if reached < head else None
        age = (datetime.now(UTC) - waiting.time).total_seconds() if waiting else 0.0
        return head, reached, max(age, 0.0)

    def catalogue_knows(self, service: str) -> None:
        """404 for a service nobody has defined."""
        if self.house.catalogue.organisation.service(service) is None:
            raise Problem(404, "service-unknown", "Ce service n'existe pas.")
