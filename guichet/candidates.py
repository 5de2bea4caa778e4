"""Which dossiers time may have touched, as the read models see it: candidates, never verdicts.

The domain reads its clocks off the facts themselves and refuses whatever is not so. History is
never a candidate.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID

from msgspec import Struct

from domain.circumstances import Circumstances
from domain.deadlines import day_of, due
from domain.lapses import LapseKind, Level
from domain.watching import (
    PARTNER_WITHIN,
    EscalateLapse,
    FindLapse,
    ReceiptLapse,
    RecordSilence,
    ReleaseDossier,
    receipt_due,
)
from guichet.absences import Away
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
    select dossier_id, received_at, procedure, procedure_version from dossiers d
    where town = %(town)s and acknowledged_at is null and origin_source is null
      and received_at < %(today)s and (channel = 'field' or usager_id is not null)
      and (%(kind)s <> 'registration_late' or channel in ('email', 'form'))
      and not exists (select from lapses l where l.town = d.town
        and l.dossier_id = d.dossier_id and l.kind = %(kind)s and l.repaired_at is null)
    order by received_at, dossier_id
"""

UNANSWERED = """
    select dossier_id from dossiers d
    where town = %(town)s and state = 'open' and origin_source is null
      and answered_at is null and due < %(today)s
      and not exists (select from lapses l where l.town = d.town
        and l.dossier_id = d.dossier_id and l.kind = %(kind)s and l.repaired_at is null)
    order by due, dossier_id limit %(limit)s
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

WITH_PARTNER = """
    select distinct on (dossier_id) dossier_id, t.received_at
    from timelines t join dossiers d using (town, dossier_id)
    where t.town = %(town)s and t.type = 'DossierForwarded' and d.state = 'open'
      and d.origin_source is null and t.received_at < %(today)s::date - 27
      and not exists (select from timelines a where a.town = t.town
        and a.dossier_id = t.dossier_id and a.version > t.version
        and a.type in ('PartnerAnswered', 'HandOverAccepted'))
      and not exists (select from lapses l where l.town = t.town
        and l.dossier_id = t.dossier_id and l.kind = %(kind)s and l.repaired_at is null)
    order by dossier_id, t.version
"""

BY_KIND: dict[LapseKind, str] = {
    "answer_late": UNANSWERED,
    "progress_late": BROKEN,
    "planned_late": BROKEN,
    "no_next_date": WITHOUT_DATE,
}
PROMISES: dict[LapseKind, str] = {"progress_late": "progress", "planned_late": "work"}
"""Which promise is broken by a lapse of that kind."""

RECEIPTS: tuple[ReceiptLapse, ...] = ("acknowledgement_late", "registration_late")

LASTING = """
    select dossier_id, kind from lapses
    where town = %(town)s and repaired_at is null and level = any(%(levels)s)
      and since > %(after)s and since <= %(before)s
    order by since, dossier_id limit %(limit)s
"""

TAKEN = """
    select q.dossier_id, q.version
    from unnest(%(accounts)s::text[], %(since)s::timestamptz[]) as away (account, since)
    join queues q on q.taken_by = away.account
    where q.town = %(town)s and q.open and not q.history
      and not exists (select from timelines t where t.town = q.town
        and t.dossier_id = q.dossier_id and t.type = 'DossierTaken'
        and t.account = away.account and t.recorded_at >= away.since)
    order by q.due, q.dossier_id limit %(limit)s
"""


class Candidate(Struct, frozen=True):
    """A command that time may call for on a dossier; `version` is the one it was seen at, where
    what was seen must still be so."""

    dossier: UUID
    command: RecordSilence | FindLapse | EscalateLapse | ReleaseDossier
    version: int | None = None


async def candidates(cursor: Cursor, town: str, at: Circumstances) -> list[Candidate]:
    """What may be missing today."""
    values = {"town": town, "today": at.today, "limit": AT_ONCE}
    await cursor.execute(SILENT.encode(), values)
    found = [Candidate(id, RecordSilence()) for (id,) in await cursor.fetchall()]
    for kind in RECEIPTS:
        await cursor.execute(UNACKNOWLEDGED.encode(), {**values, "kind": kind})
        late = [row[0] for row in await cursor.fetchall() if is_late(kind, row[1:], at)]
        found += [Candidate(id, FindLapse(kind=kind)) for id in late[:AT_ONCE]]
    for kind, query in BY_KIND.items():
        about = {"kind": kind, "promise": PROMISES.get(kind)}
        await cursor.execute(query.encode(), {**values, **about})
        found += [Candidate(id, FindLapse(kind=kind)) for (id,) in await cursor.fetchall()]
    await cursor.execute(WITH_PARTNER.encode(), {**values, "kind": "partner_silent"})
    for id, forwarded_at in await cursor.fetchall():
        if due(day_of(forwarded_at, at.zone), PARTNER_WITHIN, at.days) < at.today:
            found.append(Candidate(id, FindLapse(kind="partner_silent")))
    return found


def is_late(kind: ReceiptLapse, row: tuple[datetime, str, int], at: Circumstances) -> bool:
    """Whether a receipt was owed before today: no row keeps that date, which would be one more to
    move with every calendar."""
    received_at, id, version = row
    received = day_of(received_at, at.zone)
    return receipt_due(kind, received, at.procedures.version(id, version), at.days) < at.today


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


async def to_release(
    cursor: Cursor, town: str, absences: Sequence[Away], at: Circumstances
) -> list[Candidate]:
    """What those who are away today had taken before. Who takes a dossier after the first day of
    his absence has begun, and after it was announced, is there: he keeps it."""
    lasting = [one for one in absences if one.first <= at.today <= one.last]
    begun = [datetime.combine(one.first, time.min, at.zone) for one in lasting]
    values = {
        "town": town,
        "accounts": [one.account for one in lasting],
        "since": [max(b, one.announced_at) for b, one in zip(begun, lasting, strict=True)],
        "limit": AT_ONCE,
    }
    await cursor.execute(TAKEN.encode(), values)
    return [Candidate(id, ReleaseDossier(), version) for id, version in await cursor.fetchall()]
