"""How the columns of another software become facts: the mapping file, typed (docs/importing.md)."""

import tomllib
from collections.abc import Mapping as Values
from pathlib import Path
from string import Formatter
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from guichet.sentences import Sentence


class MappingRefused(Sentence):
    """The mapping cannot be used as it is."""


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a value comes from: a `column`, a `template` of several, or one `value` for all rows.
    `derived` numbers a row by its content where the column is empty."""

    column: str | None = None
    template: str | None = None
    value: str | None = None
    derived: bool = False

    def columns(self) -> set[str]:
        """The columns this needs."""
        named = {name for _, name, _, _ in Formatter().parse(self.template or "") if name}
        return named | ({self.column} if self.column else set())

    def of(self, row: Values[str, str]) -> str:
        """The value in `row`, without the spaces around it; empty when there is none."""
        if self.value is not None:
            return self.value
        if self.template is not None:
            text = self.template.format_map({name: row.get(name, "") for name in self.columns()})
        else:
            text = row.get(self.column or "", "")
        return " ".join(text.split())


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


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    """One mapping file. `values` turns values of the source into ours; a value that is not named
    there is kept, unless `strict` lists its field (`channel` and `procedure` always are), and
    `defaults` says what stands for a value nobody named."""

    source: str
    zone: str
    columns: Columns
    title: str = ""
    licence: str = ""
    format: Literal["csv", "json", "jsonl"] | None = None
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    dates: tuple[str, ...] = ("iso",)
    values: dict[str, dict[str, str]] = {}
    defaults: dict[str, str] = {}
    closed_values: tuple[str, ...] = ()

    @property
    def time_zone(self) -> ZoneInfo:
        """The zone of times that name none."""
        return ZoneInfo(self.zone)

    def sources(self) -> dict[str, Source]:
        """The source of each field that has one."""
        given = msgspec.structs.asdict(self.columns)
        return {
            field: Source(column=source) if isinstance(source, str) else source
            for field, source in given.items()
            if source is not None
        }


def read(path: Path) -> Mapping:
    """The mapping in a file, or the sentence that says what is wrong with it."""
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Mapping)
        _ = mapping.time_zone
        "".encode(mapping.encoding)
    except FileNotFoundError:
        raise MappingRefused(f"Le fichier {path} n'existe pas.") from None
    except ZoneInfoNotFoundError:
        raise MappingRefused(f"{path} : le fuseau horaire nommé n'existe pas.") from None
    except LookupError:
        raise MappingRefused(f"{path} : l'encodage nommé n'existe pas.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise MappingRefused(f"{path} : {error}") from None
    if len(mapping.delimiter) != 1:
        raise MappingRefused(f"{path} : le séparateur est un seul caractère.")
    if not mapping.source.strip():
        raise MappingRefused(f"{path} : la source doit avoir un nom.")
    return mapping
