"""What later entries of the archive say of earlier ones: words erased, events done without."""

from collections.abc import Collection
from uuid import UUID

import msgspec
from msgspec import Struct

from projections.read_model import Cursor


class Erased(Struct, frozen=True):
    """What `PersonErased` and `WordsErased` say of keys."""

    key: UUID | None = None
    keys: tuple[UUID, ...] = ()


class Erasure(Struct, frozen=True):
    event: Erased


class Skip(Struct, frozen=True):
    """What `EventSkipped` says."""

    model: str
    position: int


class Skipping(Struct, frozen=True):
    event: Skip


async def destroyed_keys(cursor: Cursor, town: str, after: int = 0) -> frozenset[UUID]:
    """The keys whose destruction the log has recorded after a position."""
    await cursor.execute(
        """
        select data from archive.entries where town = %s and position > %s
          and (topic like 'PersonErased:%%' or topic like 'WordsErased:%%')
        """,
        [town, after],
    )
    events = [msgspec.json.decode(row[0], type=Erasure).event for row in await cursor.fetchall()]
    keys = {key for event in events for key in (event.key, *event.keys)}
    return frozenset(key for key in keys if key is not None)


async def skips(cursor: Cursor, town: str, after: int = 0) -> dict[str, frozenset[int]]:
    """The positions each read model does without, as the log has said after a position."""
    await cursor.execute(
        "select data from archive.entries "
        "where town = %s and position > %s and topic like 'EventSkipped:%%'",
        [town, after],
    )
    found: dict[str, frozenset[int]] = {}
    for (data,) in await cursor.fetchall():
        skip = msgspec.json.decode(data, type=Skipping).event
        found[skip.model] = found.get(skip.model, frozenset()) | {skip.position}
    return found


async def dossier_at(cursor: Cursor, town: str, position: int) -> set[UUID]:
    """The dossier of the entry at a position; nothing for an entry about something else."""
    await cursor.execute(
        "select stream from archive.entries where town = %s and position = %s "
        "and stream like 'dossier.%%'",
        [town, position],
    )
    return {UUID(row[0].partition(".")[2]) for row in await cursor.fetchall()}


async def naming(cursor: Cursor, town: str, keys: Collection[UUID]) -> set[UUID]:
    """The dossiers whose entries name one of `keys`, found by reading every entry."""
    await cursor.execute(
        """
        select distinct stream from archive.entries
        where town = %s and stream like 'dossier.%%'
          and exists (select from unnest(%s::bytea[]) key where position(key in data) > 0)
        """,
        [town, [str(key).encode() for key in keys]],
    )
    return {UUID(row[0].partition(".")[2]) for row in await cursor.fetchall()}


async def all_dossiers(cursor: Cursor, town: str) -> set[UUID]:
    """Every dossier there is."""
    await cursor.execute(
        "select distinct stream from archive.entries where town = %s and stream like 'dossier.%%'",
        [town],
    )
    return {UUID(row[0].partition(".")[2]) for row in await cursor.fetchall()}
