"""Documents that came, a resident who is awaited, and the receipt by who is competent."""

from datetime import date, timedelta

import pytest

from domain.dossier import DossierIsClosed
from domain.dossier_events import DossierClosed, DossierReopened
from domain.grammar import Invalid
from domain.handling import RequestDocuments
from domain.telling import AnswerSent
from domain.waiting import (
    AwaitUsager,
    CompetentReceiptKnown,
    EndWaiting,
    NobodyAwaited,
    NoDocumentsAwaited,
    ReceiveDocuments,
    RecordCompetentReceipt,
)
from domain.waits import (
    DocumentsReceived,
    DocumentsRequested,
    ReceivedByCompetent,
    WaitingBegan,
    WaitingEnded,
)
from tests.domain.clocks import opening
from tests.domain.scenario import NOW, given

TODAY = NOW.date()
LATER = TODAY + timedelta(days=20)
OPENED = opening()
ASKED = DocumentsRequested(documents=("Bail",), until=LATER)
AWAITED = WaitingBegan(until=LATER, reason="Il mesure la haie")


def test_documents_that_were_asked_for_are_received_once() -> None:
    came = DocumentsReceived(received_on=TODAY)
    given(OPENED, ASKED).when(ReceiveDocuments(received_on=TODAY)).then(came)
    given(OPENED, ASKED).when(ReceiveDocuments()).then(DocumentsReceived())
    given(OPENED, ASKED, came).when(ReceiveDocuments()).refused(NoDocumentsAwaited)
    given(OPENED).when(ReceiveDocuments()).refused(NoDocumentsAwaited)


def test_the_resident_is_awaited_until_a_day_and_then_no_more() -> None:
    given(OPENED).when(AwaitUsager(until=LATER, reason=AWAITED.reason)).then(AWAITED)
    given(OPENED, AWAITED).when(AwaitUsager(until=LATER, reason=AWAITED.reason)).then(AWAITED)
    given(OPENED, AWAITED).when(EndWaiting()).then(WaitingEnded())
    given(OPENED, AWAITED, WaitingEnded()).when(EndWaiting()).refused(NobodyAwaited)
    given(OPENED).when(EndWaiting()).refused(NobodyAwaited)


@pytest.mark.parametrize("day", [TODAY - timedelta(days=1), TODAY + timedelta(days=367)])
def test_nobody_waits_until_yesterday_or_for_ever(day: date) -> None:
    for wait in (AwaitUsager(until=day, reason="X"), RequestDocuments(documents=("X",), until=day)):
        assert given(OPENED).when(wait).refused(Invalid).pointer == "/until"


@pytest.mark.parametrize("day", [TODAY + timedelta(days=2), date(1899, 12, 31)])
def test_nothing_was_received_tomorrow(day: date) -> None:
    for receipt in (ReceiveDocuments(received_on=day), RecordCompetentReceipt(received_on=day)):
        refusal = given(OPENED, ASKED).when(receipt).refused(Invalid)
        assert refusal.pointer == "/received_on"


def test_the_competent_authority_receives_once() -> None:
    there = ReceivedByCompetent(received_on=TODAY)
    given(OPENED).when(RecordCompetentReceipt(received_on=TODAY)).then(there)
    given(OPENED, there).when(RecordCompetentReceipt()).refused(CompetentReceiptKnown)


def test_a_closed_dossier_waits_for_nobody_and_a_reopened_one_begins_anew() -> None:
    answer = AnswerSent(text="Oui", means="letter", addressee="usager")
    closed = (OPENED, AWAITED, answer, DossierClosed(outcome="done"))
    given(*closed).when(AwaitUsager(until=LATER, reason="X")).refused(DossierIsClosed)
    reopened = (*closed, DossierReopened(reason="X"))
    given(*reopened).when(EndWaiting()).refused(NobodyAwaited)
