"""What may be decided about messages to the resident: to have one sent, and what became of it.

The outbox and the mailings carry them; only what they say here makes a message sent or refused.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from msgspec import Meta

from domain.circumstances import Circumstances
from domain.closing import closed, must_fit
from domain.dossier import AlreadyQueued, Dossier
from domain.dossier_events import DossierEvent
from domain.grammar import Invalid, Refused, Value
from domain.handling import AlreadyAcknowledged
from domain.intention import Intention, Short, Text, must_be_open, must_exist
from domain.lapses import LapseFound
from domain.telling import (
    AnswerSent,
    MessageQueued,
    MessageRefused,
    MessageSent,
    MessageWithdrawn,
    ProgressReported,
    ReceiptAcknowledged,
    Signatory,
)
from domain.terms import Addressee, Means, Outcome

CARRIED: frozenset[Means] = frozenset(("letter", "email", "sms"))
"""The means by which the town itself sends; the others are done by somebody, on the spot."""
ELECTRONIC: frozenset[Means] = frozenset(("email", "sms"))

# What may be decided


class PrepareAcknowledgement(Intention, frozen=True, kw_only=True):
    """By the means the resident chose, unless another one is said."""

    means: Means | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if dossier.acknowledged:
            raise AlreadyAcknowledged
        if any(message.kind == "acknowledgement" for message in dossier.queued.values()):
            raise AlreadyQueued
        means = self.means or dossier.reached_by
        if means == "application":
            return [ReceiptAcknowledged(means=means)]
        return [MessageQueued(kind="acknowledgement", means=carried(means))]


class SignatoryEntry(Value, frozen=True):
    """Who signs, and in which quality (CRPA L212-1)."""

    name: Short
    quality: Short


class QueueAnswer(Intention, frozen=True, kw_only=True):
    """Have an answer sent. Once it has left the dossier is closed with its `outcome` and `reason`,
    as `CloseDossier` would; `with_linked` answers the linked dossiers by the same words, each in
    the name of its own resident."""

    text: Text
    signatory: SignatoryEntry
    means: Means | None = None
    addressee: Addressee = "usager"
    outcome: Outcome
    reason: Text
    planned_for: date | None = None
    with_linked: bool = False

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        if self.addressee == "public":
            raise Invalid("/addressee", "Un avis au public s'affiche : il ne s'envoie pas.")
        if dossier.answer_waits:
            raise AlreadyQueued
        must_fit(self.outcome, self.reason, self.planned_for, dossier, at)
        return [
            MessageQueued(
                kind="answer",
                means=carried(self.means or dossier.reached_by),
                addressee=self.addressee,
                text=self.text,
                outcome=self.outcome,
                reason=self.reason,
                planned_for=self.planned_for,
                signatory=Signatory(name=self.signatory.name, quality=self.signatory.quality),
                shared_with=tuple(sorted(dossier.links)) if self.with_linked else (),
            )
        ]


class RecordSending(Intention, frozen=True, kw_only=True):
    """The message has left: what the carrier said of it, and the facts it stands for."""

    message: int
    message_id: Short
    proof: Text | None = None
    posted_on: date | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        message = waiting(dossier, self.message)
        sent = MessageSent(
            message=self.message,
            kind=message.kind,
            means=message.means,
            message_id=self.message_id,
            proof=self.proof,
            posted_on=self.posted_on,
        )
        return [sent, *accomplished(message, dossier, self.proof)]


class RecordRefusal(Intention, frozen=True, kw_only=True):
    """The message will never be taken for its addressee; somebody must treat that."""

    message: int
    reason: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        message = waiting(dossier, self.message)
        refused = MessageRefused(
            message=self.message, kind=message.kind, means=message.means, reason=self.reason
        )
        owed = dossier.state == "open" or message.kind == "acknowledgement"
        if not owed or "message_refused" in dossier.lapses:
            return [refused]
        lapse = LapseFound(
            kind="message_refused", since=at.today, service=dossier.service, detail=self.reason
        )
        return [refused, lapse]


class RecordLackingMention(Intention, frozen=True, kw_only=True):
    """The acknowledgement cannot be written, for a mention is lacking. It stays queued; by
    electronic way a registration receipt goes meanwhile (CRPA L112-11)."""

    message: int
    lacking: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        message = waiting(dossier, self.message)
        if message.kind != "acknowledgement":
            raise NotAnAcknowledgement
        if "acknowledgement_incomplete" in dossier.lapses:
            raise LackKnown
        lapse = LapseFound(
            kind="acknowledgement_incomplete",
            since=at.today,
            service=dossier.service,
            detail=self.lacking,
        )
        if message.means not in ELECTRONIC:
            return [lapse]
        return [lapse, MessageQueued(kind="registration", means=message.means)]


class WithdrawMessage(Intention, frozen=True, kw_only=True):
    message: Annotated[int, Meta(ge=1)]
    reason: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        waiting(dossier, self.message)
        return [MessageWithdrawn(message=self.message, reason=self.reason)]


def accomplished(
    message: MessageQueued, dossier: Dossier, proof: str | None
) -> Sequence[DossierEvent]:
    """The facts that `message`, once it has left, stands for."""
    match message:
        case MessageQueued(kind="acknowledgement") if not dossier.acknowledged:
            return [ReceiptAcknowledged(means=message.means)]
        case MessageQueued(kind="progress" | "forwarding", text=str(text), next_date=date() as day):
            if message.answer_by is None:
                return [ProgressReported(text=text, next_date=day)]
            return [ProgressReported(text=text, next_date=day, answer_by=message.answer_by)]
        case MessageQueued(kind="answer", text=str(text)):
            sent = AnswerSent(
                text=text, means=message.means, addressee=message.addressee, proof=proof
            )
            if message.outcome is None or dossier.state != "open":
                return [sent]
            return [sent, closed(message.outcome, message.reason, message.planned_for)]
        case _:
            return []


def waiting(dossier: Dossier, number: int) -> MessageQueued:
    """The message `number` of the dossier, which has not left."""
    must_exist(dossier)
    if number not in dossier.queued:
        raise NoSuchMessage
    return dossier.queued[number]


def carried(means: Means | None) -> Means:
    """`means` when the town can send by it."""
    if means is None:
        raise NobodyToTell
    if means not in CARRIED:
        raise DoneOnTheSpot
    return means


# Why the answer may be no


class NoSuchMessage(Refused):
    title = "Aucun message de ce numéro n'attend son départ."


class NobodyToTell(Refused):
    title = "Le dossier ne nomme personne à qui écrire."


class DoneOnTheSpot(Refused):
    title = "Ce moyen se passe d'envoi : remettez le message, puis enregistrez-le."


class NotAnAcknowledgement(Refused):
    title = "Ce message n'est pas un accusé de réception."


class LackKnown(Refused):
    title = "Cette mention manquante est déjà signalée."
