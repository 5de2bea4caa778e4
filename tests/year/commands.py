"""An act of the script as the command that somebody gives at the desk."""

from domain.closing import CloseDossier, ConfirmPlannedWork, ContestClosing
from domain.grammar import Author
from domain.handling import (
    AcknowledgeReceipt,
    AssignDossier,
    RefuseAssignment,
    ReportProgress,
    RequestDocuments,
    SendAnswer,
    TakeDossier,
)
from domain.intake import OpenDossier, PersonEntry
from domain.partners import ForwardDossier, RecordPartnerAnswer
from domain.sending import QueueAnswer, SignatoryEntry
from domain.terms import Addressee
from domain.terms import Means as Way
from domain.waiting import AwaitUsager, EndWaiting, ReceiveDocuments
from guichet.desk import Intention
from guichet.envelopes import Hand
from tests.year.acts import Act, Means
from tests.year.clock import at

GONE_AWAY = "max@usagers.example"
"""An address that the mail server refuses."""
SIGNED = SignatoryEntry(name="Anne Roy", quality="Cheffe de service")
PERSONS = {
    "email": PersonEntry(name="Léa Martin", email="lea@usagers.example"),
    "wrong": PersonEntry(name="Max Parti", email=GONE_AWAY),
    "letter": PersonEntry(name="Paul Petit", address="3 rue du Lac, 77990 SAINTE-AURORE"),
    "counter": PersonEntry(name="Rose Blanc"),
}
ON_THE_SPOT: dict[Means, tuple[Way, Addressee]] = {
    "counter": ("counter", "usager"),
    "wrong": ("counter", "usager"),
    "application": ("application", "agent"),
    "nobody": ("public_notice", "public"),
}


def hand(act: Act) -> Hand:
    """Whose act it is, known again however often it is given."""
    role = "service_agent"
    if act.what == "open":
        role = "caretaker" if act.channel == "field" else "receptionist"
    author = Author(role=role, account=f"{role}-{act.service}", service=act.service)
    id = f"{act.dossier}/{act.number}"
    return Hand(author=author, command_id=id, digest=id)


def opening(act: Act) -> OpenDossier:
    """How the dossier comes in."""
    return OpenDossier(
        procedure=act.procedure,
        channel=act.channel,
        summary="Il faudrait venir voir devant le 12.",
        usager=PERSONS.get(act.means),
        received_at=at(act.received, 9) if act.received < act.day else None,
    )


def command(act: Act) -> Intention:
    """What is said of a dossier that exists."""
    written = act.means if act.means in ("email", "letter") else None
    match act.what:
        case "acknowledge":
            return AcknowledgeReceipt(means="counter")
        case "take":
            return TakeDossier()
        case "news":
            assert act.until is not None
            text = "Nous avons vu, nous revenons vers vous."
            return ReportProgress(
                text=text, next_date=act.until, answer_by=act.answer_by, means=written
            )
        case "wait":
            assert act.until is not None
            return AwaitUsager(until=act.until, reason="Il manque une précision.")
        case "back":
            return EndWaiting()
        case "ask":
            assert act.until is not None
            return RequestDocuments(documents=("Un justificatif",), until=act.until)
        case "documents":
            return ReceiveDocuments()
        case "transfer":
            return AssignDossier(service=act.service, reason="C'est à ce service de répondre.")
        case "send_back":
            return RefuseAssignment(reason="Ce n'est pas à nous.")
        case "forward":
            told = "Transmis au département." if act.means in ("counter", "wrong") else None
            return ForwardDossier(authority="Le département", told=told, next_date=act.until)
        case "partner":
            return RecordPartnerAnswer(text="C'est fait.")
        case "answer":
            return QueueAnswer(
                text="Voici ce que nous avons fait.",
                signatory=SIGNED,
                outcome=act.outcome,
                reason="Vu sur place.",
                planned_for=act.until,
            )
        case "say":
            means, addressee = ON_THE_SPOT[act.means]
            return SendAnswer(text="Voici ce qu'il en est.", means=means, addressee=addressee)
        case "close":
            return CloseDossier(outcome=act.outcome, reason="Vu sur place.", planned_for=act.until)
        case "contest":
            return ContestClosing(reason="Rien n'a changé.")
        case "done":
            return ConfirmPlannedWork()
        case "open":
            raise ValueError(act)
