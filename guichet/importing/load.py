"""`guichet import`: whole files into the log, in large batches, as often as one likes.

A dossier's facts lie in one atomic batch, so an interrupted import is simply started again: what is
there counts as already there, what is not is added. Rows are read and sealed while the batch before
them is written.
"""

import asyncio
import json
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import FrameType

from msgspec import Struct, structs
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from domain.log import Conflict, LogUnavailable
from guichet.house import House
from guichet.importing import mapping as mappings
from guichet.importing.reading import FileBreaksOff, FileRefused, rows
from guichet.importing.rejects import Rejects, rejects_of
from guichet.importing.row import Row, printable
from guichet.importing.rows import Reader, Rejected
from guichet.importing.sources import Mapping
from guichet.importing.taken import Taken
from guichet.proof.guarding import write_only_there
from guichet.sentences import Sentence
from guichet.settings import Settings

AT_ONCE = 500
"""Rows in one batch; each makes two facts at most, and a batch holds a thousand."""

AT_A_TIME = 2
"""Batches on their way: one is read and sealed while the broker writes the other."""

TRIES = 20
"""How often a batch meets another import of the same dossiers, or a log that does not answer (a
minute then), before it gives up."""


class Interrupted(Exception):
    """Somebody asked us to stop; what was written is whole."""


class Count(Struct):
    """What became of the rows; `events` are the facts that were added."""

    rows: int = 0
    imported: int = 0
    already: int = 0
    rejected: int = 0
    flagged: int = 0
    events: int = 0


class Import:
    """One file on its way into the log."""

    def __init__(
        self,
        house: House,
        mapping: Mapping,
        rejects: Rejects,
        count: Count | None = None,
        stop: Event | None = None,
    ) -> None:
        self._house = house
        self._mapping = mapping
        self._rejects = rejects
        catalogue = house.catalogue
        self._reader = Reader(
            mapping,
            house.settings.town,
            catalogue.organisation,
            catalogue.procedures,
            datetime.now(UTC),
        )
        self.count = count or Count()
        self.never_met = set(mapping.needed)
        """Columns the mapping names and no row had: of JSON, where nothing says so before."""

        self.stop = stop or Event()
        """Set to end after the batch at hand, with `Interrupted`."""

        self._ended = False
        self._broken: FileBreaksOff | FileRefused | None = None

    async def run(self, path: Path, dry_run: bool, show: Callable[[Count], None]) -> Count:
        """Take every row in. `FileBreaksOff` or `FileRefused` after what could be read was taken,
        `Interrupted` after `stop` when that was not all."""
        source = rows(path, self._mapping)
        under_way = deque[asyncio.Task[None]]()
        try:
            while batch := await asyncio.to_thread(self._filled, source):
                under_way.append(asyncio.create_task(self._write(batch, dry_run)))
                if len(under_way) == AT_A_TIME:
                    await under_way.popleft()
                    show(self.count)
            while under_way:
                await under_way.popleft()
                show(self.count)
        finally:
            await asyncio.gather(*under_way, return_exceptions=True)  # what is sent is counted
        if self._broken is not None:
            raise self._broken
        if not self._ended:
            raise Interrupted
        return self.count

    def _filled(self, source: Iterator[Row]) -> list[Taken]:
        """What the next rows become; nothing after the last, and after `stop`."""
        batch: list[Taken] = []
        try:
            while not self.stop.is_set() and len(batch) < AT_ONCE:
                self._take(next(source), batch)
        except StopIteration:
            self._ended = True
        except (FileBreaksOff, FileRefused) as error:
            self._broken = error
        return batch

    def _take(self, row: Row, batch: list[Taken]) -> None:
        self.count.rows += 1
        if self.never_met:
            self.never_met -= row.values.keys()
        try:
            batch.append(self._reader.take(row))
        except Rejected as rejected:
            self.count.rejected += 1
            self._rejects.add(row.line, self._reader.number_told(row), str(rejected))

    async def _write(self, batch: Sequence[Taken], dry_run: bool) -> None:
        """Add what is not there yet. Another import of the same dossiers may overtake us, or the
        log be away for a moment: then we look again at what is there."""
        ours, sent = set[str](), set[str]()  # sent without hearing what became of it
        for again in range(1, TRIES + 1):
            try:
                known = await self._house.log.existing([taken.stream for taken in batch])
                new = [taken for taken in batch if taken.stream not in known]
                ours = {taken.stream for taken in new} | sent
                if new and not dry_run:
                    await self._record(new)
            except Conflict:
                ours = sent
                await asyncio.sleep(again * 0.01)
            except LogUnavailable:
                if self.stop.is_set() or again == TRIES:
                    raise
                sent = ours
                await asyncio.sleep(1)
            else:
                self._counted(batch, [taken for taken in batch if taken.stream in ours])
                return
        raise Sentence("D'autres écrivent les mêmes dossiers : recommencez quand ils ont fini.")

    def _counted(self, batch: Sequence[Taken], ours: Sequence[Taken]) -> None:
        self.count.already += len(batch) - len(ours)
        self.count.imported += len(ours)
        self.count.flagged += sum(bool(taken.opening.flags) for taken in ours)
        self.count.events += sum(1 if taken.closing is None else 2 for taken in ours)

    async def _record(self, new: Sequence[Taken]) -> None:
        now = datetime.now(UTC)
        keys = await self._house.keys.take(len(new))
        pairs = zip(new, keys, strict=True)
        facts = [fact for one, key in pairs for fact in one.facts(self._mapping.source, key, now)]
        await self._house.desk.record(facts)


