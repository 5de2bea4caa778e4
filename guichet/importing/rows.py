"""From a row to facts, or to the reason why not: nothing is guessed, doubts are kept as flags."""

import hashlib
from collections import Counter
from datetime import datetime
from typing import cast
from uuid import UUID, uuid5

from domain.clocks import doubts
from domain.dossier_events import ClosedAtOrigin, DossierOpened
from domain.organisation import Organisation
from domain.procedures import Procedures
from domain.terms import Channel, Place
from guichet.importing.mapping import CHANNELS
from guichet.importing.moments import Moments, Unreadable
from guichet.importing.points import NoPoint, point_in, point_of
from guichet.importing.row import Row, printable
from guichet.importing.sources import Mapping, Source
from guichet.importing.taken import AUTHOR, Taken

DOSSIERS = UUID("3f1d4c83-3a52-5a39-8f3a-1f6f0c2b7e55")
SHORT = 300
"""Characters in a place, a status or a number at the origin, as at the desk."""

LONG = 10_000
"""Characters in a summary."""

AT_ZERO = "0.0,0.0"
"""The point most often written where none is known."""


class Rejected(Exception):
    """Why a row cannot be taken."""


class Reader:
    """Turns the rows of one file into facts, for one town, at the moment `now`."""

    def __init__(
        self,
        mapping: Mapping,
        town: str,
        organisation: Organisation,
        procedures: Procedures,
        now: datetime,
    ) -> None:
        self._mapping = mapping
        self._sources = mapping.sources
        self._values = {
            field: {" ".join(text.split()): ours for text, ours in table.items()}
            for field, table in mapping.values.items()
        }
        self._absent = frozenset(" ".join(text.split()) for text in mapping.absent)
        self._closed = frozenset(mapping.closed_values)
        self._open = frozenset(mapping.open_values)
        self._moments = Moments(mapping.dates, mapping.time_zone)
        self._town = town
        self._organisation = organisation
        self._procedures = procedures
        self._now = now
        self._derived: Counter[str] = Counter()
        self._seen: set[str] = set()

    def take(self, row: Row) -> Taken:
        """What `row` becomes, or `Rejected`."""
        if row.fault is not None:
            raise Rejected(row.fault)
        number = self.number(row)
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
        said = {"opened": opened_at, "closed": closed_at}
        flags += doubts(said, self._now, AUTHOR, from_field=True)
        closing = self.closing(row, closed_at, flags)
        taken = Taken(
            id=uuid5(DOSSIERS, f"{self._town}\n{self._mapping.source}\n{number}"),
            number=number,
            opening=self.opening(row, due, flags),
            opened_at=opened_at,
            closing=closing,
            closed_at=closed_at,
        )
        self._seen.add(number)
        return taken

    def number(self, row: Row) -> str:
        """The number at the origin, derived from the content where the mapping says so."""
        source = self._sources["number"]
        number = source.of(row.values, self._absent)
        if len(number) > SHORT:
            raise Rejected(f"numéro de plus de {SHORT} caractères")
        if number:
            return number
        if not source.derived:
            raise Rejected("sans numéro")
        content = "\n".join(f"{name}={row.values[name]}" for name in sorted(row.values))
        digest = hashlib.sha256(content.encode()).hexdigest()[:24]
        self._derived[digest] += 1
        return f"{digest}-{self._derived[digest]}"

    def number_told(self, row: Row) -> str:
        """The number of a row that was rejected, as far as it has one."""
        return printable(self._sources["number"].of(row.values, self._absent))

    def opening(self, row: Row, due: datetime | None, flags: list[str]) -> DossierOpened:
        """The opening, in the queue of its procedure's service or the one the mapping names."""
        asked = self.value(row, "procedure", strict=True)
        procedure = self._procedures.in_force(asked)
        if procedure is None:
            raise Rejected(f"procédure inconnue du catalogue ({printable(asked)})")
        channel = self.value(row, "channel", strict=True)
        if channel not in CHANNELS:
            raise Rejected(f"canal inconnu ({printable(channel)})")
        service = self.value(row, "service") or procedure.service
        if self._organisation.service(service) is None:
            raise Rejected(f"service inconnu du catalogue ({printable(service)})")
        summary = self.value(row, "summary") or procedure.name
        if len(summary) > LONG:
            raise Rejected("objet de plus de 10 000 caractères")
        return DossierOpened(
            procedure=procedure.id,
            procedure_version=procedure.version,
            service=service,
            nature=procedure.nature,
            channel=cast("Channel", channel),
            summary=summary,
            answer_within=procedure.answer_within,
            place=self.place(row, flags),
            due_at_origin=due.isoformat() if due else None,
            flags=tuple(dict.fromkeys(flags)),
        )

    def closing(
        self, row: Row, closed_at: datetime | None, flags: list[str]
    ) -> ClosedAtOrigin | None:
        """The origin's closing; a status that says closed without a date is no closing we know."""
        status = self.value(row, "status")
        if closed_at is None:
            if status and status in self._closed:
                raise Rejected("clos sans date de clôture")
            return None
        if len(status) > SHORT:
            raise Rejected(f"état de plus de {SHORT} caractères")
        if status in self._open:
            flags.append("closed_but_said_open")
        return ClosedAtOrigin(status=status or "closed")

    def place(self, row: Row, flags: list[str]) -> Place | None:
        """The place, as far as the row tells it."""
        label, district = self.value(row, "place"), self.value(row, "district")
        if max(len(label), len(district)) > SHORT:
            flags.append("place_shortened")
        point = self.point(row, flags)
        if not (label or district or point):
            return None
        return Place(district=district[:SHORT] or None, label=label[:SHORT] or None, point=point)

    def point(self, row: Row, flags: list[str]) -> str | None:
        """The point, or None; one at 0,0 is kept as the origin's and flagged."""
        latitude, longitude = self.value(row, "latitude"), self.value(row, "longitude")
        both = self.value(row, "point")
        try:
            if both and (order := self._sources["point"].order):
                point = point_in(both, order)
            elif latitude and longitude:
                point = point_of(latitude, longitude)
            else:
                flags += ["point_incomplete"] if latitude or longitude else []
                return None
        except NoPoint as fault:
            raise Rejected(str(fault)) from None
        flags += ["point_at_zero"] if point == AT_ZERO else []
        return point

    def value(self, row: Row, field: str, *, strict: bool = False) -> str:
        """A field in our terms: as its table says, as it is when it has none; the default of the
        mapping where both are silent; `Rejected` without one when `strict`."""
        source: Source | None = self._sources.get(field)
        text = source.of(row.values, self._absent) if source else ""
        table = self._values.get(field)
        if table is None and text:
            return text
        if table is not None and text in table:
            return table[text]
        if (default := self._mapping.defaults.get(field)) is not None:
            return default
        if strict:
            raise Rejected(
                f"{field} : valeur que la correspondance ne nomme pas ({printable(text) or 'vide'})"
            )
        return text

    def moment(self, row: Row, field: str, flags: list[str]) -> datetime | None:
        """A moment in UTC, or None; the doubt about it is a flag."""
        source = self._sources.get(field)
        text = source.of(row.values, self._absent) if source else ""
        if source is None or not text:
            return None
        try:
            moment, twice = self._moments.read(text, end_of_day=source.end_of_day)
        except Unreadable as why:
            raise Rejected(f"{field} : {why} ({printable(text)})") from None
        flags += ["ambiguous_time"] if twice else []
        return moment
