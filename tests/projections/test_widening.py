"""A new version reads the tables of an old one until they are rebuilt."""

from psycopg import AsyncConnection

from guichet.house import House
from projections.projector import MODELS, statements
from projections.widening import widen

OLD = "create table read.{name} (town text not null, dossier_id uuid not null, due date)"
NEW = """create table {name} (
    town text not null,
    dossier_id uuid not null,
    due date,
    silence_on date,
    clock jsonb not null default '{{}}',
    words text generated always as (town || '!') stored
)"""


async def test_an_old_table_gets_the_columns_it_has_not(house: House) -> None:
    name = f"old_{house.settings.town}"
    owner = house.settings.postgres["owner"]
    async with await AsyncConnection.connect(owner) as connection, connection.cursor() as cursor:
        await cursor.execute(OLD.format(name=name).encode())
        row = "insert into read.{name} values ('a', gen_random_uuid(), '2026-04-02')"
        await cursor.execute(row.format(name=name).encode())
        for _ in range(2):
            await widen(cursor, name, NEW.format(name=name))
        await cursor.execute(f"select due::text, silence_on, clock from read.{name}".encode())
        assert await cursor.fetchall() == [("2026-04-02", None, {})]
        await connection.rollback()


async def test_the_tables_of_today_lack_nothing(house: House) -> None:
    owner = house.settings.postgres["owner"]
    async with await AsyncConnection.connect(owner) as connection, connection.cursor() as cursor:
        count = "select count(*) from pg_attribute where attrelid = 'read.{}'::regclass"
        for model in MODELS:
            asked = count.format(model.name).encode()
            before = await (await cursor.execute(asked)).fetchone()
            await widen(cursor, model.name, statements(model)[0])
            assert await (await cursor.execute(asked)).fetchone() == before
        await connection.rollback()
