"""A stream read in bulk gives the hashes of what was written, page by page."""

import asyncio

import pytest

from adapters.bulk import Bulk
from adapters.comparing import first_difference
from domain.message import hash_of
from guichet.house import House
from tests.faults.archived import events, logged


@pytest.mark.parametrize(("page", "size"), [(4000, 16_000_000), (7, 16_000_000), (50, 9_000)])
async def test_what_is_read_hashes_like_what_was_written(
    house: House, page: int, size: int
) -> None:
    settings, asked = house.settings, (page, size)
    known = [hash_of(settings.town, one) for one in await logged(house, events(60, large=2000))]

    def read(after: int, upto: int) -> list[tuple[int, bytes]]:
        word, name = settings.nats_passwords["backup"], f"GUICHET_{settings.town}"
        with Bulk.open(settings.nats_url, "backup", word, name, asked=asked) as line:
            return list(line.hashes(after, upto))

    everything = list(enumerate(known, 1))
    assert await asyncio.to_thread(read, 0, 60) == everything
    assert await asyncio.to_thread(read, 13, 40) == everything[13:40]
    assert await asyncio.to_thread(read, 50, 90) == everything[50:]
    assert await asyncio.to_thread(read, 60, 60) == []


def test_the_first_difference_is_named_by_its_position() -> None:
    known = [b"a", b"b", b"c"]
    assert first_difference(iter([(6, b"a"), (7, b"b"), (8, b"c")]), 5, known) == 0
    assert first_difference(iter([(6, b"a"), (7, b"x"), (8, b"c")]), 5, known) == 7
    assert first_difference(iter([(6, b"a"), (8, b"c")]), 5, known) == 7
    assert first_difference(iter([(6, b"a")]), 5, known) == 7


async def test_the_last_messages_of_many_subjects_are_those_that_are_there(house: House) -> None:
    entries = await logged(house, events(60))
    settings = house.settings
    word = settings.nats_passwords["projector"]
    known = {f"guichet.{settings.town}.{entry.stream}": entry.data for entry in entries}

    def read() -> list[list[tuple[str, bytes]]]:
        stream = f"GUICHET_{settings.town}"
        with Bulk.open(settings.nats_url, "projector", word, stream) as line:
            nowhere = f"guichet.{settings.town}.dossier.nowhere"
            return [line.lasts([*known, nowhere]), line.lasts([nowhere]), line.lasts(list(known))]

    some, none, all = await asyncio.to_thread(read)
    assert dict(some) == known
    assert none == []
    assert dict(all) == known
