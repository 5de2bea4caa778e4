"""The tables of the read models: made empty from the file beside the model, indexed, remembered."""

from pathlib import Path
from typing import Any

from psycopg.sql import SQL, Identifier

from projections.read_model import Cursor, ReadModel

HERE = Path(__file__).parent


async def create_table(cursor: Cursor, model: ReadModel[Any], schema: str) -> None:
    """The empty table of `model` in `schema`, without its indexes, readable by the web, writable by
    the projector."""
    await cursor.execute(SQL("set local search_path = {}, public").format(Identifier(schema)))
    await cursor.execute(statements(model)[0].encode())
    table = Identifier(schema, model.name)
    await cursor.execute(SQL("grant select on {} to web").format(table))
    await cursor.execute(
        SQL("grant select, insert, update, delete on {} to projector").format(table)
    )


async def create_indexes(cursor: Cursor, model: ReadModel[Any], schema: str) -> None:
    """The indexes of the table; on a full one they cost less than row by row."""
    await cursor.execute(SQL("set local search_path = {}, public").format(Identifier(schema)))
    for statement in statements(model)[1:]:
        await cursor.execute(statement.encode())


def statements(model: ReadModel[Any]) -> list[str]:
    """What lies in the file of a read model: its table, then its indexes."""
    text = (HERE / f"{model.name}.sql").read_text("utf-8")
    return [statement for statement in text.split(";\n") if statement.strip()]


async def remember(cursor: Cursor, model: ReadModel[Any]) -> None:
    """Note which version of the code the table was made by."""
    await cursor.execute(
        "insert into archive.read_models values (%s, %s) "
        "on conflict (name) do update set version = excluded.version",
        [model.name, model.version],
    )
