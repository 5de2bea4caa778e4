"""`guichet doctor`: every part of an installation examined on its own, whatever else is down.

One line each: whether it is well, what was found, and what to do.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import psycopg
from cryptography.exceptions import InvalidTag
from nats.aio.client import Client
from psycopg import AsyncConnection

from adapters.guard import syncs_always
from adapters.jetstream_api import Refusal, addresses, call, connect
from adapters.keys import KeyRing, keys_stream
from adapters.stream import Log
from domain.log import LogUnavailable
from guichet.held import held
from guichet.host import findings
from guichet.host.findings import Finding
from guichet.host.findings_of_town import calendar, mail, sending
from guichet.sentences import Sentence
from guichet.settings import NoInstallation, Settings
from guichet.web.reception import LAG_ALLOWED
from projections import stops
from projections.read_model import position

PATIENCE = 5.0
"""Seconds any one part is waited for."""

APART = 2.0
"""Seconds two clocks may differ."""

AWAY = (LogUnavailable, Refusal, psycopg.Error, OSError, TimeoutError, ValueError, Sentence)
"""How a part that is down shows itself."""

Check = Callable[[Settings], Awaitable[Finding]]
ALONE = (
    findings.room,
    findings.secrets,
    findings.addresses,
    findings.certificate,
    findings.backup,
    findings.steady,
)


def run(data: Path | None, as_json: bool) -> int:
    """Examine the installation and say it; 0 when there is nothing to do, else 1."""
    found = asyncio.run(examined(data))
    if as_json:
        rows = [{**msgspec.to_builtins(one), "ok": one.ok} for one in found]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for one in found:
            todo = f" → {one.todo}" if one.todo else ""
            print(f"{'✓' if one.ok else '✗'} {one.check} : {one.found}{todo}")
    return 0 if all(one.ok for one in found) else 1


async def examined(data: Path | None) -> list[Finding]:
    """Every finding, in the order they are read; the configuration alone when it cannot be."""
    try:
        settings = Settings.find(data)
        ZoneInfo(settings.zone)
    except NoInstallation as error:
        return [Finding("configuration", str(error), "voyez README, « To start »")]
    except (msgspec.MsgspecError, ValueError, OSError):
        found = "installation.json ne se lit pas"
        return [Finding("configuration", found, "remettez-le d'une sauvegarde")]
    first = Finding("configuration", f"« {settings.town} », {settings.zone}, {settings.data}")
    alone = [await asyncio.to_thread(check, settings) for check in ALONE]
    asked = await asyncio.gather(*(one(name, check, settings) for name, check in ASKED.items()))
    return [first, *alone, *asked]


async def one(name: str, check: Check, settings: Settings) -> Finding:
    """One check; a part that is away is its finding."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await check(settings)
    except AWAY as error:
        said = str(error).strip().splitlines() if isinstance(error, Sentence) else []
        found = said[0] if said else "ne répond pas"
        return Finding(name, found, f"voyez si Guichet tourne, et les .log de {settings.data}")


async def broker(settings: Settings) -> Finding:
    """Whether every broker answers, with the same time as ours; of several, the worst finding."""
    found: list[Finding] = []
    for monitor in addresses(settings.nats_monitor):
        try:
            found.append(clocks("courtier", await asyncio.to_thread(varz_now, monitor)))
        except OSError:
            todo = f"voyez pourquoi {monitor} ne répond pas"
            found.append(Finding("courtier", f"{monitor} ne répond pas", todo))
    return next((one for one in found if not one.ok), found[0])


def varz_now(monitor: str) -> datetime:
    """The broker's own time."""
    with urlopen(f"{monitor}/varz", timeout=2) as reply:  # noqa: S310 our own http address
        return datetime.fromisoformat(json.load(reply)["now"])


