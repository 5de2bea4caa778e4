"""`guichet bench`: measures Guichet beside a floor, in one go, and leaves nothing behind.

The order matters: what is compared runs on the same machine in turns, and what needs a large log
comes last. Ctrl-C, or the time being over, ends every process and removes the temporary folder.
"""

import shutil
import signal
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import msgspec
from msgspec.structs import replace

from bench import creating, loading, machine, reading, report
from bench.plan import FULL, QUICK, Sizes
from bench.sides import Floor, Guichet
from guichet.demo.load import TOWN
from guichet.sentences import Sentence

PROMISED = (
    *("create_c8_ratio", "create_c32_ratio", "create_cpu_ratio", "queue_p50_ms", "queue_growth"),
    *("dossier_p50_ms", "read_your_write_p99_ms", "import_events_per_s", "rebuild_events_per_s"),
    *("idle_memory_mb", "projection_lag_p99_ms", "create_c8_per_s", "create_c32_per_s"),
    *("floor_c8_per_s", "floor_c32_per_s", "start_s"),
)
"""The keys every result has; null where the time was over first."""


RESERVE = 40.0
"""Seconds for one more file, the pages and the restart: on a slow machine the larger queue of a
quick run is as large as there was time for, and `queue_large` says how large."""


class TooSlow(Sentence):
    """The time was over before everything was measured."""


class Interrupted(Sentence):
    """Somebody asked us to stop."""


class TimeIsUp(Exception):
    """The limit of a quick run was reached."""


