"""Reads a mapping file, and says in one sentence what is wrong with it."""

import codecs
import csv
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from domain.terms import Channel
from guichet.importing.moments import WAYS
from guichet.importing.packed import MARKED
from guichet.importing.sources import NAMED, TIMES, WORDS, Mapping, Source
from guichet.sentences import Sentence

CHANNELS = frozenset(get_args(Channel))
SAMPLE = datetime(2011, 7, 21, 13, 45, 59, tzinfo=UTC)


class MappingRefused(Sentence):
    """The mapping cannot be used as it is."""


def read(path: Path) -> Mapping:
    """The mapping in a file, or `MappingRefused`."""
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text("utf-8-sig")), Mapping)
    except FileNotFoundError:
        raise MappingRefused(f"Le fichier {path} n'existe pas.") from None
    except OSError as error:
        raise MappingRefused(f"{path} ne se laisse pas lire ({error.strerror}).") from None
    except RecursionError:
        raise MappingRefused(f"{path} : imbriqué trop profondément.") from None
    except ValueError as error:  # TOML, UTF-8 and types alike
        raise MappingRefused(f"{path} : {error}") from None
    for fault in faults(mapping):
        raise MappingRefused(f"{path} : {fault}.")
    return mapping


def faults(mapping: Mapping) -> Iterator[str]:
    """What no type says is wrong, as the ends of sentences."""
    if not mapping.source.strip() or len(mapping.source) > 100:
        yield "source doit nommer la source en 1 à 100 caractères"
    try:
        _ = mapping.time_zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"le fuseau horaire « {mapping.zone} » n'existe pas"
    if not is_encoding(mapping.encoding):
        yield f"l'encodage « {mapping.encoding} » n'existe pas"
    yield from faults_of_csv(mapping)
    if not mapping.dates:
        yield "dates est vide"
    for way in mapping.dates:
        if not is_way(way):
            yield f"« {way} » ne décrit pas une date (dates)"
    for field, source in mapping.sources.items():
        if fault := fault_of(field, source):
            yield f"{field} : {fault}"
    yield from faults_of_words(mapping)
    yield from faults_of_point(mapping)


def is_encoding(name: str) -> bool:
    """Whether Python reads text in that encoding, piece by piece."""
    try:
        decoder = codecs.getincrementaldecoder(name)(MARKED)
        return decoder.decode("a".encode(name)) in ("a", "")
    except (LookupError, ValueError, TypeError, AttributeError):
        return False


def faults_of_csv(mapping: Mapping) -> Iterator[str]:
    """What is wrong with the marks of a CSV."""
    for name, mark in (("quote", mapping.quote), ("escape", mapping.escape)):
        if len(mark) > 1:
            yield f"{name} est un seul caractère, ou rien"
    marks = [mark for mark in (mapping.delimiter, mapping.quote, mapping.escape) if mark]
    if len(mapping.delimiter) != 1:
        yield "delimiter est un seul caractère"
    elif len(set(marks)) < len(marks) or set(marks) & set("\r\n\0"):
        yield "delimiter, quote et escape sont trois caractères différents"
    if len(set(mapping.header)) < len(mapping.header):
        yield "header nomme deux fois une colonne"
    try:
        csv.reader((), delimiter=mapping.delimiter, quotechar=mapping.quote or None)
    except (TypeError, ValueError):
        yield "delimiter ou quote n'est pas un caractère possible"


def is_way(way: str) -> bool:
    """Whether `way` describes a date: one of ours, or a strptime format with a whole date in it.
    `%Z` is none: Python reads the name of a zone and forgets it."""
    if way in WAYS:
        return True
    if "%Z" in way:
        return False
    try:
        return datetime.strptime(SAMPLE.strftime(way), way).date() == SAMPLE.date()  # noqa: DTZ007 only its date is looked at
    except (ValueError, LookupError, re.error):
        return False


def fault_of(field: str, source: Source) -> str | None:
    """What is wrong with the source of a field."""
    given = sum(part is not None for part in (source.column, source.template, source.value))
    if given > 1 or (given == 0 and not source.derived):
        return "il faut column, template ou value, et un seul"
    if source.template is not None:
        rest = NAMED.sub("", source.template)
        if "{" in rest or "}" in rest or rest == source.template:
            return "template nomme des colonnes entre accolades"
    if source.derived and field != "number":
        return "derived est pour number"
    if source.end_of_day and field not in TIMES:
        return "end_of_day est pour opened, due et closed"
    if (source.order is not None) != (field == "point"):
        return 'order ("lat,lon" ou "lon,lat") est pour point, qui le demande'
    return None


def faults_of_words(mapping: Mapping) -> Iterator[str]:
    """What is wrong with the tables of values and the defaults."""
    for name in sorted((mapping.values.keys() | mapping.defaults.keys()) - WORDS):
        yield f"{name} n'a ni table de valeurs ni valeur par défaut"
    channels = [*mapping.values.get("channel", {}).values(), mapping.defaults.get("channel")]
    for channel in channels:
        if channel is not None and channel not in CHANNELS:
            yield f"« {channel} » n'est pas un canal ({', '.join(sorted(CHANNELS))})"
    if both := set(mapping.closed_values) & set(mapping.open_values):
        yield f"« {min(both)} » est à la fois ouvert et clos"


def faults_of_point(mapping: Mapping) -> Iterator[str]:
    """What is wrong with where the coordinates come from."""
    given = {"latitude", "longitude", "point"} & mapping.sources.keys()
    if given not in (set(), {"point"}, {"latitude", "longitude"}):
        yield "un point est latitude et longitude, ou point"
