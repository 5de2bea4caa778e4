"""*Réparation.* Which facts repair which lapses: said in the same write as the facts themselves."""

from collections.abc import Iterable, Sequence

from domain.dossier import Dossier
from domain.dossier_events import (
    DossierClosed,
    DossierEvent,
    DossierReopened,
    PlannedWorkDone,
)
from domain.forwarding import HandOverAccepted, PartnerAnswered
from domain.lapses import LapseKind, LapseRepaired
from domain.telling import (
    AnswerSent,
    MessageSent,
    ProgressReported,
    ReceiptAcknowledged,
)


def repairs(dossier: Dossier, facts: Iterable[DossierEvent]) -> Sequence[LapseRepaired]:
    """The lapses of `dossier`, as it was before `facts`, that these repair."""
    repaired = {kind for fact in facts for kind in repaired_by(fact)}
    return [LapseRepaired(kind=kind) for kind in dossier.lapses if kind in repaired]


def repaired_by(fact: DossierEvent) -> tuple[LapseKind, ...]:
    """The kinds of lapse that `fact` repairs, where they last."""
    match fact:
        case ReceiptAcknowledged():
            return (
                "registration_late",
                "acknowledgement_late",
                "acknowledgement_incomplete",
                "message_refused",
            )
        case MessageSent(kind="registration"):
            return ("registration_late",)
        case ProgressReported():
            return ("progress_late", "no_next_date", "forwarding_untold", "message_refused")
        case AnswerSent():
            return (
                "answer_late",
                "progress_late",
                "forwarding_untold",
                "message_refused",
                "silence",
            )
        case DossierClosed():
            return ("progress_late", "no_next_date", "partner_silent")
        case PartnerAnswered():
            return ("partner_silent",)
        case HandOverAccepted():  # who agrees to it has heard of it
            return ("partner_silent", "forwarding_untold")
        case PlannedWorkDone() | DossierReopened():
            return ("planned_late",)
        case _:
            return ()
