"""Whenever this happened, ask for that: what the town does by itself, as commands like any other.

A policy decides nothing: what it asks for goes through the desk, where the rules may refuse it.
History brought in from an older system asks for nothing.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.dossier import DossierLinked, DossierUnlinked, WordsErased
from domain.grammar import Recorded, Value, name_of
from domain.linking import LinkDossier, UnlinkDossier
from domain.people import PersonErased, keys_destroyed_by
from domain.skipping import EventSkipped


class OnOtherDossier(Value, frozen=True):
    """A command asked for on the dossier `id`."""

    id: UUID
    command: LinkDossier | UnlinkDossier


class KeyToDestroy(Value, frozen=True):
    """A key that must be gone, whoever was interrupted while destroying it (RGPD art. 17)."""

    key: UUID


Request = OnOtherDossier | KeyToDestroy


LISTENED_TO: frozenset[str] = frozenset(
    name_of(event)
    for event in (DossierLinked, DossierUnlinked, PersonErased, WordsErased, EventSkipped)
)
"""The facts that concern who acts on the policies; the others need not even be unsealed."""


def asked_by(fact: Recorded[Any]) -> Sequence[Request]:
    """What is asked for because `fact` happened; nothing for history."""
    if fact.origin is not None:
        return ()
    match fact.event:
        case DossierLinked(dossier=other):
            return (OnOtherDossier(id=other, command=LinkDossier(dossier=dossier_of(fact))),)
        case DossierUnlinked(dossier=other):
            return (OnOtherDossier(id=other, command=UnlinkDossier(dossier=dossier_of(fact))),)
        case event:
            return tuple(KeyToDestroy(key=key) for key in keys_destroyed_by(event))


def dossier_of(fact: Recorded[Any]) -> UUID:
    """The identifier of the dossier `fact` belongs to."""
    return UUID(fact.stream.partition(".")[2])
