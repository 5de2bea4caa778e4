"""What a dossier owes, read off its facts a second time: by loops over days, not by the clocks.

Slow and plain on purpose; it shares no function with the domain.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from domain.deadlines import Pause
from domain.dossier_events import (
    ClosedAtOrigin,
    DossierClosed,
    DossierOpened,
    DossierReopened,
    PlannedWorkDone,
)
from domain.forwarding import DossierForwarded, HandOverAccepted, PartnerAnswered
from domain.grammar import Event, Recorded
from domain.lapses import LapseFound, LapseKind, LapseRepaired
from domain.procedures import Delay, ProcedurePublished
from domain.telling import (
    AnswerSent,
    MessageQueued,
    MessageRefused,
    MessageSent,
    MessageWithdrawn,
    ProgressReported,
    ReceiptAcknowledged,
)
from domain.waits import DocumentsReceived, DocumentsRequested, WaitingBegan, WaitingEnded
from tests.domain.walking import walked

Facts = Sequence[Recorded[Any]]
CLOSINGS = (DossierClosed, ClosedAtOrigin)
OPENINGS = (DossierOpened, DossierReopened)


def day(one: Recorded[Any]) -> date:
    """The day of a fact; those of these tests are made at noon."""
    return one.times.received_at.date()


def after_last(past: Facts, *kinds: type[Event]) -> Facts:
    """The facts after the last one of these kinds; all of them without one."""
    places = [n for n, one in enumerate(past) if isinstance(one.event, kinds)]
    return past[places[-1] + 1 :] if places else past


def has(past: Facts, *kinds: type[Event]) -> bool:
    return any(isinstance(one.event, kinds) for one in past)


def last(past: Facts, *kinds: type[Event]) -> Recorded[Any]:
    return [one for one in past if isinstance(one.event, kinds)][-1]


def is_open(past: Facts) -> bool:
    """By the last fact that opened or closed it."""
    turns = [one.event for one in past if isinstance(one.event, OPENINGS + CLOSINGS)]
    return isinstance(turns[-1], OPENINGS)


def intervals(past: Facts) -> list[Pause]:
    """When the resident was awaited: from each beginning to its own end, or to what was granted."""
    found: list[Pause] = []
    for number, one in enumerate(past):
        match one.event:
            case DocumentsRequested(until=until):
                ends = [x for x in past[number:] if isinstance(x.event, DocumentsReceived)]
                came = [x.event.received_on or day(x) for x in ends]
            case WaitingBegan(until=until):
                came = [day(x) for x in past[number:] if isinstance(x.event, WaitingEnded)]
            case _:
                continue
        ended = min([until, *came[:1]])
        found.append(Pause(begun=day(one), ended=max(ended, day(one))))
    return found


def answer_due(past: Facts, procedure: ProcedurePublished, closed: frozenset[date]) -> date:
    """The last day of the answer that is owed."""
    start = day(last(past, *OPENINGS))
    waits = intervals(after_last(past, *OPENINGS))
    return walked(start, procedure.answer_within, closed, waits)


def owes_answer(past: Facts) -> bool:
    return is_open(past) and not has(after_last(past, *OPENINGS), AnswerSent)


def lacks(
    kind: LapseKind,
    past: Facts,
    today: date,
    procedure: ProcedurePublished,
    closed: frozenset[date],
) -> bool:
    """Whether the town owes what `kind` names and is late with it on the day `today`."""
    opened: DossierOpened = past[0].event
    start = day(past[0])
    to_tell = opened.usager is not None or opened.channel == "field"
    unreceipted = to_tell and not has(past, ReceiptAcknowledged)
    news = after_last(past, AnswerSent, *OPENINGS, *CLOSINGS)
    reports = [one.event for one in news if isinstance(one.event, ProgressReported)]
    match kind:
        case "acknowledgement_late":
            return unreceipted and walked(start, procedure.acknowledge_within, closed, []) < today
        case "registration_late":
            electronic = opened.channel in ("email", "form")
            registered = any(
                isinstance(one.event, MessageSent) and one.event.kind == "registration"
                for one in past
            )
            by = walked(start, Delay(working_days=1), closed, [])
            return unreceipted and electronic and not registered and by < today
        case "answer_late":
            return owes_answer(past) and answer_due(past, procedure, closed) < today
        case "progress_late":
            return is_open(past) and bool(reports) and reports[-1].next_date < today
        case "no_next_date":
            answers = [x for x in after_last(past, *OPENINGS) if isinstance(x.event, AnswerSent)]
            return is_open(past) and bool(answers) and not reports and day(answers[-1]) < today
        case "planned_late":
            if is_open(past) or has(after_last(past, DossierClosed), PlannedWorkDone):
                return False
            planned = last(past, DossierClosed).event.planned_for
            return isinstance(planned, date) and planned < today
        case "partner_silent":
            if not has(past, DossierForwarded) or not is_open(past):
                return False
            heard = has(after_last(past, DossierForwarded), PartnerAnswered, HandOverAccepted)
            begun = day(last(past, DossierForwarded))
            return not heard and walked(begun, Delay(months=1), closed, []) < today
        case _:
            return False


def lasting(past: Facts) -> list[LapseKind]:
    """The lapses that were found and not repaired, each as often as it was."""
    found: list[LapseKind] = []
    for one in past:
        match one.event:
            case LapseFound(kind=kind):
                found.append(kind)
            case LapseRepaired(kind=kind):
                found.remove(kind)
            case _:
                pass
    return found


def waiting(past: Facts) -> dict[int, str]:
    """The kinds of the messages that have not left, by number. `KeyError` for one that leaves
    without having waited."""
    found: dict[int, str] = {}
    for number, one in enumerate(past, 1):
        match one.event:
            case MessageQueued(kind=kind):
                found[number] = kind
            case (
                MessageSent(message=left)
                | MessageRefused(message=left)
                | MessageWithdrawn(message=left)
            ):
                del found[left]
            case ReceiptAcknowledged():
                needless = ("registration", "acknowledgement")
                found = {n: kind for n, kind in found.items() if kind not in needless}
            case _:
                pass
    return found
