"""*Simulation.* What happened, replayed under other rules: how many answers would have been late.

Nothing here is a fact and nothing follows from it: a policy is tried before anybody commits to it.
History taken over from another software is counted apart, since the town promised nothing for it.
"""

from collections.abc import Iterable
from datetime import date, tzinfo
from typing import Any, Literal

from msgspec.structs import replace

from domain.calendars import WorkingDays
from domain.deadlines import day_of, due
from domain.dossier_events import (
    AssignmentRefused,
    ClosedAtOrigin,
    DossierAssigned,
    DossierOpened,
    DossierReopened,
)
from domain.grammar import Recorded, Value
from domain.procedures import Delay, Procedures, Silence
from domain.promise_clock import PromiseClock, promise_after
from domain.silence_clock import SilenceClock, silence_clock_after

ALL = "*"
"""The name under which a policy speaks of every procedure it does not name."""


class Draft(Value, frozen=True):
    """What a policy changes in a procedure; None stays as each dossier's own version has it."""

    answer_within: Delay | None = None
    silence: Silence | None = None
    silence_after: Delay | None = None


class Policy(Value, frozen=True):
    """The rules to try, by procedure; `*` is for all others."""

    procedures: dict[str, Draft]

    def of(self, procedure: str) -> Draft:
        """What it changes in `procedure`."""
        return self.procedures.get(procedure) or self.procedures.get(ALL) or Draft()


class Owed(Value, frozen=True):
    """One answer that was owed: since which day, by which service in the end, and the day it came;
    for history, the day the other software closed."""

    since: date
    service: str
    promise: PromiseClock
    history: bool
    answered: date | None = None

    def day(self, draft: Draft, days: WorkingDays) -> date | None:
        """The last day of the answer under `draft`."""
        if draft.answer_within is None:
            return self.promise.due(days)
        if self.promise.started is None:
            return due(self.since, draft.answer_within, days)
        return replace(self.promise, delay=draft.answer_within).due(days)

    def late(self, draft: Draft, days: WorkingDays, today: date) -> bool:
        """Whether it came after that day, or has not come and the day is over."""
        day = self.day(draft, days)
        return day is not None and (self.answered or today) > day


class Replayed(Value, frozen=True):
    """One dossier as far as its clocks go."""

    procedure: str
    owed: tuple[Owed, ...]
    silence: SilenceClock | None

    def silent(self, draft: Draft, days: WorkingDays, today: date) -> bool:
        """Whether silence took effect before the answer, or today's end, under `draft`."""
        if self.silence is None:
            return False
        clock = replace(
            self.silence,
            effect=draft.silence or self.silence.effect,
            after=draft.silence_after or self.silence.after,
        )
        expires = clock.expires(days)
        return expires is not None and expires < (clock.answered or today)


def replayed(
    facts: Iterable[Recorded[Any]], procedures: Procedures, zone: tzinfo
) -> Replayed | None:
    """The dossier whose facts these are, oldest first; None when it was never opened."""
    procedure, owed, silence = "", list[Owed](), None
    promise: PromiseClock | None = None
    for fact in facts:
        promise = promise_after(promise, fact, zone)
        silence = silence_clock_after(silence, fact, procedures, zone)
        today, history = day_of(fact.times.received_at, zone), fact.origin is not None
        match fact.event:
            case DossierOpened(service=service) if promise:
                procedure = fact.event.procedure
                owed = [Owed(since=today, service=service, promise=promise, history=history)]
            case DossierReopened() if promise and owed and not history:
                owed.append(replace(owed[-1], since=today, history=False, answered=None))
            case DossierAssigned(service=service) | AssignmentRefused(service=service) if owed:
                owed[-1] = replace(owed[-1], service=service)
            case ClosedAtOrigin() if owed:
                owed[-1] = replace(owed[-1], answered=day_of(fact.times.happened_at, zone))
            case _:
                pass
        if owed and promise and not history:
            owed[-1] = replace(
                owed[-1], promise=promise, answered=promise.answered or owed[-1].answered
            )
    return Replayed(procedure=procedure, owed=tuple(owed), silence=silence) if owed else None


class Line(Value, frozen=True):
    """The figures of a service and the month its requests came in. `answers` that were owed, how
    many of them late as things were and under the policy, and in how many dossiers silence took
    effect, likewise. `series` keeps history apart."""

    series: Literal["town", "history"]
    service: str
    month: str
    answers: int = 0
    late: int = 0
    late_under_policy: int = 0
    silences: int = 0
    silences_under_policy: int = 0


class Tally:
    """Counts dossiers under a policy, the calendar and the day given."""

    def __init__(self, policy: Policy, days: WorkingDays, today: date) -> None:
        self._policy = policy
        self._days = days
        self._today = today
        self._lines: dict[tuple[str, str, str], Line] = {}

    def count(self, dossier: Replayed) -> None:
        """Add one dossier."""
        draft, days, today = self._policy.of(dossier.procedure), self._days, self._today
        for number, owed in enumerate(dossier.owed):
            series = "history" if owed.history else "town"
            month = f"{owed.since:%Y-%m}"
            key = (series, owed.service, month)
            line = self._lines.get(key) or Line(series=series, service=owed.service, month=month)
            asked = number == 0  # silence has its effect once, whatever is reopened
            self._lines[key] = replace(
                line,
                answers=line.answers + 1,
                late=line.late + owed.late(Draft(), days, today),
                late_under_policy=line.late_under_policy + owed.late(draft, days, today),
                silences=line.silences + (asked and dossier.silent(Draft(), days, today)),
                silences_under_policy=line.silences_under_policy
                + (asked and dossier.silent(draft, days, today)),
            )

    def lines(self) -> list[Line]:
        """What was counted: the town's own first, then by service and month."""
        return [self._lines[key] for key in sorted(self._lines, key=lambda k: (k[0] != "town", k))]