def run(
    settings: Settings, path: Path, mapping_path: Path, rejects: Path | None, dry_run: bool
) -> None:
    """`guichet import FILE --mapping MAPPING`. Whatever happens, the last line of standard output
    is the count; 130 after Ctrl-C, which lets the batch at hand be written."""
    count = Count()
    try:
        mapping = mappings.read(mapping_path)
        check(path)
        refused = rejects_of(path, rejects, (path, mapping_path))
        with refused, stopped_by_hand() as stop, shown() as show:

            async def whole() -> None:
                async with House.open(settings) as house:
                    await write_only_there(house)
                    importing = Import(house, mapping, refused, count, stop)
                    await importing.run(path, dry_run, show)
                if count.rows and importing.never_met:
                    names = printable(", ".join(sorted(importing.never_met)))
                    print(f"Colonnes qu'aucune ligne n'avait : {names}.", file=sys.stderr)

            asyncio.run(whole())
    except (Interrupted, KeyboardInterrupt):
        print("Import interrompu : relancez la même commande, il reprendra.", file=sys.stderr)
        sys.exit(130)
    finally:
        print(json.dumps(structs.asdict(count)), flush=True)


def check(path: Path) -> None:
    """Refuse at once what is no file or cannot be opened. A pipe can be opened only once."""
    try:
        if not path.is_fifo():
            path.open("rb").close()
    except FileNotFoundError:
        raise FileRefused(f"Le fichier {path} n'existe pas.") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise FileRefused(f"Le fichier {path} ne se laisse pas lire ({reason}).") from None


@contextmanager
def shown() -> Generator[Callable[[Count], None]]:
    """A line on the terminal that follows the count; nothing where there is no terminal."""
    console = Console(file=sys.stderr)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with progress:
        task = progress.add_task("Lecture…", total=None)

        def show(count: Count) -> None:
            words = f"{count.rows} lignes, {count.imported} reprises, {count.rejected} rejetées"
            progress.update(task, description=words)

        yield show


@contextmanager
def stopped_by_hand() -> Generator[Event]:
    """Ctrl-C sets the event, and a second one ends at once, as it would."""
    before, stop = signal.getsignal(signal.SIGINT), Event()

    def asked(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, asked)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
