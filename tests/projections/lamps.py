"""A town with one procedure in its log, what its tables say of a dossier, and a rebuild of them."""

from datetime import date, datetime
from uuid import UUID

from domain.dossier_events import DossierOpened
from domain.grammar import Event, Origin, Recorded, Times
from domain.procedures import Delay, ProcedurePublished
from guichet.catalogue import PROCEDURES
from guichet.catalogue_file import record
from guichet.house import House
from guichet.rebuilding import rebuild_models
from guichet.town_calendar import today_in
from projections import dossiers
from projections.dossiers import DossierRow
from projections.projector import MODELS
from tests.projections.test_read_models import hand, reached, rows

TODAY = today_in("Europe/Paris")
TEN = Delay(working_days=10)
LAMP = ProcedurePublished(
    id="lampadaire",
    version=1,
    name="Lampadaire éteint",
    service="voirie",
    since=TODAY,
    answer_within=TEN,
    silence="acceptance",
    silence_after=Delay(months=2, to_working_day=True),
    source="CRPA L231-1",
)


async def learned(house: House, *procedures: Event) -> None:
    """The procedures of the scenarios again, in the log this time."""
    house.catalogue.procedures = type(house.catalogue.procedures)()
    await record(house, PROCEDURES, procedures)


async def shown(house: House, id: UUID) -> DossierRow:
    await reached(house)
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        row = await dossiers.one(cursor, house.settings.town, id)
    assert row is not None
    return row


async def in_queue_and_promised(house: House, id: UUID) -> tuple[date, date]:
    town = house.settings.town
    async with house.pool.connection() as connection:
        cursor = await connection.execute(
            """
            select q.due, p.promised_for from queues q join promises p using (town, dossier_id)
            where q.town = %s and dossier_id = %s and kind = 'answer'
            """,
            [town, id],
        )
        [(due, promised_for)] = await cursor.fetchall()
    return due, promised_for


async def rebuilt_is_live(house: House) -> None:
    live = await rows(house)
    await rebuild_models(house, [model.name for model in MODELS])
    assert await rows(house) == live


def opening(
    id: UUID, at: datetime, key: UUID, origin: Origin | None = None
) -> Recorded[DossierOpened]:
    """One request, in its envelope; of another software when it has an origin."""
    return Recorded(
        stream=f"dossier.{id}",
        version=1,
        event=DossierOpened(
            procedure="lampadaire",
            procedure_version=1,
            service="voirie",
            nature="report",
            channel="phone",
            summary="Il fait noir",
            answer_within=TEN,
            due_at_origin="2011-07-04T10:00:00+00:00" if origin else None,
        ),
        times=Times(happened_at=at, received_at=at, entered_at=at, recorded_at=at),
        author=hand().author,
        command_id="c",
        key=key,
        origin=origin,
    )
