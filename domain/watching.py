"""*Veille.* What may be decided because time has passed: only to say so, never to close or answer.

Whoever asks need not be right: each intention reads the clocks off the facts themselves, so one
that comes too early, too late or twice is refused.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, assert_never

from domain.calendars import WorkingDays
from domain.circumstances import Circumstances
from domain.deadlines import day_of, due
from domain.dossier import Dossier
from domain.dossier_events import (
    DossierClosed,
    DossierEvent,
    DossierOpened,
    DossierReleased,
    DossierReopened,
    SilenceTookEffect,
)
from domain.forwarding import DossierForwarded, HandOverAccepted, PartnerAnswered
from domain.grammar import Refused
from domain.intention import Intention, must_be_open, must_exist
from domain.lapses import LapseEscalated, LapseFound, LapseKind, Level
from domain.procedures import Delay, ProcedurePublished
from domain.promise_clock import PromiseClock, promise_after
from domain.silence_clock import SilenceClock, silence_clock_after
from domain.telling import AnswerSent, MessageSent, ProgressReported

A_DAY = timedelta(days=1)
REGISTERED_WITHIN = Delay(working_days=1)
"""The registration receipt of what came by electronic way (CRPA L112-11, R112-11-1)."""
ACKNOWLEDGED_WITHIN = Delay(working_days=10)
"""The acknowledgement where the procedure is not known (CRPA R112-11-1)."""
PARTNER_WITHIN = Delay(months=1)
"""How long another authority may say nothing before it is asked again: the town's own rule."""
ReceiptLapse = Literal["registration_late", "acknowledgement_late"]
LEVELS: tuple[Level, ...] = ("service", "service_head", "evaluation")

# What may be decided


class FindLapse(Intention, frozen=True, kw_only=True):
    """Say that the town owes something and has not done it, if that is so today."""

    kind: LapseKind

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if self.kind in dossier.lapses:
            raise LapseKnown
        owed = owed_until(self.kind, dossier, at)
        if owed is None or owed >= at.today:
            raise NoLapse
        return [LapseFound(kind=self.kind, since=owed + A_DAY, service=dossier.service)]


class EscalateLapse(Intention, frozen=True, kw_only=True):
    """Bring a lapse that lasts one level up."""

    kind: LapseKind
    to: Level

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if self.kind not in dossier.lapses:
            raise NoLapse
        if LEVELS.index(self.to) <= LEVELS.index(dossier.lapses[self.kind]):
            raise LapseKnown
        return [LapseEscalated(kind=self.kind, to=self.to)]


class RecordSilence(Intention, frozen=True, kw_only=True):
    """Say that silence has had the effect that the law attaches to it, beside the dossier."""

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        if dossier.silent:
            raise SilenceKnown
        clock = silence_of(at)
        last = clock.expires(at.days) if clock and clock.answered is None else None
        if clock is None or last is None or last >= at.today or clock.effect == "none":
            raise NotSilent
        return [
            SilenceTookEffect(effect=clock.effect, on=last + A_DAY, source=clock.source),
            LapseFound(kind="silence", since=last + A_DAY, service=dossier.service),
        ]


class ReleaseDossier(Intention, frozen=True, kw_only=True):
    """Put a dossier back into the queue of its service, for who had taken it is absent."""

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        if not dossier.taken:
            raise NotTaken
        return [DossierReleased()]


def owed_until(kind: LapseKind, dossier: Dossier, at: Circumstances) -> date | None:
    """The last day on which what `kind` misses was still in time; None where it is not owed. The
    kinds that other decisions find (a refused message, silence…) are never owed by time."""
    match kind:
        case "registration_late":
            return registration_due(at) if awaits_receipt(dossier) else None
        case "acknowledgement_late":
            return acknowledgement_due(at) if awaits_receipt(dossier) else None
        case "answer_late":
            owed = dossier.state == "open" and not dossier.answered
            clock = promise_of(at) if owed else None
            return clock.due(at.days) if clock and clock.started is not None else None
        case "progress_late":
            return next_date(at) if dossier.state == "open" else None
        case "no_next_date":
            open_after_answer = dossier.state == "open" and dossier.answered
            return answered_on(at) if open_after_answer and next_date(at) is None else None
        case "planned_late":
            return dossier.planned
        case "partner_silent":
            return partner_due(at) if dossier.watched and dossier.state == "open" else None
        case "acknowledgement_incomplete" | "message_refused" | "forwarding_untold" | "silence":
            return None
        case _:
            assert_never(kind)


