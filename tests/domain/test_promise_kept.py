"""What holds whatever is asked of a dossier, in whatever order, on whatever days."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from domain import watching
from domain.calendars import WorkingDays
from domain.closing import ContestClosing, ReopenDossier
from domain.dossier import Dossier
from domain.dossier_events import (
    DossierAssigned,
    DossierClosed,
    DossierEvent,
    DossierReopened,
    SilenceTookEffect,
)
from domain.forwarding import HandOverAccepted, PartnerAnswered
from domain.grammar import Event, Refused, replay
from domain.handling import AssignDossier, RefuseAssignment
from domain.lapses import LapseFound, LapseKind, LapseRepaired
from domain.procedures import Delay
from domain.telling import AnswerSent, MessageSent, ProgressReported, ReceiptAcknowledged
from domain.waiting import AwaitUsager, EndWaiting, ReceiveDocuments
from domain.waits import DocumentsReceived, DocumentsRequested, WaitingBegan, WaitingEnded
from tests.domain import second_opinion
from tests.domain.clocks import guide
from tests.domain.commanding import KINDS, all_intentions, commands, openings
from tests.domain.course import MONDAY, Command, Course
from tests.domain.second_opinion import CLOSINGS, OPENINGS

ENDED_BY: tuple[tuple[type[Event], tuple[LapseKind, ...]], ...] = (
    (AnswerSent, ("answer_late", "progress_late", "silence")),
    (ProgressReported, ("progress_late", "no_next_date", "forwarding_untold")),
    (ReceiptAcknowledged, ("acknowledgement_late", "acknowledgement_incomplete")),
    (DossierClosed, ("progress_late", "no_next_date", "partner_silent")),
    (PartnerAnswered, ("partner_silent",)),
    (HandOverAccepted, ("partner_silent",)),
)
"""What a write that holds such a fact leaves no lapse of; none of them finds one either."""

BEGUN: tuple[type[Event], ...] = (DossierAssigned, MessageSent, WaitingEnded, LapseFound)
ENDED: tuple[type[Event], ...] = (AnswerSent, DossierClosed, DossierReopened, LapseRepaired)
MUST_HAPPEN = (*BEGUN, *ENDED, SilenceTookEffect)
ROUND = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
tried: Counter[str] = Counter()
carried: Counter[str] = Counter()
seen: Counter[str] = Counter()
delays = st.sampled_from((Delay(months=1), Delay(working_days=15), Delay(days=5)))


class AnyCourse(RuleBasedStateMachine):
    """A dossier, the days that go by, and everything that may be asked of it."""

    @initialize(
        opening=openings(),
        answer=delays,
        effect=st.sampled_from(("refusal", "acceptance", "none")),
        closed=st.frozensets(st.dates(MONDAY, date(2027, 6, 1)), max_size=40),
        first=st.integers(0, 40),
    )
    def begin(
        self, opening: Any, answer: Delay, effect: Any, closed: frozenset[date], first: int
    ) -> None:
        procedures = guide(answer_within=answer, silence=effect)
        self.procedure = procedures.versions["cantine"][0]
        self.closed = closed
        self.course = Course(
            day=MONDAY + timedelta(days=first),
            procedures=procedures,
            days=WorkingDays(closed=closed),
        )
        self.course.carry(opening)

    @rule(days=st.sampled_from((0, 0, 0, 1, 3, 12, 31)), tries=st.integers(1, 6), data=st.data())
    def ask(self, days: int, tries: int, data: st.DataObject) -> None:
        """Whatever anybody may ask, the system included, until something is not refused."""
        self.course.later(days)
        for _ in range(tries):
            if self.carry(data.draw(commands(self.course.dossier, self.course.day))):
                break

    @rule(more=st.integers(0, 1), wait=st.booleans())
    def come_to_the_last_day(self, more: int, wait: bool) -> None:
        """The last day of the answer, or the first one after it: to begin a wait, or to go on."""
        if second_opinion.owes_answer(self.course.past):
            last = self.due(self.course.past) + timedelta(days=more)
            self.course.day = max(self.course.day, last)
            if wait:
                self.carry(AwaitUsager(until=last + timedelta(days=20), reason="X"))

    @rule(days=st.sampled_from((1, 10, 31, 70)))
    def look(self, days: int) -> None:
        """What the process does that sees time pass."""
        self.course.later(days)
        for kind in KINDS:
            self.carry(watching.FindLapse(kind=kind))
            self.carry(watching.EscalateLapse(kind=kind, to="service_head"))
        self.carry(watching.RecordSilence())

    def carry(self, command: Command) -> bool:
        """Carry `command` and look at what it did; whether it was not refused."""
        course, name = self.course, type(command).__name__
        before, past = course.dossier, course.past
        transfer = isinstance(command, AssignDossier | RefuseAssignment)
        dates = self.dates() if transfer else None
        return_in_time = self.returns_in_time(command)
        tried[name] += 1
        lacking = isinstance(command, watching.FindLapse) and self.lacks(command.kind)
        try:
            facts = course.carry(command)
        except Refused:
            assert (course.dossier, course.past) == (before, past)
            if isinstance(command, watching.FindLapse):
                assert not lacking or command.kind in before.lapses
            return False
        carried[name] += 1
        seen.update(type(fact).__name__ for fact in facts)
        assert facts
        assert course.past[: len(past)] == past
        if isinstance(command, watching.FindLapse):
            assert lacking
        if type(command).__module__ == watching.__name__:
            assert course.dossier.state == before.state
            assert course.dossier.answered == before.answered
        if transfer:
            assert self.dates() == dates
        if isinstance(command, ReopenDossier | ContestClosing):
            self.must_keep(before)
        if return_in_time:
            assert not self.lacks("answer_late")
        self.must_have_repaired(facts)
        return True

    def lacks(self, kind: LapseKind) -> bool:
        """By a second opinion."""
        course = self.course
        return second_opinion.lacks(kind, course.past, course.day, self.procedure, self.closed)

    def dates(self) -> tuple[date | None, date | None]:
        """What was promised, and when silence has its effect."""
        at = self.course.at
        promise, silence = watching.promise_of(at), watching.silence_of(at)
        return (
            promise.due(at.days) if promise else None,
            silence.expires(at.days) if silence else None,
        )

    def returns_in_time(self, command: Command) -> bool:
        """Whether somebody comes back who was awaited before the answer was late, and as long as he
        was given."""
        match command:
            case EndWaiting():
                begins, ends = WaitingBegan, WaitingEnded
            case ReceiveDocuments(received_on=None):
                begins, ends = DocumentsRequested, DocumentsReceived
            case _:
                return False
        past, today = self.course.past, self.course.day
        if not second_opinion.owes_answer(past):
            return False
        lasting = second_opinion.after_last(past, ends, *OPENINGS)
        return any(
            isinstance(one.event, begins)
            and one.event.until >= today
            and second_opinion.day(one) <= self.due(past[: one.version - 1])
            for one in lasting
        )

    def due(self, past: second_opinion.Facts) -> date:
        """The last day of the answer, as the facts until then gave it."""
        return second_opinion.answer_due(past, self.procedure, self.closed)

    def must_keep(self, before: Dossier) -> None:
        """A reopening forgets the answer, the announced day and the waits only."""
        after = self.course.dossier
        assert (after.state, after.answered, after.planned) == ("open", False, None)
        for name in ("service", "acknowledged", "links", "correctable", "authority", "silent"):
            assert getattr(after, name) == getattr(before, name)

    def must_have_repaired(self, facts: list[DossierEvent]) -> None:
        for fact, kinds in ENDED_BY:
            if any(isinstance(one, fact) for one in facts):
                assert not set(kinds) & set(self.course.dossier.lapses)

    @invariant()
    def closed_only_by_an_answer(self) -> None:
        course = self.course
        assert second_opinion.is_open(course.past) == (course.dossier.state == "open")
        if course.dossier.state != "closed":
            return
        since = second_opinion.after_last(course.past, *OPENINGS)
        [place] = [n for n, one in enumerate(since) if isinstance(one.event, CLOSINGS)]
        closing = since[place].event
        assert second_opinion.has(since[:place], AnswerSent)
        assert isinstance(closing, DossierClosed)
        assert closing.reason

    @invariant()
    def silence_has_its_effect_once(self) -> None:
        assert len(self.course.find(SilenceTookEffect)) <= 1

    @invariant()
    def a_kind_of_lapse_lasts_once(self) -> None:
        lasting = second_opinion.lasting(self.course.past)
        assert sorted(lasting) == sorted(self.course.dossier.lapses)

    @invariant()
    def every_message_leaves_once(self) -> None:
        waiting = second_opinion.waiting(self.course.past)
        assert waiting == {n: one.kind for n, one in self.course.dossier.queued.items()}

    @invariant()
    def the_memory_is_what_the_facts_say(self) -> None:
        assert replay(Dossier(), self.course.facts) == self.course.dossier


ROUNDS = 12
"""At most; two are always played, and more only until everything has happened once."""


def everything_happened() -> bool:
    """Whether the invariants had something to look at."""
    asked = {one.__name__ for one in all_intentions()}
    return asked <= set(tried) and {one.__name__ for one in MUST_HAPPEN} <= set(seen)


def test_whatever_is_asked_on_whatever_day_the_promise_holds() -> None:
    played = 0
    while played < 2 or (played < ROUNDS and not everything_happened()):
        played += 1
        run_state_machine_as_test(AnyCourse, settings=ROUND)  # pyright: ignore[reportUnknownMemberType]
    print(f"{sum(carried.values())} commands carried of {sum(tried.values())}, {played} rounds")
    assert everything_happened(), (tried, seen)
