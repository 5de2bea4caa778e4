"""Whenever this happened, ask for that: what the town does by itself, as commands like any other.

A policy decides nothing: what it asks for goes through the desk, where the rules may refuse it.
History brought in from an older system asks for nothing.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import UNSET

from domain.dossier import means_of
from domain.dossier_events import DossierLinked, DossierOpened, DossierUnlinked, WordsErased
from domain.grammar import Recorded, Value, name_of
from domain.handling import SendAnswer
from domain.linking import LinkDossier, UnlinkDossier
from domain.mailing import MailingPosted
from domain.people import PersonErased, keys_destroyed_by
from domain.sending import PrepareAcknowledgement, QueueAnswer, RecordSending, SignatoryEntry
from domain.sharing import AnswerAlike
from domain.skipping import EventSkipped
from domain.telling import AnswerSent, MessageQueued, Signatory

Asked = LinkDossier | UnlinkDossier | PrepareAcknowledgement | AnswerAlike | RecordSending


class OnDossier(Value, frozen=True):
    """A command asked for on the dossier `id`."""

    id: UUID
    command: Asked


class KeyToDestroy(Value, frozen=True):
    """A key that must be gone, whoever was interrupted while destroying it (RGPD art. 17)."""

    key: UUID


Request = OnDossier | KeyToDestroy


LISTENED_TO: frozenset[str] = frozenset(
    name_of(event)
    for event in (
        DossierOpened,
        MessageQueued,
        AnswerSent,
        MailingPosted,
        DossierLinked,
        DossierUnlinked,
        PersonErased,
        WordsErased,
        EventSkipped,
    )
)
"""The facts that concern who acts on the policies; the others need not even be unsealed."""


def asked_by(fact: Recorded[Any]) -> Sequence[Request]:
    """What is asked for because `fact` happened; nothing for history."""
    if fact.origin is not None:
        return ()
    match fact.event:
        case DossierOpened():
            # Who wants it in hand gets it from a hand, and nobody writes to nobody.
            if means_of(fact.event) in (None, "counter"):
                return ()
            return (OnDossier(id=dossier_of(fact), command=PrepareAcknowledgement()),)
        case MessageQueued() | AnswerSent():
            return shared(fact.event, dossier_of(fact))
        case MailingPosted():
            return posted(fact.event)
        case DossierLinked(dossier=other):
            return (OnDossier(id=other, command=LinkDossier(dossier=dossier_of(fact))),)
        case DossierUnlinked(dossier=other):
            return (OnDossier(id=other, command=UnlinkDossier(dossier=dossier_of(fact))),)
        case event:
            return tuple(KeyToDestroy(key=key) for key in keys_destroyed_by(event))


def shared(event: MessageQueued | AnswerSent, linked: UUID) -> Sequence[Request]:
    """The same answer on the linked dossiers, each to its own resident by his own means."""
    others = () if event.shared_with is UNSET else event.shared_with
    if not others or event.text is None:
        return ()
    answer = same(event, event.text)
    if answer is None:
        return ()
    command = AnswerAlike(linked=linked, answer=answer)
    return tuple(OnDossier(id=id, command=command) for id in others)


def same(event: MessageQueued | AnswerSent, text: str) -> QueueAnswer | SendAnswer | None:
    """The command that says on another dossier what `event` says on its own."""
    match event:
        case AnswerSent(means=means, addressee=addressee):
            # The proof is of what one person got, and may name him.
            return SendAnswer(text=text, means=means, addressee=addressee)
        case MessageQueued(
            kind="answer",
            signatory=Signatory(name=name, quality=quality),
            outcome=str(outcome),
            reason=str(reason),
        ):
            return QueueAnswer(
                text=text,
                signatory=SignatoryEntry(name=name, quality=quality),
                outcome=outcome,
                reason=reason,
                planned_for=event.planned_for,
            )
        case _:
            return None


def posted(event: MailingPosted) -> Sequence[Request]:
    """One proof for each letter of a mailing."""
    return tuple(
        OnDossier(
            id=letter.dossier,
            command=RecordSending(
                message=letter.message,
                message_id=f"{event.mailing}/{number}",
                proof=event.proof,
                posted_on=event.posted_on,
            ),
        )
        for number, letter in enumerate(event.letters, 1)
    )


def dossier_of(fact: Recorded[Any]) -> UUID:
    """The identifier of the dossier `fact` belongs to."""
    return UUID(fact.stream.partition(".")[2])
