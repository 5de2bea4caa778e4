"""`guichet projection skip MODEL POSITION`: let a read model, or the reactor, do without an event.

Doing without is a fact of the log like any other, so that a rebuild does without the same event.
Only what is in the way can be skipped: a read model is known by its name, the reactor as `reactor`.
"""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from domain.grammar import Author, Recorded, replay
from domain.skipping import REACTOR, EventSkipped, Skipped, stream_of
from guichet.envelopes import at_once
from guichet.held import held
from guichet.house import House
from guichet.proof.guarding import write_only_there
from guichet.sentences import Sentence, must_be_ground
from guichet.settings import Settings
from projections import stops
from projections.projector import MODELS
from projections.stops import Stop
from projections.waiting import Waiter

FOLLOWED_WITHIN = 30.0
"""Seconds for which it is waited that the read model goes on."""


class NotInTheWay(Sentence):
    """The event stops nobody of that name."""


async def skip(house: House, model: str, position: int, ground: str) -> int:
    """Record that `model` does without the event at `position`; the position of that fact.
    `NotInTheWay` unless that event is what stops it."""
    town = house.settings.town
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        stopped = await stops.of_town(cursor, town)
        waiting = await held(connection, town)
    known = {REACTOR, *(each.name for each in MODELS)}
    if model not in known:
        raise NotInTheWay(f"On peut nommer : {', '.join(sorted(known))}.")
    in_the_way = {one.position for one in waiting if one.error} if model == REACTOR else set[int]()
    in_the_way |= {stop.position for stop in stopped.values() if is_at(stop, model)}
    if position not in in_the_way:
        where = " et ".join(map(str, sorted(in_the_way)))
        told = f"il s'arrête à {where}" if where else "rien ne l'arrête"
        raise NotInTheWay(f"L'événement {position} n'arrête pas « {model} » : {told}.")
    past = await house.desk.past(stream_of(model))
    memory = replay(Skipped(), [fact.event for fact in past])
    for fact in past:
        if fact.event.position == position:
            return fact.position
    now = datetime.now(UTC)
    fact = Recorded(
        stream=stream_of(model),
        version=memory.version + 1,
        event=EventSkipped(model=model, position=position, ground=ground),
        times=at_once(now),
        author=Author(role="system", account="mise à l'écart"),
        command_id=str(uuid4()),
    )
    return (await house.desk.record([fact]))[-1]


def is_at(stop: Stop, model: str) -> bool:
    """Whether `stop` is that of `model`, and not one it is coming from already."""
    return stop.model == model and bool(stop.error)


async def gone_on(settings: Settings, model: str, position: int) -> str:
    """What has become of a read model once the fact at `position` was heard, in a sentence."""
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        reached = await waiter.until(
            position, FOLLOWED_WITHIN, *(() if model == REACTOR else [model])
        )
        if stop := waiter.stops.get(model):
            return stop.sentence
        if reached < position:
            return "Les tables de lecture sont en retard : voyez projector.log."
    if model == REACTOR:
        return "Le réacteur continue dès qu'il l'aura lue."
    return f"« {model} » continue."


def run(settings: Settings, model: str, position: int, ground: str) -> None:
    """`guichet projection skip`: what was recorded, and whether the read model goes on."""

    must_be_ground(ground)

    async def whole() -> str:
        async with House.open(settings) as house:
            await write_only_there(house)
            at = await skip(house, model, position, ground)
        said = await gone_on(settings, model, at)
        return f"L'événement {position} est mis à l'écart (événement {at}). {said}"

    print(asyncio.run(whole()))
