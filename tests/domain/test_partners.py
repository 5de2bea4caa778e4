"""Requests that are another authority's: handed on, told, and watched until their end."""

from datetime import date, timedelta

import pytest

from domain.dossier import DossierIsClosed, DossierUnknown
from domain.forwarding import DossierForwarded, HandOverAccepted, PartnerAnswered
from domain.grammar import Invalid
from domain.handling import SendAnswer
from domain.lapses import LapseFound, LapseRepaired
from domain.partners import (
    NEWS_AFTER,
    AcceptHandOver,
    ForwardDossier,
    NotWithPartner,
    RecordPartnerAnswer,
)
from domain.procedures import Delay
from domain.sending import RecordSending
from domain.telling import MessageQueued, ProgressReported
from domain.terms import Means
from domain.watching import FindLapse, NoLapse
from tests.domain.course import MONDAY, Course
from tests.domain.samples import answered, at_the_counter, closed, nobody, opened, opening
from tests.domain.scenario import given
from tests.domain.walking import walked

A_DAY = timedelta(days=1)
SILENT = FindLapse(kind="partner_silent")
hand_on = ForwardDossier(authority="Département")
forwarded = DossierForwarded(authority="Département")
untold = LapseFound(kind="forwarding_untold", since=MONDAY, service="voirie")


def notice(means: Means, text: str, day: date = MONDAY + NEWS_AFTER) -> MessageQueued:
    return MessageQueued(kind="forwarding", means=means, text=text, next_date=day)


def test_who_can_be_written_to_is_told_by_the_same_write() -> None:
    plain = "Votre demande a été transmise : Département."
    given(opened).when(hand_on).then(forwarded, notice("email", plain))
    by_letter = opening(acknowledge_by="letter")
    given(by_letter).when(hand_on).then(forwarded, notice("letter", plain))


def test_a_reason_is_what_the_resident_reads() -> None:
    why = "Cette route est départementale."
    command = ForwardDossier(authority="Département", reason=why, next_date=date(2026, 3, 9))
    given(opened).when(command).then(
        DossierForwarded(authority="Département", reason=why),
        notice("email", why, date(2026, 3, 9)),
    )


def test_who_is_there_is_told_on_the_spot_and_the_words_are_kept() -> None:
    told = ForwardDossier(authority="Département", told="C'est le Département qui répond.")
    news = ProgressReported(
        text="C'est le Département qui répond.", next_date=MONDAY + timedelta(days=30)
    )
    for one in (opened, at_the_counter, nobody()):
        given(one).when(told).then(forwarded, news)


def test_who_comes_to_the_counter_and_was_not_told_is_owed_it_at_once() -> None:
    given(at_the_counter).when(hand_on).then(forwarded, untold)
    given(at_the_counter, forwarded, untold).when(hand_on).then(forwarded)


def test_where_there_is_nobody_to_tell_nothing_is_missing() -> None:
    for one in (nobody(), nobody(channel="field")):
        given(one).when(hand_on).then(forwarded)


def test_telling_afterwards_repairs_it() -> None:
    course = Course(at_the_counter)
    course.carry(hand_on)
    told = course.carry(ForwardDossier(authority="Département", told="Transmis."))
    assert told[-1] == LapseRepaired(kind="forwarding_untold")
    assert course.dossier.lapses == {}


def test_a_notice_that_has_left_is_news() -> None:
    course = Course(opened)
    course.carry(hand_on)
    [_, news] = course.carry(RecordSending(message=3, message_id="x"))
    assert news == ProgressReported(
        text="Votre demande a été transmise : Département.", next_date=date(2026, 4, 1)
    )


def test_the_partner_gets_its_link_where_it_can_be_written_to() -> None:
    command = ForwardDossier(
        authority="Département", partner_email="routes@departement.fr", told="Transmis."
    )
    linked = Course(opened).carry(command)[0]
    assert linked == DossierForwarded(
        authority="Département", partner_email="routes@departement.fr"
    )
    for wrong in ("routes", "routes@departement", "a b@departement.fr", "a@b.fr,c@d.fr"):
        mistaken = ForwardDossier(authority="Département", partner_email=wrong)
        assert given(opened).when(mistaken).refused(Invalid).pointer == "/partner_email"


