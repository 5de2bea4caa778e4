"""*Effacement.* What happens to the keys of a person or of a dossier (RGPD art. 17)."""

from typing import Annotated, assert_never
from uuid import UUID

from msgspec import Meta

from domain.grammar import Event, Value, changed

Ground = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"\S")]
"""Why it was done: a text of law, a decision; never the name of anybody."""

# What can happen


class PersonErased(Event, frozen=True):
    """*Effacement d'une personne.* Everything sealed under the key `key` reads "[effacé]"."""

    key: UUID
    ground: Ground


PersonEvent = PersonErased

# What we remember


class Holder(Value, frozen=True):
    """Whoever a key was made for: a person, or a dossier without one."""

    version: int = 0
    erased: bool = False

    def evolve(self, event: PersonEvent) -> "Holder":
        """The memory after `event`."""
        match event:
            case PersonErased():
                return changed(self, version=self.version + 1, erased=True)
            case _:
                assert_never(event)
