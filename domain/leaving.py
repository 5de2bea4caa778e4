"""*Ouverture des envois.* Nothing leaves the house until the town has said that it may.

The switch is a fact of the catalogue, so that everybody sees who turned it, when and why. A
restored town is told to send nothing, until it is said again.
"""

from typing import assert_never

from domain.grammar import Event, Ground, Value, changed

# What can happen


class SendingAllowed(Event, frozen=True):
    """*Envois ouverts.* From here on messages reach residents."""

    ground: Ground


class SendingStopped(Event, frozen=True):
    """*Envois arrêtés.* Messages wait."""

    ground: Ground


LeavingEvent = SendingAllowed | SendingStopped

# What we remember


class Leaving(Value, frozen=True):
    """Whether messages may leave; not before somebody has said so."""

    version: int = 0
    allowed: bool = False

    def evolve(self, event: LeavingEvent) -> "Leaving":
        """The memory after `event`."""
        match event:
            case SendingAllowed():
                return changed(self, version=self.version + 1, allowed=True)
            case SendingStopped():
                return changed(self, version=self.version + 1, allowed=False)
            case _:
                assert_never(event)
