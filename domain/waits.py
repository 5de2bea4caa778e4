"""What starts, suspends and resumes the clocks: missing documents, waiting, competence.

Each is an interval or a day in the history, never a flag, so that a clock is computed from them at
any time. The clocks themselves are `promise_clock.py` and `silence_clock.py`.
"""

from datetime import date
from typing import Literal

from domain.deadlines import Pause
from domain.grammar import Event, Sealed, Value


class DocumentsRequested(Event, frozen=True):
    """*Demande de pièces* (CRPA L114-5): what is missing, and until when it is awaited."""

    documents: tuple[Sealed, ...]
    until: date


class DocumentsReceived(Event, frozen=True):
    """*Pièces reçues.* Everything that was asked for has arrived, on the day `received_on`; None is
    the day of the fact."""

    received_on: date | None = None


class WaitingBegan(Event, frozen=True):
    """*Mise en attente de l'usager.* The town can do nothing before he has answered, or the day
    `until` has passed. The law knows of no such wait: only the town's own promise does."""

    until: date
    reason: Sealed


class WaitingEnded(Event, frozen=True):
    """*Fin d'attente.* The resident has answered."""


class ReceivedByCompetent(Event, frozen=True):
    """*Reçu par l'autorité compétente* (CRPA L114-3), on the day `received_on`; None is the day of
    the fact."""

    received_on: date | None = None


WaitEvent = (
    DocumentsRequested | DocumentsReceived | WaitingBegan | WaitingEnded | ReceivedByCompetent
)

Why = Literal["documents", "usager"]
NOTHING: frozenset[Why] = frozenset()
DOCUMENTS: frozenset[Why] = frozenset(("documents",))
USAGER: frozenset[Why] = frozenset(("usager",))


class Wait(Value, frozen=True, omit_defaults=True):
    """An interval of waiting. It ends when what was awaited came, and at the end of the day `until`
    in any case: from then on it is the town's turn again."""

    why: Why
    begun: date
    until: date
    ended: date | None = None

    @property
    def pause(self) -> Pause:
        """The days it takes out of a delay."""
        ended = self.until if self.ended is None else min(self.ended, self.until)
        return Pause(begun=self.begun, ended=max(self.begun, ended))


def awaited_after(
    awaited: frozenset[Why],
    event: DocumentsRequested | DocumentsReceived | WaitingBegan | WaitingEnded,
) -> frozenset[Why]:
    """What is awaited after `event`."""
    match event:
        case DocumentsRequested():
            return awaited | DOCUMENTS
        case DocumentsReceived():
            return awaited - DOCUMENTS
        case WaitingBegan():
            return awaited | USAGER
        case WaitingEnded():
            return awaited - USAGER
