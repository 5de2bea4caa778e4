"""When which process is killed, drawn from a seed: on days on which it has something in hand."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from adapters.jetstream_api import first_message
from guichet.house import House
from tests.year.acts import ALMANAC, YEAR, Act
from tests.year.catalogue import HEAD_AFTER
from tests.year.outcome import Year
from tests.year.post import Post, nothing
from tests.year.worker import Worker


@dataclass(frozen=True)
class Kill:
    """SIGKILL of a `role`. In the `window` the outbox has handed a message over and has not heard
    that it was taken; otherwise it goes on for a moment."""

    role: str
    window: bool = False

    async def now(self, worker: Worker) -> None:
        """In the midst of the day's acts."""
        await worker.ready()
        worker.kill()
        await worker.restart()

    def at_arrival(self, post: Post, worker: Worker) -> None:
        """With the next message that arrives."""
        loop = asyncio.get_running_loop()

        def kill() -> None:
            post.on_arrival = nothing
            if self.window:
                worker.kill()
            else:
                loop.call_soon_threadsafe(worker.kill)

        post.on_arrival = kill

    async def at_first_fact(self, house: House, worker: Worker) -> "asyncio.Task[None]":
        """With the first fact of the next look, which the task given back waits for."""
        await worker.ready()
        begun = asyncio.Event()

        async def watch() -> None:
            async with first_message(house.nc, f"guichet.{house.settings.town}.>") as published:
                begun.set()
                await published.wait()
                worker.kill()

        watching = asyncio.create_task(watch())
        await begun.wait()
        return watching


def mornings(year: Year) -> set[date]:
    """The days on which two looks find no more than one: where nothing is found that is so old that
    the second of them already brings it up."""
    return set(YEAR) - {
        lapse.found for lapse in year.lapses if lapse.since <= ALMANAC.back(lapse.found, HEAD_AFTER)
    }


def kills(
    seed: int, script: Mapping[date, Sequence[Act]], year: Year, each: int
) -> dict[date, list[Kill]]:
    """`each` kills of each of four processes."""
    rng = Random(f"{seed}/kills")
    writing = {day: writes(acts) for day, acts in script.items()}
    finding = Counter(one.found for one in year.lapses if one.kind != "message_refused")
    busiest = {
        "reactor": writing,
        "projector": {day: len(acts) for day, acts in script.items()},
        "outbox": writing,
        "reminders": {day: finding[day] for day in mornings(year)},
    }
    planned: dict[date, list[Kill]] = {}
    for role, counts in busiest.items():
        days = sorted(counts, key=lambda day: (-counts[day], day))[: 2 * each]
        for number, day in enumerate(rng.sample(days, each)):
            planned.setdefault(day, []).append(Kill(role, window=number % 2 == 0))
    return planned


def writes(acts: Sequence[Act]) -> int:
    """How many receipts leave by e-mail for what is opened by `acts`."""
    return sum(act.what == "open" and act.means == "email" for act in acts)
