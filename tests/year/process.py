"""A process of the simulated town: `python -m tests.year.process ROLE DATA CLOCK`.

Reactor and projector are the product's own loops. Outbox and reminders, which look again by the
time of the wall, take one step for each line that is written to them and answer with one line.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from nats.aio.client import Client

from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from guichet import logs, projecting, reminders
from guichet.digests import Digests
from guichet.house import House
from guichet.letters.template_files import Templates
from guichet.outbox.carriers import mail_carrier
from guichet.outbox.sending import Outbox
from guichet.proof.guarding import write_only_there
from guichet.reactor import Reactor
from guichet.settings import Settings
from projections.projector import Overtaken
from projections.waiting import Waiter
from tests.year.clock import Clock

READY = "ready"
TABLES_WITHIN = 120.0
"""Seconds in which the read models must know the log, on a machine however busy."""

Step = Callable[[], Awaitable[object]]


def say(line: object) -> None:
    """Tell who started this process."""
    print(line, flush=True)


async def obey(step: Step) -> None:
    """Do `step` for every line that comes, and say what came of it."""
    say(READY)
    while await asyncio.to_thread(sys.stdin.readline):
        say(await step())


async def react(house: House) -> None:
    """As `guichet reactor`, which gathers facts for a while: here they come one day after another,
    faster than any while."""
    settings = house.settings
    nc: Client = await connect(settings.nats_url, "keys", settings.nats_passwords["keys"])
    try:
        say(READY)
        keys = KeyRing(nc, settings.town, settings.master_key)
        await Reactor(house, keys).run(linger=0.0)
    finally:
        await nc.close()


async def project(house: House) -> None:
    """As `guichet projector`. The connection of one that was killed may live a moment longer."""
    say(READY)
    while True:
        try:
            await projecting.follow(house)
        except Overtaken:
            await asyncio.sleep(0.05)


async def send(house: House) -> None:
    """As `guichet outbox`, one emptying of the queue for each line."""
    await write_only_there(house)
    carrier = mail_carrier(house.settings)
    assert carrier is not None
    outbox = Outbox(house, Templates(), mail=carrier)

    async def emptied() -> int:
        tried = 0
        while count := await outbox.send():
            tried += count
        return tried

    await obey(emptied)


async def remind(house: House) -> None:
    """As `guichet reminders`, one look for each line, and whoever must be reminded."""
    await write_only_there(house)
    settings, carrier = house.settings, mail_carrier(house.settings)
    assert carrier is not None
    digests = Digests(house, carrier)
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:

        async def look() -> int:
            head = await house.log.head()
            assert await waiter.until(head, TABLES_WITHIN) >= head
            found = await reminders.look(house)
            return found.total() + await digests.send()

        await obey(look)


ROLES: dict[str, Callable[[House], Awaitable[None]]] = {
    "reactor": react,
    "projector": project,
    "outbox": send,
    "reminders": remind,
}


async def main(role: str, data: str, clock: str) -> None:
    """One process, until it is killed or nobody writes to it any more."""
    logs.configure(role)
    account = "projector" if role == "projector" else "writer"
    database = "projector" if role == "projector" else "web"
    settings = Settings.find(Path(data))
    async with House.open(settings, account, database, Clock(Path(clock))) as house:
        await ROLES[role](house)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
