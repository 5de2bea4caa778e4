"""The legal effect of silence: two clocks of the law, and neither is the town's promise."""

from datetime import date

import pytest

from domain.dossier_events import DossierAssigned, DossierClosed, DossierReopened
from domain.forwarding import DossierForwarded
from domain.procedures import Delay, ProcedurePublished, Procedures, Silence
from domain.silence_clock import silence_clock_after
from domain.telling import AnswerSent
from domain.waits import (
    DocumentsReceived,
    DocumentsRequested,
    ReceivedByCompetent,
    WaitingBegan,
    WaitingEnded,
)
from tests.domain.clocks import (
    ORIGIN,
    PARIS,
    WEEKDAYS,
    fact,
    guide,
    opening,
    promised,
    silent,
)

ACCEPTANCE = guide(silence="acceptance", source="CRPA L231-1")
REFUSAL = guide(silence="refusal", source="CRPA L231-4")
OPENED = fact("2026-03-02", opening())
ASKED = fact("2026-03-12", DocumentsRequested(documents=("Bail",), until=date(2026, 4, 1)))
ANSWER = AnswerSent(text="Oui", means="letter", addressee="usager")


@pytest.mark.parametrize("silence", ["acceptance", "refusal"])
def test_silence_takes_effect_after_two_months(silence: Silence) -> None:
    clock = silent(guide(silence=silence), OPENED)
    assert clock.expires(WEEKDAYS) == date(2026, 5, 2)
    assert clock.state(WEEKDAYS) == "running"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (Delay(months=1), date(2026, 4, 2)),
        (Delay(months=4), date(2026, 7, 2)),
        (Delay(months=2, to_working_day=True), date(2026, 5, 4)),
    ],
)
def test_a_procedure_may_have_another_delay_and_names_its_source(
    after: Delay, expected: date
) -> None:
    rule = guide(silence="acceptance", silence_after=after, source="Décret 2014-1299")
    clock = silent(rule, OPENED)
    assert (clock.expires(WEEKDAYS), clock.source) == (expected, "Décret 2014-1299")


def test_a_thank_you_is_neither_accepted_nor_refused() -> None:
    clock = silent(guide(silence="none"), OPENED)
    assert (clock.expires(WEEKDAYS), clock.state(WEEKDAYS)) == (None, "none")


def test_missing_documents_start_the_clock_of_acceptance() -> None:
    asked = silent(ACCEPTANCE, OPENED, ASKED)
    assert (asked.expires(WEEKDAYS), asked.state(WEEKDAYS)) == (None, "not_started")
    came = silent(ACCEPTANCE, OPENED, ASKED, fact("2026-06-10", DocumentsReceived()))
    assert came.expires(WEEKDAYS) == date(2026, 8, 10)


def test_missing_documents_suspend_the_clock_of_refusal_for_the_delay_given() -> None:
    assert silent(REFUSAL, OPENED, ASKED).expires(WEEKDAYS) == date(2026, 5, 22)
    early = silent(REFUSAL, OPENED, ASKED, fact("2026-03-15", DocumentsReceived()))
    assert early.expires(WEEKDAYS) == date(2026, 5, 5)
    late = silent(REFUSAL, OPENED, ASKED, fact("2026-06-15", DocumentsReceived()))
    assert late.expires(WEEKDAYS) == date(2026, 5, 22)


def test_what_is_acquired_by_silence_is_not_undone_by_asking_for_more() -> None:
    asked = DocumentsRequested(documents=("Bail",), until=date(2026, 9, 1))
    for rule in (ACCEPTANCE, REFUSAL):
        clock = silent(rule, OPENED, fact("2026-05-03", asked))
        assert clock.expires(WEEKDAYS) == date(2026, 5, 2)


def test_refusal_counts_from_the_first_receipt_and_acceptance_from_the_competent_one() -> None:
    both = fact("2026-03-02", opening(), competent=date(2026, 3, 20))
    assert silent(REFUSAL, both).expires(WEEKDAYS) == date(2026, 5, 2)
    assert silent(ACCEPTANCE, both).expires(WEEKDAYS) == date(2026, 5, 20)


def test_elsewhere_the_clock_of_acceptance_waits_for_the_competent_authority() -> None:
    elsewhere = guide(silence="acceptance", competence="Préfecture")
    sent = (OPENED, fact("2026-03-05", DossierForwarded(authority="Préfecture")))
    assert silent(elsewhere, *sent).state(WEEKDAYS) == "not_started"
    there = fact("2026-03-30", ReceivedByCompetent(received_on=date(2026, 3, 9)))
    assert silent(elsewhere, *sent, there).expires(WEEKDAYS) == date(2026, 5, 9)
    refused_elsewhere = guide(silence="refusal", competence="Préfecture")
    assert silent(refused_elsewhere, *sent).expires(WEEKDAYS) == date(2026, 5, 2)


@pytest.mark.parametrize("silence", ["acceptance", "refusal"])
def test_neither_a_transfer_nor_a_wait_moves_the_clock_of_the_law(silence: Silence) -> None:
    clock = silent(
        guide(silence=silence),
        OPENED,
        fact("2026-03-05", DossierAssigned(service="x", reason="X", transferred_from="y")),
        fact("2026-03-06", WaitingBegan(until=date(2026, 6, 1), reason="X")),
        fact("2026-05-01", WaitingEnded()),
    )
    assert clock.expires(WEEKDAYS) == date(2026, 5, 2)


def test_the_two_clocks_never_mix() -> None:
    past = (OPENED, fact("2026-03-06", WaitingBegan(until=date(2026, 3, 16), reason="X")))
    assert promised(*past).due(WEEKDAYS) == date(2026, 4, 12)
    assert silent(REFUSAL, *past).expires(WEEKDAYS) == date(2026, 5, 2)
    quick = (fact("2026-03-02", opening(Delay(working_days=3))),)
    assert promised(*quick).due(WEEKDAYS) == date(2026, 3, 5)
    assert silent(REFUSAL, *quick).expires(WEEKDAYS) == date(2026, 5, 2)


def test_an_answer_in_time_ends_it_and_one_too_late_does_not() -> None:
    for day, state in (("2026-05-02", "answered"), ("2026-05-03", "acquired")):
        clock = silent(REFUSAL, OPENED, fact(day, ANSWER))
        assert clock.state(WEEKDAYS) == state
        assert clock.expires(WEEKDAYS) == date(2026, 5, 2)


def test_a_reopening_is_no_new_request_to_the_law() -> None:
    closed = (OPENED, fact("2026-04-02", ANSWER), fact("2026-04-02", DossierClosed(outcome="done")))
    again = silent(REFUSAL, *closed, fact("2026-06-02", DossierReopened(reason="X")))
    assert again.state(WEEKDAYS) == "answered"


def test_a_dossier_keeps_the_version_it_was_opened_under() -> None:
    newer = ProcedurePublished(
        id="cantine",
        version=2,
        name="Cantine",
        service="ecoles",
        since=date(2026, 3, 1),
        silence="none",
    )
    clock = silent(REFUSAL.evolve(newer), OPENED)
    assert (clock.effect, clock.expires(WEEKDAYS)) == ("refusal", date(2026, 5, 2))


def test_history_and_unknown_procedures_have_no_effect_at_all() -> None:
    imported = fact("2011-07-01", opening(), ORIGIN)
    assert silence_clock_after(None, imported, REFUSAL, PARIS) is None
    answered = fact("2026-03-12", ANSWER)
    assert silence_clock_after(None, answered, REFUSAL, PARIS) is None
    assert silence_clock_after(None, OPENED, Procedures(), PARIS) is None
