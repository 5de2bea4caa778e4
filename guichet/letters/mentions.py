"""What a letter must say, by law or by the town's promise, and the refusal of one that does not.

An acknowledgement without its mentions leaves the time limits for appeal without effect
(CRPA L112-6), so it is not sent at all.
"""

from collections.abc import Iterable
from typing import assert_never

from msgspec import Struct

from guichet.letters.content import (
    Acknowledgement,
    Answer,
    AnyLetter,
    Attestation,
    Forwarding,
    Progress,
    Registration,
    Ticket,
)
from guichet.sentences import Sentence


class Mention(Struct, frozen=True):
    """The phrase that must be there, its name in French, and the rule that wants it."""

    phrase: str
    name: str
    rule: str


class MentionLacking(Sentence):
    """A letter that would lack `mention`: it is not made."""

    def __init__(self, mention: Mention, kind: str) -> None:
        super().__init__(
            f"Le courrier « {kind} » n'est pas produit : il y manque {mention.name} "
            f"({mention.rule})."
        )
        self.mention = mention


R112_5 = "CRPA, article R112-5"
RECEIPT = "CRPA, articles L112-11 et suivants"
PROMISE = "engagement de la ville"
CONTACT = (
    Mention("service_name", "le nom du service chargé du dossier", R112_5),
    Mention("service_address", "l'adresse postale du service chargé du dossier", R112_5),
    Mention("service_email", "l'adresse électronique du service chargé du dossier", R112_5),
    Mention("service_phone", "le téléphone du service chargé du dossier", R112_5),
)
RECEIVED = Mention("received", "la date de réception de la demande", R112_5)
DECISION = Mention("decision", "la date et l'effet de la décision implicite", R112_5)
REMEDIES = Mention("remedies", "les voies et délais de recours", R112_5)
ATTESTATION = Mention(
    "attestation", "le droit à une attestation", "CRPA, articles R112-5 et L232-3"
)
MISSING = (
    Mention("missing", "la liste des pièces manquantes", "CRPA, articles L114-5 et R112-5"),
    Mention("missing_until", "le délai pour fournir les pièces", "CRPA, article L114-5"),
)
REGISTERED = (
    Mention("registered", "la date de réception de la demande", RECEIPT),
    Mention("service_name", "le nom du service chargé du dossier", RECEIPT),
)
CODE = Mention("code", "le code de suivi", PROMISE)
NEXT = Mention("next_step", "la date des prochaines nouvelles", PROMISE)
TEXT = Mention("text", "le texte du message", PROMISE)
ANSWER = (
    Mention("outcome", "l'issue de la demande", PROMISE),
    Mention("text", "le texte de la réponse", PROMISE),
    Mention("signatory", "le nom et la qualité du signataire", "CRPA, article L212-1"),
)
L114_2 = "CRPA, article L114-2"
AUTHORITY = Mention("transmitted", "l'autorité à laquelle la demande est transmise", L114_2)
L232_3 = "CRPA, article L232-3"
ATTESTED = (
    Mention("attested_request", "la demande et la date de sa réception", L232_3),
    Mention("attested", "la date et le fondement de l'acceptation", L232_3),
    Mention("service_name", "le nom du service chargé du dossier", L232_3),
    Mention("signatory", "le nom et la qualité du signataire", "CRPA, article L212-1"),
)
PLANNED = Mention("planned_for", "la date pour laquelle la réalisation est annoncée", PROMISE)
TRAINING = Mention("training", "la mention « EXERCICE – SANS VALEUR »", "la ville s'exerce")
REMEDIES_OF_ANSWER = Mention(
    "remedies", "les voies et délais de recours", "code de justice administrative, article R421-5"
)


def needed(letter: AnyLetter) -> tuple[Mention, ...]:
    """The mentions that `letter` must carry, in its case."""
    return (*needed_of_kind(letter), TRAINING) if letter.training else needed_of_kind(letter)


def needed_of_kind(letter: AnyLetter) -> tuple[Mention, ...]:
    """The same, whether or not people are being trained."""
    match letter:
        case Acknowledgement(silence=silence, missing=missing):
            wanted = (RECEIVED, *CONTACT)
            if silence:
                wanted += (DECISION, REMEDIES if silence.effect == "refusal" else ATTESTATION)
            return wanted + (MISSING if missing else ())
        case Registration():
            return (*REGISTERED, CODE)
        case Ticket():
            return (*REGISTERED, CODE)
        case Answer(outcome="refused"):
            return (*ANSWER, REMEDIES_OF_ANSWER)
        case Answer(outcome="planned"):
            return (*ANSWER, PLANNED)
        case Answer():
            return ANSWER
        case Progress():
            return (TEXT, NEXT)
        case Forwarding():
            return (AUTHORITY, NEXT)
        case Attestation():
            return ATTESTED
        case _:
            assert_never(letter)


def check(letter: AnyLetter, said: Iterable[str]) -> None:
    """Refuse `letter` with `MentionLacking` when a needed phrase is not among those its template
    placed, `said`; a phrase placed without a word does not count."""
    placed = frozenset(said)
    for mention in needed(letter):
        if mention.phrase not in placed:
            raise MentionLacking(mention, letter.kind)
