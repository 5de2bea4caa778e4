"""Brokers that take turns at leading: what a process notices, and replicas that are late."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.appending import Appender
from adapters.comparing import holders
from adapters.embedded import NatsServer, free_port
from adapters.embedded_postgres_server import fresh_passwords
from adapters.guard import syncs_always
from adapters.jetstream_api import call
from adapters.steward import create_streams
from adapters.stream import stream_name
from domain.log import Entry, LogDamaged, LogUnavailable
from guichet.house import House
from guichet.proof.guarding import Guard
from tests.composed import BROKERS
from tests.conftest import CONFIG, USERS
from tests.faults.archived import archived, as_owner, events, logged
from tests.faults.cluster import WITHIN, Cluster, led, until

PAUSES = 4
EVENTS = 300


async def another_leads(cluster: Cluster) -> None:
    """Let the leader of the log step down for another."""
    stream = stream_name(cluster.settings.town)
    async with cluster.steward() as nc, asyncio.timeout(WITHIN):
        former = (await led(nc, stream))["leader"]
        await call(nc, f"STREAM.LEADER.STEPDOWN.{stream}")

        async def changed() -> bool:
            return (await led(nc, stream))["leader"] != former

        await until(changed)


async def test_another_leader_is_a_reason_to_compare_again(cluster: Cluster) -> None:
    """No line is cut, and yet it is another broker's copy that is written to from now on."""
    async with House.open(cluster.settings) as house:
        await archived(cluster.settings, await logged(house, events(30)))
        guard = Guard(house)
        assert await sure(guard) == []
        term, lines = house.log.terms, house.nc.stats["reconnects"]
        await altered(cluster)
        await another_leads(cluster)

        async def heard() -> bool:
            return house.log.terms != term

        await until(heard)
        assert house.nc.stats["reconnects"] == lines
        assert "L'événement 7 du journal" in " ".join(await sure(guard))


async def altered(cluster: Cluster) -> None:
    """Something that only a new comparison notices: here, in the archive."""
    statement = "update archive.entries set hash = sha256(hash) where position = 7 and town = %s"
    await as_owner(cluster.settings, statement)


async def sure(guard: Guard) -> list[str]:
    """What the guard has found once it has looked."""
    async with asyncio.timeout(WITHIN):
        while True:
            with suppress(LogUnavailable):
                found = await guard.verdict()
                if "encore comparé" not in " ".join(found):
                    return found


async def test_a_position_given_twice_is_not_acknowledged(house: House) -> None:
    """A leader that had lost what we were told of counts on from where its copy ends."""
    await logged(house, events(3))
    writer = Appender(house.nc, house.settings.town, house.log.last, house.log.head)
    writer.remember("dossier.x", 1, 9)  # told by a leader that is gone
    with pytest.raises(LogDamaged, match="4 est donnée une seconde fois"):
        await writer.append(events(1))


@asynccontextmanager
async def near_and_far(cluster: Cluster) -> AsyncGenerator[tuple[House, House, str]]:
    """A process that speaks to the leader of the log, one that speaks to a broker that follows,
    and the name of that."""
    leader = await cluster.leader()
    late = next(name for name in BROKERS if name != leader)
    async with (
        House.open(cluster.through(leader)) as near,
        House.open(cluster.through(late)) as far,
    ):
        yield near, far, late


async def test_who_follows_through_a_late_replica_skips_nothing(cluster: Cluster) -> None:
    async with near_and_far(cluster) as (near, far, late):
        seen: list[int] = []

        async def follow() -> None:
            async for entries in far.log.follow(0):
                seen.extend(entry.position for entry in entries)

        following = asyncio.create_task(follow())
        written: list[Entry] = []
        for number in range(PAUSES):
            cluster.suspend(late)
            written += await logged(near, events(EVENTS // 2))
            await one_by_one(near, written)
            cluster.resume(late)
            written += await logged(near, events(EVENTS // 2))
            last = written[-1]
            async with asyncio.timeout(WITHIN):
                assert await certain(far, last) == [last], number

        async def seen_all() -> bool:
            return len(seen) >= len(written) or following.done()

        await until(seen_all)
        assert not following.done()
        following.cancel()
        assert seen == list(range(1, len(written) + 1))


async def one_by_one(house: House, written: list[Entry]) -> None:
    for _ in range(20):
        written += await logged(house, events(1))


async def certain(house: House, last: Entry) -> list[Entry]:
    """The stream of an entry that has just been acknowledged elsewhere, read up to date."""
    while True:
        with suppress(LogUnavailable):
            return await house.log.read(last.stream, upto_date=True)


async def test_a_key_that_was_just_minted_elsewhere_is_not_taken_for_destroyed(
    cluster: Cluster,
) -> None:
    async with near_and_far(cluster) as (near, far, _):
        for _ in range(20):
            fresh = await near.keys.take(1000)
            found = await far.keys.load(fresh[-3:])
            assert None not in found.values()


async def test_the_number_of_copies_follows_the_setting(cluster: Cluster) -> None:
    town = f"{cluster.settings.town}x"
    async with cluster.steward() as nc:
        assert await create_streams(nc, town) == []
        assert len(await holders(nc, stream_name(town))) == 1
        assert await create_streams(nc, town) == []
        said = await create_streams(nc, town, replicas=3)
        assert said[0] == f"Le flux GUICHET_{town} passe de 1 à 3 exemplaires."
        assert len(said) == 3
        assert await create_streams(nc, town) == []  # nothing was said of how many

        async def kept_by_all() -> bool:
            return set(await holders(nc, stream_name(town))) == set(BROKERS)

        await until(kept_by_all)
        said = await create_streams(nc, town, replicas=1)
        assert said[0] == f"Le flux GUICHET_{town} garde ses 3 exemplaires : aucun n'est retiré."
        config = (await call(nc, f"STREAM.INFO.{stream_name(town)}"))["config"]
        assert config["num_replicas"] == 3
        assert (config["deny_delete"], config["subjects"]) == (True, [f"guichet.{town}.>"])


async def test_every_broker_must_sync_and_one_that_is_away_is_not_waited_for(
    cluster: Cluster, tmp_path: Path
) -> None:
    monitors = cluster.settings.nats_monitor
    assert syncs_always(monitors)
    text = (CONFIG / "nats.conf").read_text().replace("  sync_interval: always\n", "")
    (tmp_path / "lazy.conf").write_text(text)
    words = fresh_passwords(*USERS)
    lazy = NatsServer(tmp_path / "lazy", tmp_path / "lazy.conf", free_port(), free_port(), words)
    lazy.start()
    try:
        assert not syncs_always(f"{monitors},{lazy.monitor}")
    finally:
        lazy.stop()
    assert syncs_always(f"{monitors},{lazy.monitor}")
    cluster.suspend(BROKERS[0])
    try:
        assert syncs_always(monitors)
    finally:
        cluster.resume(BROKERS[0])
    with pytest.raises(LogUnavailable):
        syncs_always(f"{lazy.monitor},{lazy.monitor}")


async def test_who_does_not_know_the_password_of_the_routes_is_no_broker(cluster: Cluster) -> None:
    place = urlsplit(f"//{cluster.containers.places[f'{BROKERS[0]}:6222']}")
    for word in ("", "wrong"):
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        hello = json.dumps({"name": "x", "user": "route", "pass": word, "verbose": False})
        writer.write(f"CONNECT {hello}\r\nPING\r\n".encode())
        async with asyncio.timeout(WITHIN):
            said = await reader.read()
        assert b"Authorization Violation" in said
        writer.close()
