"""What people do to dossiers, on which day, and when what they write leaves: plain dates."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from domain.terms import Channel, Outcome
from tests.year.catalogue import BRIDGES, FIRST, HOLIDAYS, LAST
from tests.year.days import Almanac

What = Literal[
    "open",
    "acknowledge",
    "take",
    "news",
    "wait",
    "back",
    "ask",
    "documents",
    "transfer",
    "send_back",
    "forward",
    "partner",
    "answer",
    "say",
    "close",
    "contest",
    "done",
]
Means = Literal["email", "letter", "wrong", "counter", "application", "nobody"]
"""How a resident is told; `wrong` is an e-mail address that nobody has."""
ALMANAC = Almanac.of(HOLIDAYS, BRIDGES)
YEAR = tuple(FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
POSTED = tuple(day for day in YEAR if day.isoweekday() == 4 and ALMANAC.works(day))
"""The days on which letters are posted: Thursdays."""
REMINDED = tuple(
    day for day in YEAR if day.isoweekday() == 1 and day.day <= 7 and ALMANAC.works(day)
)
"""The days on which the reminders look at an hour at which services are reminded: some Mondays,
since every working day would be as many e-mails as all dossiers are."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody does to a dossier on a `day`. `means` is how its resident is told of things;
    `until` the end of a wait, the day of the next news or that for which works are announced;
    `answer_by` the day for which news announce the answer; `received` the day on the stamp of what
    is opened later."""

    day: date
    dossier: UUID
    number: int
    what: What
    means: Means
    service: str
    procedure: str = ""
    channel: Channel = "form"
    received: date = FIRST
    until: date | None = None
    answer_by: date | None = None
    outcome: Outcome = "done"


def leaving(day: date, means: Means) -> date | None:
    """The day on which what is told on `day` leaves: letters with the next post, all else at once;
    None when no post leaves any more in the year."""
    if means != "letter":
        return day
    return next((posted for posted in POSTED if posted >= day), None)
