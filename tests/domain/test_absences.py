"""Agents who are away: from when to when, and nothing else."""

from datetime import date

import pytest

from domain.absences import (
    Absence,
    AbsenceAnnounced,
    AbsenceEnded,
    AbsenceEvent,
    AnnounceAbsence,
    EndAbsence,
    NotAbsent,
)
from domain.grammar import Invalid, replay
from tests.domain.scenario import AT

TODAY = AT.today
away = AbsenceAnnounced(account="a7", first=date(2026, 3, 2), last=date(2026, 3, 6))


def absence(*past: AbsenceEvent) -> Absence:
    return replay(Absence(), past)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (TODAY, TODAY),
        (date(2026, 2, 1), TODAY),
        (date(2026, 7, 1), date(2026, 7, 31)),
    ],
)
def test_an_absence_is_announced_while_it_lasts_or_before(first: date, last: date) -> None:
    facts = AnnounceAbsence(account="a7", first=first, last=last).decide(absence(), AT)
    assert facts == [AbsenceAnnounced(account="a7", first=first, last=last)]
    assert absence(*facts) == Absence(version=1, first=first, last=last)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 3, 5), date(2026, 3, 4)),
        (date(2026, 2, 1), date(2026, 3, 1)),
    ],
)
def test_an_absence_ends_after_it_begins_and_not_before_today(first: date, last: date) -> None:
    with pytest.raises(Invalid) as refused:
        AnnounceAbsence(account="a7", first=first, last=last).decide(absence(), AT)
    assert refused.value.pointer == "/last"


def test_a_new_absence_takes_the_place_of_the_one_before() -> None:
    longer = AbsenceAnnounced(account="a7", first=date(2026, 3, 2), last=date(2026, 3, 20))
    assert absence(away, longer) == Absence(version=2, first=longer.first, last=longer.last)


def test_who_comes_back_early_is_back_from_today_on() -> None:
    assert EndAbsence(account="a7").decide(absence(away), AT) == [
        AbsenceEnded(account="a7", on=TODAY)
    ]
    assert absence(away, AbsenceEnded(account="a7", on=TODAY)) == Absence(version=2)


def test_an_absence_to_come_may_be_given_up() -> None:
    summer = AbsenceAnnounced(account="a7", first=date(2026, 7, 1), last=date(2026, 7, 31))
    assert EndAbsence(account="a7").decide(absence(summer), AT) == [
        AbsenceEnded(account="a7", on=TODAY)
    ]


@pytest.mark.parametrize(
    "past",
    [
        (),
        (away, AbsenceEnded(account="a7", on=date(2026, 3, 3))),
        (AbsenceAnnounced(account="a7", first=date(2026, 2, 2), last=date(2026, 3, 1)),),
    ],
)
def test_who_is_not_away_does_not_come_back(past: tuple[AbsenceEvent, ...]) -> None:
    with pytest.raises(NotAbsent):
        EndAbsence(account="a7").decide(absence(*past), AT)
