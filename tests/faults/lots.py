"""Lots: several facts that are recorded together or not at all, written while everything dies."""

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

from nats.errors import Error as NatsError

from domain.dossier_events import NoteAdded
from domain.grammar import Author
from domain.handling import AddNote
from domain.intake import OpenDossier
from domain.log import Conflict, LogUnavailable
from guichet.envelopes import Hand, times_of, wrapped
from guichet.house import House
from tests.faults.counter import Counter

SIZE = 3
AUTHOR = Author(role="system", account="lots")


class Lot(NamedTuple):
    """What was recorded under one command; `positions` is empty while that is not known."""

    command_id: str
    size: int
    positions: list[int]


async def write_lots(house: House, counter: Counter) -> list[Lot]:
    """Lots of notes on dossiers of their own, for as long as the counter is open."""
    lots: list[Lot] = []
    while not counter.over:
        lots.append(await written(house))
    return lots


async def written(house: House) -> Lot:
    """A dossier, and a lot of notes on it. Whoever is not answered does not know: the next lot goes
    to another dossier."""
    id, hand = uuid4(), Hand(author=AUTHOR, command_id=f"lot {uuid4()}", digest="d")
    opening = Hand(author=AUTHOR, command_id=str(uuid4()), digest="d")
    request = OpenDossier(procedure="lampadaire-eteint", channel="phone", summary="Un lot")
    try:
        await house.desk.open(id, request, opening)
        [opened] = await house.desk.past(f"dossier.{id}")
        times = times_of(datetime.now(UTC), AddNote(text="Lot"))
        notes = [NoteAdded(text=f"{number} de {SIZE}") for number in range(1, SIZE + 1)]
        facts = wrapped(opened.stream, 1, notes, hand, times, opened.key)
        return Lot(hand.command_id, SIZE, await house.desk.record(facts))
    except (LogUnavailable, Conflict, NatsError, ValueError):
        await asyncio.sleep(0.05)
        return Lot(hand.command_id, SIZE, [])
