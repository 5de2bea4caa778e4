"""A closed log written anew: every entry at the position it always had."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar
from uuid import uuid4

from nats.aio.client import Client

from adapters.jetstream_api import publish
from adapters.steward import REPAIR
from domain.log import Entry, LogUnavailable
from domain.message import headers_of

AT_ONCE = 500
"""Events in one atomic batch."""

Show = Callable[[int], None]
"""Told how far it is."""

Item = TypeVar("Item")


async def rewrite(
    nc: Client, town: str, entries: Iterable[Entry], show: Show, size: int = AT_ONCE
) -> None:
    """Write `entries` as the steward into a log that is closed (`steward.closed_config`), each at
    its own position, which the broker is made to confirm. `LogUnavailable` when it refuses."""
    for batch in batches(entries, size):
        await write(nc, town, batch)
        show(batch[-1].position)


async def write(nc: Client, town: str, batch: list[Entry]) -> None:
    """One atomic batch of `rewrite`."""
    id, last = str(uuid4()), len(batch)
    for number, entry in enumerate(batch, 1):
        subject = f"{REPAIR}.{town}.{entry.stream}"
        headers = headers_of(town, entry)
        if number == 1:
            headers["Nats-Expected-Last-Sequence"] = str(entry.position - 1)
        if last > 1:
            headers |= {"Nats-Batch-Id": id, "Nats-Batch-Sequence": str(number)}
            headers |= {"Nats-Batch-Commit": "1"} if number == last else {}
        if number not in (1, last):
            await nc.publish(subject, entry.data, headers=headers)
            continue
        code, position = await publish(nc, subject, entry.data, headers)
        if code or (number == last and position != entry.position):
            raise LogUnavailable(
                f"Le courtier refuse l'événement {entry.position} ({code}) : recommencez."
            )


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items, `size` at once."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
