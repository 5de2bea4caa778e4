"""Facts that many rules are told with."""

from typing import Any
from uuid import UUID

from domain.dossier_events import DossierClosed, DossierOpened
from domain.grammar import Person
from domain.procedures import Delay
from domain.sending import QueueAnswer, SignatoryEntry
from domain.telling import AnswerSent, MessageQueued, Signatory

USAGER = Person(id=UUID(int=77), name="Mme Diallo", email="m.diallo@example.org")


def opening(**said: Any) -> DossierOpened:
    """A street lamp, reported by somebody who left an e-mail address."""
    usual: dict[str, Any] = {
        "procedure": "lampadaire",
        "procedure_version": 1,
        "service": "voirie",
        "nature": "report",
        "channel": "phone",
        "summary": "Lampadaire éteint devant l'école",
        "answer_within": Delay(months=1),
        "usager": USAGER,
    }
    return DossierOpened(**{**usual, **said})


def nobody(**said: Any) -> DossierOpened:
    """The same, told by somebody who did not say who he is."""
    return opening(usager=None, **said)


opened = opening()
at_the_counter = opening(channel="counter", usager=Person(id=UUID(int=78), name="M. Roy"))
answered = AnswerSent(text="Réparé.", means="email", addressee="usager")
closed = DossierClosed(outcome="done", reason="Réparé")

SIGNED = SignatoryEntry(name="A. Blanc", quality="chef de la voirie")
to_acknowledge = MessageQueued(kind="acknowledgement", means="email")


def answering(**said: Any) -> QueueAnswer:
    """The wish to have an answer sent."""
    usual: dict[str, Any] = {
        "text": "Le lampadaire est réparé.",
        "signatory": SIGNED,
        "outcome": "done",
        "reason": "Ampoule changée.",
    }
    return QueueAnswer(**{**usual, **said})


def queued_answer(**said: Any) -> MessageQueued:
    """The same, as it waits."""
    usual: dict[str, Any] = {
        "kind": "answer",
        "means": "email",
        "text": "Le lampadaire est réparé.",
        "outcome": "done",
        "reason": "Ampoule changée.",
        "signatory": Signatory(name="A. Blanc", quality="chef de la voirie"),
    }
    return MessageQueued(**{**usual, **said})
