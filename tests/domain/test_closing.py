"""The end of a dossier, and what reopens it: contests, and works announced for a day."""

from datetime import date, timedelta
from typing import Any

import pytest

from domain.closing import (
    CONTEST_WITHIN,
    AnswerNotSent,
    CloseDossier,
    ConfirmPlannedWork,
    ContestClosing,
    ContestTooLate,
    NeverForwarded,
    NothingPlanned,
    ReopenDossier,
    StillWatched,
    must_fit,
)
from domain.dossier import Dossier, DossierIsClosed, DossierIsOpen, DossierUnknown
from domain.dossier_events import (
    ClosedAtOrigin,
    DossierClosed,
    DossierReopened,
    PlannedWorkDone,
)
from domain.forwarding import DossierForwarded, HandOverAccepted, PartnerAnswered
from domain.grammar import Invalid
from domain.handling import SendAnswer
from domain.lapses import LapseFound, LapseRepaired
from domain.partners import RecordPartnerAnswer
from domain.procedures import Delay, ProcedurePublished
from domain.sending import NoSuchMessage, RecordSending
from domain.telling import MessageWithdrawn
from domain.watching import FindLapse
from tests.domain.clocks import guide
from tests.domain.course import MONDAY, Course
from tests.domain.samples import answered, closed, opened, opening, queued_answer, to_acknowledge
from tests.domain.scenario import AT, given
from tests.domain.walking import walked

close = CloseDossier(outcome="done", reason="Réparé")
contest = ContestClosing(reason="Il fait toujours noir")
contested = DossierReopened(reason="Il fait toujours noir", contested=True)
forwarded = DossierForwarded(authority="Département")
planned = DossierClosed(outcome="planned", reason="Commandé", planned_for=date(2026, 3, 20))


def closed_on(day: date, closing: Any = closed, **rule: Any) -> Course:
    """A dossier of a procedure with `rule`, answered and closed on `day`."""
    canteen = opening(procedure="cantine", service="ecoles")
    course = Course(canteen, day=day, procedures=guide(**rule))
    course.record((answered, closing))
    return course


def test_closing_needs_an_open_dossier_that_was_answered() -> None:
    given().when(close).refused(DossierUnknown)
    given(opened).when(close).refused(AnswerNotSent)
    given(opened, answered).when(close).then(closed)
    given(opened, answered, closed).when(close).refused(DossierIsClosed)


def test_an_announced_day_goes_with_planned_and_with_nothing_else() -> None:
    day = date(2026, 5, 4)
    said = given(opened, answered)
    announced = CloseDossier(outcome="planned", reason="Commandé", planned_for=day)
    said.when(announced).then(DossierClosed(outcome="planned", reason="Commandé", planned_for=day))
    for wrong in (
        CloseDossier(outcome="planned", reason="Commandé"),
        CloseDossier(outcome="done", reason="Réparé", planned_for=day),
        CloseDossier(outcome="planned", reason="Hier", planned_for=date(2026, 3, 1)),
    ):
        assert given(opened, answered).when(wrong).refused(Invalid).pointer == "/planned_for"
    today = CloseDossier(outcome="planned", reason="Ce soir", planned_for=date(2026, 3, 2))
    assert given(opened, answered).when(today).refusal is None


def test_a_closing_says_why() -> None:
    with pytest.raises(Invalid) as refusal:
        must_fit("done", None, None, Dossier(), AT)
    assert refusal.value.pointer == "/reason"


def test_forwarded_is_an_outcome_once_the_partner_is_done_with_it() -> None:
    handed_on = CloseDossier(outcome="forwarded", reason="Route départementale")
    done = DossierClosed(outcome="forwarded", reason="Route départementale")
    given(opened, answered).when(handed_on).refused(NeverForwarded)
    given(opened, answered, forwarded).when(handed_on).refused(StillWatched)
    for end in (PartnerAnswered(authority="Département", text="Non"), HandOverAccepted()):
        given(opened, answered, forwarded, end).when(handed_on).then(done)
    again = (opened, answered, forwarded, HandOverAccepted(), forwarded)
    given(*again).when(handed_on).refused(StillWatched)


def test_reopening_needs_something_closed() -> None:
    reopen = ReopenDossier(reason="Revenu")
    for command in (reopen, contest):
        given().when(command).refused(DossierUnknown)
        given(opened).when(command).refused(DossierIsOpen)
    given(opened, answered, closed).when(reopen).then(DossierReopened(reason="Revenu"))


def test_what_was_closed_at_its_origin_is_contested_like_any_other() -> None:
    course = Course(opened, ClosedAtOrigin(status="Closed"))
    assert course.carry(contest) == [contested]
    assert course.dossier.state == "open"


