"""Whole files into a real log: once, twice, interrupted, broken."""

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from msgspec import structs

from guichet import catalogue_file
from guichet.demo.load import MAPPING, SAMPLE, TOWN
from guichet.house import House
from guichet.importing import mapping as mappings
from guichet.importing.load import Count, Import, Interrupted
from guichet.importing.reading import FileBreaksOff, FileRefused, rows
from guichet.importing.rejects import Rejects
from guichet.importing.sources import Columns, Mapping
from guichet.settings import Settings
from projections.search import search
from projections.waiting import Waiter

BOSTON = mappings.read(MAPPING)


async def imported(house: House, path: Path, dry_run: bool = False) -> Count:
    importing = Import(house, BOSTON, Rejects(path.with_name("rejects.csv")))
    return await importing.run(path, dry_run, lambda count: None)


@pytest.fixture
async def town_house(settings: Settings, house: House) -> House:
    """A house with the demonstration's catalogue."""
    await catalogue_file.load(house, TOWN)
    return house


def sample(folder: Path, lines: int, *more: str) -> Path:
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as file:
        kept = [next(file) for _ in range(lines)]
    path = folder / "requests.csv"
    path.write_text("".join(kept) + "".join(more))
    return path


async def test_the_same_file_twice_adds_nothing(town_house: House, tmp_path: Path) -> None:
    path = sample(tmp_path, 301)
    dry = await imported(town_house, path, dry_run=True)
    before = await town_house.log.head()
    first = await imported(town_house, path)
    head = await town_house.log.head()
    again = await imported(town_house, path)
    assert (first.rows, first.imported, first.rejected) == (300, 300, 0)
    assert first == dry
    assert head - before == first.events
    assert (again.imported, again.already, again.events) == (0, 300, 0)
    assert await town_house.log.head() == head


async def test_bad_rows_are_told_and_stop_nothing(town_house: House, tmp_path: Path) -> None:
    path = sample(tmp_path, 11, "1,2,3\n", "\n", '"never closed\n')
    count = await imported(town_house, path)
    assert (count.imported, count.rejected) == (10, 2)


async def test_history_is_marked_and_promises_nothing(
    town_house: House, projector: "asyncio.Task[None]", tmp_path: Path
) -> None:
    path = sample(tmp_path, 2)
    number = path.read_text().splitlines()[1].partition(",")[0]
    await imported(town_house, path)
    settings = town_house.settings
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        await waiter.until(await town_house.log.head(), within=10)
    async with town_house.pool.connection() as connection, connection.cursor() as cursor:
        [row] = await search(cursor, settings.town, number)
        await cursor.execute("select from promises where town = %s", [settings.town])
        promises = await cursor.fetchall()
    assert (row.origin_source, row.origin_number) == ("boston-311", number)
    assert (row.acknowledged_at, row.answered_at, promises) == (None, None, [])
    assert not projector.done()


async def test_a_file_that_breaks_off_keeps_what_was_read(
    town_house: House, tmp_path: Path
) -> None:
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(SAMPLE.read_bytes()[:60_000])
    importing = Import(town_house, BOSTON, Rejects(tmp_path / "rejects.csv"))
    with pytest.raises(FileBreaksOff):
        await importing.run(path, False, lambda count: None)
    assert importing.count.imported > 500


async def test_two_imports_of_a_file_at_once_double_nothing(
    town_house: House, settings: Settings, tmp_path: Path
) -> None:
    paths = [tmp_path / name / "x.csv" for name in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
    sources = [sample(path.parent, 2001) for path in paths]
    before = await town_house.log.head()
    async with House.open(settings) as other:
        counts = await asyncio.gather(imported(town_house, sources[0]), imported(other, sources[1]))
    assert [count.imported + count.already for count in counts] == [2000, 2000]
    assert sum(count.imported for count in counts) == 2000
    assert await town_house.log.head() - before == sum(count.events for count in counts)


async def test_an_import_that_is_stopped_is_whole_and_goes_on(
    town_house: House, tmp_path: Path
) -> None:
    path = sample(tmp_path, 2001)
    importing = Import(town_house, BOSTON, Rejects(tmp_path / "rejects.csv"))

    def stop(count: Count) -> None:
        importing.stop.set()

    before = await town_house.log.head()
    with pytest.raises(Interrupted):
        await importing.run(path, False, stop)
    first = importing.count
    assert 0 < first.rows == first.imported < 2000
    assert await town_house.log.head() - before == first.events
    again = await imported(town_house, path)
    assert (again.rows, again.already) == (2000, first.imported)
    assert again.imported == 2000 - first.imported


async def test_a_column_no_object_has_is_known_at_the_end(
    town_house: House, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"case_enquiry_id": "1"}]')
    mapping = structs.replace(BOSTON, format="json")
    importing = Import(town_house, mapping, Rejects(tmp_path / "rejects.csv"))
    count = await importing.run(path, False, lambda count: None)
    assert (count.rows, count.rejected) == (1, 1)
    assert "open_dt" in importing.never_met


def test_a_missing_column_is_named_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("case_enquiry_id,open_dt\n1,2\n")
    with pytest.raises(FileRefused, match="closed_dt"):
        list(rows(path, BOSTON))


def test_json_is_read_as_an_array_or_as_lines(tmp_path: Path) -> None:
    objects = [{"a": {"b": number}, "c": None, "d": "é" * 70_000} for number in range(3)]
    array, lines = tmp_path / "x.json", tmp_path / "x.jsonl.gz"
    array.write_text(json.dumps(objects, indent=1, ensure_ascii=False))
    lines.write_bytes(gzip.compress("\n".join(map(json.dumps, objects)).encode()))
    columns = Columns(number="a.b", opened="o", procedure="p", channel="c")
    mapping = Mapping(source="s", zone="UTC", columns=columns)
    for path in (array, lines):
        assert [row.values["a.b"] for row in rows(path, mapping)] == ["0", "1", "2"]
    array.write_text('[{"a": 1}, {"a": ')
    with pytest.raises(FileBreaksOff):
        list(rows(array, mapping))


@pytest.mark.parametrize("name", ["boston-311", "montreal-311"])
def test_the_mappings_name_what_the_catalogue_has(name: str) -> None:
    mapping = mappings.read(MAPPING.with_name(f"{name}.toml"))
    catalogue = catalogue_file.read(TOWN, catalogue_file.date(2026, 1, 1))
    known = {procedure.id for procedure in catalogue.procedures}
    assert set(mapping.values["procedure"].values()) <= known
    assert len(known) >= 141
