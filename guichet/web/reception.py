"""What every route has at hand: the house, the doorkeeper, the waiter, and the guard's verdict."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest

from adapters.guard import complaints
from adapters.stream import stream_name
from guichet.house import House
from guichet.web.intents import Doorkeeper
from guichet.web.problems import Problem, unavailable
from projections import archive
from projections.read_model import position
from projections.waiting import Waiter

LAG_ALLOWED = 10.0
"""Seconds the read models may be behind before the house calls itself not ready."""


@dataclass
class Reception:
    """The parts of the web process. Nothing is written before the guard has passed by, and the
    guard needs the broker and the database."""

    house: House
    doorkeeper: Doorkeeper
    waiter: Waiter
    _complaints: list[str] | None = None
    _inspected: int = 0

    async def safe_to_write(self) -> None:
        """Let commands through only once the guard has found nothing, since the last time the
        broker was away."""
        if complaints := await self.verdict():
            raise unavailable("Le journal est en lecture seule : " + " ".join(complaints))

    async def verdict(self) -> list[str]:
        """What the guard found, on a round of its own for every connection to the broker."""
        reconnects = self.house.nc.stats["reconnects"]
        if self._complaints is None or self._inspected != reconnects:
            self._complaints = await self._inspect()
            self._inspected = reconnects
        return self._complaints

    async def _inspect(self) -> list[str]:
        """The guard's round: the broker's word against the archive's and our own memory."""
        house = self.house
        async with house.pool.connection() as connection, connection.cursor() as cursor:
            reached = await position(cursor, house.settings.town)
            head = await archive.head(cursor, house.settings.town)
        name = stream_name(house.settings.town)
        reached = max(reached, house.log.acknowledged)
        found = await complaints(house.nc, house.settings.nats_monitor, name, reached)
        if head is not None and not found:
            entry = await house.log.at(head[0])
            if entry is None or not compare_digest(archive.hash_of(entry), head[1]):
                found.append(f"L'événement {head[0]} du journal n'est plus celui de l'archive.")
        return found

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
