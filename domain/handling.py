"""What may be decided on a dossier, from its acknowledgement to its answer.

No intention here closes, refuses or answers by the passing of time.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta

from domain.circumstances import Circumstances
from domain.dossier import AlreadyQueued, Dossier
from domain.dossier_events import (
    AssignmentRefused,
    DocumentAttached,
    DossierAssigned,
    DossierEvent,
    DossierTaken,
    EntryCorrected,
    NoteAdded,
)
from domain.grammar import Invalid, Refused
from domain.intention import Intention, Text, must_be_open, must_exist
from domain.telling import AnswerSent, MessageQueued, ProgressReported, ReceiptAcknowledged
from domain.terms import Addressee, Means
from domain.waiting import must_be_near, must_be_to_come
from domain.waits import DocumentsRequested

# What may be decided


class AcknowledgeReceipt(Intention, frozen=True, kw_only=True):
    """Given by hand; owed after the closing too (CRPA L112-3), as `PrepareAcknowledgement` is."""

    means: Means = "email"
    text: Text | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if dossier.acknowledged:
            raise AlreadyAcknowledged
        return [ReceiptAcknowledged(means=self.means, text=self.text)]


class AssignDossier(Intention, frozen=True, kw_only=True):
    service: str
    reason: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        if at.organisation.service(self.service) is None:
            raise Invalid("/service", "Ce service n'existe pas.")
        if self.service == dossier.service:
            raise AlreadyThere
        came_from = dossier.service
        return [
            DossierAssigned(service=self.service, reason=self.reason, transferred_from=came_from)
        ]


class RefuseAssignment(Intention, frozen=True, kw_only=True):
    reason: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        if dossier.came_from is None:
            raise NothingToRefuse
        return [AssignmentRefused(service=dossier.came_from, reason=self.reason)]


class TakeDossier(Intention, frozen=True, kw_only=True):
    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        return [DossierTaken()]


class AddNote(Intention, frozen=True, kw_only=True):
    text: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        return [NoteAdded(text=self.text)]


class ReportProgress(Intention, frozen=True, kw_only=True):
    """News that were given, or that the town sends by `means`. `answer_by`: the answer is now
    announced for that day."""

    text: Text
    next_date: date
    answer_by: date | None = None
    means: Literal["letter", "email", "sms"] | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        if self.next_date < at.today:
            raise Invalid("/next_date", "La date du prochain point d'étape est passée.")
        if self.answer_by is not None and self.answer_by < at.today:
            raise Invalid("/answer_by", "La date annoncée pour la réponse est passée.")
        must_be_near("/next_date", self.next_date, at)
        must_be_near("/answer_by", self.answer_by, at)
        if self.means is not None:
            message = MessageQueued(
                kind="progress",
                means=self.means,
                text=self.text,
                next_date=self.next_date,
                answer_by=self.answer_by,
            )
            return [message]
        announced = UNSET if self.answer_by is None else self.answer_by
        return [ProgressReported(text=self.text, next_date=self.next_date, answer_by=announced)]


class RequestDocuments(Intention, frozen=True, kw_only=True):
    documents: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=50)]
    until: date

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        must_be_to_come("/until", self.until, at)
        return [DocumentsRequested(documents=self.documents, until=self.until)]


class AttachDocument(Intention, frozen=True, kw_only=True):
    name: Text
    media_type: Annotated[str, Meta(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=100)]
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Meta(ge=0, le=10_000_000)]

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        return [
            DocumentAttached(
                name=self.name, media_type=self.media_type, digest=self.digest, size=self.size
            )
        ]


class SendAnswer(Intention, frozen=True, kw_only=True):
    """An answer that was given: said, posted or sent by whoever records it. `with_linked` records
    it on the linked dossiers too, each for its own resident."""

    text: Text
    means: Means
    addressee: Addressee
    proof: Text | None = None
    with_linked: bool = False

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        if (self.addressee == "public") != (self.means == "public_notice"):
            raise Invalid("/means", "Un avis au public s'adresse au public, et lui seul.")
        if self.with_linked and self.means == "counter":
            heard = "Ce qui s'est dit de vive voix ne vaut que pour qui l'a entendu."
            raise Invalid("/with_linked", heard)
        if dossier.answer_waits:
            raise AlreadyQueued
        shared = tuple(sorted(dossier.links)) if self.with_linked else UNSET
        return [
            AnswerSent(
                text=self.text,
                means=self.means,
                addressee=self.addressee,
                proof=self.proof,
                shared_with=shared,
            )
        ]


class CorrectEntry(Intention, frozen=True, kw_only=True):
    entry: int
    text: Text
    reason: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if self.entry not in dossier.correctable:
            raise Invalid("/entry", "Aucune saisie rectifiable ne porte ce numéro.")
        return [EntryCorrected(entry=self.entry, text=self.text, reason=self.reason)]


# Why the answer may be no


class AlreadyAcknowledged(Refused):
    title = "L'accusé de réception a déjà été donné."


class AlreadyThere(Refused):
    title = "Le dossier est déjà dans ce service."


class NothingToRefuse(Refused):
    title = "Le dossier n'a pas été transféré à ce service, ou il l'a déjà pris en charge."
