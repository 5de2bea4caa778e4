"""Creating dossiers, Guichet and the floor in turns, on the same machine with the same driver."""

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from msgspec import Struct

from bench.driving import drive
from bench.sides import Floor, Guichet, Side
from guichet.sentences import Sentence

CLIENTS = (8, 32)
FAILURES = 0.01
"""The share of refused requests beyond which a round measures nothing."""


class Unfit(Sentence):
    """A round whose figures would mean nothing."""


class Round(Struct):
    """One side driven once: answers per second, milliseconds of latency, and CPU milliseconds per
    request by part."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_ms: dict[str, float]
    failed: int
    driver_cpu: float

    @property
    def whole_cpu_ms(self) -> float:
        """CPU milliseconds per request, all parts of the side together."""
        return sum(self.cpu_ms.values())


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def one_round(side: Side, clients: int, seconds: float) -> Round:
    """Drive `side`; what it does after the last answer (projecting) counts to its CPU."""
    side.settle()
    before = side.cpu()
    seen = drive(side.ports, clients, seconds, side.token)
    side.settle()
    used = side.cpu()
    count = len(seen.latencies)
    if not count or seen.failed > FAILURES * count:
        raise Unfit(f"{side.name} : {seen.failed} requêtes refusées sur {count}.")
    parts: Counter[str] = Counter({part: used[part] - before[part] for part in used})
    return Round(
        rate=seen.rate,
        p50_ms=percentile(seen.latencies, 0.5),
        p99_ms=percentile(seen.latencies, 0.99),
        cpu_ms={part: 1000 * spent / count for part, spent in parts.items()},
        failed=seen.failed,
        driver_cpu=seen.driver_cpu_s / seen.seconds,
    )


def compare(
    guichet: Guichet, floor: Floor, rounds: int, seconds: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Alternating rounds at each number of clients; medians, and the ratios pair by pair."""
    found: dict[str, Any] = {"create_rounds": rounds, "create_round_s": seconds}
    for side in (guichet, floor):
        one_round(side, CLIENTS[0], 1.0)  # caches, plans and connections are warm afterwards
    shares: list[float] = []
    web_shares: list[float] = []
    for clients in CLIENTS:
        pairs: list[tuple[Round, Round]] = []
        for number in range(rounds):
            say(f"création à {clients} clients, tour {number + 1} sur {rounds}")
            ours = one_round(guichet, clients, seconds)
            pairs.append((ours, one_round(floor, clients, seconds)))
        ratios = [ours.rate / theirs.rate for ours, theirs in pairs]
        shares += [ours.whole_cpu_ms / theirs.whole_cpu_ms for ours, theirs in pairs]
        web_shares += [ours.cpu_ms["web"] / theirs.cpu_ms["web"] for ours, theirs in pairs]
        found[f"create_c{clients}_ratio"] = median(ratios)
        found[f"create_c{clients}_ratios"] = ratios
        found |= figures(f"create_c{clients}", [ours for ours, _ in pairs])
        found |= figures(f"floor_c{clients}", [theirs for _, theirs in pairs])
    found["create_cpu_ratio"] = median(shares)
    found["create_cpu_web_ratio"] = median(web_shares)
    return found


def figures(name: str, rounds: list[Round]) -> dict[str, Any]:
    """The medians of one side's rounds, under keys that begin with `name`."""
    parts = sorted({part for one in rounds for part in one.cpu_ms})
    return {
        f"{name}_per_s": median(one.rate for one in rounds),
        f"{name}_p50_ms": median(one.p50_ms for one in rounds),
        f"{name}_p99_ms": median(one.p99_ms for one in rounds),
        f"{name}_cpu_ms": median(one.whole_cpu_ms for one in rounds),
        f"{name}_cpu_ms_by_part": {
            part: median(one.cpu_ms.get(part, 0.0) for one in rounds) for part in parts
        },
        f"{name}_failed": sum(one.failed for one in rounds),
        f"{name}_driver_cpu": median(one.driver_cpu for one in rounds),
    }
