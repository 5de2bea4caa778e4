"""The database of an installation and the roles that may own it, write its rows or read them."""

from collections.abc import Mapping

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

SUPERUSER = "postgres"
ROLES = ("owner", "projector", "web")
DATABASE = "guichet"


def conninfo(role: str, password: str, host: str, port: str | None = None) -> str:
    """How `role` connects; `host` is a name, an address, or the folder of the socket."""
    return make_conninfo(
        host=host,
        port=port,
        user=role,
        password=password,
        dbname=DATABASE,
        connect_timeout=5,
        options="-c search_path=read,public",
    )


def create_roles(superuser: str, passwords: Mapping[str, str]) -> None:
    """Create what is missing, and give each role its password again. `superuser` is how the
    superuser connects."""
    with psycopg.connect(superuser, dbname="postgres", autocommit=True) as admin:
        known = {row[0] for row in admin.execute("select rolname from pg_roles")}
        for role in ROLES:
            if role not in known:
                admin.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
            word = sql.SQL("alter role {} password {}")
            admin.execute(word.format(sql.Identifier(role), passwords[role]))
        found = admin.execute("select 1 from pg_database where datname = %s", [DATABASE])
        if not found.fetchone():
            statement = sql.SQL("create database {} owner owner")
            admin.execute(statement.format(sql.Identifier(DATABASE)))
    with psycopg.connect(superuser, dbname=DATABASE, autocommit=True) as admin:
        admin.execute("create extension if not exists unaccent")
        admin.execute("create extension if not exists pg_trgm")
        admin.execute("revoke all on schema public from public")
        admin.execute("grant usage on schema public to owner, projector, web")
        admin.execute("grant pg_checkpoint to owner")
        admin.execute("grant execute on function pg_switch_wal() to owner")
