"""The copies that three brokers keep: one that differs is found, named and made anew."""

import asyncio
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.stream import stream_name
from domain.log import Entry, LogUnavailable
from guichet.house import House
from guichet.proof.replicas import compared, differences
from guichet.sentences import Sentence
from guichet.settings import Settings
from tests.composed import BROKERS
from tests.faults.archived import archived, as_owner, events, logged
from tests.faults.cluster import WITHIN, Cluster

PATIENCE = 4.0
"""Seconds for which a copy may catch up here."""


@pytest_asyncio.fixture
async def known(cluster: Cluster) -> Sequence[Entry]:
    """Forty events, kept three times and archived; and keys."""
    async with House.open(cluster.settings) as house:
        entries = await logged(house, events(40))
        await house.keys.take(1)
    await archived(cluster.settings, entries)
    await cluster.healed()
    return entries


def flipped(folder: Path, stream: str) -> None:
    """One bit of the content of a message in the middle of a stream's files."""
    [block] = folder.rglob(f"{stream}/msgs/1.blk")
    content = bytearray(block.read_bytes())
    content[len(content) // 2] ^= 1
    block.write_bytes(content)


async def followed(settings: Settings, count: int) -> list[Entry]:
    """The first entries, as a process that speaks to one broker only reads them."""
    entries: list[Entry] = []
    async with House.open(settings) as house, asyncio.timeout(WITHIN):
        async for some in house.log.follow(0):
            entries += some
            if len(entries) == count:
                break
    return entries


async def restarted(cluster: Cluster, name: str) -> None:
    cluster.brokers[name].begin()
    await cluster.healed()


async def found(cluster: Cluster) -> list[str]:
    return await asyncio.to_thread(differences, cluster.settings, PATIENCE)


@pytest.mark.parametrize("led", [True, False])
async def test_a_copy_with_a_flipped_bit_is_named_and_made_anew(
    cluster: Cluster, known: Sequence[Entry], led: bool
) -> None:
    assert await found(cluster) == []
    leader = await cluster.leader()
    name = leader if led else next(name for name in BROKERS if name != leader)
    damaged = cluster.brokers[name]
    damaged.stop()
    flipped(damaged.folder, stream_name(cluster.settings.town))
    await restarted(cluster, name)
    [sentence] = await found(cluster)
    said = re.match(r"L'exemplaire .* courtier (\w+) diffère à l'événement (\d+) : ", sentence)
    assert said is not None
    assert said[1] == name
    assert 15 < int(said[2]) < 25
    assert await followed(cluster.through(name), len(known)) == known
    damaged.stop()
    shutil.rmtree(damaged.folder / "data")  # what the sentence says
    await restarted(cluster, name)
    assert await found(cluster) == []


async def test_a_copy_of_the_keys_that_differs_is_named(
    cluster: Cluster, known: Sequence[Entry]
) -> None:
    stream, damaged = f"KEYS_{cluster.settings.town}", cluster.brokers["nats2"]
    damaged.stop()
    flipped(damaged.folder, stream)
    await restarted(cluster, "nats2")
    [sentence] = await found(cluster)
    assert f"L'exemplaire de {stream} que garde le courtier nats2 n'est pas" in sentence


async def test_a_copy_that_nobody_can_read_is_not_taken_for_a_sound_one(
    cluster: Cluster, known: Sequence[Entry]
) -> None:
    cluster.brokers["nats3"].stop()
    try:
        said = [""]
        async with asyncio.timeout(WITHIN):
            while not all("Le courtier nats3 ne" in sentence for sentence in said):
                # Until the others have chosen who leads them, nobody reads theirs either.
                with suppress(LogUnavailable):
                    said = await asyncio.to_thread(compared, cluster.settings)
        assert [sentence.split(" : ")[0].split()[-1] for sentence in said] == [
            "journal",
            f"KEYS_{cluster.settings.town}",
        ]
    finally:
        await restarted(cluster, "nats3")


async def test_when_all_copies_differ_it_is_the_log_that_is_damaged(
    cluster: Cluster, known: Sequence[Entry]
) -> None:
    statement = "update archive.entries set hash = '\\x00' where position = 7 and town = %s"
    await as_owner(cluster.settings, statement)
    [sentence] = await found(cluster)
    assert "Tous les exemplaires du journal diffèrent de l'archive à l'événement 7" in sentence


async def test_a_broker_that_stands_alone_has_nothing_to_compare(settings: Settings) -> None:
    with pytest.raises(Sentence, match="seul"):
        await asyncio.to_thread(differences, settings)
