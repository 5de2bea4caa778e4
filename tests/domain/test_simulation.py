"""Last year under another policy: counted by hand, then by the simulation."""

from datetime import date
from typing import Any

from domain.dossier_events import ClosedAtOrigin, DossierAssigned, DossierClosed, DossierReopened
from domain.grammar import Recorded
from domain.procedures import Delay
from domain.simulation import ALL, Draft, Line, Policy, Tally, replayed
from domain.telling import AnswerSent
from domain.waits import WaitingBegan, WaitingEnded
from tests.domain.clocks import ORIGIN, PARIS, WEEKDAYS, fact, guide, opening

TODAY = date(2026, 12, 1)
GUIDE = guide(silence="refusal")
ANSWER = AnswerSent(text="Oui", means="letter", addressee="usager")
CLOSED = DossierClosed(outcome="done")
FIVE_DAYS = Policy(procedures={"cantine": Draft(answer_within=Delay(working_days=5))})


def counted(policy: Policy, *dossiers: tuple[Recorded[Any], ...]) -> list[Line]:
    tally = Tally(policy, WEEKDAYS, TODAY)
    for past in dossiers:
        dossier = replayed(past, GUIDE, PARIS)
        assert dossier is not None
        tally.count(dossier)
    return tally.lines()


def town(month: str, answers: int, late: int, draft: int, **more: Any) -> Line:
    service = more.pop("service", "ecoles")
    return Line(
        series=more.pop("series", "town"),
        service=service,
        month=month,
        answers=answers,
        late=late,
        late_under_policy=draft,
        **more,
    )


def answered(opened: str, day: str) -> tuple[Recorded[Any], ...]:
    return (fact(opened, opening()), fact(day, ANSWER))


def test_a_shorter_delay_makes_more_answers_late() -> None:
    """In time for both, for the month only, and for neither."""
    dossiers = (
        answered("2026-03-02", "2026-03-09"),
        answered("2026-03-02", "2026-03-10"),
        answered("2026-03-02", "2026-04-03"),
        answered("2026-04-02", "2026-04-03"),
    )
    assert counted(FIVE_DAYS, *dossiers) == [town("2026-03", 3, 1, 2), town("2026-04", 1, 0, 0)]


def test_an_answer_that_has_not_come_is_late_once_its_day_is_over() -> None:
    recent = (fact("2026-11-20", opening()),)
    old = (fact("2026-09-01", opening()),)
    assert counted(FIVE_DAYS, recent, old) == [
        town("2026-09", 1, 1, 1, silences=1, silences_under_policy=1),
        town("2026-11", 1, 0, 1),
    ]


def test_waits_count_under_the_policy_too() -> None:
    past = (
        fact("2026-03-02", opening()),
        fact("2026-03-04", WaitingBegan(until=date(2026, 6, 1), reason="X")),
        fact("2026-03-18", WaitingEnded()),
        fact("2026-03-23", ANSWER),
    )
    assert counted(FIVE_DAYS, past) == [town("2026-03", 1, 0, 0)]


def test_the_service_that_answers_is_the_one_that_had_it_in_the_end() -> None:
    moved = DossierAssigned(service="voirie", reason="X", transferred_from="ecoles")
    past = (fact("2026-03-02", opening()), fact("2026-03-03", moved), fact("2026-04-04", ANSWER))
    assert counted(FIVE_DAYS, past) == [town("2026-03", 1, 1, 1, service="voirie")]


def test_a_reopened_dossier_is_owed_two_answers() -> None:
    past = (
        *answered("2026-03-02", "2026-03-03"),
        fact("2026-03-03", CLOSED),
        fact("2026-04-01", DossierReopened(reason="X")),
        fact("2026-04-20", ANSWER),
    )
    assert counted(FIVE_DAYS, past) == [town("2026-03", 1, 0, 0), town("2026-04", 1, 0, 1)]


def test_history_is_a_series_of_its_own() -> None:
    """Closed a day after the origin's date, and closed where the origin had promised nothing."""
    dated = opening(due_at_origin="2011-07-10T10:00:00+00:00")
    closed = ClosedAtOrigin(status="Closed")
    first = (fact("2011-07-01", dated, ORIGIN), fact("2011-07-11", closed, ORIGIN))
    second = (fact("2011-07-01", opening(), ORIGIN), fact("2011-07-05", closed, ORIGIN))
    assert counted(FIVE_DAYS, first, second, answered("2026-03-02", "2026-03-03")) == [
        town("2026-03", 1, 0, 0),
        town("2011-07", 2, 1, 1, series="history"),
    ]


def test_silence_has_its_effect_under_other_rules_too() -> None:
    past = answered("2026-03-02", "2026-05-20")
    shorter = Policy(procedures={ALL: Draft(silence_after=Delay(months=1))})
    none = Policy(procedures={ALL: Draft(silence="none")})
    longer = Policy(procedures={ALL: Draft(silence_after=Delay(months=4))})
    for policy, under in ((shorter, 1), (none, 0), (longer, 0)):
        [line] = counted(policy, past)
        assert (line.silences, line.silences_under_policy) == (1, under)


def test_a_policy_speaks_of_the_procedures_it_names_and_of_all_others_by_a_star() -> None:
    past = answered("2026-03-02", "2026-03-20")
    named = Policy(procedures={"cantine": Draft(), ALL: Draft(answer_within=Delay(days=1))})
    others = Policy(procedures={"autre": Draft(answer_within=Delay(days=1))})
    assert counted(named, past) == counted(others, past) == [town("2026-03", 1, 0, 0)]


def test_facts_without_an_opening_are_no_dossier() -> None:
    assert replayed([fact("2026-03-02", ANSWER)], GUIDE, PARIS) is None
