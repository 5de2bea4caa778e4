"""The words every fact, memory and intention of the town hall is written with.

A fact (`Event`) is what happened, a memory (`Aggregate`) is what later decisions need to know of
it, an intention (`Command`) decides which facts follow, or is `Refused`. `Recorded` is the
envelope in which a fact lies in the log.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

Sealed = Annotated[str, Meta(extra={"sealed": True})]
"""A text that can name or describe a person: ciphertext wherever it is stored (RGPD art. 5, 32)."""

Ground = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"\S")]
"""Why something was erased or set aside: a text of law, a decision; never the name of anybody."""

ERASED = "[effacé]"
"""What is read in place of a sealed text once its key has been destroyed (RGPD art. 17)."""

Role = Literal[
    "receptionist",
    "caretaker",
    "social_mediator",
    "parking_agent",
    "school_staff",
    "youth_worker",
    "service_agent",
    "service_head",
    "evaluator",
    "mediator",
    "ethics",
    "council_secretary",
    "councillor",
    "administrator",
    "usager",
    "system",
]
"""Who acts. `usager` is the resident himself, `system` an import or a policy."""


NO_KEY = UUID(int=0)
"""The key of a fact in which nothing is sealed."""


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that is equal to anything with the same content, and never changes."""


class Event(Value, frozen=True, tag=True):
    """What happened. Its class name and its `shape` are its name in the log, for ever."""

    shape: ClassVar[int] = 1


class Person(Value, frozen=True):
    """*Usager, bénéficiaire.* Someone a dossier concerns; sealed under the key named by `id`."""

    id: UUID
    name: Sealed | None = None
    email: Sealed | None = None
    phone: Sealed | None = None
    address: Sealed | None = None


class Author(Value, frozen=True):
    """Who recorded a fact: a role and the pseudonym of an account, never a name."""

    role: Role
    account: str
    service: str | None = None


class Origin(Value, frozen=True):
    """*Reprise d'historique.* Where an imported fact comes from; its presence marks it as history,
    for which nothing is ever sent, promised or detected."""

    source: str
    number: str


class Times(Value, frozen=True):
    """The four times of a fact. The law counts from receipt (CRPA L112-3, L114-3).

    `happened_at`: the sighting, the postmark. `received_at`: arrival at the administration first
    reached. `received_by_competent_at`: arrival at the competent one when it is another
    (CRPA L114-2). `entered_at`: the device's clock. `recorded_at`: the log's.
    """

    happened_at: datetime
    received_at: datetime
    entered_at: datetime
    recorded_at: datetime
    received_by_competent_at: datetime | None = None


E = TypeVar("E", bound=Event)


class Recorded(Value, Generic[E], frozen=True):
    """A fact in its envelope.

    `stream` is `kind.id`, `version` counts its facts from 1, `key` names the key under which the
    fact's own sealed texts lie, `digest` is a keyed digest of the command as it arrived (the same
    idempotency key with another body is seen by it), `flags` are doubts about its times,
    `position` is the place in the log, 0 before it is there.
    """

    stream: str
    version: int
    event: E
    times: Times
    author: Author
    command_id: str
    key: UUID = NO_KEY
    digest: str = ""
    origin: Origin | None = None
    flags: tuple[str, ...] = ()
    position: int = 0


class Refused(Exception):
    """The answer is no, and the class says why. `title` is the sentence a person reads."""

    title = "La demande ne peut pas être prise en compte."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title


class Invalid(Refused):
    """The entry itself is wrong, at the place named by `pointer` (RFC 6901)."""

    title = "La saisie est incorrecte."

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


Fact = TypeVar("Fact", bound=Event, contravariant=True)


class Memory(Protocol[Fact]):
    """What an aggregate remembers of its facts."""

    def evolve(self, event: Fact, /) -> Any: ...


M = TypeVar("M", bound=Memory[Any])
V = TypeVar("V", bound=Struct)


def replay(memory: M, events: Iterable[Event]) -> M:
    """The memory after `events`, in their order."""
    for event in events:
        memory = memory.evolve(event)
    return memory


def name_of(event_type: type[Event]) -> str:
    """The name of a fact in the log: `DossierOpened:1`."""
    return f"{event_type.__name__}:{event_type.shape}"


def changed(value: V, **changes: object) -> V:
    """`value` with `changes`."""
    return msgspec.structs.replace(value, **changes)