def test_the_next_news_are_still_to_come() -> None:
    yesterday = ForwardDossier(authority="Département", next_date=MONDAY - A_DAY)
    assert given(opened).when(yesterday).refused(Invalid).pointer == "/next_date"
    today = ForwardDossier(authority="Département", told="Ce soir", next_date=MONDAY)
    given(opened).when(today).then(forwarded, ProgressReported(text="Ce soir", next_date=MONDAY))


def test_only_an_open_dossier_is_handed_on() -> None:
    given().when(hand_on).refused(DossierUnknown)
    given(opened, answered, closed).when(hand_on).refused(DossierIsClosed)


def test_what_the_partner_says_is_recorded_while_it_is_awaited() -> None:
    said = RecordPartnerAnswer(text="Réparé par nos soins")
    accepted = AcceptHandOver(text="D'accord")
    answer = PartnerAnswered(authority="Département", text="Réparé par nos soins")
    given(opened, forwarded).when(said).then(answer)
    given(opened, forwarded).when(accepted).then(HandOverAccepted(text="D'accord"))
    for command in (said, accepted):
        given().when(command).refused(DossierUnknown)
        given(opened).when(command).refused(NotWithPartner)
        for end in (answer, HandOverAccepted()):
            given(opened, forwarded, end).when(command).refused(NotWithPartner)


def test_the_last_authority_is_the_one_that_answers() -> None:
    other = DossierForwarded(authority="Région")
    answer = PartnerAnswered(authority="Région", text="Oui")
    given(opened, forwarded, other).when(RecordPartnerAnswer(text="Oui")).then(answer)


def test_no_clock_of_the_town_stops_for_a_partner() -> None:
    course = Course(opened)
    course.carry(hand_on)
    course.day = date(2026, 4, 2)
    assert course.refuses(FindLapse(kind="answer_late")) is NoLapse
    assert course.later(1).refuses(FindLapse(kind="answer_late")) is None


@pytest.mark.parametrize("day", [MONDAY, date(2026, 1, 31), date(2026, 12, 31)])
def test_a_partner_is_silent_from_the_day_after_its_month(day: date) -> None:
    course = Course(opened, forwarded, day=day)
    course.day = walked(day, Delay(months=1), frozenset(), [])
    assert course.refuses(SILENT) is NoLapse
    found = LapseFound(kind="partner_silent", since=course.day + A_DAY, service="voirie")
    assert course.later(1).carry(SILENT) == [found]


def test_a_partner_that_has_answered_is_not_silent() -> None:
    for command in (RecordPartnerAnswer(text="Non"), AcceptHandOver()):
        course = Course(opened, forwarded).later(60)
        course.carry(SILENT)
        assert course.carry(command)[-1] == LapseRepaired(kind="partner_silent")
        assert course.later(60).refuses(SILENT) is NoLapse


def test_a_partner_s_answer_is_no_answer_of_the_town() -> None:
    course = Course(opened, forwarded)
    course.carry(RecordPartnerAnswer(text="Réparé"))
    assert not course.dossier.answered
    assert course.later(40).refuses(FindLapse(kind="answer_late")) is None
    course.carry(SendAnswer(text="Réparé", means="email", addressee="usager"))
    assert course.dossier.answered


def test_asking_the_same_partner_again_gives_it_no_more_time() -> None:
    course = Course(opened, forwarded)
    silent = FindLapse(kind="partner_silent")
    again = ForwardDossier(authority=forwarded.authority, told="Relancé.")
    course.later(25).carry(again)
    assert course.refuses(silent) is NoLapse
    assert course.later(10).refuses(silent) is None
    elsewhere = Course(opened, forwarded).later(25)
    elsewhere.carry(ForwardDossier(authority="Une autre", told="Transmis ailleurs."))
    assert elsewhere.later(10).refuses(silent) is NoLapse


def test_who_agrees_to_the_hand_over_has_heard_of_it() -> None:
    untold = LapseFound(kind="forwarding_untold", since=MONDAY, service="voirie")
    course = Course(opened, forwarded, untold)
    assert LapseRepaired(kind="forwarding_untold") in course.carry(AcceptHandOver())