@pytest.mark.parametrize(
    ("rule", "within"),
    [
        ({}, CONTEST_WITHIN),
        ({"contest_within": Delay(days=10)}, Delay(days=10)),
        ({"contest_within": Delay(working_days=3)}, Delay(working_days=3)),
        ({"contest_within": Delay()}, Delay()),
    ],
)
def test_a_closing_is_contested_up_to_the_last_day_of_its_procedure_and_no_longer(
    rule: dict[str, Any], within: Delay
) -> None:
    last = walked(MONDAY, within, frozenset(), [])
    in_time = closed_on(MONDAY, **rule).later((last - MONDAY).days)
    assert in_time.carry(contest) == [contested]
    too_late = closed_on(MONDAY, **rule).later((last - MONDAY).days + 1)
    assert too_late.refuses(contest) is ContestTooLate
    assert too_late.refuses(ReopenDossier(reason="Nous nous étions trompés")) is None


def test_two_months_are_what_a_procedure_that_says_nothing_gives() -> None:
    course = closed_on(date(2026, 12, 31))
    course.day = date(2027, 2, 28)
    assert course.refuses(contest) is None
    course.day = date(2027, 3, 1)
    assert course.refuses(contest) is ContestTooLate


def test_the_version_under_which_the_dossier_was_opened_says_how_long() -> None:
    course = closed_on(MONDAY, contest_within=Delay(days=3)).later(4)
    newer = ProcedurePublished(
        id="cantine",
        version=2,
        name="Cantine",
        service="ecoles",
        since=MONDAY,
        contest_within=Delay(months=6),
    )
    course.procedures = course.procedures.evolve(newer)
    assert course.refuses(contest) is ContestTooLate


def test_each_closing_has_its_own_delay() -> None:
    course = closed_on(MONDAY, contest_within=Delay(days=5)).later(5)
    course.carry(contest)
    course.carry(SendAnswer(text="Vu", means="letter", addressee="usager"))
    course.carry(close)
    assert course.later(5).refuses(contest) is None
    assert course.later(1).refuses(contest) is ContestTooLate


def test_announced_works_are_contested_once_it_is_seen_whether_they_were_done() -> None:
    course = Course(opened, answered)
    announced = course.day + timedelta(days=180)
    course.carry(CloseDossier(outcome="planned", reason="En été", planned_for=announced))
    assert course.later(200).carry(contest) == [contested]
    assert "planned_late" not in course.dossier.lapses


def test_a_closing_after_a_partner_s_answer_is_contested_too() -> None:
    course = Course(opened, forwarded)
    course.carry(RecordPartnerAnswer(text="Nous ne ferons rien"))
    course.carry(SendAnswer(text="Le Département refuse", means="email", addressee="usager"))
    course.carry(CloseDossier(outcome="forwarded", reason="Le Département refuse"))
    assert course.later(30).carry(contest) == [contested]
    assert not course.dossier.answered
    assert course.refuses(close) is AnswerNotSent


def test_a_reopened_dossier_keeps_all_but_what_is_owed_anew() -> None:
    course = Course(opened, forwarded, HandOverAccepted(), answered, planned)
    before = course.facts
    course.carry(contest)
    dossier = course.dossier
    assert course.facts[:-1] == before
    assert (dossier.state, dossier.answered, dossier.planned) == ("open", False, None)
    assert (dossier.authority, dossier.correctable) == ("Département", frozenset({1}))


def test_announced_works_are_confirmed_once() -> None:
    confirm = ConfirmPlannedWork(text="Posé")
    given().when(confirm).refused(DossierUnknown)
    given(opened, answered, closed).when(confirm).refused(NothingPlanned)
    past = (opened, answered, planned)
    given(*past).when(confirm).then(PlannedWorkDone(text="Posé"))
    given(*past, PlannedWorkDone()).when(confirm).refused(NothingPlanned)
    given(*past, contested).when(confirm).refused(NothingPlanned)


def test_announced_works_are_late_from_the_day_after_until_they_are_done() -> None:
    late = FindLapse(kind="planned_late")
    course = closed_on(MONDAY, planned)
    course.day = date(2026, 3, 20)
    assert course.refuses(late) is not None
    found = LapseFound(kind="planned_late", since=date(2026, 3, 21), service="ecoles")
    assert course.later(1).carry(late) == [found]
    assert course.dossier.state == "closed"
    done = course.carry(ConfirmPlannedWork())
    assert done == [PlannedWorkDone(), LapseRepaired(kind="planned_late")]


def test_announced_works_that_are_late_end_as_a_lapse_when_the_dossier_reopens() -> None:
    course = closed_on(MONDAY, planned)
    course.later(30).carry(FindLapse(kind="planned_late"))
    assert course.carry(contest) == [contested, LapseRepaired(kind="planned_late")]
    assert course.dossier.lapses == {}


def test_an_answer_written_before_the_reopening_neither_leaves_nor_closes() -> None:
    """It would close what was contested with the very words that were."""
    for command in (contest, ReopenDossier(reason="Revenu")):
        course = Course(opened, to_acknowledge, queued_answer(), answered, closed)
        [_, withdrawn] = course.carry(command)
        assert isinstance(withdrawn, MessageWithdrawn)
        assert withdrawn.message == 3
        assert list(course.dossier.queued) == [2]
        assert course.refuses(RecordSending(message=3, message_id="x")) is NoSuchMessage
        assert course.dossier.state == "open"
