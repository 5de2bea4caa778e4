"""The commands on a dossier: one address each, whose body is the command itself."""

from typing import Any
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Response

from domain import attesting, closing, handling, linking, partners, sending, waiting
from domain.intention import Intention
from guichet.web.actors import Door
from guichet.web.dossiers import created, must_own
from guichet.web.problems import AnyRequest
from guichet.web.reception import Reception

COMMANDS: dict[str, tuple[type[Any], Door, str]] = {
    "acknowledgement": (handling.AcknowledgeReceipt, "handle", "Accuser réception"),
    "assignment": (handling.AssignDossier, "handle", "Orienter ou transférer"),
    "assignment-refusal": (handling.RefuseAssignment, "handle", "Refuser un transfert"),
    "taking": (handling.TakeDossier, "handle", "Prendre en charge"),
    "note": (handling.AddNote, "note", "Ajouter une note interne"),
    "progress": (handling.ReportProgress, "handle", "Donner un point d'étape"),
    "documents-request": (handling.RequestDocuments, "handle", "Demander des pièces"),
    "documents-receipt": (waiting.ReceiveDocuments, "note", "Enregistrer les pièces reçues"),
    "waiting": (waiting.AwaitUsager, "handle", "Mettre en attente de l'usager"),
    "waiting-end": (waiting.EndWaiting, "note", "Mettre fin à l'attente"),
    "competent-receipt": (
        waiting.RecordCompetentReceipt,
        "handle",
        "Enregistrer la réception par l'autorité compétente",
    ),
    "attachment": (handling.AttachDocument, "note", "Joindre une pièce"),
    "answer": (handling.SendAnswer, "handle", "Enregistrer une réponse donnée"),
    "acknowledgement-order": (
        sending.PrepareAcknowledgement,
        "handle",
        "Faire envoyer l'accusé de réception",
    ),
    "answer-order": (sending.QueueAnswer, "handle", "Faire envoyer une réponse"),
    "message-withdrawal": (sending.WithdrawMessage, "handle", "Retirer un message non parti"),
    "attestation": (attesting.IssueAttestation, "handle", "Délivrer une attestation d'acceptation"),
    "closure": (closing.CloseDossier, "handle", "Clore"),
    "reopening": (closing.ReopenDossier, "handle", "Rouvrir"),
    "contest": (closing.ContestClosing, "note", "Contester une clôture, au nom de l'usager"),
    "planned-work": (closing.ConfirmPlannedWork, "handle", "Confirmer des travaux annoncés"),
    "partner-answer": (
        partners.RecordPartnerAnswer,
        "note",
        "Enregistrer ce que dit le partenaire",
    ),
    "hand-over": (partners.AcceptHandOver, "note", "L'usager accepte que l'autorité poursuive"),
    "forwarding": (partners.ForwardDossier, "handle", "Transmettre à une autre autorité"),
    "link": (linking.LinkDossier, "note", "Rattacher, « déjà signalé »"),
    "unlink": (linking.UnlinkDossier, "note", "Détacher"),
    "correction": (handling.CorrectEntry, "note", "Rectifier une saisie"),
}
"""The last part of the address → the command, the door it needs, and what it does."""


def route_of(name: str, command: type[Intention], door: Door, summary: str) -> HTTPRouteHandler:
    """The handler of one command."""

    @post(f"/dossiers/{{id:uuid}}/{name}", summary=summary, operation_id=command.__name__)
    async def handle(
        request: AnyRequest, reception: NamedDependency[Reception], id: FromPath[UUID]
    ) -> Response[bytes]:
        doorkeeper = reception.doorkeeper
        author = await doorkeeper.author(request, door)
        body, intent = await doorkeeper.command(request, author, command, id)
        await must_own(reception, author, id)
        await reception.safe_to_write()
        with doorkeeper.hearing(intent.hand):
            outcome = await reception.house.desk.handle(
                id,
                body,  # pyright: ignore[reportArgumentType] each command of the table decides
                intent.hand,
                intent.expected,
            )
        return created(outcome)

    return handle


routes = [route_of(name, *command) for name, command in COMMANDS.items()]
