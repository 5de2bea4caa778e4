"""*Mise à l'écart.* An event that somebody who folds the log cannot take, and does without."""

from typing import assert_never

from domain.grammar import Event, Ground, Value, changed

REACTOR = "reactor"
"""How the reactor is named among those that may do without an event."""

# What can happen


class EventSkipped(Event, frozen=True):
    """*Mise à l'écart d'un événement.* To the read model `model` it is, wherever it folds the log,
    as if the event at `position` were not there; to the reactor, as if it asked for nothing. The
    event itself stays in the log."""

    model: str
    position: int
    ground: Ground


SkippingEvent = EventSkipped

# What we remember


class Skipped(Value, frozen=True):
    """The events one read model does without."""

    version: int = 0
    positions: frozenset[int] = frozenset()

    def evolve(self, event: SkippingEvent) -> "Skipped":
        """The memory after `event`."""
        match event:
            case EventSkipped(position=position):
                known = self.positions | {position}
                return changed(self, version=self.version + 1, positions=known)
            case _:
                assert_never(event)


def stream_of(model: str) -> str:
    """Where the log holds what `model` does without."""
    return f"projection.{model}"
