"""The town's promise, and the ways other systems get it wrong."""

from datetime import date

import pytest

from domain.calendars import WorkingDays
from domain.dossier_events import (
    AssignmentRefused,
    DossierAssigned,
    DossierClosed,
    DossierReopened,
    DossierTaken,
)
from domain.forwarding import DossierForwarded
from domain.grammar import Event
from domain.procedures import Delay
from domain.telling import AnswerSent
from domain.waits import (
    DocumentsReceived,
    DocumentsRequested,
    ReceivedByCompetent,
    WaitingBegan,
    WaitingEnded,
)
from tests.domain.clocks import ORIGIN, WEEKDAYS, fact, opening, promised

RECEIVED = "2026-03-02"
OPENED = fact(RECEIVED, opening())
DUE = date(2026, 4, 2)
ANSWER = AnswerSent(text="Oui", means="letter", addressee="usager")


def waiting(until: str) -> WaitingBegan:
    return WaitingBegan(until=date.fromisoformat(until), reason="Il mesure la haie")


def asked(until: str) -> DocumentsRequested:
    return DocumentsRequested(documents=("Bail",), until=date.fromisoformat(until))


def test_every_letter_is_answered_within_one_month() -> None:
    assert promised(OPENED).due(WEEKDAYS) == DUE


@pytest.mark.parametrize(
    "event",
    [
        DossierAssigned(service="voirie", reason="X", transferred_from="ecoles"),
        AssignmentRefused(service="ecoles", reason="X"),
        DossierTaken(),
        DossierForwarded(authority="Département"),
        ReceivedByCompetent(),
        DocumentsReceived(),
        WaitingEnded(),
    ],
)
def test_a_transfer_never_starts_the_clock_again(event: Event) -> None:
    assert promised(OPENED, fact("2026-03-20", event)).due(WEEKDAYS) == DUE


def test_coming_back_never_makes_a_dossier_late_at_once() -> None:
    """A ticket that was set to waiting and comes back keeps the days that were left to it."""
    for begun in range(2, 32):
        day = date(2026, 3, begun)
        left = (DUE - day).days
        wait = fact(day, waiting("2026-08-31"))
        back = promised(OPENED, wait, fact("2026-07-14", WaitingEnded())).due(WEEKDAYS)
        assert back is not None
        assert (back - date(2026, 7, 14)).days == left
    on_the_last_day = fact(DUE, waiting("2026-08-31"))
    back = promised(OPENED, on_the_last_day, fact("2026-07-14", WaitingEnded())).due(WEEKDAYS)
    assert back == date(2026, 7, 14)


def test_a_wait_is_an_interval_and_ends_by_itself_on_the_day_that_was_said() -> None:
    wait = fact("2026-03-12", waiting("2026-03-22"))
    assert promised(OPENED, wait).due(WEEKDAYS) == date(2026, 4, 12)
    late = fact("2026-06-01", WaitingEnded())
    assert promised(OPENED, wait, late).due(WEEKDAYS) == date(2026, 4, 12)


def test_waiting_that_begins_when_it_is_late_makes_it_no_less_late() -> None:
    wait = fact("2026-04-03", waiting("2026-06-01"))
    assert promised(OPENED, wait).due(WEEKDAYS) == DUE


def test_waits_that_overlap_count_once() -> None:
    story = promised(
        OPENED,
        fact("2026-03-10", waiting("2026-03-20")),
        fact("2026-03-15", asked("2026-03-30")),
        fact("2026-03-25", DocumentsReceived()),
    )
    assert story.due(WEEKDAYS) == date(2026, 4, 17)


def test_documents_count_from_the_day_they_came_whenever_that_is_entered() -> None:
    story = (OPENED, fact("2026-03-10", asked("2026-03-30")))
    came = DocumentsReceived(received_on=date(2026, 3, 13))
    assert promised(*story, fact("2026-03-27", came)).due(WEEKDAYS) == date(2026, 4, 5)
    before = DocumentsReceived(received_on=date(2026, 3, 1))
    assert promised(*story, fact("2026-03-27", before)).due(WEEKDAYS) == DUE


def test_working_days_of_a_procedure_skip_what_the_town_is_closed_on() -> None:
    story = promised(fact("2026-05-11", opening(Delay(working_days=5))))
    assert story.due(WEEKDAYS) == date(2026, 5, 18)
    closed = WorkingDays(closed=frozenset({date(2026, 5, 14), date(2026, 5, 15)}))
    assert story.due(closed) == date(2026, 5, 20)


def test_a_reopened_dossier_is_owed_a_new_answer_from_that_day_on() -> None:
    past = (
        OPENED,
        fact("2026-03-10", waiting("2026-06-30")),
        fact("2026-03-12", ANSWER),
        fact("2026-03-12", DossierClosed(outcome="done")),
    )
    assert promised(*past).answered == date(2026, 3, 12)
    again = promised(*past, fact("2026-07-31", DossierReopened(reason="Revenu")))
    assert (again.due(WEEKDAYS), again.answered) == (date(2026, 8, 31), None)


def test_what_follows_an_answer_moves_its_due_date_no_more() -> None:
    after = promised(OPENED, fact("2026-03-12", ANSWER), fact("2026-03-13", asked("2026-06-30")))
    assert after.due(WEEKDAYS) == DUE
    second = promised(OPENED, fact("2026-03-12", ANSWER), fact("2026-05-13", ANSWER))
    assert second.answered == date(2026, 3, 12)


def test_history_promised_what_its_origin_said_and_nothing_else() -> None:
    said = opening(due_at_origin="2011-07-03T23:30:00+00:00")
    assert promised(fact("2011-07-01", said, ORIGIN)).due(WEEKDAYS) == date(2011, 7, 4)
    silent = fact("2011-07-01", opening(), ORIGIN)
    assert promised(silent, fact("2011-07-02", asked("2011-09-01"), ORIGIN)).due(WEEKDAYS) is None
    reopened = promised(silent, fact("2026-07-31", DossierReopened(reason="Revenu")))
    assert reopened.due(WEEKDAYS) == date(2026, 8, 31)
