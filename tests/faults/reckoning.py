"""What must be true after any fault: the acknowledgements, the log and the read models compared.

Every complaint is a sentence; nothing to complain of is an empty list.
"""

import asyncio
import json
from collections import Counter as Count
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, cast
from uuid import UUID

import msgspec

from domain.dossier_events import DossierLinked
from domain.grammar import Recorded
from domain.log import Entry
from guichet.house import House
from guichet.rebuilding import rebuild_models
from projections.projector import MODELS
from tests.faults.counter import Told
from tests.faults.lots import Lot
from tests.projections.test_read_models import folded, reached, rows

Tables = Mapping[str, Sequence[Any]]
"""The rows of each read model."""


@dataclass(frozen=True)
class Harvest:
    """What clients were told, what is in the log, and the read models made in three ways."""

    told: Sequence[Told]
    entries: Sequence[Entry]
    facts: Sequence[Recorded[Any]]
    live: Tables
    independent: Tables
    rebuilt: Tables
    lots: Sequence[Lot] = field(default_factory=list[Lot])


async def echoed(house: House) -> None:
    """Wait until the reactor has seen everything, its own commands included."""
    query = "select position from reactor.checkpoints where town = %s"
    async with asyncio.timeout(20):
        while True:
            async with house.pool.connection() as connection:
                row = await (await connection.execute(query, [house.settings.town])).fetchone()
            if row and row[0] == await house.log.head():
                return
            await asyncio.sleep(0.05)


async def harvest(house: House, told: Sequence[Told], lots: Sequence[Lot] = ()) -> Harvest:
    """Everything as it is once nobody writes any more."""
    await reached(house)
    entries: list[Entry] = []
    while page := await house.log.page(entries[-1].position if entries else 0, 500):
        entries += page
    facts = await house.cipher.unseal([e for e in entries if e.stream.startswith("dossier.")])
    ids = sorted({UUID(fact.stream.partition(".")[2]) for fact in facts})
    independent = spelled_out(await folded(house, ids))
    live = spelled_out(as_read(await rows(house)))
    await rebuild_models(house, [model.name for model in MODELS])
    rebuilt = spelled_out(as_read(await rows(house)))
    return Harvest(list(told), entries, facts, live, independent, rebuilt, list(lots))


def as_read(found: Tables) -> Tables:
    """Rows as the queries read them."""
    read: dict[str, list[Any]] = {}
    for model in MODELS:
        names = model.row.__struct_fields__
        values = found[model.name]
        read[model.name] = [model.read(dict(zip(names, row, strict=True))) for row in values]
    return read


def spelled_out(found: Tables) -> Tables:
    """Rows spelled out in one way and one order, so that only their content is compared."""
    return {
        name: sorted(msgspec.json.encode(row, order="sorted").decode() for row in some)
        for name, some in found.items()
    }


def complaints(seen: Harvest) -> list[str]:
    """Everything that is not as it must be."""
    return [
        *out_of_order(seen.entries),
        *wrongly_told(seen),
        *torn_lots(seen),
        *wrong_echoes(seen.facts),
        *different("the fold of the log", seen.live, seen.independent),
        *different("a rebuild", seen.live, seen.rebuilt),
    ]


def out_of_order(entries: Sequence[Entry]) -> list[str]:
    """Positions count the log, versions count each stream, and no identifier comes twice."""
    found: list[str] = []
    if [entry.position for entry in entries] != list(range(1, len(entries) + 1)):
        found.append("the positions are not 1, 2, 3…")
    for stream, some in groupby(sorted(entries, key=lambda e: e.stream), lambda e: e.stream):
        versions = [entry.version for entry in some]
        if versions != list(range(1, len(versions) + 1)):
            found.append(f"the versions of {stream} are {versions}")
    twice = [id for id, count in Count(entry.id for entry in entries).items() if count > 1]
    return found + [f"the entry {id} is there twice" for id in twice]


def wrongly_told(seen: Harvest) -> list[str]:
    """Every key has one effect, the one that was told, and nothing else has any."""
    at = {fact.position: fact for fact in seen.facts}
    found: list[str] = []
    keys: dict[int, str] = {}
    for told in seen.told:
        answer = json.loads(told.answer.body)
        position: int = answer["position"]
        fact = at.get(position)
        name = f"{told.asked.path} at {position}"
        if keys.setdefault(position, told.asked.key) != told.asked.key:
            found.append(f"two keys were told the same effect: {name}")
        if fact is None:
            found.append(f"acknowledged, but not in the log: {name}")
        elif (fact.stream, fact.version) != (f"dossier.{answer['id']}", answer["version"]):
            found.append(f"acknowledged as another: {name}")
        elif not same(fact.event, told.asked.body):
            found.append(f"acknowledged with other words: {name}")
    asked = [fact for fact in seen.facts if fact.author.role == "receptionist"]
    found += [f"nobody was told of {f.position}" for f in asked if f.position not in keys]
    effects = Count(fact.command_id for fact in asked)
    found += [f"the command {id} had {n} effects" for id, n in effects.items() if n > 1]
    return found


def same(had: Any, said: Any) -> bool:
    """Whether a fact has what was said in a body, whatever else it has."""
    if isinstance(said, dict):
        fields = cast("dict[str, Any]", said)
        return all(same(getattr(had, name, None), value) for name, value in fields.items())
    return str(had) == str(said)


def torn_lots(seen: Harvest) -> list[str]:
    """A lot is in the log as a whole or not at all, and whole if that was acknowledged."""
    found: list[str] = []
    positions: dict[str, list[int]] = {}
    for fact in seen.facts:
        positions.setdefault(fact.command_id, []).append(fact.position)
    for lot in seen.lots:
        there = positions.get(lot.command_id, [])
        whole = there == list(range(there[0], there[0] + lot.size)) if there else False
        if there and not whole:
            found.append(f"the lot {lot.command_id} is there in part: {there}")
        if lot.positions and there != lot.positions:
            found.append(f"the lot {lot.command_id} is acknowledged, but there as {there}")
    return found


def wrong_echoes(facts: Sequence[Recorded[Any]]) -> list[str]:
    """The reactor has linked back every link, once."""
    links = [fact for fact in facts if isinstance(fact.event, DossierLinked)]
    asked = Count(
        (f"dossier.{fact.event.dossier}", UUID(fact.stream.partition(".")[2]))
        for fact in links
        if fact.author.role != "system"
    )
    back = Count((f.stream, f.event.dossier) for f in links if f.author.role == "system")
    return [f"linked back {back[link]} times: {link}" for link in asked if back[link] != 1]


def different(other: str, live: Tables, tables: Tables) -> list[str]:
    """Tables whose rows are not those of the `other` way to make them."""
    found: list[str] = []
    for name in live:
        wrong = Count(live[name])
        wrong.subtract(tables[name])
        some = [row for row, count in wrong.items() if count][:2]
        found += [f"the live rows of {name} are not those of {other}: {some}"] if some else []
    return found
