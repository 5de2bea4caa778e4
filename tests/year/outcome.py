"""What comes of a year, in the words in which reckoning, tables and log are compared."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID


class Promise(NamedTuple):
    """A day given to a resident, and what came of it."""

    dossier: UUID
    kind: str
    service: str
    made: date
    day: date
    state: str = "open"
    settled: date | None = None
    said: bool = False
    """Whether the day was named by somebody: no wait moves it then."""


class Lapse(NamedTuple):
    """What was owed and not done: found on a morning, brought up, repaired."""

    dossier: UUID
    kind: str
    service: str
    since: date
    found: date
    level: str = "service"
    repaired: date | None = None


class Raised(NamedTuple):
    """A lapse that was brought one level up."""

    dossier: UUID
    kind: str
    to: str
    day: date


class Message(NamedTuple):
    """What was to be sent; `left` is the day on which it was, or was refused."""

    dossier: UUID
    kind: str
    means: str
    queued: date
    left: date | None
    state: str = "sent"


class Effect(NamedTuple):
    """What silence was worth, and the morning on which it was seen."""

    dossier: UUID
    effect: str
    on: date
    source: str
    seen: date


class Face(NamedTuple):
    """A dossier as it stands at the end."""

    dossier: UUID
    state: str
    service: str
    due: date
    silence_on: date | None
    silence_state: str
    acknowledged: date | None
    answered: date | None
    closed: date | None
    outcome: str | None


@dataclass
class Year:
    """Everything that must be found, in no order."""

    faces: list[Face] = field(default_factory=list[Face])
    promises: list[Promise] = field(default_factory=list[Promise])
    lapses: list[Lapse] = field(default_factory=list[Lapse])
    raised: list[Raised] = field(default_factory=list[Raised])
    messages: list[Message] = field(default_factory=list[Message])
    effects: list[Effect] = field(default_factory=list[Effect])
