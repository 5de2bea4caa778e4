"""What lets a new version read the tables of an old one until they are rebuilt.

A version that has more columns would find none of them in the table people still look at. They are
added there with the defaults of the new table; what they mean comes with the rebuild.
"""

from typing import Any

from psycopg.sql import SQL, Identifier

from projections.read_model import Cursor

MISSING = """
select a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid)
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = to_regclass('pg_temp.' || %(name)s) and a.attnum > 0 and a.attgenerated = ''
  and a.attname not in (
    select attname from pg_attribute
    where attrelid = to_regclass('read.' || %(name)s) and not attisdropped
  )
"""


async def widen(cursor: Cursor, name: str, create: str) -> None:
    """Add to the live table `name` the columns that only the statement `create` knows. One that may
    not be empty must have a default there."""
    await cursor.execute("set local search_path = pg_temp, public")
    await cursor.execute(create.encode())
    await cursor.execute(MISSING, {"name": name})
    missing: list[tuple[Any, ...]] = await cursor.fetchall()
    for column, kind, default in missing:
        otherwise = SQL("not null default " + default) if default else SQL("")
        await cursor.execute(
            SQL("alter table {} add column {} {} {}").format(
                Identifier("read", name), Identifier(column), SQL(kind), otherwise
            )
        )
    await cursor.execute(SQL("drop table {}").format(Identifier("pg_temp", name)))
