"""What a year has left in the read models and in the log, in the reckoning's own words."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.dossier_events import DossierClosed, DossierReopened, SilenceTookEffect
from domain.grammar import Author, Recorded
from domain.lapses import LapseEscalated, LapseFound, LapseRepaired
from domain.reminding import ServiceReminded
from domain.telling import AnswerSent, MessageQueued, MessageSent
from guichet.house import House
from tests.year.clock import PARIS
from tests.year.outcome import Effect, Face, Lapse, Message, Promise, Raised, Year

PAGE = 1000

FACES = """
    select dossier_id, state, service, due, silence_on, silence_state, acknowledged_at,
      answered_at, closed_at, outcome
    from dossiers where town = %s and origin_source is null
"""
PROMISES = """
    select dossier_id, kind, service, made_at, promised_for, state, settled_at
    from promises where town = %s
"""
LAPSES = """
    select dossier_id, kind, service, since, found_at, level, repaired_at
    from lapses where town = %s
"""
MESSAGES = """
    select dossier_id, kind, means, queued_at, settled_at, state
    from messages where town = %s
"""


async def tables(house: House) -> Year:
    """What the read models say."""
    async with house.pool.connection() as connection, connection.cursor() as cursor:

        async def rows(query: str) -> list[list[Any]]:
            await cursor.execute(query.encode(), [house.settings.town])
            return [[day(value) for value in row] for row in await cursor.fetchall()]

        return Year(
            faces=[Face(*row) for row in await rows(FACES)],
            promises=[Promise(*row) for row in await rows(PROMISES)],
            lapses=[Lapse(*row) for row in await rows(LAPSES)],
            messages=[Message(*row) for row in await rows(MESSAGES)],
        )


def day(value: Any) -> Any:
    """A moment as the day it is in the town; anything else as it is."""
    return value.astimezone(PARIS).date() if isinstance(value, datetime) else value


@dataclass
class Log:
    """What the log says: `year` as far as it is told there; how often each message of each dossier
    was queued and sent, and by which identifier; how often each service was reminded on a day, at a
    level, and by which identifier; how many facts each act has left; and sentences about what must
    never be."""

    year: Year = field(default_factory=Year)
    queued: Counter[tuple[UUID, int]] = field(default_factory=Counter[tuple[UUID, int]])
    sent: Counter[tuple[UUID, int]] = field(default_factory=Counter[tuple[UUID, int]])
    mailed: list[str] = field(default_factory=list[str])
    reminded: Counter[tuple[date, str, str]] = field(default_factory=Counter[tuple[date, str, str]])
    digests: list[str] = field(default_factory=list[str])
    repaired: Counter[tuple[UUID, str]] = field(default_factory=Counter[tuple[UUID, str]])
    acts: Counter[str] = field(default_factory=Counter[str])
    dossiers: Counter[UUID] = field(default_factory=Counter[UUID])
    position: int = 0
    complaints: list[str] = field(default_factory=list[str])
    _queuers: dict[tuple[UUID, int], Author] = field(default_factory=dict[tuple[UUID, int], Author])
    _answered: set[UUID] = field(default_factory=set[UUID])
    _leaving: dict[UUID, tuple[str, int]] = field(default_factory=dict[UUID, tuple[str, int]])

    async def read(self, house: House) -> None:
        """Take in the whole log, without a key: what is counted needs no word."""
        while entries := await house.log.page(self.position, PAGE):
            for entry in entries:
                if entry.position != self.position + 1:
                    self.complaints.append(f"after {self.position} comes {entry.position}")
                self.position = entry.position
                kind, _, id = entry.stream.partition(".")
                if kind == "dossier":
                    self.take(UUID(id), house.codec.decode(entry, {}))
                elif kind == "reminders":
                    reminded: Recorded[ServiceReminded] = house.codec.decode(entry, {})
                    event = reminded.event
                    self.reminded[event.on, event.service, event.level] += 1
                    self.digests.append(event.message_id)

    def take(self, id: UUID, fact: Recorded[Any]) -> None:
        """One fact of the dossier `id`."""
        self.dossiers[id] += 1
        self.acts[fact.command_id] += 1
        on, event = day(fact.times.recorded_at), fact.event
        if fact.author.account == "reminders" and not isinstance(event, FOUND_BY_TIME):
            self.complaints.append(f"the reminders said {type(event).__name__} on {id}")
        match event:
            case MessageQueued():
                self.queued[id, fact.version] += 1
                self._queuers[id, fact.version] = fact.author
            case MessageSent(message=number, kind=kind, message_id=message_id):
                self.sent[id, number] += 1
                if event.means == "email":
                    self.mailed.append(message_id)
                if kind == "answer":
                    self._leaving[id] = (fact.command_id, number)
            case AnswerSent():
                self._answered.add(id)
            case DossierReopened():
                self._answered.discard(id)
            case DossierClosed():
                self._closed(id, fact)
            case LapseFound(kind=kind, since=since, service=service):
                self.year.lapses.append(Lapse(id, kind, service, since, on))
            case LapseEscalated(kind=kind, to=level):
                self.year.raised.append(Raised(id, kind, level, on))
            case LapseRepaired(kind=kind):
                self.repaired[id, kind] += 1
            case SilenceTookEffect(effect=effect, on=since, source=source):
                self.year.effects.append(Effect(id, effect, since, source, on))
            case _:
                pass

    def _closed(self, id: UUID, fact: Recorded[Any]) -> None:
        """A closing needs an answer, and a person: who closed, or who queued what has left."""
        if id not in self._answered:
            self.complaints.append(f"{id} was closed without an answer")
        if fact.author.role != "system":
            return
        command_id, number = self._leaving.get(id, ("", 0))
        queuer = self._queuers.get((id, number))
        if command_id != fact.command_id or queuer is None or queuer.role == "system":
            self.complaints.append(f"{id} was closed by nobody")


FOUND_BY_TIME = (LapseFound, LapseEscalated, SilenceTookEffect)
"""All that time alone may bring about."""


def differences(name: str, expected: list[Any], found: list[Any]) -> str:
    """What should be there and is not, and the reverse, counted with repetitions; a few of them."""
    missing, more = Counter(expected), Counter(found)
    missing.subtract(found)
    more.subtract(expected)
    lines: list[str] = []
    for word, some in (("missing", +missing), ("too many", +more)):
        lines += [f"{some.total()} {name}s {word}"] if some else []
        lines += [f"  {one}" for one in sorted(some.elements(), key=str)[:8]]
    return "\n".join(lines)
