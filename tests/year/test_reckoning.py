"""The reckoning itself, by examples that were counted on a calendar, and the eyes for what must
never be in a log."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from domain.calendars import WorkingDays
from domain.deadlines import Pause as DomainPause
from domain.deadlines import due
from domain.dossier_events import DossierClosed
from domain.grammar import Author, Event, Recorded, Times
from domain.lapses import LapseFound
from domain.procedures import Delay
from domain.telling import AnswerSent, MessageQueued, MessageSent
from tests.year.acts import Act, Means, What
from tests.year.catalogue import HOLIDAYS
from tests.year.clock import at
from tests.year.days import Almanac, Pause, Span
from tests.year.found import Log, differences
from tests.year.outcome import Effect, Lapse, Message, Promise, Raised
from tests.year.reckoning import reckon

ID = UUID(int=7)
HELD = Almanac.of(HOLIDAYS)
DAYS = some.dates(date(2025, 1, 1), date(2025, 6, 30))
PAUSES = some.lists(some.tuples(DAYS, some.integers(0, 40)), max_size=3)


def on(month: int, day: int) -> date:
    return date(2025, month, day)


def act(
    day: date, what: What, means: Means = "email", until: date | None = None, number: int = 1
) -> Act:
    return Act(
        day=day,
        dossier=ID,
        number=number,
        what=what,
        means=means,
        service="etat-civil",
        procedure="livret",
        received=day,
        until=until,
    )


def test_days_are_counted_as_on_a_calendar() -> None:
    assert HELD.last_day(on(1, 31), Span(months=1)) == on(2, 28)
    assert HELD.last_day(on(4, 10), Span(working_days=10)) == on(
        4, 25
    )  # Easter Monday lies between
    wait = Pause(on(3, 10), on(3, 20))
    assert HELD.last_day(on(3, 3), Span(months=1), [wait]) == on(4, 13)
    assert HELD.last_day(on(3, 3), Span(months=1, onwards=True), [wait]) == on(4, 14)
    assert HELD.back(on(3, 18), 2) == on(3, 14)


@settings(max_examples=400, deadline=None)
@given(
    start=DAYS,
    months=some.integers(0, 3),
    days=some.integers(0, 40),
    working_days=some.integers(0, 30),
    onwards=some.booleans(),
    pauses=PAUSES,
)
def test_the_product_counts_the_same_days(
    start: date,
    months: int,
    days: int,
    working_days: int,
    onwards: bool,
    pauses: list[tuple[date, int]],
) -> None:
    waits = [(begun, begun + timedelta(days=length)) for begun, length in pauses]
    ours = HELD.last_day(
        start, Span(months, days, working_days, onwards), [Pause(*wait) for wait in waits]
    )
    delay = Delay(months=months, days=days, working_days=working_days, to_working_day=onwards)
    closed = WorkingDays(closed=frozenset(HOLIDAYS))
    theirs = due(start, delay, closed, [DomainPause(begun=b, ended=e) for b, e in waits])
    assert ours == theirs


def test_a_dossier_nobody_looks_at() -> None:
    year = reckon([[act(on(3, 3), "open")]])
    assert year.messages == [Message(ID, "acknowledgement", "email", on(3, 3), on(3, 3))]
    assert year.promises == [Promise(ID, "answer", "etat-civil", on(3, 3), on(3, 13))]
    assert year.lapses == [
        Lapse(ID, "answer_late", "etat-civil", on(3, 14), on(3, 14), "evaluation"),
        Lapse(ID, "silence", "etat-civil", on(4, 4), on(4, 4), "evaluation"),
    ]
    assert sorted(year.raised, key=lambda one: one.day) == [
        Raised(ID, "answer_late", "service_head", on(3, 18)),
        Raised(ID, "answer_late", "evaluation", on(3, 28)),
        Raised(ID, "silence", "service_head", on(4, 8)),
        Raised(ID, "silence", "evaluation", on(4, 18)),
    ]
    assert year.effects == [Effect(ID, "refusal", on(4, 4), "CRPA L231-4", on(4, 4))]


def test_a_letter_that_waits_for_the_post_answers_too_late() -> None:
    answered = act(on(3, 11), "answer", "letter", number=2)
    year = reckon([[act(on(3, 3), "open", "letter"), answered]])
    assert [one.left for one in year.messages] == [on(3, 6), on(3, 13)]
    assert [(one.state, one.settled) for one in year.promises] == [("kept", on(3, 13))]
    late = act(on(3, 14), "answer", "letter", number=2)
    year = reckon([[act(on(3, 3), "open", "letter"), late]])
    assert [(one.state, one.settled) for one in year.promises] == [("broken", on(3, 20))]
    assert [(one.kind, one.repaired) for one in year.lapses if one.kind == "answer_late"] == [
        ("answer_late", on(3, 20))
    ]


AGENT, OUTBOX, REMINDERS = (
    Author(role="service_agent", account="a"),
    Author(role="system", account="outbox"),
    Author(role="system", account="reminders"),
)
ANSWER = MessageQueued(kind="answer", means="email", text="Oui", outcome="done")
SENT = MessageSent(message=1, kind="answer", means="email", message_id="<1@ville.example>")
SAID = AnswerSent(text="Oui", means="email", addressee="usager")
CLOSED = DossierClosed(outcome="done")


def read(*facts: tuple[Author, str, Sequence[Event]]) -> Log:
    """A log of one dossier: who gave which command, and what came of it."""
    log, version = Log(), 0
    moment: datetime = at(on(3, 3), 10)
    times = Times(happened_at=moment, received_at=moment, entered_at=moment, recorded_at=moment)
    for author, command_id, events in facts:
        for event in events:
            version += 1
            log.take(
                ID,
                Recorded(
                    stream=f"dossier.{ID}",
                    version=version,
                    event=event,
                    times=times,
                    author=author,
                    command_id=command_id,
                ),
            )
    return log


def test_an_answer_that_a_person_queued_may_close() -> None:
    log = read((AGENT, "a", [ANSWER]), (OUTBOX, "b", [SENT, SAID, CLOSED]))
    assert log.complaints == []
    assert log.sent == log.queued


@pytest.mark.parametrize(
    ("log", "complaint"),
    [
        (read((AGENT, "a", [CLOSED])), "closed without an answer"),
        (read((AGENT, "a", [SAID]), (REMINDERS, "b", [CLOSED])), "the reminders said"),
        (read((AGENT, "a", [SAID]), (OUTBOX, "b", [CLOSED])), "closed by nobody"),
        (
            read((OUTBOX, "a", [ANSWER]), (OUTBOX, "b", [SENT, SAID, CLOSED])),
            "closed by nobody",
        ),
        (
            read((AGENT, "a", [ANSWER]), (OUTBOX, "b", [SENT, SAID]), (OUTBOX, "c", [CLOSED])),
            "closed by nobody",
        ),
    ],
)
def test_a_closing_by_time_is_seen(log: Log, complaint: str) -> None:
    assert complaint in " ".join(log.complaints)


def test_what_is_there_twice_is_seen() -> None:
    lapse = LapseFound(kind="answer_late", since=on(3, 3), service="voirie")
    log = read((AGENT, "a", [ANSWER]), (OUTBOX, "b", [SENT, SENT]), (REMINDERS, "c", [lapse] * 2))
    assert log.sent[ID, 1] == 2
    once = log.year.lapses[:1]
    assert differences("lapse", once, once) == ""
    assert "too many" in differences("lapse", once, log.year.lapses)
    assert "missing" in differences("lapse", log.year.lapses, once)
