"""Is the house alive, is it ready, and how is it doing: for supervisors, not for people."""

from contextlib import suppress
from time import time
from typing import Any

import psycopg
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from psycopg_pool import PoolTimeout

from domain.log import LogUnavailable
from guichet.backup.last_backup import last_backup
from guichet.host import tls
from guichet.host.disk import free
from guichet.settings import Settings
from guichet.town_calendar import covers_coming_year, days_covered, today_in
from guichet.web.reception import LAG_ALLOWED, Reception
from projections.read_model import position

STARTED = time()
"""When this process began to serve, in seconds since 1970."""


@get("/health/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", include_in_schema=False)
async def ready(reception: NamedDependency[Reception]) -> Response[dict[str, Any]]:
    """200 once the guard has passed, broker and database answer, and the catalogue is loaded and
    projected; afterwards the lag is told, and is a reason only beyond ten seconds. The age of the
    last backup and the end of the calendar are told and never a reason."""
    reasons: list[str] = []
    head = reached = 0
    lag = 0.0
    try:
        reasons += await reception.guard.verdict()
        async with reception.house.pool.connection() as connection, connection.cursor() as cursor:
            await position(cursor, reception.house.settings.town)
        head, reached, lag = await reception.lag()
    except LogUnavailable:
        reasons.append("Le courtier ne répond pas.")
    except (psycopg.OperationalError, PoolTimeout):
        reasons.append("La base de données ne répond pas.")
    if sentence := reception.shortage():
        reasons.append(sentence)
    if (reception.house.settings.data / "loading").exists():
        reasons.append("Le chargement du catalogue et de la démonstration n'est pas fini.")
    if lag > LAG_ALLOWED:
        reasons.append(f"Les tables de lecture ont {lag:.0f} secondes de retard.")
    body: dict[str, Any] = {"ready": not reasons, "reasons": reasons, "lag_seconds": round(lag, 3)}
    body |= {"log_position": head, "position": reached}
    backed_up = last_backup(reception.house.settings.data)
    body["backup_age_seconds"] = round(backed_up.age) if backed_up else None
    body["backup_position"] = backed_up.position if backed_up else None
    calendars = reception.house.catalogue.calendars
    today = today_in(reception.house.settings.zone)
    body["calendar_until"] = calendars.until.isoformat() if calendars.until else None
    body["calendar_covers_coming_year"] = covers_coming_year(calendars, today)
    return Response(body, status_code=503 if reasons else 200)


@get("/metrics", include_in_schema=False, media_type="text/plain; version=0.0.4")
async def metrics(reception: NamedDependency[Reception]) -> str:
    """Figures for Prometheus; what cannot be asked is left out, and said to be away."""
    figures = figures_of_the_machine(reception.house.settings)
    reached = reception.waiter.position
    covered = days_covered(
        reception.house.catalogue.calendars, today_in(reception.house.settings.zone)
    )
    figures["calendar_covered_days"] = ("gauge", "Days to come whose holidays are known", covered)
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
    return "".join(
        f"# HELP guichet_{name} {text}\n# TYPE guichet_{name} {kind}\nguichet_{name} {value:.15g}\n"
        for name, (kind, text, value) in figures.items()
    )


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
