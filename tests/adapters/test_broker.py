"""What the broker promises: on the disk before the answer, and nobody changes the past."""

import asyncio
import json
from base64 import b64decode
from pathlib import Path
from urllib.request import urlopen

import pytest
from nats.aio.client import Client

from adapters.guard import complaints
from adapters.jetstream_api import Refusal, call, connect
from adapters.keys import KeyRing
from adapters.stream import Log, stream_name
from domain.log import Conflict, LogDamaged, LogUnavailable
from tests.adapters.conftest import entry
from tests.conftest import Broker


def test_an_acknowledgement_means_the_disk(broker: Broker) -> None:
    with urlopen(f"{broker.monitor}/jsz") as reply:
        assert json.load(reply)["config"]["sync_always"] is True


@pytest.mark.parametrize("user", ["writer", "projector", "keys", "backup"])
async def test_nobody_who_runs_later_changes_the_past(
    broker: Broker, town: str, user: str, writer: Client
) -> None:
    log = Log(writer, town)
    await log.append([entry("dossier.1")])
    client = await connect(broker.url, user, broker.passwords[user])
    tries = [
        call(client, f"STREAM.{action}.{stream_name(town)}", {"seq": 1})
        for action in ("PURGE", "DELETE", "UPDATE", "MSG.DELETE")
    ]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    await client.close()
    assert all(isinstance(answer, LogUnavailable | Refusal) for answer in answers)
    assert await log.head() == 1
    assert len(await log.read("dossier.1")) == 1


async def test_the_guard_finds_nothing_wrong_with_a_sound_log(
    broker: Broker, town: str, writer: Client
) -> None:
    log = Log(writer, town)
    await log.append([entry("dossier.1"), entry("dossier.2")])
    assert await complaints(writer, broker.monitor, town, 2) == []


async def test_the_guard_sees_a_log_that_has_lost_its_end(
    broker: Broker, town: str, writer: Client
) -> None:
    await Log(writer, town).append([entry("dossier.1")])
    [sentence] = await complaints(writer, broker.monitor, town, 5)
    assert "l'archive a lu jusqu'à 5" in sentence


async def test_several_facts_are_recorded_together_or_not_at_all(town: str, writer: Client) -> None:
    log = Log(writer, town)
    assert await log.append([entry("a.1"), entry("b.1"), entry("a.1", 2)]) == [1, 2, 3]
    with pytest.raises(Conflict):
        await Log(writer, town).append([entry("c.1"), entry("b.1")])
    assert await log.head() == 3


async def test_a_stream_longer_than_one_page_is_read_whole(town: str, writer: Client) -> None:
    log = Log(writer, town)
    for start in (1, 1001, 2001):
        await log.append([entry("a.1", start + number) for number in range(1000)])
    assert [one.version for one in await log.read("a.1")] == list(range(1, 3001))


async def test_a_dossier_that_lacks_an_entry_is_not_read(town: str, writer: Client) -> None:
    log = Log(writer, town)
    await log.append([entry("a.1"), entry("a.1", 3)])
    with pytest.raises(LogDamaged, match="l'entrée 2"):
        await log.read("a.1")


async def test_writing_goes_on_by_itself_when_the_broker_comes_back(
    broker: Broker, town: str, writer: Client
) -> None:
    log = Log(writer, town)
    await log.append([entry("a.1")])
    broker.kill()
    broker.start()
    assert await log.append([entry("a.1", 2)]) == [2]
    assert [one.version for one in await log.read("a.1")] == [1, 2]


async def test_a_destroyed_key_leaves_no_residue_on_the_disk(
    broker: Broker, town: str, writer: Client
) -> None:
    keys = KeyRing(writer, town, bytes(32))
    [id, other] = await keys.take(2)
    found = await call(writer, f"STREAM.MSG.GET.KEYS_{town}", {"last_by_subj": f"keys.{town}.{id}"})
    wrapped = b64decode(found["message"]["data"])
    assert residue(broker.folder, wrapped)
    keeper = await connect(broker.url, "keys", broker.passwords["keys"])
    await KeyRing(keeper, town, bytes(32)).destroy(id)
    await keeper.close()
    assert not residue(broker.folder, wrapped)
    fresh = await KeyRing(writer, town, bytes(32)).load([id, other])
    assert fresh[id] is None
    assert fresh[other] is not None


def residue(folder: Path, content: bytes) -> bool:
    return any(content in path.read_bytes() for path in folder.rglob("*") if path.is_file())
