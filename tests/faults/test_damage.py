"""Damage to the log's files: seen before anything is written, and repaired from the archive."""

import asyncio
import json
import random
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from urllib.request import urlopen

import pytest
import pytest_asyncio

from adapters.guard import complaints
from adapters.jetstream_api import call, connect
from domain.log import Conflict, Entry, LogDamaged, LogUnavailable
from guichet.house import House
from guichet.proof.guarding import Guard
from guichet.proof.repair import CannotRepair, repair
from guichet.settings import Settings
from tests.conftest import Broker
from tests.faults.archived import archived, events, logged

FLIPS = 24
Damage = Callable[[Path, random.Random], None]


class Ward:
    """A log with its archive, and an untouched copy of its files to damage again and again."""

    def __init__(
        self, house: House, broker: Broker, known: Sequence[Entry], files: Path, store: Path
    ) -> None:
        self.house = house
        self.broker = broker
        self.known = known
        self.files = files
        self.store = store

    async def damaged(
        self,
        damage: Damage,
        chance: random.Random,
        crash: bool = False,
        files: Path | None = None,
    ) -> None:
        """The broker again on `files`, or the untouched copy, that `damage` has changed; after a
        crash it trusts no index and reads its blocks again."""
        self.broker.stop()
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(files or self.files, self.store)
        damage(self.store, chance)
        if crash:
            (self.store / "msgs" / "index.db").unlink(missing_ok=True)
        self.broker.start()
        await self.reached()

    async def reached(self) -> None:
        async with asyncio.timeout(20):
            while True:
                try:
                    return await self.house.nc.flush(2)
                except Exception:  # noqa: BLE001 whatever a cut line raises
                    await asyncio.sleep(0.02)

    async def verdict(self) -> list[str]:
        """What a process that starts now finds."""
        guard = Guard(self.house)
        async with asyncio.timeout(20):
            while True:
                try:
                    found = await guard.verdict()
                except LogUnavailable:
                    continue  # it has waited for the broker by itself
                if "encore comparé" not in "".join(found):
                    return found

    async def whole(self) -> bool:
        """Whether the log holds what it held, event for event."""
        found: list[Entry] = []
        while page := await self.house.log.page(len(found), 100):
            found += page
        return found == list(self.known)


@pytest_asyncio.fixture
async def ward(house: House, broker: Broker, tmp_path: Path) -> AsyncIterator[Ward]:
    """Two blocks of events, all archived."""
    settings = house.settings
    known = await logged(house, events(150, large=220_000))
    await archived(settings, known)
    [store] = broker.folder.rglob(f"GUICHET_{settings.town}")
    broker.stop()
    shutil.copytree(store, tmp_path / "files")
    broker.start()
    yield Ward(house, broker, known, tmp_path / "files", store)
    for aside in settings.data.glob("damaged-*"):
        shutil.rmtree(aside)


def blocks(store: Path) -> list[Path]:
    return sorted((store / "msgs").glob("*.blk"), key=lambda path: int(path.stem))


def flip(store: Path, chance: random.Random) -> None:
    """One bit, half of the time in the head of a message: those are few bytes and matter most."""
    block = chance.choice(blocks(store))
    content = bytearray(block.read_bytes())
    at = chance.randrange(len(content))
    if chance.random() < 0.5:
        start = content.find(b"NATS/1.0", at)
        at = max(0, start - 80) + chance.randrange(400) if start >= 0 else at
    content[at] ^= 1 << chance.randrange(8)
    block.write_bytes(content)


def truncate(store: Path, chance: random.Random) -> None:
    block = chance.choice(blocks(store))
    block.write_bytes(block.read_bytes()[: chance.randrange(block.stat().st_size)])


def without_a_block(store: Path, chance: random.Random) -> None:
    chance.choice(blocks(store)).unlink()


def without_the_last_block(store: Path, chance: random.Random) -> None:
    blocks(store)[-1].unlink()


def without_the_stream(store: Path, chance: random.Random) -> None:
    shutil.rmtree(store)


def without_its_name(store: Path, chance: random.Random) -> None:
    (store / "meta.inf").write_bytes(b"{}")


