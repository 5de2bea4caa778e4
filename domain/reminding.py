"""*Relance.* A service was told what is before it: once a day and level, whoever tells."""

from collections.abc import Sequence
from datetime import date

from domain.grammar import Event, Refused, Value, changed
from domain.lapses import Level

# What can happen


class ServiceReminded(Event, frozen=True):
    """*Relance envoyée* on the working day `on`: how many dossiers are late, due today, due soon,
    how many lapses last. `message_id` is the e-mail's; empty where the service has no address."""

    service: str
    level: Level
    on: date
    late: int
    today: int
    soon: int
    lapses: int
    message_id: str


# What we remember


class Reminded(Value, frozen=True):
    """The last day on which somebody was reminded."""

    version: int = 0
    on: date | None = None

    def evolve(self, event: ServiceReminded) -> "Reminded":
        """The memory after `event`."""
        return changed(self, version=self.version + 1, on=event.on)


def decide(reminded: Reminded, event: ServiceReminded) -> Sequence[ServiceReminded]:
    """`event`, or `AlreadyReminded` for a day that had its reminder."""
    if reminded.on is not None and event.on <= reminded.on:
        raise AlreadyReminded
    return [event]


def stream_of(service: str, level: Level) -> str:
    """Where the log keeps the reminders of a service at a level."""
    return f"reminders.{service}_{level}"


# Why the answer may be no


class AlreadyReminded(Refused):
    title = "La relance du jour est déjà partie."
