"""Commands sent one to five times by a hundred clients, across a death of the web and one of the
broker: one effect a key, and one answer, byte for byte."""

import asyncio
import random

from guichet.house import House
from tests.faults.counter import Answer, Asked, Counter, command, opening, place_of
from tests.faults.real_town import RealTown, real_town
from tests.faults.reckoning import complaints, harvest
from tests.running import within

CLIENTS = 100
COMMANDS = 4


async def sent_often(counter: Counter, asked: Asked, chance: random.Random) -> Answer:
    """The one answer to a command that was sent up to five times, at once or one by one."""
    times = chance.randint(1, 5)
    if chance.random() < 0.5:
        answers = await asyncio.gather(*(counter.send(asked) for _ in range(times)))
    else:
        answers = [await counter.send(asked) for _ in range(times)]
    assert len(set(answers)) == 1, (asked, set(answers))
    return answers[0]


async def client(counter: Counter, common: str, chance: random.Random) -> set[str]:
    """A dossier of one's own, with its notes, and notes on the common one; the keys used."""
    first = opening()
    path, tag = place_of(await sent_often(counter, first, chance))
    keys = {first.key}
    for _ in range(COMMANDS):
        own = command(path, "note", {"text": "Vu"}, tag)
        shared = command(common, "note", {"text": "Vu"}, "*")
        answer, _ = await asyncio.gather(
            sent_often(counter, own, chance), sent_often(counter, shared, chance)
        )
        keys |= {own.key, shared.key}
        _, tag = place_of(answer)
    return keys


async def killed(town: RealTown, word: str) -> None:
    former = town.killed(word)
    assert await asyncio.to_thread(within, 30, lambda: town.healed(word, former)), word


async def test_one_effect_and_one_answer_for_every_key(long: bool) -> None:
    with real_town() as town:
        counter, chance = Counter(town), random.Random()
        first = opening()
        common, _ = place_of(await counter.send(first))
        keys = {first.key}
        for _ in range(5 if long else 1):
            done = asyncio.gather(
                *(client(counter, common, random.Random(chance.random())) for _ in range(CLIENTS))
            )
            for word in ("cli web", "nats-server"):
                await counter.more(2 * CLIENTS)
                await killed(town, word)
            keys.update(*await done)
        async with House.open(town.settings) as house:
            left = await harvest(house, counter.told)
        await counter.close()
    assert complaints(left) == []
    assert counter.unexpected == []
    asked = [fact for fact in left.facts if fact.author.role != "system"]
    assert len({told.asked.key for told in left.told}) == len(keys) == len(asked)
    assert counter.retries > 0
