"""What every intention on a dossier shares: the words it carries and the state it needs."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from domain.dossier import Dossier, DossierIsClosed, DossierUnknown
from domain.grammar import Value

WRITTEN = r"[^\s\u200b-\u200f\u2028-\u202e\u2060\ufeff]"
"""Something a person can see: not only spaces, nor characters without a width."""

Text = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=WRITTEN)]
"""Words of a person, not empty, 10,000 characters at most."""

Short = Annotated[str, Meta(min_length=1, max_length=300, pattern=WRITTEN)]
"""A name, an address, a place: 300 characters at most."""


Moment = Annotated[datetime, Meta(tz=True)]
"""A date and time that says its offset from UTC (RFC 3339)."""


class Intention(Value, frozen=True):
    """What every intention may carry: when it happened, and when a device entered it."""

    happened_at: Moment | None = None
    entered_at: Moment | None = None


def must_exist(dossier: Dossier) -> None:
    """Refuse what concerns a dossier that was never opened."""
    if dossier.state == "unknown":
        raise DossierUnknown


def must_be_open(dossier: Dossier) -> None:
    """Refuse what a closed dossier forbids."""
    must_exist(dossier)
    if dossier.state == "closed":
        raise DossierIsClosed