def says_it_is_well(monitor: str) -> bool:
    with urlopen(f"{monitor}/healthz") as reply:
        return json.load(reply)["status"] == "ok"


async def test_every_flipped_bit_is_seen_and_repaired(ward: Ward) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for number in range(FLIPS):
        await ward.damaged(flip, chance, crash=number % 2 == 1)
        assert await ward.verdict(), number
        restored, aside = await repair(ward.house.settings)
        assert (restored, aside is not None) == (len(ward.known), True), number
        assert await ward.verdict() == [], number
        assert await ward.whole(), number
        assert aside is not None
        shutil.rmtree(aside)


async def test_the_broker_alone_does_not_see_them(ward: Ward) -> None:
    """The same flips without the comparison: most pass unseen, which is why there is one."""
    chance, unseen = random.Random(7), 0
    for _ in range(6):
        await ward.damaged(flip, chance)
        settings = ward.house.settings
        known = len(ward.known)
        said = await complaints(ward.house.nc, settings.nats_monitor, settings.town, known)
        if await asyncio.to_thread(says_it_is_well, settings.nats_monitor) and not said:
            unseen += 1
            assert await ward.verdict()
    assert unseen > 0


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize(
    "damage",
    [truncate, without_a_block, without_the_last_block, without_the_stream, without_its_name],
)
async def test_lost_files_are_seen_and_repaired(ward: Ward, damage: Damage, crash: bool) -> None:
    await ward.damaged(damage, random.Random(3), crash)
    assert await ward.verdict()
    await repair(ward.house.settings)
    assert await ward.verdict() == []
    assert await ward.whole()


async def test_an_old_copy_that_was_written_to_is_not_taken_for_the_log(ward: Ward) -> None:
    more = await logged(ward.house, events(3))
    await archived(ward.house.settings, more)
    ward.known = [*ward.known, *more]
    await ward.damaged(lambda store, chance: None, random.Random(1))
    async with House.open(ward.house.settings) as careless:
        await logged(careless, events(3))
    [sentence] = await ward.verdict()
    assert "L'événement 151 du journal n'est plus celui de l'archive" in sentence
    await repair(ward.house.settings)
    assert await ward.whole()


async def test_a_sound_log_is_left_alone(ward: Ward) -> None:
    assert await repair(ward.house.settings) == (0, None)


async def test_an_interrupted_repair_takes_no_writes_and_is_started_again(ward: Ward) -> None:
    await ward.damaged(flip, random.Random(5))

    def interrupted(done: int) -> None:
        if done >= 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await repair(ward.house.settings, show=interrupted, at_once=40)
    assert "fermé le temps d'une réparation" in " ".join(await ward.verdict())
    with pytest.raises((LogUnavailable, LogDamaged)):
        await ward.house.log.append(events(1))
    await repair(ward.house.settings)
    assert await ward.verdict() == []
    assert await ward.whole()
    await logged(ward.house, events(1))


async def test_what_only_the_log_holds_is_not_thrown_away(ward: Ward) -> None:
    await logged(ward.house, events(2))
    settings, longer = ward.house.settings, ward.files.with_name("longer")
    ward.broker.stop()
    shutil.copytree(ward.store, longer)
    ward.broker.start()
    first = random.Random(5)
    await ward.damaged(lambda store, chance: blocks(store)[0].unlink(), first, files=longer)
    with pytest.raises(CannotRepair, match=r"2 événements \(151 à 152\) sont lisibles"):
        await repair(settings, archived_within=0.2)
    restored, aside = await repair(settings, abandon=True)
    assert restored == len(ward.known)
    assert aside is not None
    assert list(aside.rglob("*.blk"))


async def test_only_the_steward_writes_to_a_closed_log(settings: Settings, broker: Broker) -> None:
    for user in ("writer", "projector"):
        client = await connect(broker.url, user, broker.passwords[user])
        with pytest.raises((LogUnavailable, Conflict)):
            await call(client, f"STREAM.UPDATE.GUICHET_{settings.town}", {})
        await client.close()