def awaits_receipt(dossier: Dossier) -> bool:
    """Whether there is somebody to acknowledge to, and nobody has."""
    return dossier.reached_by is not None and not dossier.acknowledged


def registration_due(at: Circumstances) -> date | None:
    """The last day of the registration receipt; None where none is owed or one was sent."""
    last = None
    for fact in at.past:
        match fact.event:
            case DossierOpened(channel="email" | "form") if fact.origin is None:
                received = day_of(fact.times.received_at, at.zone)
                last = receipt_due("registration_late", received, None, at.days)
            case MessageSent(kind="registration"):
                return None
            case _:
                pass
    return last


def acknowledgement_due(at: Circumstances) -> date | None:
    """The last day of the acknowledgement, as the procedure's version says."""
    for fact in at.past:
        if isinstance(fact.event, DossierOpened) and fact.origin is None:
            event = fact.event
            procedure = at.procedures.version(event.procedure, event.procedure_version)
            received = day_of(fact.times.received_at, at.zone)
            return receipt_due("acknowledgement_late", received, procedure, at.days)
    return None


def receipt_due(
    kind: ReceiptLapse, received: date, procedure: ProcedurePublished | None, days: WorkingDays
) -> date:
    """The last day of a receipt for what came on the day `received` under that version of a
    `procedure`; the one that registers is the law's, the same for all."""
    if kind == "registration_late":
        return due(received, REGISTERED_WITHIN, days)
    return due(received, procedure.acknowledge_within if procedure else ACKNOWLEDGED_WITHIN, days)


def next_date(at: Circumstances) -> date | None:
    """The day of the next news, as last told since the opening, reopening or answer."""
    day = None
    for fact in at.past:
        match fact.event:
            case ProgressReported(next_date=told) if fact.origin is None:
                day = told
            case AnswerSent() | DossierReopened() | DossierClosed():
                day = None
            case _:
                pass
    return day


def answered_on(at: Circumstances) -> date | None:
    """The day of the last answer."""
    days = [
        day_of(fact.times.received_at, at.zone)
        for fact in at.past
        if isinstance(fact.event, AnswerSent) and fact.origin is None
    ]
    return days[-1] if days else None


def partner_due(at: Circumstances) -> date | None:
    """The last day on which the partner's silence is nothing yet; asking the same one again gives
    it no more time."""
    authority, since = "", None
    for fact in at.past:
        match fact.event:
            case DossierForwarded(authority=named) if fact.origin is None:
                if since is None or named != authority:
                    authority, since = named, day_of(fact.times.received_at, at.zone)
            case PartnerAnswered() | HandOverAccepted():
                since = None
            case _:
                pass
    return None if since is None else due(since, PARTNER_WITHIN, at.days)


def promise_of(at: Circumstances) -> PromiseClock | None:
    """The promise's clock after all facts."""
    clock: PromiseClock | None = None
    for fact in at.past:
        clock = promise_after(clock, fact, at.zone)
    return clock


def silence_of(at: Circumstances) -> SilenceClock | None:
    """The clock of silence after all facts."""
    clock: SilenceClock | None = None
    for fact in at.past:
        clock = silence_clock_after(clock, fact, at.procedures, at.zone)
    return clock


# Why the answer may be no


class LapseKnown(Refused):
    title = "Ce manquement est déjà signalé."


class NoLapse(Refused):
    title = "Rien ne manque aujourd'hui."


class SilenceKnown(Refused):
    title = "L'effet du silence est déjà enregistré."


class NotSilent(Refused):
    title = "Le silence n'a pas d'effet aujourd'hui."


class NotTaken(Refused):
    title = "Personne n'a pris ce dossier en charge."
