"""`guichet catalogue load FILE.toml`: the catalogue as a town writes it, and what it changes.

Only differences become facts, so the same file twice adds nothing. What is no longer in the file is
withdrawn if it is a procedure; services and sites stay, since dossiers lie in them.
"""

import asyncio
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from domain.grammar import Author, Event, Recorded
from domain.organisation import (
    Organisation,
    PoleDefined,
    ServiceDefined,
    SiteDefined,
    TownDescribed,
)
from domain.procedures import ProcedurePublished, Procedures, ProcedureWithdrawn
from domain.texts import TextPublished, Texts, TextWithdrawn
from guichet.catalogue import ORGANISATION, PROCEDURES, TEXTS
from guichet.envelopes import at_once
from guichet.house import House
from guichet.proof.guarding import write_only_there
from guichet.sentences import Sentence
from guichet.settings import Settings

AT_ONCE = 500
"""Facts recorded in one atomic batch."""


class CatalogueRefused(Sentence):
    """The file cannot be taken as it is."""


class CatalogueFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The tables `[town]`, `[[poles]]`, `[[services]]`, `[[sites]]`, `[[procedures]]`, `[[texts]]`.
    `since` holds for every definition that does not say its own; else the day of the loading."""

    poles: tuple[dict[str, Any], ...] = ()
    services: tuple[dict[str, Any], ...] = ()
    sites: tuple[dict[str, Any], ...] = ()
    procedures: tuple[dict[str, Any], ...] = ()
    texts: tuple[dict[str, Any], ...] = ()
    town: dict[str, Any] | None = None
    since: date | None = None


class Definitions(Struct, frozen=True):
    """The same, as the facts they would be. A procedure's version is not yet known."""

    organisation: tuple[TownDescribed | PoleDefined | ServiceDefined | SiteDefined, ...]
    procedures: tuple[ProcedurePublished, ...]
    texts: tuple[TextPublished, ...] = ()


