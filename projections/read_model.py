"""A read model is a fold: `(rows of a dossier, fact) → rows of that dossier`.

The same fold fills the live tables, rebuilds them beside, follows an erasure and shows a dossier
as of a date, which is why these four agree.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from psycopg import AsyncCursor
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier

from domain.calendars import Calendars, WorkingDays
from domain.grammar import Recorded, Value
from domain.history import Unreadable
from domain.procedures import Procedures

Cursor = AsyncCursor[Any]
R = TypeVar("R", bound=Struct)


class Town(Value, frozen=True):
    """Whose facts are folded: its name and its own time; the calendar, the days that count under
    it, and the procedures, as far as they are known (`reckoning.py`)."""

    name: str
    zone: ZoneInfo
    calendars: Calendars = Calendars()
    days: WorkingDays = WorkingDays()
    procedures: Procedures = Procedures()


Fold = Callable[[tuple[R, ...], Recorded[Any], Town], tuple[R, ...]]


class NotReadable(Exception):
    """A fact could not be decoded, so that no row can follow it."""


class ReadModel(Struct, Generic[R], frozen=True, kw_only=True):
    """A table and what fills it. `version` changes with the code: a table of another version is
    rebuilt at start. `key` names the columns beside `town` that tell rows apart, the dossier
    first. `appends` is a fold that looks at no row but the new one."""

    name: str
    version: int
    row: type[R]
    fold: Fold[R]
    key: tuple[str, ...] = ("dossier_id",)
    appends: bool = False

    async def apply(self, cursor: Cursor, town: Town, facts: Sequence[Recorded[Any]]) -> None:
        """Fold `facts`, oldest first, into the table the cursor's search path leads to."""
        by_dossier: dict[UUID, list[Recorded[Any]]] = {}
        for fact in facts:
            if (id := dossier_id(fact)) is not None:
                by_dossier.setdefault(id, []).append(fact)
        if not by_dossier:
            return
        before = {} if self.appends else await self.rows(cursor, town, list(by_dossier))
        written: list[R] = []
        for id, past in by_dossier.items():
            rows = old = before.get(id, ())
            for fact in past:
                rows = self.after(rows, fact, town)
            written += [row for row in rows if row not in old]
        if written:
            await cursor.execute(self._upsert(), {"town": town.name, "rows": encoded(written)})

    def after(self, rows: tuple[R, ...], fact: Recorded[Any], town: Town) -> tuple[R, ...]:
        """The rows of a dossier after `fact`; `NotReadable` when nobody can tell."""
        if isinstance(fact.event, Unreadable):
            raise NotReadable(fact.event.error)
        return self.fold(rows, fact, town)

    async def rows(
        self, cursor: Cursor, town: Town, ids: Sequence[UUID]
    ) -> dict[UUID, tuple[R, ...]]:
        """The rows of some dossiers, in the order of their key."""
        query = SQL("select {} from {} where town = %s and dossier_id = any(%s) order by {}")
        columns = SQL(", ").join(map(Identifier, self.row.__struct_fields__))
        order = SQL(", ").join(map(Identifier, self.key))
        statement = query.format(columns, Identifier(self.name), order)
        await cursor.execute(statement, [town.name, list(ids)])
        found: dict[UUID, tuple[R, ...]] = {}
        async for values in cursor:
            row = self.read(dict(zip(self.row.__struct_fields__, values, strict=True)))
            id: UUID = getattr(row, "dossier_id")  # noqa: B009 every row has one
            found[id] = (*found.get(id, ()), row)
        return found

    async def forget(self, cursor: Cursor, town: Town, ids: Sequence[UUID]) -> None:
        """Remove every row of some dossiers."""
        statement = SQL("delete from {} where town = %s and dossier_id = any(%s)")
        await cursor.execute(statement.format(Identifier(self.name)), [town.name, list(ids)])

    def read(self, columns: dict[str, Any]) -> R:
        """A row from its columns."""
        return msgspec.convert(columns, self.row)

    def _upsert(self) -> Composed:
        names = self.row.__struct_fields__
        columns = SQL(", ").join(map(Identifier, names))
        others = [name for name in names if name not in self.key]
        sets = SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in others)
        return SQL(
            "insert into {table} (town, {columns}) select %(town)s, {columns} "
            "from jsonb_populate_recordset(null::{table}, %(rows)s) "
            "on conflict (town, {key}) do update set {sets}"
        ).format(
            table=Identifier(self.name),
            columns=columns,
            key=SQL(", ").join(map(Identifier, self.key)),
            sets=sets,
        )


def encoded(rows: Sequence[Struct]) -> str:
    """Rows as the JSON from which PostgreSQL fills records. It stores no NUL in a text."""
    return msgspec.json.encode(rows).decode().replace("\\u0000", "")


def dossier_id(fact: Recorded[Any]) -> UUID | None:
    """The dossier `fact` belongs to, None for facts about other things."""
    return dossier_in(fact.stream)


@lru_cache(4096)  # asked by every model for every fact
def dossier_in(stream: str) -> UUID | None:
    """The dossier whose facts are in `stream`, None when it is about something else."""
    kind, _, id = stream.partition(".")
    return UUID(id) if kind == "dossier" else None


async def fetch(cursor: Cursor, row: type[R], query: str, values: dict[str, Any]) -> list[R]:
    """The rows of `query`, typed."""
    cursor.row_factory = dict_row
    await cursor.execute(query, values)  # pyright: ignore[reportArgumentType] literal at its caller
    return [msgspec.convert(columns, row) for columns in await cursor.fetchall()]


async def position(cursor: Cursor, town: str) -> int:
    """The position the read models have reached."""
    await cursor.execute("select position from archive.checkpoints where town = %s", [town])
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
