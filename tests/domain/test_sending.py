"""Messages: how they are queued, and what is a fact only once they have left."""

from datetime import date

import pytest

from domain.closing import CloseDossier, NeverForwarded
from domain.dossier import DossierIsClosed, DossierUnknown, means_of
from domain.dossier_events import DossierClosed, DossierLinked
from domain.grammar import Invalid, Person
from domain.handling import AlreadyAcknowledged, ReportProgress, SendAnswer
from domain.lapses import LapseFound
from domain.sending import (
    AlreadyQueued,
    DoneOnTheSpot,
    LackKnown,
    NobodyToTell,
    NoSuchMessage,
    NotAnAcknowledgement,
    PrepareAcknowledgement,
    RecordLackingMention,
    RecordRefusal,
    RecordSending,
    WithdrawMessage,
)
from domain.telling import (
    AnswerSent,
    MessageQueued,
    MessageRefused,
    MessageSent,
    MessageWithdrawn,
    ProgressReported,
    ReceiptAcknowledged,
)
from domain.terms import Means
from tests.domain.course import ELSEWHERE, MONDAY, THERE, Course
from tests.domain.samples import (
    USAGER,
    answered,
    answering,
    at_the_counter,
    closed,
    nobody,
    opened,
    opening,
    queued_answer,
    to_acknowledge,
)
from tests.domain.scenario import given

sending = RecordSending(message=2, message_id="<1.2@ville.fr>", proof="250 OK")
sent = MessageSent(
    message=2, kind="answer", means="email", message_id="<1.2@ville.fr>", proof="250 OK"
)
acknowledged = ReceiptAcknowledged(means="email")


def test_the_acknowledgement_goes_the_way_the_resident_left() -> None:
    given(opened).when(PrepareAcknowledgement()).then(to_acknowledge)
    wanted = opening(acknowledge_by="letter")
    by_letter = MessageQueued(kind="acknowledgement", means="letter")
    given(wanted).when(PrepareAcknowledgement()).then(by_letter)
    by_text = MessageQueued(kind="acknowledgement", means="sms")
    given(wanted).when(PrepareAcknowledgement(means="sms")).then(by_text)


def test_who_reports_in_the_field_for_nobody_reads_the_acknowledgement_at_once() -> None:
    shown = ReceiptAcknowledged(means="application")
    given(nobody(channel="field")).when(PrepareAcknowledgement()).then(shown)


def test_an_acknowledgement_is_prepared_once_and_for_somebody() -> None:
    prepare = PrepareAcknowledgement()
    given().when(prepare).refused(DossierUnknown)
    given(opened, acknowledged).when(prepare).refused(AlreadyAcknowledged)
    given(opened, to_acknowledge).when(prepare).refused(AlreadyQueued)
    given(nobody()).when(prepare).refused(NobodyToTell)
    given(at_the_counter).when(prepare).refused(DoneOnTheSpot)


def test_an_acknowledgement_that_was_withdrawn_may_be_prepared_again() -> None:
    past = (opened, to_acknowledge, MessageWithdrawn(message=2, reason="Faute"))
    given(*past).when(PrepareAcknowledgement()).then(to_acknowledge)


def test_an_answer_waits_with_all_that_it_will_stand_for() -> None:
    given(opened).when(answering()).then(queued_answer())
    planned = {"outcome": "planned", "planned_for": date(2026, 5, 4)}
    given(opened).when(answering(**planned)).then(queued_answer(**planned))


def test_one_answer_waits_at_a_time_on_an_open_dossier() -> None:
    given().when(answering()).refused(DossierUnknown)
    given(opened, answered, closed).when(answering()).refused(DossierIsClosed)
    given(opened, queued_answer()).when(answering()).refused(AlreadyQueued)
    given(nobody()).when(answering()).refused(NobodyToTell)
    given(opened).when(answering(means="counter")).refused(DoneOnTheSpot)
    given(opened).when(answering(outcome="forwarded")).refused(NeverForwarded)


