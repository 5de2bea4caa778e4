"""The year, gone by once for all that is asked of it."""

import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio
from msgspec.structs import asdict
from psycopg import AsyncConnection

from adapters.jetstream_api import connect
from adapters.steward import create_streams
from domain.leaving import SendingAllowed
from guichet import reactor
from guichet.catalogue import CALENDAR, ORGANISATION, PROCEDURES, SENDING
from guichet.catalogue_file import record
from guichet.house import House
from guichet.outbox import attempts
from guichet.settings import FILE, Settings
from projections.projector import prepare
from projections.waiting import Waiter
from tests.conftest import Broker, Database
from tests.running import open_folder
from tests.year import catalogue
from tests.year.acts import Act
from tests.year.catalogue import FIRST
from tests.year.clock import Clock, at
from tests.year.commands import GONE_AWAY
from tests.year.found import Log, tables
from tests.year.history import bring_in
from tests.year.kills import kills, mornings
from tests.year.outcome import Year
from tests.year.post import Post
from tests.year.reckoning import reckon
from tests.year.script import script
from tests.year.town import SimulatedTown, working
from tests.year.worker import Worker

SEED = 20_250
SMALL, LARGE = 400, 40_000
"""Dossiers of the year."""
SOME_DAYS, EVERY_DAY = (1, 4, 7), range(1, 8)
"""The weekdays on which something happens: a small town has its desk open on Mondays and Thursdays,
and its residents write on Sundays too. Its reminders look every day all the same."""
HISTORY = 200


@dataclass(frozen=True)
class Gone:
    """The year when it has gone by: what was reckoned, what the read models and the log say."""

    expected: Year
    shown: Year
    log: Log
    acts: list[Act]
    history: list[UUID]
    taken: Counter[str]
    heads: dict[str, set[tuple[str, str]]]
    kills: dict[str, int]
    seconds: float


def dossiers_of(days: dict[date, list[Act]]) -> list[list[Act]]:
    """The acts of each dossier."""
    found: dict[UUID, list[Act]] = {}
    for day in sorted(days):
        for act in days[day]:
            found.setdefault(act.dossier, []).append(act)
    return list(found.values())


async def installed(folder: Path, broker: Broker, database: Database, post: Post) -> Settings:
    """A town of its own in `folder`, where its processes find it."""
    town = f"annee{os.urandom(4).hex()}"
    nc = await connect(broker.url, "steward", broker.passwords["steward"])
    await create_streams(nc, town)
    await nc.close()
    async with await AsyncConnection.connect(database.conninfo("owner"), autocommit=True) as owner:
        await prepare(owner)
        await reactor.prepare(owner)
        await attempts.prepare(owner)
    key = os.urandom(32)
    settings = Settings(
        data=folder,
        town=town,
        nats_url=broker.url,
        nats_monitor=broker.monitor,
        nats_passwords=broker.passwords,
        postgres={role: database.conninfo(role) for role in ("owner", "projector", "web")},
        master_key=key,
        smtp=f"{post.host}:{post.port}",
    )
    said = {k: v for k, v in asdict(settings).items() if k not in ("data", "master_key")}
    (folder / FILE).write_bytes(msgspec.json.encode(said))
    (folder / "master.key").write_text(key.hex())
    assert Settings.find(folder) == settings
    return settings


@pytest_asyncio.fixture(scope="module")
async def gone(
    pytestconfig: pytest.Config, broker: Broker, database: Database
) -> AsyncIterator[Gone]:
    long = bool(pytestconfig.getoption("--long"))
    days = script(SEED, *((LARGE, EVERY_DAY) if long else (SMALL, SOME_DAYS)))
    lives = dossiers_of(days)
    expected = reckon(lives)
    with open_folder() as folder:
        clock = Clock(folder / "now")
        clock.set(at(FIRST, 6))
        async with Post() as post:
            post.refuse(GONE_AWAY)
            settings = await installed(folder, broker, database, post)
            async with (
                House.open(settings, clock=clock) as house,
                Waiter.open(settings.postgres["web"], settings.town) as waiter,
            ):
                await record(house, ORGANISATION, catalogue.organisation())
                await record(house, PROCEDURES, list(catalogue.PROCEDURES))
                await record(house, CALENDAR, [catalogue.CALENDAR])
                await record(house, SENDING, [SendingAllowed(ground="une année")])
                history = await bring_in(house, SEED, HISTORY)
                roles = (
                    "projector",
                    "reactor",
                    "outbox",
                    "outbox too",
                    "reminders",
                    "reminders too",
                )
                workers = {name: Worker(name.split()[0], folder, folder / "now") for name in roles}
                town = SimulatedTown(
                    house=house,
                    clock=clock,
                    post=post,
                    waiter=waiter,
                    workers=workers,
                    kills=kills(SEED, days, expected, 12 if long else 3),
                    twice={day for day in mornings(expected) if day.isoweekday() == 1},
                )
                async with working(list(workers.values())):
                    begun = monotonic()
                    await town.live(days)
                    seconds = monotonic() - begun
                    await town.tables_know()
                    log = Log()
                    await log.read(house)
                    yield Gone(
                        expected=expected,
                        shown=await tables(house),
                        log=log,
                        acts=[act for acts in lives for act in acts],
                        history=history,
                        taken=Counter(one.message_id for one in post.taken),
                        heads=heads_of(post),
                        kills={name: worker.kills for name, worker in workers.items()},
                        seconds=seconds,
                    )


def heads_of(post: Post) -> dict[str, set[tuple[str, str]]]:
    """For whom and about what each message was that arrived."""
    heads: dict[str, set[tuple[str, str]]] = {}
    for one in post.taken:
        heads.setdefault(one.message_id, set()).add((one.to, one.subject))
    return heads
