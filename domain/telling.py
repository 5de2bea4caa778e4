"""What the resident is told: facts about receipts, news and answers, and the way of each message.

A message is queued, leaves by a carrier and is recorded as sent, or is refused for good. What it
was for (a receipt acknowledged, news given, an answer) is a fact only once it has left.
"""

from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import UNSET, UnsetType

from domain.grammar import Event, Sealed, Value
from domain.terms import Addressee, Means, Outcome

MessageKind = Literal[
    "registration", "acknowledgement", "progress", "forwarding", "answer", "transmission"
]
"""*Accusé d'enregistrement, accusé de réception, point d'étape, avis de transmission, réponse*; the
last one, *transmission*, goes to another authority, with its link."""


class Signatory(Value, frozen=True):
    """*Signataire.* Name and quality of who signs (CRPA L212-1)."""

    name: Sealed
    quality: str


class ReceiptAcknowledged(Event, frozen=True):
    """*Accusé de réception* (CRPA L112-3, R112-5)."""

    means: Means
    text: Sealed | None = None


class ProgressReported(Event, frozen=True):
    """*Point d'étape.* News to the resident, with the date of the next. `answer_by`: the answer is
    now announced for that day, which renegotiates what was promised and moves no clock."""

    text: Sealed
    next_date: date
    answer_by: date | UnsetType = UNSET


class AnswerSent(Event, frozen=True):
    """*Réponse.* Written, or said at the counter with the words kept; `proof` is what shows it.
    `shared_with` are the linked dossiers that are answered by the same words."""

    text: Sealed
    means: Means
    addressee: Addressee
    proof: Sealed | None = None
    shared_with: tuple[UUID, ...] | UnsetType = UNSET


class MessageQueued(Event, frozen=True):
    """*Message à envoyer.* It is known by the number of this entry. `outcome` of an answer closes
    the dossier once it has left, for the `reason` in plain words; `next_date` is that of the next
    news; `shared_with` as in `AnswerSent`."""

    kind: MessageKind
    means: Means
    addressee: Addressee = "usager"
    text: Sealed | None = None
    next_date: date | None = None
    answer_by: date | None = None
    outcome: Outcome | None = None
    reason: Sealed | None = None
    planned_for: date | None = None
    signatory: Signatory | None = None
    shared_with: tuple[UUID, ...] = ()


class MessageSent(Event, frozen=True):
    """*Preuve d'envoi* of the `message` queued as that entry: what the carrier said (`proof`), the
    `message_id` by which a double is recognised, the day a letter was posted. The facts it stands
    for follow in the same write."""

    message: int
    kind: MessageKind
    means: Means
    message_id: str
    proof: Sealed | None = None
    posted_on: date | None = None


class MessageRefused(Event, frozen=True):
    """*Message refusé* for good: no such address, or the town's own template lacks a mention.
    Somebody must treat it."""

    message: int
    kind: MessageKind
    means: Means
    reason: Sealed


class MessageWithdrawn(Event, frozen=True):
    """*Message retiré* before it left."""

    message: int
    reason: Sealed


class AttestationIssued(Event, frozen=True):
    """*Attestation délivrée* (CRPA L232-3): that silence has accepted the request, since the day
    `accepted_on` and under the text `source`, signed by `signatory`."""

    accepted_on: date
    source: str
    signatory: Signatory


TellingEvent = (
    ReceiptAcknowledged
    | ProgressReported
    | AnswerSent
    | MessageQueued
    | MessageSent
    | MessageRefused
    | MessageWithdrawn
    | AttestationIssued
)
