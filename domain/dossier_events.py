"""What can happen to a dossier, as the log keeps it. What is remembered of it is in `dossier.py`.

Facts of one subject lie beside: `telling.py`, `waits.py`, `forwarding.py`, `lapses.py`. A field
that older versions of Guichet did not write is written only where it says something, so that they
read all other facts.
"""

from datetime import date
from uuid import UUID

from msgspec import UNSET, UnsetType

from domain.forwarding import ForwardingEvent
from domain.grammar import Event, Ground, Person, Sealed, Value
from domain.lapses import LapseEvent
from domain.procedures import Answer, Delay, Nature, Silence
from domain.telling import TellingEvent
from domain.terms import Channel, Means, Outcome, Place
from domain.waits import WaitEvent


class IncomingMail(Value, frozen=True):
    """*Courrier arrivé.* What the mail register keeps of a letter beside its dates: the number of
    its registered post, its pieces, the service it was first brought to, who else signed it."""

    registered_number: Sealed | None = None
    pieces: int = 1
    first_service: str | None = None
    signatories: tuple[Person, ...] = ()


class DossierOpened(Event, frozen=True):
    """*Enregistrement.* By the same fact the dossier lies in the queue of its `service`.
    `due_at_origin` is the date promised by an older system; `flags` are doubts kept with it;
    `acknowledge_by` and `language` are what the resident chose for what he is told."""

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
    acknowledge_by: Means | UnsetType = UNSET
    language: str | UnsetType = UNSET
    mail: IncomingMail | UnsetType = UNSET


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


class DossierReleased(Event, frozen=True):
    """*Remise en file.* Who had taken it is absent; anybody of the service may take it."""


class NoteAdded(Event, frozen=True):
    """*Note interne.* Never shown to the resident."""

    text: Sealed


class DocumentAttached(Event, frozen=True):
    """*Pièce jointe.* The content lies elsewhere, under its `digest`; `size` is in bytes."""

    name: Sealed
    media_type: str
    digest: str
    size: int


class DossierClosed(Event, frozen=True):
    """*Clôture.* Only ever after an answer; never by time. `planned_for` is the day for which what
    was asked is announced, and owed from then on."""

    outcome: Outcome
    reason: Sealed | None = None
    planned_for: date | UnsetType = UNSET


class DossierReopened(Event, frozen=True):
    """*Réouverture.* A new answer is owed; `contested` when the resident asked for it."""

    reason: Sealed
    contested: bool | UnsetType = UNSET


class PlannedWorkDone(Event, frozen=True):
    """*Travaux faits.* What a closed dossier announced for a date has been done."""

    text: Sealed | None = None


class SilenceTookEffect(Event, frozen=True):
    """*Effet du silence.* No decision was made by the day `on`, to which the law attaches `effect`
    (its `source`). The dossier stays open and an answer stays owed."""

    effect: Silence
    on: date
    source: str


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
    | DossierAssigned
    | AssignmentRefused
    | DossierTaken
    | DossierReleased
    | NoteAdded
    | DocumentAttached
    | DossierClosed
    | DossierReopened
    | PlannedWorkDone
    | SilenceTookEffect
    | DossierLinked
    | DossierUnlinked
    | EntryCorrected
    | WordsErased
    | ClosedAtOrigin
    | TellingEvent
    | WaitEvent
    | ForwardingEvent
    | LapseEvent
)


def persons_of(opened: DossierOpened) -> tuple[Person, ...]:
    """Everybody named by an opening, each with a key of his own."""
    mail = opened.mail
    signatories = () if mail is UNSET else mail.signatories
    first = (person for person in (opened.usager, opened.on_behalf_of) if person)
    return (*first, *signatories)
