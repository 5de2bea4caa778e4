"""*Dossier.* One request of one resident: what can happen to it and what is remembered of it.

The intentions live beside: `intake.py` opens a dossier, `handling.py` carries it to its answer.
"""

from datetime import date
from typing import Literal, assert_never
from uuid import UUID

from domain.grammar import Event, Ground, Person, Refused, Sealed, Value, changed
from domain.procedures import Answer, Delay, Nature
from domain.terms import Addressee, Channel, Means, Outcome, Place
from domain.waits import (
    NOTHING,
    DocumentsReceived,
    DocumentsRequested,
    DossierForwarded,
    ReceivedByCompetent,
    WaitEvent,
    WaitingBegan,
    WaitingEnded,
    Why,
    awaited_after,
)

# What can happen


class DossierOpened(Event, frozen=True):
    """*Enregistrement.* By the same fact the dossier lies in the queue of its `service`.
    `due_at_origin` is the date promised by an older system; `flags` are doubts kept with it."""

    procedure: str
    procedure_version: int
    service: str
    nature: Nature
    channel: Channel
    summary: Sealed
    answer_within: Delay
    place: Place | None = None
    usager: Person | None = None
    on_behalf_of: Person | None = None
    fields: dict[str, Answer] = {}
    personal_fields: dict[str, Sealed] = {}
    due_at_origin: str | None = None
    flags: tuple[str, ...] = ()


class ReceiptAcknowledged(Event, frozen=True):
    """*Accusé de réception* (CRPA L112-3, R112-5)."""

    means: Means
    text: Sealed | None = None


class DossierAssigned(Event, frozen=True):
    """*Orientation, transfert.* The clock does not start again."""

    service: str
    reason: Sealed
    transferred_from: str


class AssignmentRefused(Event, frozen=True):
    """*Refus de transfert.* The dossier goes back to the service it came from."""

    service: str
    reason: Sealed


class DossierTaken(Event, frozen=True):
    """*Prise en charge* by the author of the fact."""


class NoteAdded(Event, frozen=True):
    """*Note interne.* Never shown to the resident."""

    text: Sealed


class ProgressReported(Event, frozen=True):
    """*Point d'étape.* News to the resident, with the date of the next."""

    text: Sealed
    next_date: date


class DocumentAttached(Event, frozen=True):
    """*Pièce jointe.* The content lies elsewhere, under its `digest`; `size` is in bytes."""

    name: Sealed
    media_type: str
    digest: str
    size: int


class AnswerSent(Event, frozen=True):
    """*Réponse.* Written, or said at the counter with the words kept; `proof` is what shows it."""

    text: Sealed
    means: Means
    addressee: Addressee
    proof: Sealed | None = None


class DossierClosed(Event, frozen=True):
    """*Clôture.* Only ever after an answer; never by time."""

    outcome: Outcome
    reason: Sealed | None = None


class DossierReopened(Event, frozen=True):
    """*Réouverture.* A new answer is owed."""

    reason: Sealed


class DossierLinked(Event, frozen=True):
    """*Rattachement, « déjà signalé ».* Both dossiers keep their resident and their clock."""

    dossier: UUID


class DossierUnlinked(Event, frozen=True):
    """*Détachement.* Linking was one more fact, and so is undoing it."""

    dossier: UUID


class EntryCorrected(Event, frozen=True):
    """*Rectification* of the entry numbered `entry`; the first one stays in the log."""

    entry: int
    text: Sealed
    reason: Sealed


class WordsErased(Event, frozen=True):
    """*Effacement des textes* that lie under the dossier's own `keys` (RGPD art. 17)."""

    keys: tuple[UUID, ...]
    ground: Ground


class ClosedAtOrigin(Event, frozen=True):
    """*Clos à l'origine.* An old system said closed; no answer to anyone is known."""

    status: str


DossierEvent = (
    DossierOpened
    | ReceiptAcknowledged
    | DossierAssigned
    | AssignmentRefused
    | DossierTaken
    | NoteAdded
    | ProgressReported
    | DocumentAttached
    | AnswerSent
    | DossierClosed
    | DossierReopened
    | DossierLinked
    | DossierUnlinked
    | EntryCorrected
    | WordsErased
    | ClosedAtOrigin
    | WaitEvent
)

# What we remember

State = Literal["unknown", "open", "closed"]


class Dossier(Value, frozen=True):
    """Only what later decisions need: the rest is for the read models.

    `came_from` is the service a transfer may be refused to; `answered` counts since the opening or
    the last reopening; `correctable` holds the numbers of the entries whose text may be corrected;
    `awaited` is what the town waits for, `competent` whether the competent authority's receipt is
    recorded.
    """

    state: State = "unknown"
    version: int = 0
    service: str = ""
    came_from: str | None = None
    acknowledged: bool = False
    answered: bool = False
    links: frozenset[UUID] = frozenset()
    correctable: frozenset[int] = frozenset()
    awaited: frozenset[Why] = frozenset()
    competent: bool = False

    def evolve(self, event: DossierEvent) -> "Dossier":
        """The memory after `event`."""
        after = changed(self, version=self.version + 1)
        match event:
            case DossierOpened():
                opened = changed(after, state="open", service=event.service)
                return changed(opened, correctable=frozenset({after.version}))
            case ReceiptAcknowledged():
                return changed(after, acknowledged=True)
            case DossierAssigned():
                return changed(after, service=event.service, came_from=event.transferred_from)
            case AssignmentRefused():
                return changed(after, service=event.service, came_from=None)
            case DossierTaken():
                return changed(after, came_from=None)
            case NoteAdded() | ProgressReported():
                return changed(after, correctable=self.correctable | {after.version})
            case AnswerSent():
                return changed(after, answered=True)
            case DossierClosed() | ClosedAtOrigin():
                return changed(after, state="closed")
            case DossierReopened():
                return changed(after, state="open", answered=False, awaited=NOTHING)
            case DossierLinked():
                return changed(after, links=self.links | {event.dossier})
            case DossierUnlinked():
                return changed(after, links=self.links - {event.dossier})
            case DocumentsRequested() | DocumentsReceived() | WaitingBegan() | WaitingEnded():
                return changed(after, awaited=awaited_after(self.awaited, event))
            case ReceivedByCompetent():
                return changed(after, competent=True)
            case DocumentAttached() | DossierForwarded() | EntryCorrected() | WordsErased():
                return after
            case _:
                assert_never(event)


# Why the answer may be no


class DossierUnknown(Refused):
    title = "Ce dossier n'existe pas."


class DossierExists(Refused):
    title = "Un dossier porte déjà cet identifiant."


class DossierIsClosed(Refused):
    title = "Ce dossier est clos : il faut d'abord le rouvrir."


class DossierIsOpen(Refused):
    title = "Ce dossier est déjà ouvert."
