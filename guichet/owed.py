"""What is before a service today: answers, news and work that are owed, and what is missing."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from domain.lapses import LapseKind, Level
from projections.read_model import Cursor, fetch


class Owed(Struct, frozen=True):
    """Something owed to a resident by the end of the day `on`; of the lapse `lapse`, missing since
    that day."""

    dossier: UUID
    service: str
    received_at: datetime
    procedure: str
    version: int
    on: date
    lapse: LapseKind | None = None


OWED = """
    select d.dossier_id as dossier, d.service, d.received_at, d.procedure,
      d.procedure_version as version, min(o.on_day) as on
    from dossiers d join (
      select dossier_id, due as on_day from dossiers
      where town = %(town)s and state = 'open' and answered_at is null
        and origin_source is null and due <= %(until)s
      union all
      select dossier_id, promised_for from promises
      where town = %(town)s and state = 'open' and kind <> 'answer' and promised_for <= %(until)s
    ) o using (dossier_id)
    where d.town = %(town)s group by d.town, d.dossier_id order by 6, 1
"""

MISSING = """
    select l.dossier_id as dossier, d.service, d.received_at, d.procedure,
      d.procedure_version as version, l.since as on, l.kind as lapse
    from lapses l join dossiers d using (town, dossier_id)
    where l.town = %(town)s and l.repaired_at is null and l.level = any(%(levels)s)
    order by l.since, l.dossier_id
"""


async def owed(cursor: Cursor, town: str, until: date) -> list[Owed]:
    """What is owed by the day `until`, the earliest date of each dossier, oldest first."""
    return await fetch(cursor, Owed, OWED, {"town": town, "until": until})


async def missing(cursor: Cursor, town: str, levels: Sequence[Level]) -> list[Owed]:
    """The lapses that last at one of these levels, oldest first, in who owns the dossier today."""
    return await fetch(cursor, Owed, MISSING, {"town": town, "levels": list(levels)})
