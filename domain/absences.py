"""*Absences.* An agent who is away: what he had taken goes back to the queue of its service.

The account is a pseudonym, and no reason is kept: why somebody is away concerns nobody here.
"""

from collections.abc import Sequence
from datetime import date
from typing import assert_never

from domain.circumstances import Circumstances
from domain.grammar import Event, Invalid, Refused, Value, changed

# What can happen


class AbsenceAnnounced(Event, frozen=True):
    """*Absence annoncée* of the account, from `first` to `last`, both included."""

    account: str
    first: date
    last: date


class AbsenceEnded(Event, frozen=True):
    """*Retour anticipé* on the day `on`."""

    account: str
    on: date


AbsenceEvent = AbsenceAnnounced | AbsenceEnded

# What we remember


class Absence(Value, frozen=True):
    """The last absence of an account."""

    version: int = 0
    first: date | None = None
    last: date | None = None

    def evolve(self, event: AbsenceEvent) -> "Absence":
        """The memory after `event`."""
        after = changed(self, version=self.version + 1)
        match event:
            case AbsenceAnnounced(first=first, last=last):
                return changed(after, first=first, last=last)
            case AbsenceEnded():
                return changed(after, first=None, last=None)
            case _:
                assert_never(event)


# What may be decided


class AnnounceAbsence(Value, frozen=True):
    """Say that an account is away; a new absence takes the place of the one before."""

    account: str
    first: date
    last: date

    def decide(self, absence: Absence, at: Circumstances) -> Sequence[AbsenceEvent]:
        if self.last < self.first:
            raise Invalid("/last", "L'absence finit avant de commencer.")
        if self.last < at.today:
            raise Invalid("/last", "Cette absence est passée.")
        return [AbsenceAnnounced(account=self.account, first=self.first, last=self.last)]


class EndAbsence(Value, frozen=True):
    """Say that an account is back."""

    account: str

    def decide(self, absence: Absence, at: Circumstances) -> Sequence[AbsenceEvent]:
        if absence.last is None or absence.last < at.today:
            raise NotAbsent
        return [AbsenceEnded(account=self.account, on=at.today)]


# Why the answer may be no


class NotAbsent(Refused):
    title = "Aucune absence n'est annoncée pour ce compte."
