"""One letter of each kind, as a town would send it. No one in them exists."""

from datetime import UTC, date, datetime
from typing import Any

from guichet.letters.content import (
    Acknowledgement,
    Addressee,
    Answer,
    AnyLetter,
    Attestation,
    Forwarding,
    Missing,
    Progress,
    Registration,
    Remedy,
    ServiceInCharge,
    Signatory,
    SilentDecision,
    Ticket,
    Town,
)

TOWN = Town(
    name="Ville de Sainte-Aurore",
    address=("1 place de l'Hôtel-de-Ville", "77990 Sainte-Aurore"),
)
SERVICE = ServiceInCharge(
    name="Travaux publics et éclairage",
    address=("Centre technique municipal", "14 rue des Tilleuls", "77990 Sainte-Aurore"),
    email="travaux@sainte-aurore.example",
    phone="01 99 00 12 34",
)
ADDRESSEE = Addressee(
    "Madame Éléonore Vasseur-Lefèvre",
    (
        "Appartement 12, 3e étage",
        "Résidence Les Peupliers",
        "27 bis avenue Jean-Jaurès",
        "77990 SAINTE-AURORE",
    ),
)
REMEDIES = (
    Remedy("administrative", "le maire de Sainte-Aurore"),
    Remedy("court", "le tribunal administratif de Melun"),
)
URL = "https://guichet.sainte-aurore.example/suivi/K7QPM3X9TZ4W2A"
SUMMARY = (
    "Le lampadaire devant le 27 bis est éteint depuis trois semaines.\n"
    "Il fait très noir à la sortie de l'école, merci de faire quelque chose !"
)
ABOUT: dict[str, Any] = {
    "town": TOWN,
    "service": SERVICE,
    "reference": "2026-004217",
    "code": "K7QPM-3X9TZ-4W2A",
    "url": URL,
    "written_at": datetime(2026, 11, 25, 9, 30, tzinfo=UTC),
    "received_at": datetime(2026, 11, 23, 23, 30, tzinfo=UTC),
    "addressee": ADDRESSEE,
}
"""Received half an hour after midnight in the town, on the 24th."""

REFUSABLE = Acknowledgement(
    **ABOUT,
    silence=SilentDecision("refusal", date(2027, 1, 24)),
    promised_on=date(2026, 12, 24),
    remedies=REMEDIES,
    mediator="la médiatrice de la ville (mairie, 2e étage)",
    summary=SUMMARY,
    proof="9f2c 71d4 5a8e 03b6 c1d7 44fa 8e21 6b90",
)
ACCEPTABLE = Acknowledgement(
    **ABOUT,
    silence=SilentDecision("acceptance", date(2027, 2, 1)),
    promised_on=date(2026, 12, 24),
    missing=Missing(
        ("Une attestation d'assurance en cours de validité", "Un plan de situation au 1/1000"),
        date(2026, 12, 15),
    ),
    summary=SUMMARY,
)
ANSWER = Answer(
    **ABOUT,
    outcome="refused",
    text="Le lampadaire que vous signalez appartient à la copropriété Les Peupliers : la ville "
    "n'a pas le droit d'y intervenir.\nNous avons prévenu le syndic le 20 novembre, et lui avons "
    "demandé de le réparer avant la fin de l'année.",
    signatory=Signatory("Camille Durand", "Pour le maire, l'adjointe chargée de l'espace public"),
    remedies=REMEDIES,
    mediator="la médiatrice de la ville (mairie, 2e étage)",
)
PROGRESS = Progress(
    **ABOUT,
    text="La pièce de rechange est commandée. Elle est attendue pour le 8 décembre.",
    next_on=date(2026, 12, 10),
)
FORWARDING = Forwarding(
    **ABOUT,
    authority="la communauté d'agglomération du Val d'Aurore",
    text="L'éclairage de cette avenue lui appartient.",
    next_on=date(2026, 12, 24),
)
ATTESTATION = Attestation(
    **ABOUT,
    procedure="Autorisation de terrasse",
    accepted_on=date(2027, 1, 25),
    source="code des relations entre le public et l'administration, article L231-1",
    signatory=Signatory("Camille Durand", "Pour le maire, l'adjointe chargée de l'espace public"),
)
TICKET = Ticket(**ABOUT, promised_on=date(2026, 12, 24), proof="9f2c 71d4 5a8e 03b6")
REGISTRATION = Registration(**ABOUT, acknowledged_by=date(2026, 12, 7), summary=SUMMARY)
SHEETS: tuple[AnyLetter, ...] = (
    REFUSABLE,
    ACCEPTABLE,
    ANSWER,
    PROGRESS,
    FORWARDING,
    ATTESTATION,
)
PAPER: tuple[AnyLetter, ...] = (*SHEETS, TICKET)
FOLLOWED: tuple[AnyLetter, ...] = (*SHEETS[:-1], TICKET)
"""Those that lead to the dossier; an attestation is shown to others."""
MAILED: tuple[AnyLetter, ...] = (
    REGISTRATION,
    REFUSABLE,
    ACCEPTABLE,
    ANSWER,
    PROGRESS,
    FORWARDING,
)
