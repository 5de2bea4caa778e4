"""What an examination finds out about the town: its calendar, and whether its messages leave."""

import asyncio
import smtplib

from psycopg import AsyncConnection

from adapters.codec import Codec
from adapters.jetstream_api import connect
from adapters.stream import Log
from guichet.catalogue import Catalogue
from guichet.host.findings import Finding
from guichet.settings import Settings
from guichet.town_calendar import covers_coming_year, today_in, told

PATIENCE = 2.5
"""Seconds a mail server is waited for."""

WAITING = """
    select state, count(*) from messages
    where town = %s and (state = 'refused' or state = 'queued' and means <> 'letter')
    group by state
"""


async def catalogue(settings: Settings) -> Catalogue:
    """What the log itself says of the town."""
    nc = await connect(settings.nats_url, "writer", settings.nats_passwords["writer"])
    try:
        known = Catalogue()
        await known.load(Log(nc, settings.town), Codec(settings.town))
    finally:
        await nc.close()
    return known


async def calendar(settings: Settings) -> Finding:
    """Whether the holidays of the coming year are known."""
    calendars = (await catalogue(settings)).calendars
    ends = covers_coming_year(calendars, today_in(settings.zone))
    region = "" if calendars.region else " --region metropole (ou la vôtre)"
    todo = "" if ends else f"guichet calendar publish{region}"
    return Finding("calendrier", told(calendars), todo)


async def mail(settings: Settings) -> Finding:
    """Whether the mail server that was named takes a connection and presents itself."""
    if not settings.smtp:
        return Finding("courriel", "aucun serveur n'est nommé")

    def ask() -> bool:
        with smtplib.SMTP(timeout=PATIENCE) as line:
            line.connect(settings.smtp)
            return line.noop()[0] in range(200, 300)  # RFC 5321: all is well

    try:
        well = await asyncio.to_thread(ask)
    except OSError:
        well = False
    todo = "" if well else "voyez l'adresse (--smtp hôte:port), le serveur et le pare-feu"
    return Finding("courriel", f"{settings.smtp} {'répond' if well else 'ne répond pas'}", todo)


async def sending(settings: Settings) -> Finding:
    """Whether messages leave, and how many wait for it or were refused."""
    known = await catalogue(settings)
    async with await AsyncConnection.connect(settings.postgres["web"]) as connection:
        rows = await (await connection.execute(WAITING, [settings.town])).fetchall()
    counts = dict(rows)
    queued, refused = counts.get("queued", 0), counts.get("refused", 0)
    how = "partent" if known.leaving.allowed else "sont retenus"
    if settings.training:
        how = "finissent dans un dossier (exercice)"
    found = f"les messages {how}, {queued} en attente, {refused} refusé(s)"
    todo = ""
    if known.organisation.town is None and (known.leaving.allowed or settings.training):
        todo = "décrivez la ville : la table [town] du catalogue (docs/sending.md)"
    return Finding("envois", found, todo)