def clocks(name: str, there: datetime) -> Finding:
    """Whether a server has the same time as we do."""
    apart = abs((datetime.now(UTC) - there).total_seconds())
    todo = "mettez les machines à la même heure (NTP)" if apart > APART else ""
    return Finding(name, f"répond, horloge à {apart:.1f} s de la nôtre", todo)


async def database(settings: Settings) -> Finding:
    """Whether the database answers, with the same time as ours."""
    async with await AsyncConnection.connect(settings.postgres["web"]) as connection:
        row = await (await connection.execute("select clock_timestamp()")).fetchone()
    return clocks("base de données", row[0] if row else datetime.now(UTC))


async def sync(settings: Settings) -> Finding:
    """Whether an acknowledged event is on the disk."""
    if await asyncio.to_thread(syncs_always, settings.nats_monitor):
        return Finding("écriture", "chaque événement est sur le disque avant d'être confirmé")
    todo = "remettez sync_interval: always dans nats.conf et relancez le courtier"
    return Finding("écriture", "une coupure de courant perdrait des événements", todo)


async def line(settings: Settings) -> Client:
    """The broker as the web process reaches it."""
    return await connect(settings.nats_url, "writer", settings.nats_passwords["writer"])


async def master_key(settings: Settings) -> Finding:
    """Whether our master key opens a key of the store."""
    nc = await line(settings)
    try:
        question = {"last_by_subj": f"keys.{settings.town}.*"}
        found = None
        with suppress(Refusal):
            found = await call(nc, f"STREAM.MSG.GET.{keys_stream(settings.town)}", question)
        if found is None:
            return Finding("clé maîtresse", "le magasin de clés est encore vide")
        id = UUID(str(found["message"]["subject"]).rpartition(".")[2])
        await KeyRing(nc, settings.town, settings.master_key).load([id])
    except InvalidTag:
        todo = "remettez la bonne master.key : rien de personnel ne se lit avec celle-ci"
        return Finding("clé maîtresse", "n'ouvre pas les clés de cette ville", todo)
    finally:
        await nc.close()
    return Finding("clé maîtresse", "ouvre les clés de la ville")


async def read_models(settings: Settings) -> Finding:
    """How far what people look at is behind the log."""
    connection = await AsyncConnection.connect(settings.postgres["web"])
    async with connection, connection.cursor() as cursor:
        reached = await position(cursor, settings.town)
    nc = await line(settings)
    try:
        log = Log(nc, settings.town)
        head = await log.head()
        waiting = await log.at(reached + 1) if reached < head else None
    finally:
        await nc.close()
    age = (datetime.now(UTC) - waiting.time).total_seconds() if waiting else 0.0
    todo = "voyez projector.log" if age > LAG_ALLOWED else ""
    return Finding("tables de lecture", f"{reached} sur {head}, {age:.0f} s de retard", todo)


async def in_the_way(settings: Settings) -> Finding:
    """Which events somebody cannot take, and who."""
    connection = await AsyncConnection.connect(settings.postgres["web"])
    async with connection, connection.cursor() as cursor:
        stopped = await stops.of_town(cursor, settings.town)
        waiting = await held(connection, settings.town)
    said = [one.sentence for one in (*stopped.values(), *waiting)]
    todo = "corrigez le logiciel et relancez, ou guichet projection skip (docs/damage.md)"
    return Finding("événements", " ".join(said) or "aucun n'arrête personne", todo if said else "")


async def web(settings: Settings) -> Finding:
    """What the web process says of itself."""
    from guichet.host.starting import health

    said = await asyncio.to_thread(health, settings)
    if not said:
        raise LogUnavailable
    if said["ready"]:
        return Finding("web", "prêt")
    return Finding("web", " ".join(said["reasons"]), "voyez ces raisons, et web.log")


ASKED: dict[str, Check] = {
    "courtier": broker,
    "écriture": sync,
    "base de données": database,
    "clé maîtresse": master_key,
    "tables de lecture": read_models,
    "événements": in_the_way,
    "calendrier": calendar,
    "web": web,
    "courriel": mail,
    "envois": sending,
}
