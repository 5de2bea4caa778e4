"""One dossier told a second time, as a handful of days: what is owed for it, found and repaired.

Nothing here knows the product's clocks or read models. The town's rules are told again in a few
lines, and the mornings on which somebody looks lie between two days on which something happened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.procedures import Delay
from tests.year.acts import ALMANAC, Act
from tests.year.book import Book
from tests.year.catalogue import PROCEDURES
from tests.year.days import DAY, Almanac, Pause, Span
from tests.year.outcome import Effect, Face


def span(delay: Delay) -> Span:
    """A delay of the catalogue, as the reckoning counts it."""
    onwards = delay.to_working_day is True
    return Span(delay.months, delay.days, delay.working_days, onwards)


RULES = {one.id: one for one in PROCEDURES}
REGISTERED, ACKNOWLEDGED = Span(working_days=1), Span(working_days=10)
PARTNER = Span(months=1)
REPAIRED_BY = {
    "acknowledge": ("registration_late", "acknowledgement_late", "message_refused"),
    "news": ("progress_late", "no_next_date", "message_refused"),
    "partner": ("partner_silent",),
    "answered": ("answer_late", "progress_late", "silence", "message_refused"),
    "closed": ("progress_late", "no_next_date", "partner_silent"),
    "done": ("planned_late",),
    "contest": ("planned_late",),
}


@dataclass
class Wait:
    """Days on which the town may wait: for documents, or for the resident himself."""

    documents: bool
    begun: date
    until: date
    ended: date | None = None

    @property
    def pause(self) -> Pause:
        return Pause(self.begun, min(self.ended or self.until, self.until))


class Case:
    """One dossier, as the acts go by."""

    def __init__(self, opened: Act, almanac: Almanac = ALMANAC) -> None:
        self.id, self.means, self.channel = opened.dossier, opened.means, opened.channel
        self.rule, self.almanac = RULES[opened.procedure], almanac
        self.received, self.service = opened.received, self.rule.service
        self.acknowledged: date | None = None
        self.answered: date | None = None
        self.decided: date | None = None
        self.closed: date | None = None
        self.outcome: str | None = None
        self.started = self.received
        self.waits: list[Wait] = []
        self.asked: list[Wait] = []
        self.next_news: date | None = None
        self.announced: date | None = None
        self.forwarded: date | None = None
        self.silent = False
        self.effects: list[Effect] = []
        self.book = Book(self.id, self.service)
        self.book.promise("answer", self.received, self.due)

    @property
    def due(self) -> date:
        """The last day of the answer."""
        pauses = [wait.pause for wait in self.waits]
        return self.almanac.last_day(self.started, span(self.rule.answer_within), pauses)

    @property
    def silence_on(self) -> date | None:
        """The last day on which silence has no effect."""
        after = span(self.rule.silence_after)
        if self.rule.silence == "none":
            return None
        if self.rule.silence == "refusal":
            pauses = [wait.pause for wait in self.asked]
            return self.almanac.last_day(self.received, after, pauses)
        start = self.received
        for wait in self.asked:
            if wait.begun > self.almanac.last_day(start, after):
                continue
            if wait.ended is None:
                return None
            start = max(start, wait.ended)
        return self.almanac.last_day(start, after)

    @property
    def silence_state(self) -> str:
        """In a word."""
        on = self.silence_on
        if self.rule.silence == "none":
            return "none"
        if self.decided is not None:
            return "acquired" if on is not None and on < self.decided else "answered"
        return "not_started" if on is None else "running"

    def happens(self, what: str, day: date, act: Act) -> None:
        """Something was done, or has left, on a day."""
        match what:
            case "acknowledge":
                self.acknowledged = day
            case "news":
                self.book.settle(day, "progress")
                assert act.until is not None
                self.next_news = act.until
                if act.answer_by is not None and self.answered is None:
                    self.book.announce(day, act.answer_by)
                self.book.promise("progress", day, act.until)
            case "wait" | "ask":
                assert act.until is not None
                self._waits(Wait(what == "ask", day, act.until))
            case "back" | "documents":
                self._comes(what == "documents", day)
            case "transfer" | "send_back":
                self.service = act.service
                self.book.move(act.service)
            case "forward":
                self.forwarded = day
            case "partner":
                self.forwarded = None
            case "answered":
                self.answered, self.next_news = day, None
                self.decided = self.decided or day
                self.book.settle(day, "answer", "progress")
            case "closed":
                self.closed, self.outcome, self.next_news = day, act.outcome, None
                self.announced = act.until
                self.book.settle(day, "progress")
                if act.until is not None:
                    self.book.promise("work", day, act.until)
            case "contest":
                self.closed = self.outcome = self.answered = self.announced = None
                self.started, self.waits = day, []
                self.book.settle(day, "work", kept="renegotiated")
                self.book.promise("answer", day, self.due)
            case "refused":
                self.book.find("message_refused", day, day)
            case "done":
                self.announced = None
                self.book.settle(day, "work")
            case _:
                pass
        self.book.repair(day, *REPAIRED_BY.get(what, ()))

    def owed(self) -> Iterator[tuple[str, date]]:
        """What is owed as things stand, and the last day on which it is in time."""
        last_day, waiting = self.almanac.last_day, self.closed is None
        if self.acknowledged is None and self.channel in ("form", "email"):
            yield "registration_late", last_day(self.received, REGISTERED)
        if self.acknowledged is None and self.means != "nobody":
            yield "acknowledgement_late", last_day(self.received, ACKNOWLEDGED)
        if waiting and self.answered is None:
            yield "answer_late", self.due
        if waiting and self.next_news is not None:
            yield "progress_late", self.next_news
        if waiting and self.answered is not None and self.next_news is None:
            yield "no_next_date", self.answered
        if self.announced is not None:
            yield "planned_late", self.announced
        if waiting and self.forwarded is not None:
            yield "partner_silent", last_day(self.forwarded, PARTNER)
        silent_on = self.silence_on
        if waiting and not self.silent and self.decided is None and silent_on is not None:
            yield "silence", silent_on

    def looked_at(self, first: date, last: date) -> None:
        """What the mornings from `first` to `last` find, while nothing else happens."""
        for kind, owed in self.owed():
            found = max(owed + DAY, first)
            if found <= last and not self.book.lasts(kind):
                self.book.find(kind, owed + DAY, found)
                if kind == "silence":
                    self.silent = True
                    rule = self.rule
                    self.effects.append(
                        Effect(self.id, rule.silence, owed + DAY, rule.source, found)
                    )
        self.book.bring_up(last)

    def face(self) -> Face:
        """How it stands."""
        return Face(
            self.id,
            "open" if self.closed is None else "closed",
            self.service,
            self.due,
            self.silence_on,
            self.silence_state,
            self.acknowledged,
            self.answered,
            self.closed,
            self.outcome,
        )

    def _waits(self, wait: Wait) -> None:
        if self.answered is None:
            self.waits.append(wait)
        if wait.documents and self.decided is None:
            self.asked.append(wait)
        self.book.put_off(self.due)

    def _comes(self, documents: bool, day: date) -> None:
        for wait in {id(one): one for one in (*self.waits, *self.asked)}.values():
            if wait.documents == documents and wait.ended is None:
                wait.ended = day
        self.book.put_off(self.due)
