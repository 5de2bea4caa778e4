"""*Fil du dossier.* Every fact of a dossier, in the words a person reads."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.dossier_events import DossierOpened
from domain.grammar import Event, Recorded
from projections.read_model import Cursor, ReadModel, Town, dossier_id

LABELS = {
    "DossierOpened": "Demande enregistrée",
    "ReceiptAcknowledged": "Accusé de réception",
    "DossierAssigned": "Transféré",
    "AssignmentRefused": "Transfert refusé",
    "DossierTaken": "Pris en charge",
    "NoteAdded": "Note interne",
    "ProgressReported": "Point d'étape",
    "DocumentsRequested": "Pièces demandées",
    "DocumentsReceived": "Pièces reçues",
    "DocumentAttached": "Pièce jointe",
    "WaitingBegan": "En attente de l'usager",
    "WaitingEnded": "Fin d'attente",
    "ReceivedByCompetent": "Reçu par l'autorité compétente",
    "AnswerSent": "Réponse",
    "DossierClosed": "Clos",
    "DossierReopened": "Rouvert",
    "DossierForwarded": "Transmis à une autre autorité",
    "DossierLinked": "Rattaché à un autre dossier",
    "DossierUnlinked": "Détaché d'un autre dossier",
    "EntryCorrected": "Saisie rectifiée",
    "WordsErased": "Textes effacés",
    "DossierReleased": "Remis dans la file, son agent étant absent",
    "PlannedWorkDone": "Travaux annoncés faits",
    "SilenceTookEffect": "Effet du silence de la ville",
    "AttestationIssued": "Attestation délivrée",
    "MessageQueued": "Message à envoyer",
    "MessageSent": "Message envoyé",
    "MessageRefused": "Message refusé",
    "MessageWithdrawn": "Message retiré avant son départ",
    "PartnerAnswered": "Réponse de l'autre autorité",
    "HandOverAccepted": "L'usager accepte que l'autre autorité poursuive",
    "LapseFound": "Manquement constaté",
    "LapseEscalated": "Manquement signalé plus haut",
    "LapseRepaired": "Manquement réparé",
    "ClosedAtOrigin": "Clos dans l'ancien logiciel, sans réponse connue",
}

INTERNAL = frozenset(
    ("NoteAdded", "DossierReleased", "LapseFound", "LapseEscalated", "LapseRepaired")
)
"""What is the town's own affair, and never shown to the resident."""

TEXTS = ("summary", "text", "reason", "name")
"""The field of a fact that holds the words somebody wrote, the first that it has."""


class TimelineRow(Struct, frozen=True, kw_only=True):
    """One fact. `type` is its name, `label` and `text` what is read, `internal` what is never shown
    to the resident, `details` whatever else the fact says."""

    dossier_id: UUID
    version: int
    position: int
    type: str
    label: str
    text: str | None
    internal: bool
    details: dict[str, Any]
    happened_at: datetime
    received_at: datetime
    entered_at: datetime
    recorded_at: datetime
    role: str
    account: str


def fold(rows: tuple[TimelineRow, ...], fact: Recorded[Any], town: Town) -> tuple[TimelineRow, ...]:
    """The timeline with `fact` at its end."""
    id = dossier_id(fact)
    assert id is not None  # noqa: S101 only facts of dossiers come here
    type, content = fact.event.__class__.__name__, told(fact.event)
    text = taken_out(content)
    if fact.flags:
        content["flags"] = fact.flags
    row = TimelineRow(
        dossier_id=id,
        version=fact.version,
        position=fact.position,
        type=type,
        label=LABELS[type],
        text=text,
        internal=type in INTERNAL,
        details={name: value for name, value in content.items() if value not in (None, [])},
        happened_at=fact.times.happened_at,
        received_at=fact.times.received_at,
        entered_at=fact.times.entered_at,
        recorded_at=fact.times.recorded_at,
        role=fact.author.role,
        account=fact.author.account,
    )
    return (*rows, row)


def told(event: Event) -> dict[str, Any]:
    """What a fact says, as JSON has it; of an opening only what a timeline shows."""
    if not isinstance(event, DossierOpened):
        content: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
        del content["type"]
        return content
    return {
        "summary": event.summary,
        "procedure": event.procedure,
        "procedure_version": event.procedure_version,
        "service": event.service,
        "nature": event.nature,
        "channel": event.channel,
        "flags": list(event.flags),
    }


def taken_out(content: dict[str, Any]) -> str | None:
    """The words somebody wrote, which are no longer in `content` then."""
    for name in TEXTS:
        if content.get(name) is not None:
            return content.pop(name)
    return None


MODEL = ReadModel(
    name="timelines",
    version=3,
    row=TimelineRow,
    fold=fold,
    key=("dossier_id", "version"),
    appends=True,
)


class Timeline(Struct, frozen=True):
    """The facts of a dossier, oldest first, and whose the dossier is at its last `version`."""

    service: str
    opened_by: str
    version: int
    position: int
    items: list[TimelineRow]


async def of(cursor: Cursor, town: str, id: UUID) -> Timeline | None:
    """The timeline of a dossier; None where no dossier is shown."""
    columns = TimelineRow.__struct_fields__
    query = f"""
        select d.service, d.opened_by, d.version, d.position, t.version is not null,
               {", ".join(f"t.{name}" for name in columns)}
        from dossiers d left join timelines t using (town, dossier_id)
        where town = %(town)s and dossier_id = %(id)s order by t.version
    """  # noqa: S608 our columns
    await cursor.execute(query.encode(), {"town": town, "id": id})
    rows = await cursor.fetchall()
    if not rows:
        return None
    facts = [row[5:] for row in rows if row[4]]
    items = [MODEL.read(dict(zip(columns, fact, strict=True))) for fact in facts]
    service, opened_by, version, position = rows[0][:4]
    return Timeline(service, opened_by, version, position, items)
