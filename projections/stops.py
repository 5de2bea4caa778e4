"""What stops a read model: an event on which its fold raises. The others go on.

The stops of a town lie in the row of its checkpoint, so that they move with the rows, and are told
by a notification to whoever listens.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import psycopg
from msgspec import Struct

from domain.grammar import Recorded
from domain.history import Unreadable, topic_of
from domain.log import LogDamaged, LogUnavailable
from projections.read_model import Cursor, NotReadable

CHANNEL = "guichet_stops"

LONGEST = 200
"""Characters of a name that are shown: a notification has little room, and damage any length."""

NOT_POISON = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
    psycopg.NotSupportedError,  # a plan older than the table: gone with the connection
    LogDamaged,
    LogUnavailable,
    OSError,
    MemoryError,
)
"""What says nothing about the event: servers, network, machine, and a log that is not itself."""


class Stop(Struct, frozen=True, kw_only=True):
    """A read model that does not follow: everything up to `reached` is folded and nothing after.
    `position`, `stream` and `topic` are those of the event it stopped at, `error` the class of what
    was raised, and empty once it goes on and has not caught up yet. Nothing in it is personal."""

    model: str
    reached: int
    position: int
    stream: str
    topic: str
    error: str

    @property
    def sentence(self) -> str:
        """What is said of it to who looks after the house."""
        if not self.error:
            return f"La table « {self.model} » rattrape le journal depuis {self.reached}."
        return (
            f"La table « {self.model} » s'est arrêtée à l'événement {self.position} "
            f"({self.topic}, {self.stream}) : {self.error}."
        )


Stops = Mapping[str, Stop]


def is_poison(error: Exception) -> bool:
    """Whether `error` is about the event that was being folded."""
    return not isinstance(error, NOT_POISON)


def stopped_at(model: str, fact: Recorded[Any], error: Exception, reached: int) -> Stop:
    """The stop of `model` on `fact`."""
    unreadable = isinstance(error, NotReadable) and isinstance(fact.event, Unreadable)
    return Stop(
        model=model,
        reached=reached,
        position=fact.position,
        stream=fact.stream,
        topic=topic_of(fact.event)[:LONGEST],
        error=fact.event.error if unreadable else type(error).__name__,
    )


def read(column: Any) -> dict[str, Stop]:
    """The stops of a town from the column of its checkpoint."""
    return msgspec.convert(column, dict[str, Stop])


def told(said: str) -> dict[str, Stop]:
    """The stops of a town from what was notified."""
    return msgspec.json.decode(said, type=dict[str, Stop])


async def of_town(cursor: Cursor, town: str) -> dict[str, Stop]:
    """The read models of a town that do not follow."""
    await cursor.execute("select stops from archive.checkpoints where town = %s", [town])
    row = await cursor.fetchone()
    return read(row[0]) if row else {}


async def write(cursor: Cursor, town: str, stops: Stops) -> None:
    """Keep the stops of a town and tell them, within the caller's transaction."""
    text = msgspec.json.encode(stops).decode()
    await cursor.execute(
        "update archive.checkpoints set stops = %s where town = %s",
        [text, town],
    )
    await cursor.execute("select pg_notify(%s, %s)", [CHANNEL, f"{town} {text}"])
