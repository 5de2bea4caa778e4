"""Filling an installation the way a town would: `guichet import` of the sample, multiplied."""

import csv
import gzip
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from itertools import count, cycle, islice
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg

from adapters.embedded import dying_with_parent
from bench.programs import surroundings
from bench.sides import Guichet
from guichet import catalogue_file
from guichet.demo.load import MAPPING, SAMPLE, TOWN
from guichet.importing import mapping as mappings
from guichet.sentences import Sentence

SERVICE = "travaux-publics"
"""The service whose queue is filled and read."""

AT_ONCE = 15_000
"""Rows in one file; between two of them there is time to see how late it is."""


class CommandFailed(Sentence):
    """A command of Guichet ended badly."""


class Samples:
    """Files made of the shipped sample, in which no number comes twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(900_000_000_000)
        with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as file:
            self._rows = list(csv.DictReader(file))

    def as_it_is(self, rows: int) -> Path:
        """The sample over and over, closings included."""
        return self._write(self._rows, rows)

    def of_open_dossiers(self, rows: int) -> Path:
        """Rows of `SERVICE` only, none of them closed."""
        ours = types_of(SERVICE)
        opened = [row | {"closed_dt": "", "case_status": "Open"} for row in self._rows]
        return self._write([row for row in opened if row["type"] in ours], rows)

    def _write(self, source: list[dict[str, str]], rows: int) -> Path:
        path = self._folder / f"sample-{next(self._numbers)}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(self._rows[0]))
            writer.writeheader()
            writer.writerows(islice(self._numbered(source), rows))
        return path

    def _numbered(self, source: list[dict[str, str]]) -> Iterator[dict[str, str]]:
        for row in cycle(source):
            yield row | {"case_enquiry_id": str(next(self._numbers))}


def types_of(service: str) -> set[str]:
    """The sample's types of request that the demonstration's town leaves to `service`."""
    definitions = catalogue_file.read(TOWN, date(2026, 1, 1))
    ours = {procedure.id for procedure in definitions.procedures if procedure.service == service}
    return {type for type, id in mappings.read(MAPPING).values["procedure"].items() if id in ours}


def command(guichet: Guichet, *arguments: str) -> tuple[float, str]:
    """Run `guichet ARGUMENTS`; the seconds it took, process start included, and what it said."""
    begun = monotonic()
    done = subprocess.run(  # noqa: S603 our own command
        [sys.executable, "-m", "guichet.cli", *arguments, "--data", str(guichet.data)],
        env=surroundings(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=dying_with_parent(signal.SIGTERM),
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [""]
        raise CommandFailed(f"guichet {arguments[0]} a échoué : {last[0]}")
    return monotonic() - begun, done.stdout


def load(guichet: Guichet, path: Path) -> tuple[float, int]:
    """Import a file and remove it; the seconds it took and the facts it added."""
    seconds, said = command(guichet, "import", str(path), "--mapping", str(MAPPING))
    counted = json.loads(said.splitlines()[-1])
    path.unlink()
    if counted["rejected"]:
        raise CommandFailed(f"guichet import a rejeté {counted['rejected']} lignes.")
    return seconds, counted["events"]


def measure_import(guichet: Guichet, samples: Samples, rows: int) -> dict[str, Any]:
    """Facts per second of the whole command, durable when it ends; a file without a row tells how
    much of that is the start of the process."""
    start, _ = load(guichet, samples.as_it_is(0))
    seconds, events = load(guichet, samples.as_it_is(rows))
    return {
        "import_rows": rows,
        "import_events": events,
        "import_s": seconds,
        "import_start_s": start,
        "import_events_per_s": events / seconds,
    }


def measure_projection(guichet: Guichet, events: int) -> dict[str, Any]:
    """How long the projector takes to be done with what an import has just recorded."""
    begun = monotonic()
    guichet.settle()
    return {"import_projected_after_s": monotonic() - begun, "import_projected_events": events}


def fill_queue(
    guichet: Guichet, samples: Samples, wanted: int, late: Callable[[], bool] = lambda: False
) -> int:
    """Bring the queue of `SERVICE` to `wanted` open dossiers, or to fewer once it is `late`; how
    many it then has."""
    while (missing := wanted - open_dossiers(guichet)) > 0 and not late():
        load(guichet, samples.of_open_dossiers(min(missing, AT_ONCE)))
        guichet.settle()
    return open_dossiers(guichet)


def fill(guichet: Guichet, samples: Samples, wanted: int) -> None:
    """Bring the town to `wanted` dossiers, most of them history."""
    while (missing := wanted - dossiers(guichet)) > 0:
        load(guichet, samples.as_it_is(min(missing, AT_ONCE)))
        guichet.settle()


def dossiers(guichet: Guichet) -> int:
    """How many there are."""
    with psycopg.connect(guichet.settings.postgres["owner"], autocommit=True) as connection:
        row = connection.execute("select count(*) from read.dossiers").fetchone()
    return int(row[0]) if row else 0


def open_dossiers(guichet: Guichet) -> int:
    """How many lie in the queue of `SERVICE`."""
    query = "select count(*) from read.queues where service = %s and open"
    with psycopg.connect(guichet.settings.postgres["owner"], autocommit=True) as connection:
        row = connection.execute(query, [SERVICE]).fetchone()
    return int(row[0]) if row else 0


def measure_rebuild(guichet: Guichet) -> dict[str, Any]:
    """Every read model from the archive, process start included."""
    guichet.settle()
    events = guichet.head()
    seconds, _ = command(guichet, "rebuild")
    return {
        "rebuild_events": events,
        "rebuild_s": seconds,
        "rebuild_events_per_s": events / seconds,
    }
