"""`guichet import`: whole files into the log, in large batches, as often as one likes.

A dossier's facts lie in one atomic batch, so an interrupted import is simply started again: what is
there counts as already there, what is not is added.
"""

import asyncio
import csv
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, structs
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from guichet.house import House
from guichet.importing import mapping as mappings
from guichet.importing.reading import FileBreaksOff, FileRefused, Row, rows
from guichet.importing.rows import Reader, Rejected, Taken
from guichet.settings import Settings

AT_ONCE = 400
"""Rows in one batch; each makes two facts at most, and a batch holds a thousand."""


class Count(Struct):
    """What became of the rows; `events` are the facts that were added."""

    rows: int = 0
    imported: int = 0
    already: int = 0
    rejected: int = 0
    flagged: int = 0
    events: int = 0


class Rejects:
    """The file of rows that were not taken: line, number and reason, nothing of their content."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: list[tuple[int, str, str]] = []

    def add(self, row: Row, number: str, reason: str) -> None:
        """Remember one."""
        self._lines.append((row.line, number, reason))

    def write(self) -> None:
        """Write them all; no file without a line."""
        if not self._lines:
            self.path.unlink(missing_ok=True)
            return
        try:
            with self.path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(("line", "number", "reason"))
                writer.writerows(self._lines)
        except OSError as error:
            raise FileRefused(
                f"Les rejets ne s'écrivent pas dans {self.path} ({error.strerror}) : "
                "nommez un autre fichier avec --rejects."
            ) from None


class Import:
    """One file on its way into the log."""

    def __init__(self, house: House, mapping: mappings.Mapping, rejects: Rejects) -> None:
        self._house = house
        self._mapping = mapping
        self._rejects = rejects
        catalogue = house.catalogue
        self._reader = Reader(
            mapping, house.settings.town, catalogue.organisation, catalogue.procedures
        )
        self.count = Count()

    async def run(self, path: Path, dry_run: bool, show: Callable[[Count], None]) -> Count:
        """Take every row in; `FileBreaksOff` after what could be read was taken."""
        broken: FileBreaksOff | None = None
        source = rows(path, self._mapping)
        while broken is None:
            batch: list[Taken] = []
            try:
                more = self._fill(batch, source)
            except FileBreaksOff as error:
                broken, more = error, False
            await self._write(batch, dry_run)
            show(self.count)
            if not more:
                break
        if broken:
            raise broken
        return self.count

    def _fill(self, batch: list[Taken], source: Iterator[Row]) -> bool:
        """Fill a batch from the rows that follow; whether there may be more."""
        for row in source:
            self.count.rows += 1
            try:
                batch.append(self._reader.take(row))
            except Rejected as rejected:
                self.count.rejected += 1
                self._rejects.add(row, self._number(row), str(rejected))
            if len(batch) == AT_ONCE:
                return True
        return False

    def _number(self, row: Row) -> str:
        return self._mapping.sources()["number"].of(row.values)

    async def _write(self, batch: list[Taken], dry_run: bool) -> None:
        known = await self._house.log.existing([taken.stream for taken in batch])
        new = [taken for taken in batch if taken.stream not in known]
        self.count.already += len(batch) - len(new)
        self.count.imported += len(new)
        self.count.flagged += sum(bool(taken.opening.flags) for taken in new)
        self.count.events += sum(1 if taken.closing is None else 2 for taken in new)
        if dry_run or not new:
            return
        now = datetime.now(UTC)
        keys = await self._house.keys.take(len(new))
        pairs = zip(new, keys, strict=True)
        facts = [fact for one, key in pairs for fact in one.facts(self._mapping.source, key, now)]
        await self._house.desk.record(facts)


def run(
    settings: Settings, path: Path, mapping_path: Path, rejects: Path | None, dry_run: bool
) -> None:
    """`guichet import FILE --mapping MAPPING`; the last line of standard output is the count."""
    mapping = mappings.read(mapping_path)
    if not path.is_file():
        raise FileRefused(f"Le fichier {path} n'existe pas.")
    refused = Rejects(rejects or path.with_name(f"{path.name}.rejects.csv"))

    async def whole(show: Callable[[Count], None]) -> Count:
        async with House.open(settings) as house:
            importing = Import(house, mapping, refused)
            try:
                return await importing.run(path, dry_run, show)
            finally:
                if not dry_run:
                    refused.write()
                print(json.dumps(structs.asdict(importing.count)), flush=True)

    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("Lecture…", total=None)

        def show(count: Count) -> None:
            words = f"{count.rows} lignes, {count.imported} reprises, {count.rejected} rejetées"
            progress.update(task, description=words)

        asyncio.run(whole(show))
