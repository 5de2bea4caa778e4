"""The guard's round: whether the log is still, event for event, what archive and seals know.

The broker's own word comes first, then every event is compared: a flipped bit can silently cost
one event in the middle, and no count shows it. A process that starts compares everything before it
is ready; one that was cut off from the broker compares the recent past before it writes again, and
the rest while it works.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from adapters import comparing
from adapters.guard import complaints
from adapters.seal_book import last_in_file, seals_file
from adapters.stream import stream_name
from domain.log import LogDamaged, LogUnavailable
from domain.message import hash_of
from guichet.house import House
from guichet.settings import Settings
from projections import archive
from projections.read_model import position

RECENT = 20_000
"""Events compared before writing again after the broker was away: a fifth of a second's worth, and
more than one of the broker's files holds."""

CHUNK = 20_000
"""Events compared at once."""

PATIENCE = 1.5
"""Seconds a question waits for a round that is under way."""

AGAIN = 2.0
"""Seconds after which a log that was found damaged is looked at again."""

COMPARING = "Le journal est encore comparé à l'archive, événement par événement."


class Guard:
    """Knows whether one process may write to the log of its town."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._town = house.settings.town
        self._round: asyncio.Task[list[str]] | None = None
        self._rest: asyncio.Task[None] | None = None
        self._begun = 0.0
        self._term = -1
        self._compared = 0

    async def must_pass(self) -> None:
        """`LogDamaged`, with what is wrong, unless the log is sound; `LogUnavailable` while that is
        not known. Asked before every write: a command let in before the broker went away must not
        be the first thing that is told to the one that came back."""
        found = await self._found()
        if found is None:
            raise LogUnavailable(COMPARING)
        if found:
            raise LogDamaged(" ".join(found))

    async def verdict(self) -> list[str]:
        """What is wrong with the log, in sentences, as of the last round. There is one for every
        connection to the broker and every leader of the log, and another one every two seconds
        while something is wrong."""
        found = await self._found()
        return [COMPARING] if found is None else found

    async def _found(self) -> list[str] | None:
        """What the last round found; None when it has not ended after `PATIENCE`."""
        if self._round is None or self._is_stale(self._round):
            self._term = self._house.log.terms
            self._begun = monotonic()
            self._round = asyncio.create_task(self._go_round())
        if not self._round.done():
            await asyncio.wait([self._round], timeout=PATIENCE)
        return self._round.result() if self._round.done() else None

    def _is_stale(self, last: "asyncio.Task[list[str]]") -> bool:
        if not last.done():
            return False
        if last.cancelled() or last.exception() is not None:
            return True
        if self._house.log.terms != self._term:
            return True
        return bool(last.result()) and monotonic() - self._begun > AGAIN

    async def _go_round(self) -> list[str]:
        house = self._house
        sealed = last_in_file(seals_file(house.settings.data, self._town))
        async with house.pool.connection() as connection, connection.cursor() as cursor:
            archived = await position(cursor, self._town)
        found: list[str] = []
        if archived < sealed:
            found.append(f"L'archive finit à {archived}, mais un sceau couvre {sealed} événements.")
        seen = max(archived, house.log.acknowledged, sealed)
        found += await complaints(house.nc, house.settings.nats_monitor, self._town, seen)
        if found:
            return found
        recent = max(0, archived - RECENT) if self._compared else 0
        if damaged := await self.difference(recent, archived):
            return [damaged]
        if recent:
            self._rest = asyncio.create_task(self._compare_rest(recent))
        self._compared = archived
        return []

    async def difference(self, after: int, upto: int) -> str:
        """The first event between two positions that is not in the log as it is in the archive, in
        a sentence; empty when they are the same."""
        for start in range(after, upto, CHUNK):
            async with self._house.pool.connection() as connection, connection.cursor() as cursor:
                known = await archive.hashes(cursor, self._town, start, min(start + CHUNK, upto))
            at = await asyncio.to_thread(differs, self._house.settings, start, known)
            if at:
                return f"L'événement {at} du journal n'est plus celui de l'archive."
        return ""

    async def _compare_rest(self, upto: int) -> None:
        """Compare the older past; a difference, or not being able to tell, calls for a whole
        round before anything more is written."""
        try:
            sound = not await self.difference(0, upto)
        except (LogUnavailable, LogDamaged, OperationalError, PoolTimeout):
            sound = False
        if not sound:
            self._compared = 0
            self._round = None


def differs(settings: Settings, after: int, known: Sequence[bytes]) -> int:
    """The first position after `after` at which the log does not have the known hash; 0 when it
    has them all."""
    user = "writer"  # who may write the log may read it whole
    word, name = settings.nats_passwords[user], stream_name(settings.town)
    return comparing.differs(settings.nats_url, user, word, name, after, known)


async def must_continue(house: House) -> int:
    """`LogDamaged` unless the log has at the archive's end what the archive has: an old copy put
    back, and perhaps written to, is another log. Quick; for those who write without being asked by
    anybody. Returns the term of the log (`Log.terms`) this was asked in."""
    seen = house.log.terms
    town = house.settings.town
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        end = await position(cursor, town)
        known = await archive.hashes(cursor, town, end - 1, end) if end else []
    there = await house.log.at(end) if end else None
    if known and (there is None or hash_of(town, there) != known[0]):
        raise LogDamaged(f"L'événement {end} du journal n'est plus celui de l'archive.")
    return seen


async def write_only_there(house: House) -> None:
    """`LogDamaged` unless the log is the archive's, and the same question before the first write
    after every absence of the broker: for those who write beside the web."""
    seen = await must_continue(house)

    async def may_write() -> None:
        nonlocal seen
        if seen != house.log.terms:
            try:
                seen = await must_continue(house)
            except OperationalError as error:
                raise LogUnavailable("La base de données ne répond pas.") from error

    house.log.ask_before_writing(may_write)
