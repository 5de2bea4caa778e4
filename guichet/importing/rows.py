"""From a row to facts, or to the reason why not: nothing is guessed, doubts are kept as flags."""

import hashlib
from collections import Counter
from datetime import UTC, datetime
from typing import Any, cast, get_args
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.clocks import EARLIEST, LATEST
from domain.dossier import ClosedAtOrigin, DossierOpened
from domain.grammar import Author, Event, Origin, Recorded, Times
from domain.organisation import Organisation
from domain.procedures import Procedures
from domain.terms import Channel, Place
from guichet.importing.mapping import Mapping, Source
from guichet.importing.reading import Row

DOSSIERS = UUID("3f1d4c83-3a52-5a39-8f3a-1f6f0c2b7e55")
CHANNELS = frozenset(get_args(Channel))
AUTHOR = Author(role="system", account="import")


class Rejected(Exception):
    """Why a row cannot be taken."""


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


class Reader:
    """Turns the rows of one file into facts, for one town."""

    def __init__(
        self, mapping: Mapping, town: str, organisation: Organisation, procedures: Procedures
    ) -> None:
        self._mapping = mapping
        self._sources = mapping.sources()
        self._values = {
            field: {" ".join(text.split()): ours for text, ours in table.items()}
            for field, table in mapping.values.items()
        }
        self._zone = mapping.time_zone
        self._town = town
        self._organisation = organisation
        self._procedures = procedures
        self._derived: Counter[str] = Counter()
        self._seen: set[str] = set()

    def take(self, row: Row) -> Taken:
        """What `row` becomes, or `Rejected`."""
        number = self.number(row)
        if row.fault is not None:
            raise Rejected(row.fault)
        if number in self._seen:
            raise Rejected("numéro déjà vu dans ce fichier")
        flags: list[str] = []
        opened_at = self.moment(row, "opened", flags)
        if opened_at is None:
            raise Rejected("sans date d'ouverture")
        due = self.moment(row, "due", flags)
        closed_at = self.moment(row, "closed", flags)
        if closed_at is not None and closed_at < opened_at:
            raise Rejected("clos avant d'être ouvert")
        if due is not None and due < opened_at:
            flags.append("target_before_opening")
        taken = Taken(
            id=uuid5(DOSSIERS, f"{self._town}\n{self._mapping.source}\n{number}"),
            number=number,
            opening=self.opening(row, due, tuple(dict.fromkeys(flags))),
            opened_at=opened_at,
            closing=self.closing(row, closed_at),
            closed_at=closed_at,
        )
        self._seen.add(number)
        return taken

    def number(self, row: Row) -> str:
        """The number at the origin, derived from the content where the mapping says so."""
        source = self._sources["number"]
        number = source.of(row.values)
        if number or not row.values:
            return number
        if not source.derived:
            raise Rejected("sans numéro")
        content = "\n".join(f"{name}={row.values[name]}" for name in sorted(row.values))
        digest = hashlib.sha256(content.encode()).hexdigest()[:24]
        self._derived[digest] += 1
        return f"{digest}-{self._derived[digest]}"

    def opening(self, row: Row, due: datetime | None, flags: tuple[str, ...]) -> DossierOpened:
        """The opening, in the queue of its procedure's service or the one the mapping names."""
        procedure = self._procedures.in_force(self.value(row, "procedure", strict=True))
        if procedure is None:
            raise Rejected("procédure inconnue du catalogue")
        channel = self.value(row, "channel", strict=True)
        if channel not in CHANNELS:
            raise Rejected(f"canal inconnu : {channel}")
        service = self.value(row, "service") or procedure.service
        if self._organisation.service(service) is None:
            raise Rejected("service inconnu du catalogue")
        summary = self.value(row, "summary") or procedure.name
        if len(summary) > 10_000:
            raise Rejected("objet de plus de 10 000 caractères")
        return DossierOpened(
            procedure=procedure.id,
            procedure_version=procedure.version,
            service=service,
            nature=procedure.nature,
            channel=cast("Channel", channel),
            summary=summary,
            answer_within=procedure.answer_within,
            place=self.place(row),
            due_at_origin=due.isoformat() if due else None,
            flags=flags,
        )

    def closing(self, row: Row, closed_at: datetime | None) -> ClosedAtOrigin | None:
        """The origin's closing; a status that says closed without a date is no closing we know."""
        status = self.value(row, "status")
        if closed_at is not None:
            return ClosedAtOrigin(status=status or "closed")
        if status and status in self._mapping.closed_values:
            raise Rejected("clos sans date de clôture")
        return None

    def place(self, row: Row) -> Place | None:
        """The place, as far as the row tells it."""
        label, district = self.value(row, "place"), self.value(row, "district")
        point = None
        latitude, longitude = self.value(row, "latitude"), self.value(row, "longitude")
        if latitude and longitude:
            try:
                degrees = float(latitude), float(longitude)
            except ValueError:
                raise Rejected("coordonnées illisibles") from None
            if not (-90 <= degrees[0] <= 90 and -180 <= degrees[1] <= 180):
                raise Rejected("coordonnées hors de la Terre")
            point = f"{latitude},{longitude}"
        if not (label or district or point):
            return None
        return Place(district=district or None, label=label[:300] or None, point=point)

    def value(self, row: Row, field: str, *, strict: bool = False) -> str:
        """A field in our terms; one the mapping does not name is `Rejected` when `strict`."""
        source: Source | None = self._sources.get(field)
        if source is None:
            return self._mapping.defaults.get(field, "")
        text = source.of(row.values)
        table = self._values.get(field, {})
        if text in table:
            return table[text]
        if field in self._mapping.defaults:
            return self._mapping.defaults[field]
        if strict and (table or not text):
            raise Rejected(
                f"{field} : valeur que la correspondance ne nomme pas ({text or 'vide'})"
            )
        return text

    def moment(self, row: Row, field: str, flags: list[str]) -> datetime | None:
        """A moment in UTC. A local time that came twice (autumn) takes the first offset and is
        flagged; one that never was (spring) is `Rejected`."""
        source = self._sources.get(field)
        text = source.of(row.values) if source else ""
        if not text:
            return None
        local = self.parsed(text, field)
        if not EARLIEST.year < local.year < LATEST.year:
            raise Rejected(f"{field} : date hors du calendrier ({text})")
        if local.tzinfo is not None:
            return local.astimezone(UTC)
        first = local.replace(tzinfo=self._zone, fold=0)
        if first.utcoffset() != local.replace(tzinfo=self._zone, fold=1).utcoffset():
            if not really_was(first, self._zone):
                raise Rejected(f"{field} : heure qui n'a pas existé ({text})")
            flags.append("ambiguous_time")
        return first.astimezone(UTC)

    def parsed(self, text: str, field: str) -> datetime:
        """The time written in `text`, in one of the mapping's ways."""
        for way in self._mapping.dates:
            try:
                if way == "iso":
                    return datetime.fromisoformat(text)
                return datetime.strptime(text, way)  # noqa: DTZ007 its zone is the mapping's
            except ValueError:
                continue
        raise Rejected(f"{field} : date illisible ({text})")


def really_was(local: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks ever showed that time."""
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
