"""Events that somebody cannot take: real ones, in the real log."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace
from psycopg import AsyncConnection

from domain.dossier_events import DossierEvent
from domain.grammar import Author, Recorded, Times
from domain.intake import OpenDossier, PersonEntry
from domain.log import Entry
from domain.skipping import EventSkipped, stream_of
from domain.telling import AnswerSent
from guichet.envelopes import Hand
from guichet.house import House
from guichet.projecting import follow
from guichet.rebuilding import town_of
from projections.projector import MODELS, PAGE
from projections.read_model import ReadModel, dossier_id
from projections.waiting import Waiter

END_OF_TIME = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
"""A moment that has no date in Paris: the promises cannot tell whether they were kept."""

PATIENCE = 60
NAMES = [model.name for model in MODELS]
GROUND = "Date impossible, décision du 3 mars"


def hand() -> Hand:
    author = Author(role="receptionist", account="a1")
    return Hand(author=author, command_id=str(uuid4()), digest="d")


async def opened(
    house: House,
    name: str | None = None,
    summary: str = "Il fait noir",
    procedure: str = "lampadaire",
) -> UUID:
    """A new dossier."""
    id = uuid4()
    usager = PersonEntry(name=name) if name else None
    command = OpenDossier(procedure=procedure, channel="counter", summary=summary, usager=usager)
    await house.desk.open(id, command, hand())
    return id


async def recorded(house: House, id: UUID, event: DossierEvent, at: datetime) -> int:
    """A fact that no desk would have let in, as its next one; its position."""
    past = await house.desk.past(f"dossier.{id}")
    fact = Recorded(
        stream=f"dossier.{id}",
        version=past[-1].version + 1,
        event=event,
        times=Times(happened_at=at, received_at=at, entered_at=at, recorded_at=datetime.now(UTC)),
        author=Author(role="service_agent", account="a2"),
        command_id=str(uuid4()),
        key=past[-1].key,
    )
    return (await house.desk.record([fact]))[-1]


async def answered_too_late(house: House, id: UUID) -> int:
    """What only the promises cannot fold."""
    event = AnswerSent(text="Réparé", means="email", addressee="usager")
    return await recorded(house, id, event, END_OF_TIME)


async def opened_out_of_range(house: House) -> int:
    """An opening that only the table of the dossiers has no room for; its position."""
    [fact] = await house.desk.past(f"dossier.{await opened(house)}")
    stream = f"dossier.{uuid4()}"
    event = replace(fact.event, procedure_version=2**40)
    return (await house.desk.record([replace(fact, stream=stream, event=event)]))[0]


async def garbled(house: House, stream: str, version: int, topic: str) -> int:
    """An entry of a known fact whose words are not those of that fact; its position."""
    entry = Entry(
        id=str(uuid4()),
        stream=stream,
        version=version,
        topic=topic,
        data=b'{"event": {"dossier": 12}}',
        time=datetime.now(UTC),
    )
    return (await house.log.append([entry]))[0]


async def skipped(house: House, model: str, position: int) -> int:
    """That `model` does without an event, whether or not it stopped there."""
    now = datetime.now(UTC)
    fact = Recorded(
        stream=stream_of(model),
        version=len(await house.desk.past(stream_of(model))) + 1,
        event=EventSkipped(model=model, position=position, ground="Essai"),
        times=Times(happened_at=now, received_at=now, entered_at=now, recorded_at=now),
        author=Author(role="system", account="essai"),
        command_id=str(uuid4()),
    )
    return (await house.desk.record([fact]))[0]


async def rows(house: House) -> dict[str, list[Any]]:
    """What the read models hold, in the order of their keys."""
    found: dict[str, list[Any]] = {}
    async with await AsyncConnection.connect(house.settings.postgres["web"]) as connection:
        for model in MODELS:
            names = model.row.__struct_fields__
            query = (
                f"select {', '.join(names)} from {model.name} "
                f"where town = %s order by {', '.join(model.key)}"
            )
            cursor = await connection.execute(query.encode(), [house.settings.town])
            read = [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
            found[model.name] = [model.read(columns) for columns in read]
    return found


async def folded(
    house: House, model: ReadModel[Any], ids: Sequence[UUID], *, without: int = 0, upto: int = 0
) -> list[Any]:
    """The rows of one read model, folded here and now from the log alone, without one event or as
    they were at a position."""
    found: list[Any] = []
    for id in ids:
        of_one: tuple[Any, ...] = ()
        for fact in await house.desk.past(f"dossier.{id}"):
            assert dossier_id(fact) == id
            if fact.position != without and (not upto or fact.position <= upto):
                of_one = model.fold(of_one, fact, town_of(house.settings))
        found += of_one
    return sorted(found, key=lambda row: tuple(getattr(row, name) for name in model.key))


@asynccontextmanager
async def watching(house: House) -> AsyncGenerator[Waiter]:
    """Somebody who hears what the projector tells."""
    settings = house.settings
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        yield waiter


async def told(waiter: Waiter, is_so: Callable[[], bool]) -> None:
    """Until what the projector told makes it so."""
    async with asyncio.timeout(PATIENCE), waiter._moved:  # pyright: ignore[reportPrivateUsage]
        await waiter._moved.wait_for(is_so)  # pyright: ignore[reportPrivateUsage]


async def reached(house: House, waiter: Waiter, *models: str) -> None:
    """Until the checkpoint, and what `models` have folded, are at the head of the log."""
    head = await house.log.head()
    assert await waiter.until(head, PATIENCE, *models) >= head


@asynccontextmanager
async def projecting_beside(
    house: House, models: Sequence[ReadModel[Any]] = MODELS, page: int = PAGE
) -> AsyncGenerator["asyncio.Task[None]"]:
    """A projector that must still be running in the end."""
    task = asyncio.create_task(follow(house, models, page))
    try:
        yield task
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
