"""How much is measured: five minutes for a quick look, as long as it takes otherwise."""

from msgspec import Struct


class Sizes(Struct, frozen=True):
    """Rounds and their seconds, rows, open dossiers of a small and a large queue, dossiers of
    a town at rest, how often each thing is read; `events` is the
    size of the log that is rebuilt (0: what is there), `limit` the seconds after which nothing more
    is measured (0: none); what then still runs has half a minute to end well."""

    rounds: int
    round_s: float
    import_rows: int
    small: int
    large: int
    resting: int
    reads: int
    steady_s: float
    events: int = 0
    limit: int = 0


QUICK = Sizes(
    rounds=3,
    round_s=3.0,
    import_rows=20_000,
    small=10_000,
    large=100_000,
    resting=60_000,
    reads=200,
    steady_s=5.0,
    limit=270,
)
FULL = Sizes(
    rounds=7,
    round_s=10.0,
    import_rows=100_000,
    small=10_000,
    large=100_000,
    resting=60_000,
    reads=2_000,
    steady_s=30.0,
    events=1_000_000,
)
