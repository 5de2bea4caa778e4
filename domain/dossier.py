"""*Dossier.* One request of one resident: what is remembered of it for later decisions.

What can happen to it is in `dossier_events.py`. The intentions live beside: `intake.py` opens a
dossier, `handling.py` carries it to its answer, `sending.py` tells the resident.
"""

from datetime import date
from typing import Literal, assert_never
from uuid import UUID

from msgspec import UNSET

from domain.dossier_events import (
    AssignmentRefused,
    ClosedAtOrigin,
    DocumentAttached,
    DossierAssigned,
    DossierClosed,
    DossierEvent,
    DossierLinked,
    DossierOpened,
    DossierReleased,
    DossierReopened,
    DossierTaken,
    DossierUnlinked,
    EntryCorrected,
    NoteAdded,
    PlannedWorkDone,
    SilenceTookEffect,
    WordsErased,
)
from domain.forwarding import DossierForwarded, HandOverAccepted, PartnerAnswered
from domain.grammar import Refused, Value, changed
from domain.lapses import LapseEscalated, LapseFound, LapseKind, LapseRepaired, Level
from domain.telling import (
    AnswerSent,
    AttestationIssued,
    MessageQueued,
    MessageRefused,
    MessageSent,
    MessageWithdrawn,
    ProgressReported,
    ReceiptAcknowledged,
)
from domain.terms import Means
from domain.waits import (
    NOTHING,
    DocumentsReceived,
    DocumentsRequested,
    ReceivedByCompetent,
    WaitingBegan,
    WaitingEnded,
    Why,
    awaited_after,
)

State = Literal["unknown", "open", "closed"]


class Dossier(Value, frozen=True):
    """Only what later decisions need: the rest is for the read models.

    `came_from` is the service a transfer may be refused to; `answered` counts since the opening or
    the last reopening; `correctable` holds the numbers of the entries whose text may be corrected;
    `awaited` is what the town waits for, `competent` whether the competent authority's receipt is
    recorded; `reached_by` is how the asker is told, None where there is nobody to tell; `queued`
    are the messages that have not left, by number; `lapses` those that last, and to whom they were
    brought; `authority` the one it was forwarded to, `watched` until that one has answered;
    `planned` the day announced by the closing; `silent` whether silence took effect.
    """

    state: State = "unknown"
    version: int = 0
    service: str = ""
    came_from: str | None = None
    acknowledged: bool = False
    answered: bool = False
    taken: bool = False
    links: frozenset[UUID] = frozenset()
    correctable: frozenset[int] = frozenset()
    awaited: frozenset[Why] = frozenset()
    competent: bool = False
    reached_by: Means | None = None
    queued: dict[int, MessageQueued] = {}
    lapses: dict[LapseKind, Level] = {}
    authority: str = ""
    watched: bool = False
    planned: date | None = None
    silent: bool = False

    @property
    def answer_waits(self) -> bool:
        """Whether an answer is queued that has not left."""
        return any(message.kind == "answer" for message in self.queued.values())

    def evolve(self, event: DossierEvent) -> "Dossier":
        """The memory after `event`."""
        after = changed(self, version=self.version + 1)
        match event:
            case DossierOpened():
                opened = changed(after, state="open", service=event.service)
                first = frozenset({after.version})
                return changed(opened, correctable=first, reached_by=means_of(event))
            case ReceiptAcknowledged():
                left = {n: m for n, m in self.queued.items() if m.kind not in RECEIPTS}
                return changed(after, acknowledged=True, queued=left)
            case DossierAssigned():
                moved = changed(after, service=event.service, taken=False)
                return changed(moved, came_from=event.transferred_from)
            case AssignmentRefused():
                return changed(after, service=event.service, came_from=None, taken=False)
            case DossierTaken():
                return changed(after, came_from=None, taken=True)
            case DossierReleased():
                return changed(after, taken=False)
            case NoteAdded() | ProgressReported():
                return changed(after, correctable=self.correctable | {after.version})
            case AnswerSent():
                return changed(after, answered=True)
            case DossierClosed(planned_for=day):
                return changed(after, state="closed", planned=None if day is UNSET else day)
            case ClosedAtOrigin():
                return changed(after, state="closed")
            case DossierReopened():
                reopened = changed(after, state="open", answered=False, planned=None)
                return changed(reopened, awaited=NOTHING)
            case DossierLinked():
                return changed(after, links=self.links | {event.dossier})
            case DossierUnlinked():
                return changed(after, links=self.links - {event.dossier})
            case DocumentsRequested() | DocumentsReceived() | WaitingBegan() | WaitingEnded():
                return changed(after, awaited=awaited_after(self.awaited, event))
            case ReceivedByCompetent():
                return changed(after, competent=True)
            case MessageQueued():
                return changed(after, queued={**self.queued, after.version: event})
            case MessageSent() | MessageRefused() | MessageWithdrawn():
                left = {n: m for n, m in self.queued.items() if n != event.message}
                return changed(after, queued=left)
            case DossierForwarded():
                return changed(after, authority=event.authority, watched=True)
            case PartnerAnswered() | HandOverAccepted():
                return changed(after, watched=False)
            case LapseFound():
                return changed(after, lapses={**self.lapses, event.kind: "service"})
            case LapseEscalated():
                return changed(after, lapses={**self.lapses, event.kind: event.to})
            case LapseRepaired():
                return changed(
                    after, lapses={k: v for k, v in self.lapses.items() if k != event.kind}
                )
            case PlannedWorkDone():
                return changed(after, planned=None)
            case SilenceTookEffect():
                return changed(after, silent=True)
            case DocumentAttached() | EntryCorrected() | WordsErased() | AttestationIssued():
                return after
            case _:
                assert_never(event)


RECEIPTS = ("registration", "acknowledgement")
"""The kinds of message that an acknowledged receipt makes needless."""


def means_of(opened: DossierOpened) -> Means | None:
    """How the asker is told of what happens: as he chose, else by the surest way he left. Field
    staff who report for nobody read it in their application."""
    usager = opened.usager
    if usager is None:
        return "application" if opened.channel == "field" else None
    if opened.acknowledge_by is not UNSET:
        return opened.acknowledge_by
    if usager.email:
        return "email"
    if opened.channel in ("letter", "form", "email") and usager.address:
        return "letter"
    return "counter"


# Why the answer may be no


class DossierUnknown(Refused):
    title = "Ce dossier n'existe pas."


class DossierExists(Refused):
    title = "Un dossier porte déjà cet identifiant."


class DossierIsClosed(Refused):
    title = "Ce dossier est clos : il faut d'abord le rouvrir."


class AlreadyQueued(Refused):
    title = "Un message de cette nature attend déjà son départ : retirez-le d'abord."


class DossierIsOpen(Refused):
    title = "Ce dossier est déjà ouvert."
