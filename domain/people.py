"""*Effacement.* What happens to the keys of a person or of a dossier (RGPD art. 17)."""

from typing import assert_never
from uuid import UUID

from domain.dossier_events import WordsErased
from domain.grammar import Event, Ground, Value, changed

# What can happen


class PersonErased(Event, frozen=True):
    """*Effacement d'une personne.* Everything sealed under the key `key` reads "[effacé]"."""

    key: UUID
    ground: Ground


PersonEvent = PersonErased

# What we remember


class Holder(Value, frozen=True):
    """A person for whom a key was made."""

    version: int = 0
    erased: bool = False

    def evolve(self, event: PersonEvent) -> "Holder":
        """The memory after `event`."""
        match event:
            case PersonErased():
                return changed(self, version=self.version + 1, erased=True)
            case _:
                assert_never(event)


def keys_destroyed_by(event: Event) -> tuple[UUID, ...]:
    """The keys that are gone because of `event`."""
    match event:
        case PersonErased(key=key):
            return (key,)
        case WordsErased(keys=keys):
            return keys
        case _:
            return ()
