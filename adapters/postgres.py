"""The database as the web sees it: a pool that waits for nobody and comes back by itself."""

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


def open_pool(conninfo: str) -> Pool:
    """A pool, not yet open; a connection that is asked for is waited for two seconds."""
    return AsyncConnectionPool(
        conninfo,
        min_size=1,
        max_size=10,
        timeout=2.0,
        reconnect_timeout=0.0,
        open=False,
        check=AsyncConnectionPool.check_connection,
    )
