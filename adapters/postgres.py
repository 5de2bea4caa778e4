"""The database as the web sees it: a pool that waits for nobody and comes back by itself."""

from time import monotonic
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

BELIEVED = 0.5
"""Seconds for which a connection that was found alive is believed to be: under load, a question
before every question would double them."""

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]


def open_pool(conninfo: str) -> Pool:
    """A pool, not yet open, whose statements are transactions of their own; a connection that is
    asked for is waited for two seconds."""
    alive: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()

    async def check(connection: Connection) -> None:
        now = monotonic()
        if now - alive.get(connection, 0.0) > BELIEVED:
            await AsyncConnectionPool.check_connection(connection)
            alive[connection] = now

    return AsyncConnectionPool(
        conninfo,
        min_size=1,
        max_size=10,
        timeout=2.0,
        reconnect_timeout=0.0,
        open=False,
        kwargs={"autocommit": True},
        check=check,
    )
