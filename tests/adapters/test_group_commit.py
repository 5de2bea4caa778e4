"""Writers who wait at the same moment share a batch, and none fails for another's conflict."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from nats.aio.client import Client

from adapters.group_commit import TOGETHER, GroupCommit
from adapters.stream import Log
from domain.log import Conflict, Entry
from tests.adapters.conftest import entry
from tests.conftest import Broker


async def test_many_at_once_are_written_each_at_its_own_position(town: str, writer: Client) -> None:
    log = Log(writer, town)
    entries = [entry(f"dossier.{number}") for number in range(TOGETHER * 2 + 3)]
    found = await asyncio.gather(*(log.append([one]) for one in entries))
    positions = [position for [position] in found]
    assert sorted(positions) == list(range(1, len(entries) + 1))
    for one, position in zip(entries, positions, strict=True):
        there = await log.at(position)
        assert there is not None
        assert there.id == one.id


async def test_of_many_at_once_only_the_overtaken_are_refused(town: str, writer: Client) -> None:
    await Log(writer, town).append([entry("dossier.3"), entry("dossier.7")])
    log = Log(writer, town)
    entries = [entry(f"dossier.{number}") for number in range(20)]
    outcomes = await asyncio.gather(*(log.append([e]) for e in entries), return_exceptions=True)
    refused = [
        e.stream for e, was in zip(entries, outcomes, strict=True) if isinstance(was, Conflict)
    ]
    assert refused == ["dossier.3", "dossier.7"]
    assert await log.head() == 20


async def test_two_facts_of_one_stream_never_share_a_batch(town: str, writer: Client) -> None:
    log = Log(writer, town)
    entries = [entry(f"dossier.{n % 10}", 1 + n // 10) for n in range(20)]
    await asyncio.gather(*(log.append([one]) for one in entries[:10]))
    await asyncio.gather(*(log.append([one]) for one in entries[10:]))
    for number in range(10):
        assert [one.version for one in await log.read(f"dossier.{number}")] == [1, 2]


async def test_a_broker_killed_in_the_middle_loses_and_doubles_nothing(
    broker: Broker, town: str, writer: Client
) -> None:
    log = Log(writer, town)
    entries = [entry(f"dossier.{number}") for number in range(600)]
    writing = [asyncio.create_task(log.append([one])) for one in entries]
    await writing[5]
    broker.kill()
    broker.start()
    outcomes = await asyncio.gather(*writing, return_exceptions=True)
    acknowledged = {
        e.id: was[0] for e, was in zip(entries, outcomes, strict=True) if isinstance(was, list)
    }
    there: dict[str, int] = {}
    async for page in pages(log):
        assert not there.keys() & {one.id for one in page}
        there |= {one.id: one.position for one in page}
    assert acknowledged.items() <= there.items()
    assert len(there) <= len(entries)


async def pages(log: Log) -> AsyncIterator[list[Entry]]:
    after = 0
    while page := await log.page(after, 500):
        yield page
        after = page[-1].position


async def test_few_are_written_plainly_and_many_in_one_batch() -> None:
    sizes: list[int] = []

    async def publish(entries: Sequence[Entry], expected: Mapping[str, int]) -> tuple[int, int]:
        sizes.append(len(entries))
        await asyncio.sleep(0)  # the others come meanwhile
        return 0, sum(sizes)

    async def settle(
        seconds: float, entries: Sequence[Entry], expected: Mapping[str, int], uncertain: bool
    ) -> int:
        raise AssertionError("nothing is uncertain here")

    group = GroupCommit(publish, settle)
    await group.write(entry("a"), 0)
    await asyncio.gather(*(group.write(entry(f"b{number}"), 0) for number in range(3)))
    assert sizes == [1, 1, 1, 1]
    await asyncio.gather(*(group.write(entry(f"c{number}"), 0) for number in range(30)))
    assert sizes[4:] == [1, 1, 28]  # two at once on their way, all others in the next
