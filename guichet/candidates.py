"""Which dossiers time may have touched, as the read models see it: candidates, never verdicts.

The domain reads its clocks off the facts themselves and refuses whatever is not so. History is
never a candidate.
"""

from datetime import date
from uuid import UUID

from msgspec import Struct

from domain.lapses import LapseKind, Level
from domain.watching import EscalateLapse, FindLapse, RecordSilence
from projections.read_model import Cursor

AT_ONCE = 500
"""Candidates of one kind in one look; the others come with the next."""

SILENT = """
    select dossier_id from dossiers d
    where town = %(town)s and state = 'open' and origin_source is null
      and silence_on < %(today)s and silence_state = 'running'
      and not exists (select from lapses l where l.town = d.town
        and l.dossier_id = d.dossier_id and l.kind = 'silence')
    order by silence_on, dossier_id limit %(limit)s
"""

UNACKNOWLEDGED = """
    select dossier_id from dossiers d
    where town = %(town)s and acknowledged_at is null and origin_source is null
      and received_at < %(today)s and (channel = 'field' or usager_id is not null)
      and (%(kind)s <> 'registration_late' or channel in ('email', 'form'))
      and not exists (select from lapses l where l.town = d.town
        and l.dossier_id = d.dossier_id and l.kind = %(kind)s and l.repaired_at is null)
    order by received_at, dossier_id limit %(limit)s
"""

BROKEN = """
    select p.dossier_id from promises p
    where p.town = %(town)s and p.state = 'open' and p.kind = %(promise)s
      and p.promised_for < %(today)s
      and not exists (select from lapses l where l.town = p.town
        and l.dossier_id = p.dossier_id and l.kind = %(kind)s and l.repaired_at is null)
    order by p.promised_for, p.dossier_id limit %(limit)s
"""

WITHOUT_DATE = """
    select dossier_id from dossiers d
    where town = %(town)s and state = 'open' and origin_source is null
      and answered_at < %(today)s
      and not exists (select from promises p where p.town = d.town
        and p.dossier_id = d.dossier_id and p.state = 'open')
      and not exists (select from lapses l where l.town = d.town
        and l.dossier_id = d.dossier_id and l.kind = %(kind)s and l.repaired_at is null)
    order by answered_at, dossier_id limit %(limit)s
"""

PLANNED = """
    select dossier_id from dossiers d
    where town = %(town)s and state = 'closed' and outcome = 'planned' and origin_source is null
      and exists (select from timelines t where t.town = d.town and t.dossier_id = d.dossier_id
        and t.type = 'DossierClosed' and t.details->>'planned_for' < %(today)s::text)
      and not exists (select from timelines t where t.town = d.town
        and t.dossier_id = d.dossier_id and t.type = 'PlannedWorkDone')
      and not exists (select from lapses l where l.town = d.town
        and l.dossier_id = d.dossier_id and l.kind = %(kind)s and l.repaired_at is null)
    order by closed_at, dossier_id limit %(limit)s
"""

WITH_PARTNER = """
    select dossier_id from timelines t join dossiers d using (town, dossier_id)
    where t.town = %(town)s and t.type = 'DossierForwarded' and d.state = 'open'
      and d.origin_source is null and t.received_at < %(today)s::date - 27
      and not exists (select from timelines a where a.town = t.town
        and a.dossier_id = t.dossier_id and a.version > t.version
        and a.type in ('PartnerAnswered', 'HandOverAccepted', 'DossierForwarded'))
      and not exists (select from lapses l where l.town = t.town
        and l.dossier_id = t.dossier_id and l.kind = %(kind)s and l.repaired_at is null)
    order by t.received_at, dossier_id limit %(limit)s
"""

BY_KIND: dict[LapseKind, str] = {
    "acknowledgement_late": UNACKNOWLEDGED,
    "registration_late": UNACKNOWLEDGED,
    "answer_late": BROKEN,
    "progress_late": BROKEN,
    "no_next_date": WITHOUT_DATE,
    "planned_late": PLANNED,
    "partner_silent": WITH_PARTNER,
}

LASTING = """
    select dossier_id, kind from lapses
    where town = %(town)s and repaired_at is null and level = any(%(levels)s)
      and since > %(after)s and since <= %(before)s
    order by since, dossier_id limit %(limit)s
"""


class Candidate(Struct, frozen=True):
    """A command that time may call for on a dossier."""

    dossier: UUID
    command: RecordSilence | FindLapse | EscalateLapse


async def candidates(cursor: Cursor, town: str, today: date) -> list[Candidate]:
    """What may be missing on the day `today`."""
    values = {"town": town, "today": today, "limit": AT_ONCE}
    await cursor.execute(SILENT.encode(), values)
    found = [Candidate(id, RecordSilence()) for (id,) in await cursor.fetchall()]
    for kind, query in BY_KIND.items():
        promise = "answer" if kind == "answer_late" else "progress"
        await cursor.execute(query.encode(), {**values, "kind": kind, "promise": promise})
        found += [Candidate(id, FindLapse(kind=kind)) for (id,) in await cursor.fetchall()]
    return found


async def to_escalate(cursor: Cursor, town: str, to_head: date, to_unit: date) -> list[Candidate]:
    """The lapses that go up: those that began on the day `to_unit` or before it to the unit that
    evaluates, those since, until the day `to_head`, to the head of their service."""
    found: list[Candidate] = []
    steps: list[tuple[Level, list[Level], date, date]] = [
        ("evaluation", ["service", "service_head"], date.min, to_unit),
        ("service_head", ["service"], to_unit, to_head),
    ]
    for level, levels, after, before in steps:
        values = {"town": town, "levels": levels, "after": after, "before": before}
        await cursor.execute(LASTING.encode(), {**values, "limit": AT_ONCE})
        for id, kind in await cursor.fetchall():
            found.append(Candidate(id, EscalateLapse(kind=kind, to=level)))
    return found
