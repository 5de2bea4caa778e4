"""*Manquements.* What the town owes and has not done, as the software finds it by itself.

A lapse has a day since which it lasts and an owner, and lasts until a fact repairs it: nobody ticks
it off. There is at most one of each kind on a dossier.
"""

from datetime import date
from typing import Literal

from domain.grammar import Event, Sealed

LapseKind = Literal[
    "registration_late",
    "acknowledgement_late",
    "acknowledgement_incomplete",
    "message_refused",
    "forwarding_untold",
    "answer_late",
    "progress_late",
    "no_next_date",
    "planned_late",
    "partner_silent",
    "silence",
]
"""*Accusé d'enregistrement en retard, accusé de réception en retard, accusé incomplet, message
refusé, transmission non annoncée, réponse en retard, nouvelles en retard, sans prochaine date,
travaux annoncés en retard, partenaire silencieux, silence de la ville.*"""

Level = Literal["service", "service_head", "evaluation"]
"""To whom it was brought: the service that owns the dossier, its head, the evaluation unit."""


class LapseFound(Event, frozen=True):
    """*Manquement constaté*, lasting since the day `since`; `service` owned the dossier then."""

    kind: LapseKind
    since: date
    service: str
    detail: Sealed | None = None


class LapseEscalated(Event, frozen=True):
    """*Manquement signalé* one level up."""

    kind: LapseKind
    to: Level


class LapseRepaired(Event, frozen=True):
    """*Manquement réparé* by the facts recorded with this one."""

    kind: LapseKind


LapseEvent = LapseFound | LapseEscalated | LapseRepaired
