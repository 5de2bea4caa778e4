"""The legal effect of silence: a pure function of facts, procedure version and working days.

A deemed refusal counts from receipt by the administration first reached, a deemed acceptance from
receipt by the competent one (CRPA L114-3). Missing documents suspend the first for the delay given,
or until they come; the second only starts when they have come (L114-5). A transfer inside the town,
the wait for a resident and a reopening move neither. Nothing here closes or answers anything.
"""

from datetime import date, tzinfo
from typing import Any, Literal

from msgspec.structs import replace

from domain.calendars import WorkingDays
from domain.deadlines import day_of, due
from domain.dossier_events import DossierOpened
from domain.grammar import Recorded, Value
from domain.procedures import Delay, Procedures, Silence
from domain.promise_clock import waits_after
from domain.telling import AnswerSent
from domain.waits import DocumentsReceived, DocumentsRequested, ReceivedByCompetent, Wait

State = Literal["none", "not_started", "running", "answered", "acquired"]
"""`none`: no effect at all; `not_started`: the competent authority or documents are awaited;
`running`: no answer yet, and once its day has passed the effect is there, for who reads to see;
`answered`: an express decision came in time; `acquired`: one came too late."""


class SilenceClock(Value, frozen=True, omit_defaults=True):
    """What the date is computed from: the rule of the procedure's version, the two receipts, the
    requests for documents, and the day of the express decision."""

    effect: Silence
    after: Delay
    source: str
    received: date
    competent: date | None
    requests: tuple[Wait, ...] = ()
    answered: date | None = None

    def expires(self, days: WorkingDays) -> date | None:
        """The last day on which a decision is in time; None without an effect or a start."""
        match self.effect:
            case "none":
                return None
            case "refusal":
                return due(self.received, self.after, days, [r.pause for r in self.requests])
            case "acceptance":
                return self._acceptance(days)

    def _acceptance(self, days: WorkingDays) -> date | None:
        start = self.competent
        if start is None:
            return None
        for request in self.requests:
            if request.begun > due(start, self.after, days):
                continue  # what is acquired by silence is not undone by asking for more
            if request.ended is None:
                return None
            start = max(start, request.ended)
        return due(start, self.after, days)

    def state(self, days: WorkingDays) -> State:
        """How it stands, as far as facts tell."""
        if self.effect == "none":
            return "none"
        expires = self.expires(days)
        if self.answered is not None:
            return "acquired" if expires is not None and expires < self.answered else "answered"
        return "running" if expires is not None else "not_started"


def silence_clock_after(
    clock: SilenceClock | None, fact: Recorded[Any], procedures: Procedures, zone: tzinfo
) -> SilenceClock | None:
    """The clock after `fact`; None before the opening, for history, and for a procedure whose
    version nobody published. The version is the one the dossier was opened under."""
    if fact.origin is not None:
        return clock
    today = day_of(fact.times.received_at, zone)
    match fact.event:
        case DossierOpened():
            return opened(fact, fact.event, procedures, zone)
        case _ if clock is None:
            return None
        case ReceivedByCompetent(received_on=day):
            return replace(clock, competent=day or today)
        case _ if clock.answered is not None:
            return clock
        case AnswerSent():
            return replace(clock, answered=today)
        case DocumentsRequested() | DocumentsReceived():
            return replace(clock, requests=waits_after(clock.requests, fact.event, today))
        case _:
            return clock


def opened(
    fact: Recorded[Any], event: DossierOpened, procedures: Procedures, zone: tzinfo
) -> SilenceClock | None:
    """The clock as the opening sets it."""
    procedure = procedures.version(event.procedure, event.procedure_version)
    if procedure is None:
        return None
    received = day_of(fact.times.received_at, zone)
    at_competent = fact.times.received_by_competent_at
    competent = day_of(at_competent, zone) if at_competent else None
    if competent is None and procedure.competence == "town":
        competent = received
    return SilenceClock(
        effect=procedure.silence,
        after=procedure.silence_after,
        source=procedure.source,
        received=received,
        competent=competent,
    )
