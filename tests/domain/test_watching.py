"""What time brings to light: found on the first day it is so, once, and never a closing."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest

from domain.dossier import DossierIsClosed, DossierUnknown
from domain.dossier_events import (
    DossierEvent,
    DossierReleased,
    DossierReopened,
    DossierTaken,
)
from domain.forwarding import DossierForwarded
from domain.grammar import Refused
from domain.handling import AssignDossier, ReportProgress, RequestDocuments, SendAnswer
from domain.lapses import LapseEscalated, LapseFound, LapseKind, Level
from domain.procedures import Procedures
from domain.telling import MessageSent, ProgressReported, ReceiptAcknowledged
from domain.waiting import AwaitUsager, EndWaiting, ReceiveDocuments
from domain.watching import (
    EscalateLapse,
    FindLapse,
    LapseKnown,
    NoLapse,
    NotTaken,
    ReleaseDossier,
)
from tests.domain.clocks import ORIGIN, fact, guide
from tests.domain.course import MONDAY, Course
from tests.domain.samples import answered, closed, nobody, opened, opening
from tests.domain.scenario import given

A_DAY = timedelta(days=1)
KINDS: tuple[LapseKind, ...] = get_args(LapseKind)
LEVELS: tuple[Level, ...] = get_args(Level)
BY_HAND = ("counter", "phone", "letter", "field", "elected_official")
canteen = opening(procedure="cantine", service="ecoles")
by_mail = opening(channel="email")
acknowledged = ReceiptAcknowledged(means="email")
told = ProgressReported(text="Commandé", next_date=date(2026, 3, 10))
answer = SendAnswer(text="Réparé", means="email", addressee="usager")


def first_day(course: Course, kind: LapseKind, within: int = 400) -> date | None:
    """The first day on which the lapse is found."""
    for _ in range(within):
        if course.refuses(FindLapse(kind=kind)) is None:
            [found] = course.carry(FindLapse(kind=kind))
            assert isinstance(found, LapseFound)
            assert found.since == course.day
            return course.day
        course.later(1)
    return None


@pytest.mark.parametrize(
    ("kind", "past", "day"),
    [
        # one working day for the registration of what came by electronic way (R112-11-1)
        ("registration_late", [by_mail], date(2026, 3, 4)),
        ("registration_late", [opening(channel="form")], date(2026, 3, 4)),
        *[("registration_late", [opening(channel=other)], None) for other in BY_HAND],
        ("registration_late", [nobody(channel="form")], None),
        ("registration_late", [by_mail, acknowledged], None),
        (
            "registration_late",
            [by_mail, MessageSent(message=9, kind="registration", means="email", message_id="x")],
            None,
        ),
        # ten working days for the acknowledgement (R112-11-1), whoever is to be told
        ("acknowledgement_late", [opened], date(2026, 3, 17)),
        ("acknowledgement_late", [nobody(channel="field")], date(2026, 3, 17)),
        ("acknowledgement_late", [nobody()], None),
        ("acknowledgement_late", [opened, acknowledged], None),
        ("acknowledgement_late", [opened, answered, closed], date(2026, 3, 17)),
        # a month from date to date for the answer
        ("answer_late", [opened], date(2026, 4, 3)),
        ("answer_late", [nobody()], date(2026, 4, 3)),
        ("answer_late", [opened, answered], None),
        ("progress_late", [opened, told], date(2026, 3, 11)),
        ("progress_late", [opened], None),
        ("progress_late", [opened, told, answered], None),
        ("progress_late", [opened, told, answered, closed], None),
        # the day after an answer, the dossier is closed or says when it will be heard of
        ("no_next_date", [opened, answered], date(2026, 3, 3)),
        ("no_next_date", [opened, told, answered], date(2026, 3, 3)),
        ("no_next_date", [opened, answered, told], None),
        ("no_next_date", [opened, answered, closed], None),
        ("no_next_date", [opened], None),
        ("partner_silent", [opened, DossierForwarded(authority="Région")], date(2026, 4, 3)),
        ("partner_silent", [opened], None),
        ("partner_silent", [opened, DossierForwarded(authority="Région"), answered, closed], None),
        ("planned_late", [opened, answered, closed], None),
        ("silence", [opened], None),
        ("message_refused", [opened], None),
        ("forwarding_untold", [opened], None),
        ("acknowledgement_incomplete", [opened], None),
    ],
)
def test_a_lapse_is_found_from_its_first_day_on(
    kind: LapseKind, past: list[Any], day: date | None
) -> None:
    assert first_day(Course(*past), kind, 90) == day


@pytest.mark.parametrize("more", [[told], [answered], [DossierForwarded(authority="Région")]])
def test_history_owes_nothing(more: list[DossierEvent]) -> None:
    for kind in KINDS:
        course = Course(by_mail, *more).later(400)
        course.past = tuple(fact(MONDAY, one.event, ORIGIN) for one in course.past)
        assert course.refuses(FindLapse(kind=kind)) is NoLapse


def test_the_working_days_of_the_procedure_are_those_of_the_town() -> None:
    closed_days = frozenset(date(2026, 3, day) for day in (3, 4, 5))
    course = Course(by_mail)
    course.days = type(course.days)(closed=closed_days)
    assert first_day(course, "registration_late") == date(2026, 3, 7)


def test_an_acknowledgement_is_late_as_the_version_of_the_procedure_says() -> None:
    quick = guide(acknowledge_within=opening().answer_within)
    assert first_day(Course(canteen, procedures=quick), "acknowledgement_late") == date(2026, 4, 3)
    unknown = Course(canteen, procedures=Procedures())
    assert first_day(unknown, "acknowledgement_late") == date(2026, 3, 17)


def test_a_lapse_is_found_once_and_only_on_a_dossier() -> None:
    late = FindLapse(kind="answer_late")
    given().when(late).refused(DossierUnknown)
    found = LapseFound(kind="answer_late", since=date(2026, 4, 3), service="voirie")
    given(opened, found).when(late).refused(LapseKnown)
    given(opened).when(late).refused(NoLapse)


def test_the_service_that_owns_the_dossier_is_named() -> None:
    course = Course(opened)
    course.carry(AssignDossier(service="proprete", reason="Déchets"))
    course.later(60)
    [found] = course.carry(FindLapse(kind="answer_late"))
    assert found == LapseFound(kind="answer_late", since=date(2026, 4, 3), service="proprete")


def test_a_transfer_leaves_the_day_of_the_answer_where_it_is() -> None:
    course = Course(opened).later(20)
    course.carry(AssignDossier(service="proprete", reason="Déchets"))
    assert first_day(course, "answer_late") == date(2026, 4, 3)


def test_waiting_moves_the_day_and_the_return_is_not_late() -> None:
    for begin, end in (
        (AwaitUsager(until=date(2026, 6, 1), reason="Absent"), EndWaiting()),
        (RequestDocuments(documents=("Bail",), until=date(2026, 6, 1)), ReceiveDocuments()),
    ):
        course = Course(opened).later(31)  # the last day of the answer
        course.carry(begin)
        course.later(40).carry(end)
        assert course.refuses(FindLapse(kind="answer_late")) is NoLapse
        assert first_day(course, "answer_late") == course.day


def test_news_that_were_given_again_are_late_by_their_last_date() -> None:
    course = Course(opened, told).later(5)
    course.carry(ReportProgress(text="Retard", next_date=date(2026, 3, 20)))
    assert first_day(course, "progress_late") == date(2026, 3, 21)


def test_news_that_left_after_the_closing_announce_nothing_for_what_is_reopened() -> None:
    course = Course(opened, answered, closed, told, DossierReopened(reason="Revenu"))
    assert first_day(course, "progress_late", 30) is None


def test_a_lapse_goes_up_and_never_down() -> None:
    found = LapseFound(kind="answer_late", since=date(2026, 4, 3), service="voirie")
    kind: LapseKind = "answer_late"
    given().when(EscalateLapse(kind=kind, to="evaluation")).refused(DossierUnknown)
    given(opened).when(EscalateLapse(kind=kind, to="evaluation")).refused(NoLapse)
    for level in LEVELS:
        for to in LEVELS:
            up = given(opened, found, LapseEscalated(kind=kind, to=level)).when(
                EscalateLapse(kind=kind, to=to)
            )
            if LEVELS.index(to) > LEVELS.index(level):
                up.then(LapseEscalated(kind=kind, to=to))
            else:
                up.refused(LapseKnown)


def test_what_was_taken_is_released_and_nothing_else() -> None:
    given().when(ReleaseDossier()).refused(DossierUnknown)
    given(opened, answered, closed).when(ReleaseDossier()).refused(DossierIsClosed)
    given(opened).when(ReleaseDossier()).refused(NotTaken)
    given(opened, DossierTaken()).when(ReleaseDossier()).then(DossierReleased())
    given(opened, DossierTaken(), DossierReleased()).when(ReleaseDossier()).refused(NotTaken)


def test_two_looks_at_once_find_everything_once() -> None:
    course = Course(by_mail).later(60)
    first: list[LapseKind] = [
        kind for kind in KINDS if course.refuses(FindLapse(kind=kind)) is None
    ]
    for kind in first:
        course.carry(FindLapse(kind=kind))
    assert sorted(first) == ["acknowledgement_late", "answer_late", "registration_late"]
    refusals: set[type[Refused] | None] = {course.refuses(FindLapse(kind=k)) for k in first}
    assert refusals == {LapseKnown}
