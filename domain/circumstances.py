"""What surrounds a decision: the moment, the hand that writes, the past, the town of that day."""

from datetime import UTC, date, datetime, tzinfo
from typing import Any
from uuid import UUID

from domain.calendars import WorkingDays
from domain.deadlines import WEEKDAYS, day_of
from domain.grammar import Author, Recorded, Value
from domain.organisation import Organisation
from domain.procedures import Procedures


class Circumstances(Value, frozen=True):
    """Everything a command may look at besides the dossier itself.

    `past` are the facts of the dossier, for what a clock must be read from; `days` those on which
    the town works, `zone` its own time. `fresh` are identifiers whose keys have been prepared: a
    new person takes one, so that opening for someone unknown is still one fact.
    """

    now: datetime
    author: Author
    organisation: Organisation = Organisation()
    procedures: Procedures = Procedures()
    days: WorkingDays = WEEKDAYS
    zone: tzinfo = UTC
    past: tuple[Recorded[Any], ...] = ()
    fresh: tuple[UUID, ...] = ()

    @property
    def today(self) -> date:
        """The day it is in the town."""
        return day_of(self.now, self.zone)
