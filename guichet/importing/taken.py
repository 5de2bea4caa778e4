"""What a row of another software becomes: facts marked as history."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from domain.dossier_events import ClosedAtOrigin, DossierOpened
from domain.grammar import Author, Event, Origin, Recorded, Times

AUTHOR = Author(role="system", account="import")


class Taken(Struct, frozen=True):
    """What a row becomes: an opening, a closing at the origin when it has one, and the times."""

    id: UUID
    number: str
    opening: DossierOpened
    opened_at: datetime
    closing: ClosedAtOrigin | None
    closed_at: datetime | None

    @property
    def stream(self) -> str:
        return f"dossier.{self.id}"

    def facts(self, source: str, key: UUID, now: datetime) -> list[Recorded[Any]]:
        """The facts, sealed under `key`, recorded `now`, marked as history of `source`."""
        origin = Origin(source=source, number=self.number)
        events: list[tuple[Event, datetime]] = [(self.opening, self.opened_at)]
        if self.closing is not None and self.closed_at is not None:
            events.append((self.closing, self.closed_at))
        return [
            Recorded(
                stream=self.stream,
                version=version,
                event=event,
                times=Times(happened_at=at, received_at=at, entered_at=at, recorded_at=now),
                author=AUTHOR,
                command_id=f"import {source} {self.number}",
                key=key,
                origin=origin,
            )
            for version, (event, at) in enumerate(events, 1)
        ]
