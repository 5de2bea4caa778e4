"""`guichet simulate --policy FILE`: the whole history under rules that nobody has committed to.

The archive is read dossier by dossier and no key is asked for: what names a person stays sealed.
Nothing is recorded.
"""

import asyncio
import sys
import tomllib
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection
from rich.console import Console
from rich.table import Table

from domain.grammar import Recorded
from domain.log import Entry
from domain.procedures import Procedures
from domain.simulation import ALL, Line, Policy, Tally, replayed
from guichet.house import House
from guichet.rebuilding import town_of
from guichet.sentences import Sentence
from guichet.settings import Settings
from guichet.town_calendar import today_in
from projections import archive
from projections.read_model import Town
from projections.rebuild import SHARDS, whole_streams


class PolicyRefused(Sentence):
    """The policy cannot be tried as it is written."""


class Simulation(Struct, frozen=True):
    """The figures, and what they were made from: the last position read, the version of the
    calendar, the day."""

    position: int
    calendar_version: int
    today: str
    lines: tuple[Line, ...]


def read(path: Path) -> Policy:
    """The policy in a TOML file."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Policy)
    except FileNotFoundError:
        raise PolicyRefused(f"Le fichier {path} n'existe pas.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise PolicyRefused(f"{path} : {error}") from None


def unknown(policy: Policy, procedures: Procedures) -> list[str]:
    """What the policy names and the town has never had."""
    return sorted(set(policy.procedures) - set(procedures.versions) - {ALL})


async def simulate(house: House, connection: AsyncConnection[Any], policy: Policy) -> Simulation:
    """Replay every dossier of the archive under `policy`. The work is done beside the event loop,
    page by page, so that whoever else is served waits little."""
    calendars, procedures = house.catalogue.calendars, house.catalogue.procedures
    today, town = today_in(house.settings.zone), town_of(house.settings)
    tally = Tally(policy, calendars.working_days, today)
    async with connection.transaction():
        async with connection.cursor() as cursor:
            head = await archive.head(cursor, town.name)
        end = head[0] if head else 0
        for shard in range(SHARDS):
            pages = archive.by_stream(connection, town.name, shard, end)
            async for entries in whole_streams(pages):
                work = partial(count, tally, house.codec.decode, procedures, town, entries)
                await asyncio.to_thread(work)
    lines = tuple(tally.lines())
    return Simulation(end, calendars.version, today.isoformat(), lines)


def count(
    tally: Tally, decode: Any, procedures: Procedures, town: Town, entries: Sequence[Entry]
) -> None:
    """Count the dossiers in some whole streams."""
    for _, past in groupby(entries, lambda entry: entry.stream):
        facts: Iterable[Recorded[Any]] = (decode(entry, {}) for entry in past)
        if dossier := replayed(facts, procedures, town.zone):
            tally.count(dossier)


def run(settings: Settings, path: Path, as_json: bool) -> None:
    """`guichet simulate`."""
    policy = read(path)

    async def whole() -> Simulation:
        async with House.open(settings) as house:
            if names := unknown(policy, house.catalogue.procedures):
                raise PolicyRefused(f"Procédures inconnues : {', '.join(names)}.")
            async with house.pool.connection() as connection:
                return await simulate(house, connection, policy)

    made = asyncio.run(whole())
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(made)).decode() + "\n")
    else:
        show(made)


def show(made: Simulation) -> None:
    """The figures as a table, the town's own first, history under it."""
    titles = {"town": "Demandes de la ville", "history": "Historique repris"}
    for series, lines in groupby(made.lines, lambda line: line.series):
        table = Table(title=titles[series])
        table.add_column("Service")
        table.add_column("Mois")
        for name in ("Réponses dues", "En retard", "Avec ce projet", "Silences", "Avec ce projet"):
            table.add_column(name, justify="right")
        for line in lines:
            table.add_row(line.service, line.month, *map(str, figures(line)))
        Console().print(table)
    print(
        f"Jusqu'à l'événement {made.position}, au {made.today}, calendrier {made.calendar_version}."
        " Rien n'a été enregistré."
    )


def figures(line: Line) -> tuple[int, ...]:
    """The figures of a line, in the order of the columns."""
    return (
        line.answers,
        line.late,
        line.late_under_policy,
        line.silences,
        line.silences_under_policy,
    )
