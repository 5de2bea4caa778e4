"""A fact as it lies in the log: named, numbered, sealed, unreadable without its keys."""

from datetime import datetime

from domain.grammar import Value


class Entry(Value, frozen=True):
    """One message of the log.

    `id` is unique for ever, `stream` is `kind.id`, `version` counts the entries of the stream
    from 1, `topic` is the name of the fact (`DossierOpened:1`), `position` is the place in the
    whole log, 0 before it is there.
    """

    id: str
    stream: str
    version: int
    topic: str
    data: bytes
    time: datetime
    position: int = 0


class LogUnavailable(Exception):
    """The log cannot be reached, or did not say whether it kept the fact."""


class LogDamaged(Exception):
    """The log is not what it was: an entry is missing or out of its place."""


class Conflict(Exception):
    """Somebody else wrote to the stream first."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.stream = stream
