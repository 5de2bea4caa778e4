"""Silence: an effect that the law attaches to it, beside a dossier that stays open."""

from datetime import date
from typing import Any

import pytest

from domain.dossier import DossierIsClosed, DossierUnknown
from domain.dossier_events import DossierReopened, SilenceTookEffect
from domain.handling import AssignDossier, SendAnswer
from domain.lapses import LapseFound
from domain.watching import NotSilent, RecordSilence, SilenceKnown
from tests.domain.clocks import ORIGIN, fact, guide
from tests.domain.course import MONDAY, Course
from tests.domain.samples import answered, closed, opened, opening
from tests.domain.scenario import given

canteen = opening(procedure="cantine", service="ecoles")
answer = SendAnswer(text="Oui", means="email", addressee="usager")


def silent(effect: str) -> Course:
    return Course(canteen, procedures=guide(silence=effect, source="CRPA L231-1"))


@pytest.mark.parametrize("effect", ["refusal", "acceptance"])
def test_silence_takes_effect_beside_an_open_dossier_once(effect: Any) -> None:
    course = silent(effect)
    course.day = date(2026, 5, 2)  # the last day of two months
    assert course.refuses(RecordSilence()) is NotSilent
    on = course.later(1).day
    assert course.carry(RecordSilence()) == [
        SilenceTookEffect(effect=effect, on=on, source="CRPA L231-1"),
        LapseFound(kind="silence", since=on, service="ecoles"),
    ]
    assert (course.dossier.state, course.dossier.answered) == ("open", False)
    assert course.later(90).refuses(RecordSilence()) is SilenceKnown
    course.carry(answer)
    assert "silence" not in course.dossier.lapses
    assert course.refuses(RecordSilence()) is SilenceKnown


def test_silence_has_no_effect_where_the_law_gives_none_or_an_answer_came() -> None:
    given().when(RecordSilence()).refused(DossierUnknown)
    given(opened, answered, closed).when(RecordSilence()).refused(DossierIsClosed)
    assert silent("none").later(400).refuses(RecordSilence()) is NotSilent
    quiet = silent("refusal")
    quiet.carry(answer)
    assert quiet.later(400).refuses(RecordSilence()) is NotSilent


def test_silence_begins_anew_neither_by_a_reopening_nor_by_a_transfer() -> None:
    course = silent("refusal")
    course.carry(AssignDossier(service="voirie", reason="Erreur"))
    assert course.later(62).refuses(RecordSilence()) is None
    reopened = silent("refusal")
    reopened.record([answered, closed])
    reopened.later(1).record([DossierReopened(reason="Revenu")])
    assert reopened.later(400).refuses(RecordSilence()) is NotSilent


def test_the_silence_of_an_old_system_has_no_effect_here() -> None:
    course = silent("refusal").later(400)
    course.past = tuple(fact(MONDAY, one.event, ORIGIN) for one in course.past)
    assert course.refuses(RecordSilence()) is NotSilent
