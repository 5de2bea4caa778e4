"""The desk: load the past of a dossier, let the intention decide, record what follows.

Every command goes this way and no other. A command that was heard before gets its first answer
again; a command that comes too late learns what has changed since.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakValueDictionary

from adapters.keys import KeyRing
from adapters.stream import Log
from domain.circumstances import Circumstances
from domain.clocks import OF_THE_FIELD, doubts
from domain.dossier import Dossier, DossierExists, DossierUnknown
from domain.dossier_events import DossierEvent, DossierOpened
from domain.forwarding import PartnerAnswered
from domain.grammar import Author, Invalid, Recorded, Value, changed, replay
from domain.intake import OpenDossier
from domain.linking import LinkDossier
from domain.log import Conflict, LogDamaged, LogUnavailable
from domain.repairs import repairs
from guichet.catalogue import Catalogue
from guichet.ciphering import Cipher
from guichet.envelopes import Hand, sealing_key, times_of, wrapped

TRIES = 5
"""How often a command that does not care for the version meets others before it gives up."""


class Intention(Protocol):
    """A command on a dossier that exists."""

    @property
    def happened_at(self) -> datetime | None: ...
    @property
    def entered_at(self) -> datetime | None: ...
    def decide(self, dossier: Dossier, at: Circumstances, /) -> Sequence[DossierEvent]: ...


class Outcome(Value, frozen=True):
    """What a command left in the log; a function of the recorded fact alone."""

    id: UUID
    usager_id: UUID | None
    version: int
    position: int


class VersionMoved(Exception):
    """Others have written since the version the author had seen."""

    def __init__(self, current: int, since: Sequence[Recorded[Any]]) -> None:
        super().__init__(current)
        self.current = current
        self.since = since


class Outdated(Exception):
    """A replica of the log answered that knows less than the author of the command."""


class KeyReused(Exception):
    """The same idempotency key came with another body."""


def now() -> datetime:
    """The clock of the log."""
    return datetime.now(UTC)


class Desk:
    """Takes commands in for one town."""

    def __init__(
        self,
        log: Log,
        keys: KeyRing,
        cipher: Cipher,
        catalogue: Catalogue,
        clock: Callable[[], datetime] = now,
        zone: tzinfo = UTC,
    ) -> None:
        self._log = log
        self._keys = keys
        self._cipher = cipher
        self._catalogue = catalogue
        self._clock = clock
        self._zone = zone
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def open(self, id: UUID, command: OpenDossier, hand: Hand) -> Outcome:
        """Open the dossier `id`. One fact, one synced write, no read before it."""
        persons = command.persons
        alone = len(persons) == 1  # the words of one person lie under his own key
        unknown = sum(person.id is None for person in persons)
        fresh = await self._keys.take(unknown + (0 if alone else 1))
        await self._must_know([p.id for p in persons if p.id])
        at = self.circumstances(hand.author, fresh)
        facts = command.decide(Dossier(), at)
        times = times_of(at.now, command, command.received_at, command.received_by_competent_at)
        key = sealing_key(facts[0], fresh)
        recorded = wrapped(f"dossier.{id}", 0, facts, hand, times, key)
        try:
            positions = await self.record(recorded)
        except Conflict as conflict:
            return await self._heard_before(conflict.stream, id, hand)
        return outcome(id, recorded[-1], positions[-1], facts[0])

    async def handle(
        self, id: UUID, command: Intention, hand: Hand, expected: int | None
    ) -> Outcome:
        """Carry `command` to the dossier `id`, seen by its author at version `expected`; None is
        an author who deliberately does not care."""
        said = {"happened_at": command.happened_at, "entered_at": command.entered_at}
        flags = doubts(said, self._clock(), hand.author)
        if isinstance(command, LinkDossier):
            await self._must_be_another(command.dossier, id)
        turn = self._turns.setdefault(id, asyncio.Lock())
        async with turn:  # one after the other here, so that only other processes overtake us
            for number in range(TRIES):
                with suppress(Conflict, Outdated):
                    return await self._carry(id, command, hand, expected, flags, number > 0)
        raise Conflict(f"dossier.{id}")

    async def _carry(
        self,
        id: UUID,
        command: Intention,
        hand: Hand,
        expected: int | None,
        flags: tuple[str, ...],
        upto_date: bool,
    ) -> Outcome:
        """One try: read, decide, record; `Conflict` when somebody wrote in between, `Outdated` when
        what was read must be read again `upto_date` before anything is refused for it."""
        stream = f"dossier.{id}"
        past = await self.past(stream, upto_date=upto_date)
        if not upto_date and (not past or (expected or 0) > past[-1].version):
            raise Outdated
        if not past:
            raise DossierUnknown
        if heard := answer_given(id, past, hand):
            return heard
        current = past[-1].version
        since = [fact for fact in past if expected is not None and fact.version > expected]
        if expected is not None and (expected > current or not all(map(of_the_house, since))):
            raise VersionMoved(current, since)
        at = changed(self.circumstances(hand.author), past=tuple(past))
        dossier = replay(Dossier(), (fact.event for fact in past))
        facts = command.decide(dossier, at)
        facts = [*facts, *repairs(dossier, facts)]
        key = await self._living_key(past[-1].key)
        times = times_of(at.now, command)
        if hand.author.role not in OF_THE_FIELD:
            # What is done at the desk counts when it is done: a date typed later would make a
            # broken promise a kept one.
            times = changed(times, received_at=at.now)
        recorded = wrapped(stream, current, facts, hand, times, key, flags)
        positions = await self.record(recorded)
        return outcome(id, recorded[-1], positions[-1], past[0].event)

    async def past(self, stream: str, *, upto_date: bool = False) -> list[Recorded[Any]]:
        """The facts of a stream, unsealed as far as their keys still exist; `upto_date`: see
        `Log.read`."""
        entries = await self._log.read(stream, upto_date=upto_date)
        if entries and entries[0].version != 1:
            raise LogDamaged(f"Il manque l'entrée 1 de {stream}.")
        return await self._cipher.unseal(entries)

    async def record(self, facts: Sequence[Recorded[Any]]) -> list[int]:
        """Seal and append `facts`, all of them or none; their positions in the log."""
        return await self._log.append(await self._cipher.seal(facts))

    async def _heard_before(self, stream: str, id: UUID, hand: Hand) -> Outcome:
        past = await self.past(stream, upto_date=True)
        if not past:  # what stood in the way has gone with the leader who knew of it
            raise LogUnavailable("Le journal ne dit pas encore ce qu'il a gardé.")
        heard = answer_given(id, past, hand)
        if heard is None:
            raise DossierExists
        return heard

    async def _living_key(self, key: UUID) -> UUID:
        """`key`, or a fresh one when it has been destroyed with whom it belonged to."""
        if (await self._keys.load([key]))[key] is not None:
            return key
        return (await self._keys.take(1))[0]

    async def _must_be_another(self, other: UUID, id: UUID) -> None:
        if other == id or await self._log.last(f"dossier.{other}") is None:
            raise Invalid("/dossier", "Il faut rattacher à un autre dossier, qui existe.")

    async def _must_know(self, persons: Sequence[UUID]) -> None:
        known = await self._keys.load(persons)
        if any(key is None for key in known.values()):
            raise Invalid("/usager/id", "Cette personne n'est pas connue, ou a été effacée.")

    def circumstances(self, author: Author, fresh: tuple[UUID, ...] = ()) -> Circumstances:
        """What surrounds a decision of `author` now, but for its past."""
        return Circumstances(
            now=self._clock(),
            author=author,
            organisation=self._catalogue.organisation,
            procedures=self._catalogue.procedures,
            days=self._catalogue.calendars.working_days,
            zone=self._zone,
            fresh=fresh,
        )


def of_the_house(fact: Recorded[Any]) -> bool:
    """Whether Guichet itself wrote `fact`: a message it queued or sent, a lapse it found. Who read
    the dossier before it has nothing to read again, and the rules know it in any case. What came by
    the link of another authority are words to be read."""
    told = isinstance(fact.event, PartnerAnswered)
    return fact.author.role == "system" and fact.origin is None and not told


def answer_given(id: UUID, past: Sequence[Recorded[Any]], hand: Hand) -> Outcome | None:
    """The answer `hand` got the first time, or None when it was never heard."""
    heard = [fact for fact in past if fact.command_id == hand.command_id]
    if not heard:
        return None
    if heard[-1].digest != hand.digest:
        raise KeyReused
    return outcome(id, heard[-1], heard[-1].position, past[0].event)


def outcome(id: UUID, last: Recorded[Any], position: int, opened: object) -> Outcome:
    """The answer to a command whose last fact is `last`."""
    usager = opened.usager if isinstance(opened, DossierOpened) else None
    return Outcome(
        id=id, usager_id=usager.id if usager else None, version=last.version, position=position
    )
