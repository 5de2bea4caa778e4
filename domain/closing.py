"""What may be decided at the end of a dossier: its closing, and what reopens it.

A closing needs an answer that was sent, an outcome and its reason in plain words. Nothing here
happens by the passing of time.
"""

from collections.abc import Sequence
from datetime import date

from msgspec import UNSET

from domain.circumstances import Circumstances
from domain.deadlines import day_of, due
from domain.dossier import AlreadyQueued, Dossier, DossierIsOpen
from domain.dossier_events import (
    ClosedAtOrigin,
    DossierClosed,
    DossierEvent,
    DossierOpened,
    DossierReopened,
    PlannedWorkDone,
)
from domain.grammar import Invalid, Refused
from domain.intention import Intention, Text, must_be_open, must_exist
from domain.procedures import Delay
from domain.telling import MessageWithdrawn
from domain.terms import Outcome

CONTEST_WITHIN = Delay(months=2)
"""How long a resident may contest a closing, where his procedure says nothing."""

OUTDATED = "Le dossier est rouvert : une nouvelle réponse est due."
"""Why an answer that waits does not leave any more."""

# What may be decided


class CloseDossier(Intention, frozen=True, kw_only=True):
    """`planned_for` is the day for which an outcome `planned` is announced."""

    outcome: Outcome
    reason: Text
    planned_for: date | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        if not dossier.answered:
            raise AnswerNotSent
        if dossier.answer_waits:
            raise AlreadyQueued
        must_fit(self.outcome, self.reason, self.planned_for, dossier, at)
        return [closed(self.outcome, self.reason, self.planned_for)]


class ReopenDossier(Intention, frozen=True, kw_only=True):
    reason: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if dossier.state == "open":
            raise DossierIsOpen
        return [DossierReopened(reason=self.reason), *outdated(dossier)]


class ContestClosing(Intention, frozen=True, kw_only=True):
    """The resident does not agree; within the delay of his procedure the dossier reopens, with its
    whole history."""

    reason: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if dossier.state == "open":
            raise DossierIsOpen
        last = contestable_until(at)
        if last is not None and at.today > last:
            raise ContestTooLate
        return [DossierReopened(reason=self.reason, contested=True), *outdated(dossier)]


class ConfirmPlannedWork(Intention, frozen=True, kw_only=True):
    """What the closing announced for a date has been done."""

    text: Text | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if dossier.planned is None:
            raise NothingPlanned
        return [PlannedWorkDone(text=self.text)]


def must_fit(
    outcome: Outcome,
    reason: str | None,
    planned_for: date | None,
    dossier: Dossier,
    at: Circumstances,
) -> None:
    """Refuse an outcome that does not say what it must."""
    if reason is None:
        raise Invalid("/reason", "Une clôture dit pourquoi, en clair.")
    if (outcome == "planned") != (planned_for is not None):
        raise Invalid(
            "/planned_for", "Une date annoncée va avec l'issue « planned », et elle seule."
        )
    if planned_for is not None and planned_for < at.today:
        raise Invalid("/planned_for", "La date annoncée est déjà passée.")
    if outcome == "forwarded" and not dossier.authority:
        raise NeverForwarded
    if outcome == "forwarded" and dossier.watched:
        raise StillWatched


def closed(outcome: Outcome, reason: str | None, planned_for: date | None) -> DossierClosed:
    """The closing as the log keeps it."""
    if planned_for is None:
        return DossierClosed(outcome=outcome, reason=reason)
    return DossierClosed(outcome=outcome, reason=reason, planned_for=planned_for)


def outdated(dossier: Dossier) -> Sequence[MessageWithdrawn]:
    """The answers that still wait, withdrawn: written before the reopening, they would be the new
    answer that is owed, and close the dossier again."""
    return [
        MessageWithdrawn(message=number, reason=OUTDATED)
        for number, message in dossier.queued.items()
        if message.kind == "answer"
    ]


def contestable_until(at: Circumstances, on: date | None = None) -> date | None:
    """The last day on which a closing of the day `on` may be contested, or else the last one; None
    where there is none."""
    within, closing = CONTEST_WITHIN, None
    for fact in at.past:
        match fact.event:
            case DossierOpened(procedure=id, procedure_version=number):
                procedure = at.procedures.version(id, number)
                if procedure is not None and procedure.contest_within is not UNSET:
                    within = procedure.contest_within
            case ClosedAtOrigin():
                closing = day_of(fact.times.received_at, at.zone)
            case DossierClosed(planned_for=planned):
                closing = day_of(fact.times.received_at, at.zone)
                if isinstance(planned, date):  # only then is it seen whether it was done
                    closing = max(closing, planned)
            case _:
                pass
    day = on or closing
    return None if day is None else due(day, within, at.days)


# Why the answer may be no


class AnswerNotSent(Refused):
    title = "Aucune réponse n'a été donnée : un dossier ne se clôt pas sans réponse."


class ContestTooLate(Refused):
    title = "Le délai pour contester est passé ; une nouvelle demande reste possible."


class NothingPlanned(Refused):
    title = "Le dossier n'annonce rien qui reste à faire."


class NeverForwarded(Refused):
    title = "Le dossier n'a été transmis à aucune autre autorité."


class StillWatched(Refused):
    title = (
        "Le dossier reste suivi : l'autorité n'a pas répondu, et l'usager n'a pas accepté qu'elle "
        "poursuive seule."
    )
