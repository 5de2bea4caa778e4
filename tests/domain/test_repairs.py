"""Which facts end which lapses, in the same write; and that each lapse can be ended."""

from datetime import date
from typing import get_args

import pytest

from domain.closing import CloseDossier, ConfirmPlannedWork, ContestClosing
from domain.dossier_events import DossierClosed, DossierEvent, DossierReopened, PlannedWorkDone
from domain.forwarding import DossierForwarded, HandOverAccepted, PartnerAnswered
from domain.handling import AcknowledgeReceipt, AddNote, ReportProgress, SendAnswer
from domain.lapses import LapseEscalated, LapseFound, LapseKind, LapseRepaired
from domain.partners import AcceptHandOver, RecordPartnerAnswer
from domain.repairs import repaired_by, repairs
from domain.sending import RecordSending, WithdrawMessage
from domain.telling import (
    AnswerSent,
    MessageQueued,
    MessageSent,
    MessageWithdrawn,
    ProgressReported,
    ReceiptAcknowledged,
)
from tests.domain.course import Command, Course
from tests.domain.samples import answered, at_the_counter, closed, opened, queued_answer

KINDS: tuple[LapseKind, ...] = get_args(LapseKind)
NEXT = date(2026, 4, 1)
forwarded = DossierForwarded(authority="Département")
planned = DossierClosed(outcome="planned", reason="Commandé", planned_for=NEXT)
registration = MessageQueued(kind="registration", means="email")
acknowledgement = MessageQueued(kind="acknowledgement", means="email")
news = MessageQueued(kind="progress", means="email", text="Bientôt", next_date=NEXT)
leaves = RecordSending(message=2, message_id="x")
answer = SendAnswer(text="Réparé", means="email", addressee="usager")
report = ReportProgress(text="Bientôt", next_date=NEXT)


def found(kind: LapseKind) -> LapseFound:
    return LapseFound(kind=kind, since=date(2026, 3, 1), service="voirie")


RECEIPTS: set[LapseKind] = {
    "registration_late",
    "acknowledgement_late",
    "acknowledgement_incomplete",
    "message_refused",
}
NEWS: set[LapseKind] = {"progress_late", "no_next_date", "forwarding_untold", "message_refused"}
ANSWER: set[LapseKind] = {
    "answer_late",
    "progress_late",
    "forwarding_untold",
    "message_refused",
    "silence",
}
CLOSING: set[LapseKind] = {"progress_late", "no_next_date", "partner_silent"}
PARTNER: set[LapseKind] = {"partner_silent"}
NOTHING: set[LapseKind] = set()


@pytest.mark.parametrize(
    ("past", "command", "ended"),
    [
        ([opened], AcknowledgeReceipt(), RECEIPTS),
        ([opened, acknowledgement], leaves, RECEIPTS),
        ([opened, registration], leaves, {"registration_late"}),
        ([opened], report, NEWS),
        ([opened, news], leaves, NEWS),
        ([opened], answer, ANSWER),
        ([opened, queued_answer()], leaves, ANSWER | CLOSING),
        ([opened, answered], CloseDossier(outcome="done", reason="Fait"), CLOSING),
        ([opened, news], WithdrawMessage(message=2, reason="Faux"), NOTHING),
        ([opened, forwarded], RecordPartnerAnswer(text="Non"), PARTNER),
        ([opened, forwarded], AcceptHandOver(), PARTNER | {"forwarding_untold"}),
        ([opened, answered, planned], ConfirmPlannedWork(), {"planned_late"}),
        ([opened, answered, planned], ContestClosing(reason="Non"), {"planned_late"}),
        ([opened], AddNote(text="Vu"), NOTHING),
    ],
)
def test_a_write_ends_the_lapses_that_it_repairs_and_no_other(
    past: list[DossierEvent], command: Command, ended: set[LapseKind]
) -> None:
    course = Course(*past, *map(found, KINDS))
    written = course.carry(command)
    repaired = [fact.kind for fact in written if isinstance(fact, LapseRepaired)]
    assert len(repaired) == len(set(repaired))
    assert set(repaired) == ended
    assert set(course.dossier.lapses) == set(KINDS) - ended


def test_only_what_lasts_is_repaired() -> None:
    assert repairs(Course(opened).dossier, [answered]) == []
    course = Course(opened, found("answer_late"), LapseRepaired(kind="answer_late"))
    assert course.carry(answer) == [AnswerSent(text="Réparé", means="email", addressee="usager")]


def test_a_lapse_that_went_up_ends_like_any_other_and_may_come_again_from_below() -> None:
    up = LapseEscalated(kind="progress_late", to="evaluation")
    course = Course(opened, found("progress_late"), up)
    assert course.dossier.lapses == {"progress_late": "evaluation"}
    course.carry(report)
    course.record([found("progress_late")])
    assert course.dossier.lapses == {"progress_late": "service"}


def test_facts_of_one_write_repair_together() -> None:
    dossier = Course(opened, *map(found, KINDS)).dossier
    facts = [answered, closed]
    assert {one.kind for one in repairs(dossier, facts)} == ANSWER | CLOSING


def test_every_kind_of_lapse_is_ended_by_some_fact() -> None:
    facts: list[DossierEvent] = [
        ReceiptAcknowledged(means="email"),
        MessageSent(message=2, kind="registration", means="email", message_id="x"),
        ProgressReported(text="Bientôt", next_date=NEXT),
        answered,
        MessageWithdrawn(message=2, reason="Faux"),
        closed,
        PartnerAnswered(authority="Département", text="Non"),
        HandOverAccepted(),
        PlannedWorkDone(),
        DossierReopened(reason="Revenu"),
    ]
    assert {kind for fact in facts for kind in repaired_by(fact)} == set(KINDS)


def test_a_message_other_than_a_registration_repairs_by_what_it_stands_for() -> None:
    left = MessageSent(message=2, kind="acknowledgement", means="email", message_id="x")
    assert repaired_by(left) == ()


def test_an_acknowledgement_that_is_late_may_be_given_after_the_closing() -> None:
    """The rule finds it on a closed dossier too, and nobody writes to who is at the counter."""
    course = Course(at_the_counter, answered, closed, found("acknowledgement_late"))
    course.carry(AcknowledgeReceipt(means="counter"))
    assert course.dossier.lapses == {}
    assert course.dossier.state == "closed"
