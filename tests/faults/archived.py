"""A log and its archive, filled without a town hall: what is damaged and compared."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from msgspec import structs
from psycopg import AsyncConnection

from domain.log import Entry
from guichet.house import House
from guichet.settings import Settings
from projections import archive
from projections.projector import CHANNEL


def events(count: int, large: int = 0) -> list[Entry]:
    """New entries, every third one with `large` bytes more."""
    return [
        Entry(
            id=str(uuid4()),
            stream=f"dossier.{uuid4()}",
            version=1,
            topic="DossierOpened:1",
            data=json.dumps(
                {"command_id": str(number), "x": "é" * 40 + random.randbytes(large // 2).hex()}
            ).encode()
            if number % 3 == 0
            else b'{"command_id": "c"}',
            time=datetime.now(UTC),
        )
        for number in range(count)
    ]


async def logged(house: House, entries: Sequence[Entry]) -> list[Entry]:
    """`entries` in the log, with their positions."""
    found: list[Entry] = []
    for start in range(0, len(entries), 500):
        part = entries[start : start + 500]
        positions = await house.log.append(part)
        pairs = zip(part, positions, strict=True)
        found += [structs.replace(entry, position=position) for entry, position in pairs]
    return found


async def archived(settings: Settings, entries: Sequence[Entry]) -> None:
    """`entries` in the archive, as the projector leaves them."""
    conninfo, last = settings.postgres["projector"], entries[-1].position
    async with (
        await AsyncConnection.connect(conninfo) as connection,
        connection.cursor() as cursor,
    ):
        await archive.write(cursor, settings.town, entries)
        await cursor.execute(
            "insert into archive.checkpoints values (%s, %s) "
            "on conflict (town) do update set position = excluded.position",
            [settings.town, last],
        )
        await cursor.execute("select pg_notify(%s, %s)", [CHANNEL, f"{settings.town} {last}"])


async def as_owner(settings: Settings, statement: Any, *values: object) -> None:
    """What only somebody with the owner's password can do to the archive."""
    owner = settings.postgres["owner"]
    async with await AsyncConnection.connect(owner, autocommit=True) as connection:
        await connection.execute(statement, [*values, settings.town])