def read(path: Path, today: date) -> Definitions:
    """The definitions in a file, or `CatalogueRefused`."""
    try:
        content = msgspec.convert(tomllib.loads(path.read_text("utf-8")), CatalogueFile)
    except FileNotFoundError:
        raise CatalogueRefused(f"Le fichier {path} n'existe pas.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise CatalogueRefused(f"{path} : {error}") from None
    since = content.since or today
    definitions = Definitions(
        organisation=(
            *((defined(TownDescribed, content.town, since),) if content.town else ()),
            *(defined(PoleDefined, table, since) for table in content.poles),
            *(defined(ServiceDefined, table, since) for table in content.services),
            *(defined(SiteDefined, table, since) for table in content.sites),
        ),
        procedures=tuple(
            defined(ProcedurePublished, {"version": 1, **table}, since)
            for table in content.procedures
        ),
        texts=tuple(defined(TextPublished, table) for table in content.texts),
    )
    check(definitions)
    return definitions


def defined(kind: type[Any], table: dict[str, Any], since: date | None = None) -> Any:
    """One definition from its table, that holds `since` a day where its kind says so."""
    dated = {"since": since} if since else {}
    try:
        return msgspec.convert({"type": kind.__name__, **dated, **table}, kind)
    except msgspec.ValidationError as error:
        name = table.get("id") or table.get("name", "sans identifiant")
        raise CatalogueRefused(f"« {name} » : {error}") from None


def check(definitions: Definitions) -> None:
    """Every identifier is there once, and what it names exists."""
    ids: set[tuple[str, str]] = set()
    for item in (*definitions.organisation, *definitions.procedures, *definitions.texts):
        if isinstance(item, TownDescribed):
            if item.opens >= item.closes:
                raise CatalogueRefused("La ville ferme avant d'ouvrir : voyez opens et closes.")
            continue
        kind = type(item).__name__
        if (kind, item.id) in ids:
            raise CatalogueRefused(f"« {item.id} » est défini deux fois.")
        ids.add((kind, item.id))
    for item in definitions.organisation:
        if isinstance(item, ServiceDefined) and ("PoleDefined", item.pole) not in ids:
            raise CatalogueRefused(f"Le service « {item.id} » nomme un pôle inconnu : {item.pole}.")
    for procedure in definitions.procedures:
        if ("ServiceDefined", procedure.service) not in ids:
            raise CatalogueRefused(
                f"La procédure « {procedure.id} » nomme un service inconnu : {procedure.service}."
            )
    for text in definitions.texts:
        if text.procedure is not None and ("ProcedurePublished", text.procedure) not in ids:
            raise CatalogueRefused(
                f"Le modèle « {text.id} » nomme une procédure inconnue : {text.procedure}."
            )


def organisation_changes(new: Definitions, known: Organisation) -> list[Event]:
    """What the organisation in force does not say yet; a definition that differs only by its
    `since` is the same."""
    in_force: dict[tuple[type[Any], str], Any] = {
        (type(versions[-1]), id): versions[-1]
        for table in (known.poles, known.services, known.sites)
        for id, versions in table.items()
    }
    changes: list[Event] = []
    for item in new.organisation:
        town = isinstance(item, TownDescribed)
        old = known.town if town else in_force.get((type(item), item.id))
        if old is None or replace(item, since=old.since) != old:
            changes.append(item)
    return changes


def procedure_changes(new: Definitions, known: Procedures, today: date) -> list[Event]:
    """New versions of procedures, and those that are withdrawn."""
    changes: list[Event] = []
    for item in new.procedures:
        versions = known.versions.get(item.id, ())
        old = versions[-1] if versions else None
        same = old and replace(item, since=old.since, version=old.version) == old
        if not same or item.id in known.withdrawn:
            changes.append(replace(item, version=old.version + 1 if old else 1))
    gone = set(known.versions) - known.withdrawn - {item.id for item in new.procedures}
    return changes + [ProcedureWithdrawn(id=id, since=today) for id in sorted(gone)]


def text_changes(new: Definitions, known: Texts) -> list[Event]:
    """Texts that say something else than before, and those that are withdrawn."""
    changes: list[Event] = [text for text in new.texts if known.texts.get(text.id) != text]
    gone = known.texts.keys() - {text.id for text in new.texts}
    return changes + [TextWithdrawn(id=id) for id in sorted(gone)]


async def load(house: House, path: Path) -> int:
    """Record what `path` changes in the catalogue; how many facts that made."""
    today = datetime.now(UTC).date()
    new = read(path, today)
    organisation = organisation_changes(new, house.catalogue.organisation)
    procedures = procedure_changes(new, house.catalogue.procedures, today)
    texts = text_changes(new, house.catalogue.texts)
    by_stream = {ORGANISATION: organisation, PROCEDURES: procedures, TEXTS: texts}
    for stream, changes in by_stream.items():
        await record(house, stream, changes)
    return sum(map(len, by_stream.values()))


async def record(house: House, stream: str, changes: Sequence[Event]) -> None:
    """Append `changes` to a stream of the catalogue, and take them in ourselves."""
    now = datetime.now(UTC)
    command_id = str(uuid4())
    for start in range(0, len(changes), AT_ONCE):
        version = house.catalogue.versions[stream]
        facts: list[Recorded[Any]] = [
            Recorded(
                stream=stream,
                version=version + number,
                event=change,
                times=at_once(now),
                author=Author(role="system", account="catalogue"),
                command_id=command_id,
            )
            for number, change in enumerate(changes[start : start + AT_ONCE], 1)
        ]
        await house.desk.record(facts)
        await house.catalogue.load(house.log, house.codec)


def run(settings: Settings, path: Path) -> None:
    """`guichet catalogue load`."""

    async def whole() -> int:
        async with House.open(settings) as house:
            await write_only_there(house)
            return await load(house, path)

    count = asyncio.run(whole())
    print(f"{count} changement(s) enregistré(s)." if count else "Rien n'a changé.")
