"""Letters printed together, and the one act that proves that each was posted."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from domain.closing import CloseDossier
from domain.grammar import Invalid, Refused, replay
from domain.mailing import (
    Letter,
    Mailing,
    MailingEvent,
    MailingExists,
    MailingGone,
    MailingPosted,
    MailingPrinted,
    MailingUnknown,
    PostMailing,
    PrintMailing,
)
from domain.policies import OnDossier, asked_by
from domain.sending import NoSuchMessage, RecordSending
from domain.telling import MessageSent, ReceiptAcknowledged
from tests.domain.clocks import ORIGIN, fact
from tests.domain.course import ELSEWHERE, HERE, MONDAY, THERE, Town
from tests.domain.samples import answering, opening
from tests.domain.scenario import AT

FIRST, SECOND = Letter(dossier=HERE, message=2), Letter(dossier=THERE, message=2)
printed = MailingPrinted(letters=(FIRST, SECOND))
posted = MailingPosted(
    mailing=ELSEWHERE,
    letters=(FIRST, SECOND),
    posted_on=MONDAY,
    proof=f"Envoi {ELSEWHERE}, 2 lettre(s), déposé le 2026-03-02",
)


def mailing(*past: MailingEvent) -> Mailing:
    return replay(Mailing(), past)


def post(command: PostMailing, *past: MailingEvent) -> Sequence[MailingEvent]:
    return command.decide(ELSEWHERE, mailing(*past), AT)


def refusal(command: PostMailing, *past: MailingEvent) -> Refused:
    with pytest.raises(Refused) as refused:
        post(command, *past)
    return refused.value


def test_letters_lie_in_the_order_in_which_they_were_printed() -> None:
    command = PrintMailing(letters=(SECOND, FIRST), duplex=True)
    facts = command.decide(mailing(), AT)
    assert facts == [MailingPrinted(letters=(SECOND, FIRST), duplex=True)]
    assert mailing(*facts) == Mailing(version=1, letters=(SECOND, FIRST))


def test_a_mailing_is_printed_once() -> None:
    for past in ((printed,), (printed, posted)):
        with pytest.raises(MailingExists):
            PrintMailing(letters=(FIRST,)).decide(mailing(*past), AT)


def test_a_letter_lies_once_in_a_mailing() -> None:
    with pytest.raises(Invalid) as refused:
        PrintMailing(letters=(FIRST, SECOND, FIRST)).decide(mailing(), AT)
    assert refused.value.pointer == "/letters"


def test_posting_says_which_letters_went_and_when() -> None:
    assert post(PostMailing(), printed) == [posted]
    [early] = post(PostMailing(posted_on=date(2026, 2, 27), without=(FIRST,)), printed)
    assert early == MailingPosted(
        mailing=ELSEWHERE,
        letters=(SECOND,),
        posted_on=date(2026, 2, 27),
        proof=f"Envoi {ELSEWHERE}, 1 lettre(s), déposé le 2026-02-27",
    )
    assert mailing(printed, posted) == Mailing(version=2, letters=(FIRST, SECOND), posted=True)


def test_only_a_printed_mailing_is_posted_and_only_once() -> None:
    assert isinstance(refusal(PostMailing()), MailingUnknown)
    assert isinstance(refusal(PostMailing(), printed, posted), MailingGone)


def test_a_posting_day_is_not_to_come() -> None:
    wrong = refusal(PostMailing(posted_on=MONDAY + timedelta(days=1)), printed)
    assert isinstance(wrong, Invalid)
    assert wrong.pointer == "/posted_on"
    old = refusal(PostMailing(posted_on=MONDAY - timedelta(days=32)), printed)
    assert isinstance(old, Invalid)
    assert old.pointer == "/posted_on"


def test_only_letters_of_the_mailing_are_taken_out_and_one_is_left() -> None:
    stranger = Letter(dossier=HERE, message=3)
    for without in ((stranger,), (FIRST, SECOND)):
        wrong = refusal(PostMailing(without=without), printed)
        assert isinstance(wrong, Invalid)
        assert wrong.pointer == "/without"


def test_each_letter_gets_its_own_proof() -> None:
    asked = asked_by(fact(MONDAY, posted))
    assert asked == tuple(
        OnDossier(
            id=letter.dossier,
            command=RecordSending(
                message=2,
                message_id=f"{ELSEWHERE}/{number}",
                proof=posted.proof,
                posted_on=MONDAY,
            ),
        )
        for number, letter in ((1, FIRST), (2, SECOND))
    )
    assert asked_by(fact(MONDAY, printed)) == ()
    assert asked_by(fact(MONDAY, posted, ORIGIN)) == ()


def test_a_letter_that_waits_no_longer_gets_none_and_the_others_do() -> None:
    by_letter = opening(acknowledge_by="letter")
    town = Town(by_letter, by_letter)
    for id in (HERE, THERE):
        town.react(town[id].past[0])  # the acknowledgement is prepared
    town[HERE].record([ReceiptAcknowledged(means="counter")])
    town.react(fact(MONDAY, posted))
    assert town.refused == [(HERE, NoSuchMessage)]
    assert town[HERE].find(MessageSent) == []
    [sent] = town[THERE].find(MessageSent)
    assert (sent.message_id, sent.posted_on) == (f"{ELSEWHERE}/2", MONDAY)
    assert town[THERE].dossier.acknowledged


def test_an_answer_that_was_posted_closes_its_dossier_and_only_then() -> None:
    town = Town(opening(acknowledge_by="letter"))
    town.carry(HERE, answering())
    assert town[HERE].refuses(CloseDossier(outcome="done", reason="Fait"))
    assert town[HERE].dossier.state == "open"
    town.react(
        fact(MONDAY, MailingPosted(mailing=THERE, letters=(FIRST,), posted_on=MONDAY, proof="1"))
    )
    assert town[HERE].dossier.state == "closed"
