"""To whom a message goes: read off the facts of its dossier, never kept anywhere else."""

from typing import Any

from msgspec import UNSET, UnsetType

from domain.dossier_events import DossierOpened
from domain.forwarding import DossierForwarded
from domain.grammar import ERASED, Recorded
from domain.telling import MessageQueued


def opening(past: tuple[Recorded[Any], ...]) -> Recorded[DossierOpened]:
    """The first fact of a dossier."""
    return past[0]


def forwarded(past: tuple[Recorded[Any], ...]) -> tuple[int, DossierForwarded]:
    """The last time that the dossier was forwarded, by its entry."""
    return [(f.version, f.event) for f in past if isinstance(f.event, DossierForwarded)][-1]


def recipient(message: MessageQueued, past: tuple[Recorded[Any], ...]) -> str | None:
    """The address or number a message goes to; None where none is left."""
    if message.kind == "transmission":
        return left(forwarded(past)[1].partner_email)
    usager = opening(past).event.usager
    if usager is None:
        return None
    return left(usager.email if message.means == "email" else usager.phone)


def left(value: str | UnsetType | None) -> str | None:
    """A personal value that was given and not erased."""
    return None if value in (None, "", ERASED, UNSET) else str(value)
