"""Where the facts of a row come from: the types of a mapping file (docs/importing.md)."""

import re
from collections.abc import Mapping as Values
from collections.abc import Set
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

NAMED = re.compile(r"\{([^{}]+)\}")
"""A column in a template."""

WORDS = frozenset(("procedure", "service", "channel", "status", "summary", "place", "district"))
"""The fields whose values a table may translate, and that may have a default."""

TIMES = frozenset(("opened", "due", "closed"))


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a value comes from: a `column`, a `template` of several, or one `value` for all rows.

    `derived` numbers a row by its content where the column is empty; `end_of_day` reads a date
    without a time as the last second of its day; `order` is that of the two numbers of a point."""

    column: str | None = None
    template: str | None = None
    value: str | None = None
    derived: bool = False
    end_of_day: bool = False
    order: Literal["lat,lon", "lon,lat"] | None = None

    def columns(self) -> set[str]:
        """The columns this needs."""
        named = set(NAMED.findall(self.template or ""))
        return named | ({self.column} if self.column else set())

    def of(self, row: Values[str, str], absent: Set[str] = frozenset()) -> str:
        """The value in `row`, its spaces made single; empty when there is none, or one of the
        texts `absent` that stand for none."""
        if self.value is not None:
            return self.value
        if self.template is None:
            return cell(row, self.column or "", absent)
        text = NAMED.sub(lambda named: cell(row, named[1], absent), self.template)
        return " ".join(text.split())


def cell(row: Values[str, str], column: str, absent: Set[str]) -> str:
    """One cell of a row, its spaces made single."""
    text = " ".join(row.get(column, "").split())
    return "" if text in absent else text


Column = str | Source


class Columns(Struct, frozen=True, forbid_unknown_fields=True):
    """What a dossier is made of."""

    number: Column
    opened: Column
    procedure: Column
    channel: Column
    due: Column | None = None
    closed: Column | None = None
    status: Column | None = None
    service: Column | None = None
    summary: Column | None = None
    place: Column | None = None
    district: Column | None = None
    latitude: Column | None = None
    longitude: Column | None = None
    point: Column | None = None


class Mapping(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One mapping file.

    `values` turns values of the source into ours: one that is not named there is kept, save for
    the procedure and the channel. `defaults` stands for a value nobody named. `absent` lists the
    texts that mean "nothing", `header` names the columns of a file that does not, after
    `skip_lines` lines; `records` leads to the array inside a JSON object. `dates` are tried in
    order."""

    source: str
    zone: str
    columns: Columns
    title: str = ""
    licence: str = ""
    format: Literal["csv", "json", "jsonl"] | None = None
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    trailing_delimiter: bool = False
    header: tuple[str, ...] = ()
    skip_lines: Annotated[int, Meta(ge=0)] = 0
    records: str = ""
    dates: tuple[str, ...] = ("iso",)
    absent: tuple[str, ...] = ()
    values: dict[str, dict[str, str]] = {}
    defaults: dict[str, str] = {}
    closed_values: tuple[str, ...] = ()
    open_values: tuple[str, ...] = ()

    @cached_property
    def time_zone(self) -> ZoneInfo:
        """The zone of times that name none."""
        return ZoneInfo(self.zone)

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The source of each field that has one."""
        given = msgspec.structs.asdict(self.columns)
        return {
            field: Source(column=source) if isinstance(source, str) else source
            for field, source in given.items()
            if source is not None
        }

    @cached_property
    def needed(self) -> frozenset[str]:
        """Every column the mapping names."""
        return frozenset(name for source in self.sources.values() for name in source.columns())
