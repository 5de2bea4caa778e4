"""The chain and the seals: made after the fact, in two copies, and nothing changed passes them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from adapters.jetstream_api import Refusal, call, connect
from adapters.seal_book import SealBook, in_file, last_in_file, seals_file, seals_stream
from adapters.signing import SealKey, is_signed
from domain.log import Entry, LogDamaged, LogUnavailable
from domain.merkle import Frontier
from domain.message import hash_of
from guichet.house import House
from guichet.proof.guarding import Guard
from guichet.proof.sealing import Sealer, keep_sealed
from guichet.proof.verifying import verify
from guichet.settings import Settings
from projections.projector import prepare
from tests.conftest import Broker, Database
from tests.faults.archived import archived, as_owner, events, logged


@pytest_asyncio.fixture
async def projecting(house: House) -> AsyncIterator[House]:
    async with House.open(house.settings, user="projector", role="projector") as opened:
        yield opened


@pytest_asyncio.fixture
async def sealed(house: House, projecting: House) -> Sequence[Entry]:
    """Thirty events, archived, under seals of 10, 20 and 25."""
    known = await logged(house, events(30))
    await archived(house.settings, known)
    sealer = await placed(projecting)
    for size in (10, 20, 25):
        await sealer.seal(size)
    return known


async def placed(house: House) -> Sealer:
    sealer = Sealer(house, SealKey.of(house.settings.data))
    await sealer.find_place()
    return sealer


async def sentence(settings: Settings) -> str:
    found = await asyncio.to_thread(verify, settings)
    return found.sentence if found else ""


async def sizes(house: House) -> tuple[list[int], list[int]]:
    """What the two copies cover."""
    book = SealBook(house.nc, house.settings.town, house.settings.data)
    return [s.size for s in in_file(book.path)], [s.size for s in await book.in_stream()]


async def until_sealed(house: House, last: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                if (await sizes(house))[1][-1:] == [last]:
                    return
            except LogUnavailable:
                pass  # it has waited for the broker by itself


async def test_a_seal_is_the_signed_head_of_the_tree(house: House, sealed: Sequence[Entry]) -> None:
    settings = house.settings
    frontier = Frontier()
    frontier.extend(hash_of(settings.town, entry) for entry in sealed[:25])
    seal = in_file(seals_file(settings.data, settings.town))[-1]
    assert (seal.size, seal.root) == (25, frontier.root.hex())
    assert is_signed(seal, SealKey.of(settings.data).public)
    assert (settings.data / "seal.key").stat().st_mode & 0o077 == 0
    assert await sizes(house) == ([10, 20, 25], [10, 20, 25])
    assert await sentence(settings) == ""


async def test_seals_come_by_themselves_and_go_on_after_everything_was_away(
    house: House, projecting: House, broker: Broker, database: Database
) -> None:
    sealing = asyncio.create_task(keep_sealed(projecting, every=10, period=0.2, settling=0))
    await archived(house.settings, await logged(house, events(23)))
    await until_sealed(house, 23)
    assert (await sizes(house))[0] == [10, 20, 23]
    broker.kill()
    database.kill()
    database.start()
    broker.start()
    await archived(house.settings, await logged(house, events(4)))
    await until_sealed(house, 27)
    sealing.cancel()
    assert await sizes(house) == ([10, 20, 23, 27], [10, 20, 23, 27])
    assert await sentence(house.settings) == ""


async def test_an_interrupted_seal_is_completed(projecting: House, sealed: Sequence[Entry]) -> None:
    path = seals_file(projecting.settings.data, projecting.settings.town)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]) + lines[2][:50])
    assert last_in_file(path) == 20
    await (await placed(projecting)).seal(30)
    assert await sizes(projecting) == ([10, 20, 25, 30], [10, 20, 25, 30])


async def test_a_stream_of_seals_that_was_lost_is_made_again_from_the_file(
    projecting: House, sealed: Sequence[Entry], broker: Broker
) -> None:
    town = projecting.settings.town
    steward = await connect(broker.url, "steward", broker.passwords["steward"])
    config = (await call(steward, f"STREAM.INFO.{seals_stream(town)}"))["config"]
    await call(steward, f"STREAM.DELETE.{seals_stream(town)}")
    assert "n'a plus le journal ou ses sceaux" in await sentence(projecting.settings)
    await call(steward, f"STREAM.CREATE.{seals_stream(town)}", config)
    await steward.close()
    await placed(projecting)
    assert await sizes(projecting) == ([10, 20, 25], [10, 20, 25])


@pytest.mark.parametrize("user", ["writer", "projector", "keys", "backup"])
async def test_nobody_changes_a_seal_and_only_the_projector_adds_one(
    broker: Broker, town: str, user: str
) -> None:
    client = await connect(broker.url, user, broker.passwords[user])
    for action in ("PURGE", "DELETE", "UPDATE", "MSG.DELETE"):
        with pytest.raises((LogUnavailable, Refusal)):
            await call(client, f"STREAM.{action}.{seals_stream(town)}", {"seq": 1})
    await client.publish(f"seals.{town}", b"{}")
    await client.flush()
    await client.close()
    projecting = await connect(broker.url, "projector", broker.passwords["projector"])
    state = (await call(projecting, f"STREAM.INFO.{seals_stream(town)}"))["state"]
    await projecting.close()
    assert state["messages"] == (1 if user == "projector" else 0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("data = '\\x00'", "L'événement 7 de l'archive n'est plus celui de son empreinte."),
        ("topic = 'X:1'", "L'événement 7 de l'archive n'est plus celui de son empreinte."),
        ("stream = 'dossier.x'", "L'événement 7 de l'archive n'est plus celui de son empreinte."),
        ("chain = hash", "La chaîne de l'archive est rompue à l'événement 7."),
        ("position = 70", "L'archive n'a pas l'événement 7."),
    ],
)
async def test_whatever_changes_in_the_archive_is_named(
    house: House, sealed: Sequence[Entry], change: str, expected: str
) -> None:
    statement = f"update archive.entries set {change} where position = 7 and town = %s"
    await as_owner(house.settings, statement)
    assert await sentence(house.settings) == expected


async def test_a_past_rewritten_with_its_hashes_is_given_away_by_the_seals(
    house: House, projecting: House, sealed: Sequence[Entry]
) -> None:
    """Somebody who owns the database forges an event and links everything anew."""
    settings = house.settings
    await as_owner(settings, "update archive.entries set id = 'f' where position = 7 and town = %s")
    await as_owner(settings, "update archive.entries set chain = null where town = %s")
    await linked_anew(settings)
    assert await sentence(settings) == "L'événement 7 du journal n'est plus celui de l'archive."
    assert await Guard(house).verdict() == [
        "L'événement 7 du journal n'est plus celui de l'archive."
    ]
    with pytest.raises(LogDamaged, match="sceau 10"):
        await placed(projecting)


async def test_what_was_archived_before_there_was_a_chain_is_linked_once(
    house: House, sealed: Sequence[Entry]
) -> None:
    settings = house.settings
    await as_owner(
        settings, "update archive.entries set chain = null, hash = '\\x00' where town = %s"
    )
    assert await sentence(settings) != ""
    await linked_anew(settings)
    assert await sentence(settings) == ""


async def linked_anew(settings: Settings) -> None:
    owner = settings.postgres["owner"]
    async with await AsyncConnection.connect(owner, autocommit=True) as connection:
        await prepare(connection)


@pytest.mark.parametrize("part", ["root", "signature", "size", "missing"])
async def test_a_seal_that_was_changed_is_named(
    house: House, sealed: Sequence[Entry], part: str
) -> None:
    path = seals_file(house.settings.data, house.settings.town)
    changed(path, part)
    found = await sentence(house.settings)
    assert "sceau 20" in found or "sceau 21" in found


async def test_a_copy_taken_earlier_and_kept_elsewhere_is_enough(
    house: House, sealed: Sequence[Entry], tmp_path: Path
) -> None:
    """Whoever rewrites the past with the town's own key is given away by yesterday's copy."""
    settings = house.settings
    path = seals_file(settings.data, settings.town)
    (tmp_path / "copy").write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    (tmp_path / "pub").write_bytes(SealKey.of(settings.data).public)
    copies = (tmp_path / "copy", tmp_path / "pub")
    assert await asyncio.to_thread(verify, settings, *copies) is None
    changed(tmp_path / "copy", "root")
    found = await asyncio.to_thread(verify, settings, *copies)
    assert found is not None
    assert "copies du sceau 20" in found.sentence


def changed(path: Path, part: str) -> None:
    """The second seal of a file, forged."""
    seals = [json.loads(line) for line in path.read_text().splitlines()]
    match part:
        case "size":
            seals[1]["size"] += 1
        case "missing":
            del seals[1]
        case _:
            seals[1][part] = "00" * (len(seals[1][part]) // 2)
    path.write_text("".join(f"{json.dumps(seal)}\n" for seal in seals))


async def test_an_archive_that_is_older_than_its_seals_is_not_written_to(
    house: House, sealed: Sequence[Entry]
) -> None:
    settings = house.settings
    await as_owner(settings, "delete from archive.entries where position > 22 and town = %s")
    await as_owner(settings, "update archive.checkpoints set position = 22 where town = %s")
    [said] = await Guard(house).verdict()
    assert said == "L'archive finit à 22, mais un sceau couvre 25 événements."
    assert "un sceau couvre 25" in await sentence(settings)
