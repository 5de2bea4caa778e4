"""A stream compared with what is known of it: whichever copy the cluster reads, or one of them."""

from collections.abc import Iterator, Sequence

from nats.aio.client import Client

from adapters.bulk import Bulk
from adapters.jetstream_api import call
from domain.log import LogUnavailable

TRIES = 8
"""How often a cluster is asked again whose broker that was to read fell silent."""


def differs(
    url: str,
    user: str,
    password: str,
    stream: str,
    after: int,
    known: Sequence[bytes],
    on: str = "",
) -> int:
    """The first position after `after` at which a stream does not have the known hash, twice in a
    row; 0 when it has them all. `on`: see `at` of `Bulk.open`."""
    doubted, silences = 0, 0
    while True:
        try:
            with Bulk.open(url, user, password, stream, on) as bulk:
                at = first_difference(bulk.hashes(after, after + len(known)), after, known)
        except LogUnavailable:
            silences += 1
            if silences == (TRIES if "," in url else 1):
                raise
            continue
        if at in (0, doubted):
            return at
        doubted, known, after = at, known[at - after - 1 :], at - 1


def first_difference(found: Iterator[tuple[int, bytes]], after: int, known: Sequence[bytes]) -> int:
    """The first position after `after` whose hash is not the known one; 0 when there is none."""
    position = after
    for expected in known:
        position += 1
        if next(found, None) != (position, expected):
            return position
    return 0


async def holders(nc: Client, stream: str) -> list[str]:
    """The names of the brokers that keep a copy of a stream, the leader first; empty when the
    broker stands alone."""
    cluster = (await call(nc, f"STREAM.INFO.{stream}")).get("cluster", {})
    others = [str(one["name"]) for one in cluster.get("replicas", [])]
    return [str(cluster["leader"]), *others] if cluster.get("leader") else others
