"""Reading as people do: a page of a queue, a dossier with its timeline, one's own writing."""

from statistics import median
from threading import Thread
from time import perf_counter, time
from typing import Any, LiteralString
from urllib.parse import urlencode

import psycopg

from bench.creating import Unfit, percentile
from bench.driver import Plan
from bench.driving import result, start
from bench.line import Answer, Line
from bench.loading import SERVICE, open_dossiers
from bench.sides import Guichet
from bench.statements import statements
from projections.projector import CHANNEL

QUEUE = f"/api/v1/services/{SERVICE}/queue"
CREATED_IN = "/api/v1/services/accueil/queue"
"""The queue into which the bench's own requests fall."""

IN_THE_MIDDLE: dict[str, LiteralString] = {
    "due": "select due, dossier_id from read.queues where service = %s and open "
    "order by due, dossier_id offset %s limit 1",
    "newest": "select received_at, dossier_id from read.queues where service = %s and open "
    "order by received_at desc, dossier_id desc offset %s limit 1",
}
"""The row in the middle of a queue, in both its orders."""

PACE = 100.0
"""Requests per second of a steady load."""


def ok(answer: Answer) -> Answer:
    """The answer, which must be one."""
    if answer.status not in (200, 201):
        raise Unfit(f"Une lecture a répondu {answer.status}.")
    return answer


def measure_queue(guichet: Guichet, times: int) -> dict[str, float]:
    """Milliseconds for a page of 50: the most urgent, the newest, those nobody has taken, and the
    pages in the middle of the queue."""
    half = open_dossiers(guichet) // 2
    with psycopg.connect(guichet.settings.postgres["owner"], autocommit=True) as connection:
        urgent = connection.execute(IN_THE_MIDDLE["due"], [SERVICE, half]).fetchone()
        newest = connection.execute(IN_THE_MIDDLE["newest"], [SERVICE, half]).fetchone()
    if urgent is None or newest is None:
        raise Unfit(f"La file de {SERVICE} est vide.")
    line = Line(guichet.ports[0], guichet.token)
    pages = {
        "p50_ms": {},
        "deep_p50_ms": {"after": f"{urgent[0].isoformat()}.{urgent[1]}"},
        "newest_p50_ms": {"order": "newest"},
        "newest_deep_p50_ms": {"order": "newest", "after": f"{newest[0].isoformat()}.{newest[1]}"},
        "state_p50_ms": {"state": "to_take"},
    }
    found: dict[str, float] = {}
    for name, asked in pages.items():
        path = f"{QUEUE}?{urlencode({'limit': 50, **asked})}"
        ok(line.get(path))
        latencies = [ok(line.get(path)).ms for _ in range(times)]
        found[name] = median(latencies)
        found[name.replace("p50", "p99")] = percentile(latencies, 0.99)
    line.close()
    return found


def measure_dossier(guichet: Guichet, times: int) -> dict[str, float]:
    """Milliseconds for a dossier and then its timeline, of dossiers nobody has just read."""
    query = "select dossier_id from read.dossiers order by md5(dossier_id::text) limit %s"
    with psycopg.connect(guichet.settings.postgres["owner"], autocommit=True) as connection:
        ids = [row[0] for row in connection.execute(query, [times])]
    line = Line(guichet.ports[0], guichet.token)
    both: list[tuple[float, float]] = []
    for id in ids:
        path = f"/api/v1/dossiers/{id}"
        both.append((ok(line.get(path)).ms, ok(line.get(f"{path}/timeline")).ms))
    line.close()
    return {
        "dossier_p50_ms": median(sum(pair) for pair in both),
        "dossier_p99_ms": percentile([sum(pair) for pair in both], 0.99),
        "dossier_slower_p50_ms": median(max(pair) for pair in both),
        "dossier_alone_p50_ms": median(pair[0] for pair in both),
        "timeline_p50_ms": median(pair[1] for pair in both),
    }


def read_own_writes(guichet: Guichet, times: int) -> list[float]:
    """Milliseconds from each 201 to the page that shows the dossier just opened."""
    line = Line(guichet.ports[0], guichet.token)
    waited: list[float] = []
    for _ in range(times):
        position = ok(line.create()).json["position"]
        answered = perf_counter()
        page = ok(line.get(f"{CREATED_IN}?limit=1&min_position={position}")).json
        waited.append((perf_counter() - answered) * 1000)
        if page["position"] < position:
            raise Unfit("Une lecture est arrivée avant son écriture.")
    line.close()
    return waited


def measure_own_writes(guichet: Guichet, times: int) -> dict[str, float]:
    """With nobody else there, and under a steady load."""
    guichet.settle()
    alone = read_own_writes(guichet, times)
    driving = start(Plan(guichet.ports, 16, times / 20, guichet.token, per_second=PACE))
    try:
        loaded = read_own_writes(guichet, times // 2)
    finally:
        result(driving)
    return {
        "read_your_write_p50_ms": median(alone),
        "read_your_write_p99_ms": percentile(alone, 0.99),
        "read_your_write_loaded_p50_ms": median(loaded),
        "read_your_write_loaded_p99_ms": percentile(loaded, 0.99),
    }


def measure_lag(guichet: Guichet, seconds: float) -> dict[str, float]:
    """Milliseconds from `recorded_at` to the moment a reader is told, under a steady load."""
    guichet.settle()
    before = guichet.head()
    heard: list[tuple[float, int]] = []
    owner = guichet.settings.postgres["owner"]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"listen {CHANNEL}")

        def listen() -> None:
            for told in connection.notifies(timeout=seconds + 2):
                heard.append((time(), int(told.payload.rpartition(" ")[2])))

        listening = Thread(target=listen)
        listening.start()
        seen = result(start(Plan(guichet.ports, 16, seconds, guichet.token, per_second=PACE)))
        listening.join()
        query = "select position, time from archive.entries where position > %s order by position"
        written = connection.execute(query, [before]).fetchall()
    lags: list[float] = []
    for position, recorded_at in written:
        while heard and heard[0][1] < position:
            heard.pop(0)
        if heard:
            lags.append((heard[0][0] - recorded_at.timestamp()) * 1000)
    return {
        "projection_lag_p50_ms": median(lags),
        "projection_lag_p99_ms": percentile(lags, 0.99),
        "steady_create_p50_ms": median(seen.latencies),
        "steady_create_p99_ms": percentile(seen.latencies, 0.99),
    }


def count_statements(guichet: Guichet, times: int) -> dict[str, Any]:
    """Statements of one create, one page and one dossier with its timeline, by who asks them."""
    line = Line(guichet.ports[0], guichet.token)
    id = ok(line.create()).json["id"]
    guichet.settle()
    found: dict[str, Any] = {}
    paths = {
        "page": [QUEUE],
        "dossier": [f"/api/v1/dossiers/{id}{end}" for end in ("", "/timeline")],
    }
    for name, each in paths.items():
        with statements(guichet.database()) as asked:
            for _ in range(times):
                for path in each:
                    ok(line.get(path))
        found[f"statements_per_{name}"] = asked["web"] / times
    with statements(guichet.database()) as asked:
        for _ in range(times):
            ok(line.create())
        guichet.settle()
    line.close()
    found["statements_per_create"] = {
        who: asked[who] / times for who in ("web", "projector", "reactor")
    }
    return found
