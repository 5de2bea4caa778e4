"""The envelope of a fact: whose hand it is in, its four times, and the key of its words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.dossier_events import DossierOpened, persons_of
from domain.grammar import Author, Event, Recorded, Times, Value


class Hand(Value, frozen=True):
    """Whose command it is and how it is known again: `command_id` from the idempotency key,
    `digest` from the body, both keyed, so that neither says anything to who reads the log."""

    author: Author
    command_id: str
    digest: str


def sealing_key(event: DossierOpened, fresh: Sequence[UUID]) -> UUID:
    """The key of the free text: the person's when there is exactly one, otherwise one of the
    dossier's own, the last of the `fresh` ones."""
    persons = [person.id for person in persons_of(event)]
    return persons[0] if len(persons) == 1 else fresh[-1]


class Timed(Protocol):
    """A command that may say when it happened and when a device entered it."""

    @property
    def happened_at(self) -> datetime | None: ...
    @property
    def entered_at(self) -> datetime | None: ...


def times_of(
    now: datetime,
    command: Timed,
    received_at: datetime | None = None,
    received_by_competent_at: datetime | None = None,
) -> Times:
    """The four times. A device whose clock is ahead cannot have handed in anything later than
    now, so receipt is never taken from it beyond that."""
    entered_at = command.entered_at or now
    received_at = received_at or min(entered_at, now)
    return Times(
        happened_at=command.happened_at or received_at,
        received_at=received_at,
        received_by_competent_at=received_by_competent_at,
        entered_at=entered_at,
        recorded_at=now,
    )


def at_once(now: datetime) -> Times:
    """The four times of what happens while it is recorded."""
    return Times(happened_at=now, received_at=now, entered_at=now, recorded_at=now)


def wrapped(
    stream: str,
    version: int,
    facts: Sequence[Event],
    hand: Hand,
    times: Times,
    key: UUID,
    flags: tuple[str, ...] = (),
) -> list[Recorded[Any]]:
    """`facts` in their envelopes, following `version`."""
    return [
        Recorded(
            stream=stream,
            version=version + number,
            event=fact,
            times=times,
            author=hand.author,
            command_id=hand.command_id,
            digest=hand.digest,
            key=key,
            flags=flags,
        )
        for number, fact in enumerate(facts, 1)
    ]
