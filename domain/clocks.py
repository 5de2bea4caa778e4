"""What a time said by a person or a device may be, and what is doubted about it.

A time to come is a typing error at the desk and is refused there; a device in the field may have a
wrong clock and no network, so what it says is kept and flagged. Nothing beyond the calendar is
ever taken, since no due date could be counted from it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from domain.grammar import Author, Invalid, Role

A_DAY = timedelta(days=1)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)

OF_THE_FIELD: frozenset[Role] = frozenset(
    ("caretaker", "social_mediator", "parking_agent", "school_staff", "youth_worker")
)
"""Those whose device works away from the desk, offline included."""

OF_THE_DEVICE = "entered_at"
"""The device's own clock: nobody typed it, so nobody is asked to type it again."""


def doubts(
    said: Mapping[str, datetime | None], now: datetime, author: Author, *, from_field: bool = False
) -> tuple[str, ...]:
    """The flags of the times `said`, by field; `Invalid` for one more than a day ahead that was
    typed at the desk, and for one that no calendar holds."""
    ahead: list[str] = []
    for name, time in said.items():
        if time is None:
            continue
        if not EARLIEST <= time < LATEST:
            raise Invalid(f"/{name}", "Cette date est hors du calendrier (de 1900 à 8999).")
        if time > now + A_DAY:
            if not from_field and author.role not in OF_THE_FIELD and name != OF_THE_DEVICE:
                raise Invalid(f"/{name}", "Cette date est à plus d'un jour dans l'avenir.")
            ahead.append(f"{name}_in_the_future")
    return tuple(ahead)
