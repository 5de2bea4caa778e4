"""What every route has at hand: the house, the doorkeeper, the waiter, and the guard's verdict."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest

import psycopg
from psycopg_pool import PoolTimeout

from adapters.guard import complaints
from adapters.stream import stream_name
from domain.grammar import Author
from guichet.house import House
from guichet.web.intents import Doorkeeper
from guichet.web.problems import Problem, unavailable
from projections import archive
from projections.read_model import Cursor, position
from projections.waiting import Waiter

LAG_ALLOWED = 10.0
"""Seconds the read models may be behind before the house calls itself not ready."""


@dataclass
class Reception:
    """The parts of the web process. `complaints` is None until the guard has passed by."""

    house: House
    doorkeeper: Doorkeeper
    waiter: Waiter
    complaints: list[str] | None = None

    async def safe_to_write(self) -> None:
        """Let commands through only once the guard has found nothing."""
        if self.complaints is None:
            self.complaints = await self.inspect()
        if self.complaints:
            raise unavailable("Le journal est en lecture seule : " + " ".join(self.complaints))

    async def inspect(self) -> list[str]:
        """The guard's round: the broker's word against the archive's."""
        house = self.house
        reached, head = 0, None
        try:
            async with house.pool.connection() as connection, connection.cursor() as cursor:
                reached = await position(cursor, house.settings.town)
                head = await archive.head(cursor, house.settings.town)
        except (psycopg.OperationalError, PoolTimeout):
            pass  # without the database the broker is judged by its own word
        name = stream_name(house.settings.town)
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

    async def page_position(self, cursor: Cursor) -> int:
        """The position a page is read at."""
        return await position(cursor, self.house.settings.town)

    def catalogue_knows(self, service: str) -> None:
        """404 for a service nobody has defined."""
        if self.house.catalogue.organisation.service(service) is None:
            raise Problem(404, "service-unknown", "Ce service n'existe pas.")


def of_service(author: Author, service: str) -> bool:
    """Whether `author` may look at the queue of `service`."""
    return author.service is None or author.service == service
