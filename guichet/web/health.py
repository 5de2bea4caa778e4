"""Is the house alive, is it ready, and how is it doing: for supervisors, not for people."""

from collections.abc import Sequence
from contextlib import suppress
from time import time
from typing import Any

import psycopg
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from psycopg_pool import PoolTimeout

from domain.log import LogUnavailable
from domain.skipping import REACTOR
from guichet.backup.last_backup import last_backup
from guichet.held import Held, held
from guichet.host import tls
from guichet.host.disk import free
from guichet.settings import Settings
from guichet.town_calendar import covers_coming_year, days_covered, today_in
from guichet.web.reception import LAG_ALLOWED, Reception
from projections.stops import Stop

STARTED = time()
"""When this process began to serve, in seconds since 1970."""


@get("/health/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", include_in_schema=False)
async def ready(reception: NamedDependency[Reception]) -> Response[dict[str, Any]]:
    """200 once the guard has passed, broker and database answer, and the catalogue is loaded and
    projected; afterwards the lag is told, and is a reason only beyond ten seconds. A read model
    that has stopped is a reason. What the reactor holds, the age of the last backup and the end of
    the calendar are told and never one."""
    house = reception.house
    reasons: list[str] = [house.catalogue.damage] if house.catalogue.damage else []
    waiting: list[Held] = []
    head = reached = 0
    lag = 0.0
    try:
        reasons += await reception.guard.verdict()
        async with house.pool.connection() as connection:
            waiting = await held(connection, house.settings.town)
        head, reached, lag = await reception.lag()
    except LogUnavailable:
        reasons.append("Le courtier ne répond pas.")
    except (psycopg.OperationalError, PoolTimeout):
        reasons.append("La base de données ne répond pas.")
    if sentence := reception.shortage():
        reasons.append(sentence)
    if (house.settings.data / "loading").exists():
        reasons.append("Le chargement du catalogue et de la démonstration n'est pas fini.")
    stops = list(reception.waiter.stops.values())
    reasons += [stop.sentence for stop in stops]
    if lag > LAG_ALLOWED:
        reasons.append(f"Les tables de lecture ont {lag:.0f} secondes de retard.")
    body: dict[str, Any] = {"ready": not reasons, "reasons": reasons, "lag_seconds": round(lag, 3)}
    body |= {"log_position": head, "position": reached, "stopped": stops, "held": waiting}
    backed_up = last_backup(house.settings.data)
    body["backup_age_seconds"] = round(backed_up.age) if backed_up else None
    body["backup_position"] = backed_up.position if backed_up else None
    if not house.catalogue.damage:
        calendars, today = house.catalogue.calendars, today_in(house.settings.zone)
        body["calendar_until"] = calendars.until.isoformat() if calendars.until else None
        body["calendar_covers_coming_year"] = covers_coming_year(calendars, today)
    return Response(body, status_code=503 if reasons else 200)


@get("/metrics", include_in_schema=False, media_type="text/plain; version=0.0.4")
async def metrics(reception: NamedDependency[Reception]) -> str:
    """Figures for Prometheus; what cannot be asked is left out, and said to be away."""
    house = reception.house
    figures = figures_of_the_machine(house.settings)
    reached = reception.waiter.position
    if not house.catalogue.damage:
        covered = days_covered(house.catalogue.calendars, today_in(house.settings.zone))
        help = "Days to come whose holidays are known"
        figures["calendar_covered_days"] = ("gauge", help, covered)
    figures["projected_position"] = ("counter", "Last position projected", reached)
    try:
        head, _, lag = await reception.lag()
        figures["log_position"] = ("counter", "Last position of the log", head)
        figures["projection_lag_seconds"] = ("gauge", "Age of the oldest fact not projected", lag)
    except LogUnavailable:
        figures["broker_up"] = ("gauge", "1 when the broker answers", 0)
    else:
        figures["broker_up"] = ("gauge", "1 when the broker answers", 1)
    with suppress(LogUnavailable, psycopg.OperationalError, PoolTimeout):
        refused = bool(reception.shortage()) or bool(await reception.guard.verdict())
        figures["read_only"] = ("gauge", "1 when commands are refused", refused)
    stops = reception.waiter.stops
    figures["projections_stopped"] = ("gauge", "Read models that do not follow", len(stops))
    waiting: list[Held] = []
    with suppress(psycopg.OperationalError, PoolTimeout):
        async with house.pool.connection() as connection:
            waiting = await held(connection, house.settings.town)
        figures["reactions_held"] = ("gauge", "Facts that nothing has followed from", len(waiting))
    figures["catalogue_damaged"] = (
        "gauge",
        "1 when the catalogue cannot be read",
        bool(house.catalogue.damage),
    )
    plain = "".join(
        f"# HELP guichet_{name} {text}\n# TYPE guichet_{name} {kind}\nguichet_{name} {value:.15g}\n"
        for name, (kind, text, value) in figures.items()
    )
    return plain + events_in_the_way([*stops.values()], waiting)


def events_in_the_way(stops: Sequence[Stop], waiting: Sequence[Held]) -> str:
    """Where each read model that has stopped is, and each fact the reactor holds, with what there
    is to know of the event; nothing personal."""
    if not stops and not waiting:
        return ""
    lines = [(stop.model, stop) for stop in stops] + [(REACTOR, one) for one in waiting]
    return (
        "# HELP guichet_event_in_the_way Position of an event that somebody cannot take\n"
        "# TYPE guichet_event_in_the_way gauge\n"
    ) + "".join(
        f'guichet_event_in_the_way{{model="{model}",stream="{quoted(one.stream)}",'
        f'type="{quoted(one.topic)}",error="{quoted(one.error)}"}} {one.position}\n'
        for model, one in lines
    )


def quoted(text: str) -> str:
    """A text as the value of a label."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def figures_of_the_machine(settings: Settings) -> dict[str, tuple[str, str, float]]:
    """What needs neither server. The certificate is left out where there is none; the time of the
    last backup is 0 where there has been none, and it has no age."""
    figures: dict[str, tuple[str, str, float]] = {
        "process_start_time_seconds": ("gauge", "When the web process started", STARTED),
        "disk_free_bytes": ("gauge", "Free on the disk of the data", free(settings.data)),
    }
    last = last_backup(settings.data)
    made = last.time.timestamp() if last else 0.0
    figures["backup_timestamp_seconds"] = ("gauge", "When the last backup was made", made)
    if last:
        figures["backup_age_seconds"] = ("gauge", "Seconds since the last backup", last.age)
    if settings.tls_cert:
        with suppress(tls.Unusable):
            left = tls.seconds_left(settings.tls_cert)
            figures["certificate_expires_seconds"] = ("gauge", "Until the certificate ends", left)
    return figures


routes = [live, ready, metrics]