class Bench:
    """One run, in its own folder; `figures` grows as it goes."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.sizes = sizes
        self.guichet = Guichet(folder)
        self.floor = Floor(folder)
        self.samples = loading.Samples(folder)
        self.figures: dict[str, Any] = dict.fromkeys(PROMISED)
        self.figures["machine"] = machine.machine(folder)
        self._begun = monotonic()

    def run(self) -> None:
        """Measure everything."""
        load = self.figures["machine"]["load_before"]
        if load > self.figures["machine"]["cores"] / 2:
            self.say(
                f"d'autres travaillent sur cette machine (charge {load:.1f}) : mesures faussées"
            )
        self.say("démarrage de Guichet et du plancher")
        self.note("first_start_s", self.guichet.start())
        self.floor.start()
        self.figures["machine"]["database"] = machine.database(self.floor.database())
        machine.database(self.guichet.database())
        loading.command(self.guichet, "catalogue", "load", str(TOWN))
        self.take_in()
        self.compare()
        self.read()
        self.rest()
        self.grow()
        self.note("bench_s", monotonic() - self._begun)

    def take_in(self) -> None:
        """Import, then a queue of the smaller size."""
        sizes = self.sizes
        self.say(f"reprise de {sizes.import_rows} lignes")
        self.figures |= loading.measure_import(self.guichet, self.samples, sizes.import_rows)
        self.figures |= loading.measure_projection(self.guichet, self.figures["import_events"])
        self.say(f"file de {sizes.small} dossiers ouverts")
        self.note("queue_small", loading.fill_queue(self.guichet, self.samples, sizes.small))
        self.small = reading.measure_queue(self.guichet, sizes.reads)
        self.figures |= {f"queue_small_{name}": value for name, value in self.small.items()}

    def compare(self) -> None:
        """Guichet and the floor in turns."""
        sizes = self.sizes
        self.figures |= creating.compare(
            self.guichet, self.floor, sizes.rounds, sizes.round_s, self.say
        )
        self.floor.stop()

    def read(self) -> None:
        """What one has just written, how far behind the read models are, and single dossiers."""
        self.say("relecture de ses propres écritures")
        self.figures |= reading.measure_own_writes(self.guichet, self.sizes.reads)
        self.say("retard des tables de lecture")
        self.figures |= reading.measure_lag(self.guichet, self.sizes.steady_s)
        self.say("dossiers et leurs fils")
        self.figures |= reading.measure_dossier(self.guichet, self.sizes.reads)
        self.say("requêtes par opération")
        self.figures |= reading.count_statements(self.guichet, 50)

    def grow(self) -> None:
        """A queue of the larger size, a log of the size that is asked for, and its rebuild."""
        sizes = self.sizes
        self.say(f"file de {sizes.large} dossiers ouverts")
        filled = loading.fill_queue(self.guichet, self.samples, sizes.large, self.late)
        self.note("queue_large", filled)
        large = reading.measure_queue(self.guichet, sizes.reads)
        self.figures |= {f"queue_{name}": value for name, value in large.items()}
        self.note("queue_growth", large["p50_ms"] / self.small["p50_ms"])
        self.note("queue_deep_growth", large["deep_p50_ms"] / self.small["deep_p50_ms"])
        self.figures |= reading.measure_dossier(self.guichet, sizes.reads)  # among ten times more
        while (missing := sizes.events - self.guichet.head()) > 0:
            self.say(f"encore {missing} faits à reprendre")
            rows = min(max(missing // 2, 1), 100_000)
            loading.load(self.guichet, self.samples.as_it_is(rows))
            self.guichet.settle()
        self.rebuild()

    def rebuild(self) -> None:
        """Every read model anew."""
        self.say("reconstruction de toutes les tables de lecture")
        self.figures |= loading.measure_rebuild(self.guichet)

    def rest(self) -> None:
        """Start again on the dossiers of a town, and look at the house when nobody comes."""
        self.say(f"redémarrage sur {self.sizes.resting} dossiers, puis mémoire au repos")
        loading.fill(self.guichet, self.samples, self.sizes.resting)
        self.guichet.stop()
        self.note("start_s", self.guichet.start(workers=1))
        sleep(2)
        self.note("idle_memory_mb", self.guichet.memory_mb())
        self.note("idle_dossiers", loading.dossiers(self.guichet))

    def late(self) -> bool:
        """Whether what is left of the time is needed for what comes after a larger log."""
        return 0 < self.sizes.limit < monotonic() - self._begun + RESERVE

    def stop(self) -> None:
        """End everything that runs."""
        self.guichet.stop()
        self.floor.stop()

    def note(self, name: str, value: float) -> None:
        """Keep a figure."""
        self.figures[name] = value

    def say(self, text: str) -> None:
        """Tell the person at the keyboard what is being done."""
        print(f"[{monotonic() - self._begun:4.0f} s] {text}", file=sys.stderr, flush=True)


def run(sizes: Sizes, json: Path | None, readme: bool) -> None:
    """Measure, then write what was found; a run cut short keeps its figures and is no success."""
    with temporary_folder() as folder:
        bench = Bench(folder, sizes)
        late = False
        try:
            with at_most(sizes.limit):
                bench.run()
        except TimeIsUp:
            late = True
        except KeyboardInterrupt:
            raise Interrupted("Mesures interrompues.") from None
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
            bench.stop()
    content = msgspec.json.encode(bench.figures, order="sorted")
    if json is not None:
        json.write_bytes(msgspec.json.format(content) + b"\n")
    print(report.table(bench.figures))
    if late:
        raise TooSlow(f"Tout n'a pas pu être mesuré en {sizes.limit} secondes.")
    if readme:
        report.write_readme(bench.figures)


def sizes_for(quick: bool, events: int | None) -> Sizes:
    """What to measure."""
    chosen = QUICK if quick else FULL
    return chosen if events is None else replace(chosen, events=events)


@contextmanager
def temporary_folder() -> Generator[Path]:
    """A folder the database's account may enter, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="guichet-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def at_most(seconds: int) -> Generator[None]:
    """`TimeIsUp` after so many seconds (0: never); a SIGTERM is heard like a Ctrl-C."""

    def over(*_: object) -> None:
        raise TimeIsUp

    signal.signal(signal.SIGALRM, over)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