def test_a_notice_to_the_public_is_not_sent_by_post() -> None:
    for means in ("letter", "email", "sms"):
        wish = answering(addressee="public", means=means)
        assert given(opened).when(wish).refused(Invalid).pointer == "/addressee"
    said = SendAnswer(text="Avis", means="email", addressee="public")
    assert given(opened).when(said).refused(Invalid).pointer == "/means"


def test_an_answer_that_has_left_is_an_answer_and_closes() -> None:
    said = AnswerSent(
        text="Le lampadaire est réparé.", means="email", addressee="usager", proof="250 OK"
    )
    done = DossierClosed(outcome="done", reason="Ampoule changée.")
    given(opened, queued_answer()).when(sending).then(sent, said, done)


def test_an_answer_that_leaves_after_the_closing_closes_nothing_again() -> None:
    said = AnswerSent(
        text="Le lampadaire est réparé.", means="email", addressee="usager", proof="250 OK"
    )
    given(opened, queued_answer(), answered, closed).when(sending).then(sent, said)


def test_an_acknowledgement_that_has_left_is_acknowledged() -> None:
    leaving = RecordSending(message=2, message_id="x", posted_on=date(2026, 3, 1))
    left = MessageSent(
        message=2,
        kind="acknowledgement",
        means="email",
        message_id="x",
        posted_on=date(2026, 3, 1),
    )
    given(opened, to_acknowledge).when(leaving).then(left, acknowledged)


def test_news_that_have_left_are_news_with_the_next_date() -> None:
    tell = ReportProgress(text="Commandé", next_date=date(2026, 4, 1), means="email")
    news = MessageQueued(
        kind="progress", means="email", text="Commandé", next_date=date(2026, 4, 1)
    )
    given(opened).when(tell).then(news)
    left = MessageSent(message=2, kind="progress", means="email", message_id="x")
    told = ProgressReported(text="Commandé", next_date=date(2026, 4, 1))
    given(opened, news).when(RecordSending(message=2, message_id="x")).then(left, told)


def test_news_that_announce_the_answer_do_so_when_they_leave() -> None:
    day = date(2026, 4, 20)
    news = MessageQueued(kind="progress", means="sms", text="En cours", next_date=day)
    tell = ReportProgress(text="En cours", next_date=day, answer_by=day, means="sms")
    queued = Course(opened).carry(tell)
    assert queued == [
        MessageQueued(kind="progress", means="sms", text="En cours", next_date=day, answer_by=day)
    ]
    [_, told] = Course(opened, *queued).carry(RecordSending(message=2, message_id="x"))
    assert told == ProgressReported(text="En cours", next_date=day, answer_by=day)
    [_, plain] = Course(opened, news).carry(RecordSending(message=2, message_id="x"))
    assert plain == ProgressReported(text="En cours", next_date=day)


def test_a_registration_receipt_that_has_left_stands_for_nothing_more() -> None:
    receipt = MessageQueued(kind="registration", means="email")
    left = MessageSent(message=2, kind="registration", means="email", message_id="x")
    given(opened, receipt).when(RecordSending(message=2, message_id="x")).then(left)


def test_a_message_leaves_once() -> None:
    for command in (
        sending,
        RecordRefusal(message=2, reason="Inconnu"),
        RecordLackingMention(message=2, lacking="téléphone"),
        WithdrawMessage(message=2, reason="Erreur"),
    ):
        given().when(command).refused(DossierUnknown)
        given(opened).when(command).refused(NoSuchMessage)
        for gone in (
            MessageSent(message=2, kind="acknowledgement", means="email", message_id="x"),
            MessageRefused(message=2, kind="acknowledgement", means="email", reason="Inconnu"),
            MessageWithdrawn(message=2, reason="Erreur"),
            acknowledged,  # by hand, at the counter: nothing is left to be said
        ):
            given(opened, to_acknowledge, gone).when(command).refused(NoSuchMessage)


def test_a_receipt_given_by_hand_leaves_other_messages_where_they_are() -> None:
    registration = MessageQueued(kind="registration", means="email")
    course = Course(opened, to_acknowledge, registration, queued_answer(), acknowledged)
    assert course.dossier.queued == {4: queued_answer()}


