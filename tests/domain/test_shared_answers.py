"""Linked dossiers, answered together: each keeps its resident, its clock and its own way."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dossier import DossierIsClosed
from domain.dossier_events import DossierClosed, DossierLinked, DossierOpened, DossierUnlinked
from domain.grammar import Refused
from domain.handling import SendAnswer
from domain.linking import AlreadyLinked, LinkDossier, NotLinked, UnlinkDossier
from domain.policies import OnDossier, asked_by
from domain.sending import DoneOnTheSpot, NobodyToTell, QueueAnswer, RecordSending, WithdrawMessage
from domain.sharing import AnswerAlike, NotLinkedAnyMore
from domain.telling import AnswerSent, MessageQueued, MessageSent
from tests.domain.clocks import ORIGIN, fact
from tests.domain.course import ELSEWHERE, HERE, MONDAY, THERE, Town
from tests.domain.samples import (
    SIGNED,
    answered,
    answering,
    at_the_counter,
    closed,
    nobody,
    opened,
    opening,
    queued_answer,
)

by_letter = opening(acknowledge_by="letter")
together = SendAnswer(text="Réparé", means="letter", addressee="usager", with_linked=True)
NAMES = (HERE, THERE, ELSEWHERE)


def linked(*openings: DossierOpened, others: tuple[UUID, ...] = (THERE,)) -> Town:
    """Dossiers of which the first is linked to `others`."""
    town = Town(*openings)
    for other in others:
        town.carry(HERE, LinkDossier(dossier=other))
    town.refused.clear()
    return town


def test_linking_is_one_fact_on_each_side_and_so_is_unlinking() -> None:
    town = Town(opened, opened)
    town.carry(HERE, LinkDossier(dossier=THERE))
    assert town[HERE].find(DossierLinked) == [DossierLinked(dossier=THERE)]
    assert town[THERE].find(DossierLinked) == [DossierLinked(dossier=HERE)]
    assert town[THERE].refuses(LinkDossier(dossier=HERE)) is AlreadyLinked
    town.carry(THERE, UnlinkDossier(dossier=HERE))
    assert town[HERE].find(DossierUnlinked) == [DossierUnlinked(dossier=THERE)]
    assert town[THERE].find(DossierUnlinked) == [DossierUnlinked(dossier=HERE)]
    assert town[HERE].refuses(UnlinkDossier(dossier=THERE)) is NotLinked
    assert (town[HERE].dossier.links, town[THERE].dossier.links) == (frozenset(), frozenset())
    assert [one.dossier.state for one in (town[HERE], town[THERE])] == ["open", "open"]


def test_an_answer_that_was_given_is_recorded_on_each_linked_dossier_once() -> None:
    town = linked(opened, opened, by_letter, others=(THERE, ELSEWHERE))
    town.carry(HERE, together)
    [first] = town[HERE].find(AnswerSent)
    assert first.shared_with == (THERE, ELSEWHERE)
    for other in (THERE, ELSEWHERE):
        said = AnswerSent(text="Réparé", means="letter", addressee="usager")
        assert town[other].find(AnswerSent) == [said]
        assert town[other].dossier.state == "open"
    assert town.refused == []


def test_an_answer_alone_is_for_one_dossier() -> None:
    town = linked(opened, opened)
    town.carry(HERE, SendAnswer(text="Réparé", means="letter", addressee="usager"))
    town.carry(HERE, answering())
    assert not town[THERE].dossier.answered
    assert town[THERE].dossier.queued == {}


def test_an_answer_to_be_sent_waits_on_each_dossier_by_its_own_resident_s_way() -> None:
    town = linked(opened, by_letter)
    town.carry(HERE, answering(with_linked=True))
    assert town[HERE].find(MessageQueued) == [queued_answer(shared_with=(THERE,))]
    assert town[THERE].find(MessageQueued) == [queued_answer(means="letter")]


def test_each_dossier_is_closed_when_its_own_message_has_left() -> None:
    town = linked(opened, by_letter)
    town.carry(HERE, answering(with_linked=True))
    town.carry(HERE, RecordSending(message=3, message_id="<1>", proof="250 OK"))
    assert town[HERE].dossier.state == "closed"
    assert (town[THERE].dossier.state, town[THERE].dossier.answered) == ("open", False)
    town.carry(THERE, RecordSending(message=3, message_id="lot/1", proof="Envoi 1"))
    [answer] = town[THERE].find(AnswerSent)
    assert (answer.means, answer.proof) == ("letter", "Envoi 1")
    assert town[THERE].find(DossierClosed) == [
        DossierClosed(outcome="done", reason="Ampoule changée.")
    ]


def test_withdrawing_one_message_leaves_the_other_where_it_is() -> None:
    town = linked(opened, by_letter)
    town.carry(HERE, answering(with_linked=True))
    town.carry(THERE, WithdrawMessage(message=3, reason="Autre lampadaire"))
    assert list(town[HERE].dossier.queued) == [3]
    assert town[THERE].dossier.queued == {}
    assert not town[THERE].dossier.answered


def test_who_was_unlinked_before_the_answer_is_not_answered() -> None:
    for unlinking, answer in (
        (HERE, together),
        (THERE, together),
        (HERE, answering(with_linked=True)),
        (THERE, answering(with_linked=True)),
    ):
        town = linked(opened, opened, opened, others=(THERE, ELSEWHERE))
        other = THERE if unlinking == HERE else HERE
        town.carry(unlinking, UnlinkDossier(dossier=other))
        town.carry(HERE, answer)
        assert not town[THERE].find(AnswerSent)
        assert not town[THERE].find(MessageQueued)
        assert town[ELSEWHERE].find(AnswerSent) or town[ELSEWHERE].find(MessageQueued)


def test_an_answer_goes_no_further_than_the_dossiers_that_are_linked_to_its_own() -> None:
    town = linked(opened, opened, opened)
    town.carry(THERE, LinkDossier(dossier=ELSEWHERE))
    town.carry(HERE, together)
    assert town[THERE].find(AnswerSent)
    assert not town[ELSEWHERE].find(AnswerSent)


def test_a_linked_dossier_that_cannot_be_answered_so_stays_owed_an_answer() -> None:
    cases: list[tuple[DossierOpened, type[Refused]]] = [
        (at_the_counter, DoneOnTheSpot),
        (nobody(), NobodyToTell),
    ]
    for other, reason in cases:
        town = linked(opened, other)
        town.carry(HERE, answering(with_linked=True))
        assert town.refused == [(THERE, reason)]
        assert (town[THERE].dossier.state, town[THERE].dossier.answered) == ("open", False)


def test_a_linked_dossier_that_is_closed_already_is_not_answered_again() -> None:
    town = linked(opened, opened)
    town[THERE].record([answered, closed])
    town.carry(HERE, together)
    assert town.refused == [(THERE, DossierIsClosed)]
    assert len(town[THERE].find(AnswerSent)) == 1


def test_the_words_the_signature_and_the_announced_day_go_to_all() -> None:
    planned = {"outcome": "planned", "planned_for": MONDAY}
    message = queued_answer(shared_with=(THERE,), addressee="beneficiary", **planned)
    [asked] = asked_by(fact(MONDAY, message))
    assert asked == OnDossier(
        id=THERE,
        command=AnswerAlike(
            linked=HERE,
            answer=QueueAnswer(
                text="Le lampadaire est réparé.",
                signatory=SIGNED,
                outcome="planned",
                reason="Ampoule changée.",
                planned_for=MONDAY,
            ),
        ),
    )


def test_who_was_parted_before_the_answer_reached_him_is_not_answered() -> None:
    town = linked(opened, opened)
    alike = AnswerAlike(
        linked=HERE, answer=SendAnswer(text="Fait", means="letter", addressee="usager")
    )
    assert town[THERE].refuses(alike) is None
    town[THERE].carry(UnlinkDossier(dossier=HERE))
    assert town[THERE].refuses(alike) is NotLinkedAnyMore


def test_history_and_messages_without_words_share_nothing() -> None:
    shared = queued_answer(shared_with=(THERE,))
    assert asked_by(fact(MONDAY, shared, ORIGIN)) == ()
    assert asked_by(fact(MONDAY, queued_answer())) == ()
    assert asked_by(fact(MONDAY, queued_answer(shared_with=(THERE,), text=None))) == ()
    news = MessageQueued(kind="progress", means="email", text="Oui", shared_with=(THERE,))
    assert asked_by(fact(MONDAY, news)) == ()
    left = MessageSent(message=2, kind="answer", means="email", message_id="x")
    assert asked_by(fact(MONDAY, left)) == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(("+", "-", "!"))),
        max_size=14,
    )
)
def test_links_are_mutual_and_an_answer_reaches_those_linked_that_moment(
    steps: list[tuple[UUID, UUID, str]],
) -> None:
    town = Town(opened, opened, opened)
    pairs: set[frozenset[UUID]] = set()
    answers = dict.fromkeys(NAMES, 0)
    for one, other, what in steps:
        if what == "!":
            town.carry(one, together)
            for name in NAMES:
                answers[name] += name == one or frozenset((one, name)) in pairs
        elif one != other and (what == "+") != (frozenset((one, other)) in pairs):
            town.carry(one, (LinkDossier if what == "+" else UnlinkDossier)(dossier=other))
            pairs ^= {frozenset((one, other))}
        for name in NAMES:
            mutual = {next(iter(pair - {name})) for pair in pairs if name in pair}
            assert town[name].dossier.links == mutual
            assert len(town[name].find(AnswerSent)) == answers[name]
