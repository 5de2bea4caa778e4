"""Make the disk forget what the read models no longer say (RGPD art. 17).

A row that was changed stays in its file until the table is written anew, and in the write-ahead
log until its segment is removed; with `wal_recycle = off` removed means removed.
"""

from typing import Any

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from projections.projector import MODELS


async def scrub(connection: AsyncConnection[Any]) -> None:
    """Write every read model anew and drop the log behind, as the owner, outside a transaction.
    Readers wait while their table is written."""
    for model in MODELS:
        await connection.execute(
            SQL("vacuum (full, analyze) {}").format(Identifier("read", model.name))
        )
    for _ in range(2):  # the second checkpoint lets go of the segment the first one wrote in
        await connection.execute("select pg_switch_wal()")
        await connection.execute("checkpoint")