def test_a_message_that_is_withdrawn_does_not_leave() -> None:
    gone = MessageWithdrawn(message=2, reason="Erreur")
    given(opened, queued_answer()).when(WithdrawMessage(message=2, reason="Erreur")).then(gone)


def test_a_refused_message_is_somebody_s_to_treat_and_said_once() -> None:
    refused = MessageRefused(message=2, kind="answer", means="email", reason="Inconnu")
    lapse = LapseFound(
        kind="message_refused", since=date(2026, 3, 2), service="voirie", detail="Inconnu"
    )
    refusal = RecordRefusal(message=2, reason="Inconnu")
    given(opened, queued_answer()).when(refusal).then(refused, lapse)
    given(opened, queued_answer(), lapse).when(refusal).then(refused)


def test_a_lacking_mention_is_said_once_and_a_registration_receipt_goes_meanwhile() -> None:
    lapse = LapseFound(
        kind="acknowledgement_incomplete", since=MONDAY, service="voirie", detail="téléphone"
    )
    lack = RecordLackingMention(message=2, lacking="téléphone")
    receipt = MessageQueued(kind="registration", means="email")
    given(opened, to_acknowledge).when(lack).then(lapse, receipt)
    given(opened, to_acknowledge, lapse).when(lack).refused(LackKnown)
    by_letter = MessageQueued(kind="acknowledgement", means="letter")
    given(opened, by_letter).when(lack).then(lapse)


def test_only_an_acknowledgement_lacks_a_mention() -> None:
    lack = RecordLackingMention(message=2, lacking="recours")
    given(opened, queued_answer()).when(lack).refused(NotAnAcknowledgement)


def test_an_answer_is_shared_with_the_dossiers_linked_that_day() -> None:
    linked = given(opened, DossierLinked(dossier=ELSEWHERE), DossierLinked(dossier=THERE))
    shared = queued_answer(shared_with=(THERE, ELSEWHERE))
    linked.when(answering(with_linked=True)).then(shared)
    linked.when(answering()).then(queued_answer())


@pytest.mark.parametrize(
    ("channel", "usager", "means"),
    [
        ("phone", USAGER, "email"),
        ("letter", Person(id=THERE, name="M. Roy", address="1 rue Haute"), "letter"),
        ("form", Person(id=THERE, address="1 rue Haute"), "letter"),
        ("phone", Person(id=THERE, address="1 rue Haute"), "counter"),
        ("field", Person(id=THERE, name="M. Roy"), "counter"),
        ("field", None, "application"),
        ("phone", None, None),
    ],
)
def test_who_asks_is_told_by_the_surest_way_he_left(
    channel: str, usager: Person | None, means: Means | None
) -> None:
    assert means_of(opening(channel=channel, usager=usager)) == means


def test_an_answer_that_waits_is_withdrawn_before_another_is_given() -> None:
    said = SendAnswer(text="C'est fait", means="counter", addressee="usager")
    given(opened, queued_answer()).when(said).refused(AlreadyQueued)
    close = CloseDossier(outcome="done", reason="Fait")
    given(opened, answered, queued_answer()).when(close).refused(AlreadyQueued)
    withdrawn = MessageWithdrawn(message=2, reason="Dit au guichet")
    assert given(opened, queued_answer(), withdrawn).when(said).refusal is None


def test_what_is_said_at_the_counter_answers_who_heard_it_and_nobody_else() -> None:
    said = SendAnswer(text="Fait", means="counter", addressee="usager", with_linked=True)
    assert given(opened).when(said).refused(Invalid).pointer == "/with_linked"


def test_news_refused_after_the_closing_are_nobody_s_task_and_a_receipt_still_is() -> None:
    news = MessageQueued(kind="progress", means="email", text="Bientôt", next_date=MONDAY)
    refusal = RecordRefusal(message=2, reason="Boîte pleine")
    [alone] = given(opened, news, answered, closed).when(refusal).facts
    assert isinstance(alone, MessageRefused)
    receipt = given(opened, to_acknowledge, answered, closed).when(refusal).facts
    assert [type(one) for one in receipt] == [MessageRefused, LapseFound]
