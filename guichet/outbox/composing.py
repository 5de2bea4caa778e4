"""What a queued message says: read off the facts of its dossier, the catalogue and the clocks.

Nothing is kept of it: written again, the same message says what is true that day.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from domain.circumstances import Circumstances
from domain.closing import contestable_until
from domain.dossier import Dossier
from domain.dossier_events import DossierOpened
from domain.grammar import ERASED, Recorded, changed
from domain.organisation import TownDescribed
from domain.telling import AttestationIssued, MessageQueued
from domain.waits import DocumentsRequested
from domain.watching import acknowledgement_due, promise_of, silence_of
from guichet.letters.content import (
    Acknowledgement,
    Addressee,
    Answer,
    AnyLetter,
    Attestation,
    Forwarding,
    Missing,
    Progress,
    Registration,
    Remedy,
    Signatory,
    SilentDecision,
    Ticket,
)
from guichet.letters.notices import Transmission
from guichet.letters.template_files import Templates
from guichet.outbox.letterhead import in_charge, letterhead, lines, site, town_in
from guichet.outbox.recipients import forwarded, left, opening
from guichet.sentences import Sentence
from guichet.tracking import Tracking, printed, reference

FRENCH = "fr"


class NotAttested(Sentence):
    """Nobody issued an attestation."""


class Writer:
    """Makes letters of queued messages, for one town; `training` marks them as exercises."""

    def __init__(
        self, tracking: Tracking, templates: Templates, zone: str, *, training: bool = False
    ) -> None:
        self._tracking = tracking
        self._languages = frozenset(templates.languages)
        self._zone = zone
        self._training = training

    def letter(self, id: UUID, dossier: Dossier, number: int, at: Circumstances) -> AnyLetter:
        """The message `number` of the dossier `id`, whose past is in `at`, to its resident.
        `TownUnknown` when nobody has described the town."""
        message = dossier.queued[number]
        opened = opening(at.past)
        about = self._about(id, dossier, opened, at)
        match message.kind:
            case "acknowledgement":
                return self._acknowledgement(about, dossier, opened, at)
            case "registration":
                return Registration(
                    **about,
                    acknowledged_by=acknowledgement_due(at),
                    promised_on=promised_on(at),
                    summary=summary(opened),
                )
            case "forwarding":
                _, event = forwarded(at.past)
                return Forwarding(
                    **about,
                    authority=dossier.authority,
                    text=left(event.reason) or "",
                    next_on=message.next_date,
                )
            case "answer":
                return answer(about, message, dossier, at)
            case "transmission":
                raise ValueError("written to an authority, not to the resident")
            case "progress":
                return Progress(
                    **about,
                    text=message.text or "",
                    next_on=message.next_date,
                    answer_by=message.answer_by,
                )

    def ticket(self, id: UUID, dossier: Dossier, at: Circumstances) -> Ticket:
        """What is handed over at the counter. `TownUnknown`."""
        about = self._about(id, dossier, opening(at.past), at)
        return Ticket(**about, promised_on=promised_on(at))

    def attestation(self, id: UUID, dossier: Dossier, at: Circumstances) -> Attestation:
        """The attestation last issued (CRPA L232-3), in French. `NotAttested`, `TownUnknown`."""
        opened = opening(at.past)
        issued = [f.event for f in at.past if isinstance(f.event, AttestationIssued)]
        if not issued:
            raise NotAttested("Aucune attestation n'a été délivrée pour ce dossier.")
        last = issued[-1]
        about = self._about(id, dossier, opened, at)
        about["language"] = FRENCH
        return Attestation(
            **about,
            procedure=procedure_name(opened.event, at),
            accepted_on=last.accepted_on,
            source=last.source,
            signatory=Signatory(last.signatory.name, last.signatory.quality),
        )

    def transmission(self, id: UUID, dossier: Dossier, at: Circumstances) -> Transmission:
        """What the authority the dossier was last forwarded to is written. `TownUnknown`."""
        about = self._about(id, dossier, opening(at.past), at)
        entry, _ = forwarded(at.past)
        return Transmission(
            town=about["town"],
            written_at=at.now,
            service=about["service"],
            reference=about["reference"],
            received_on=about["town"].local(about["received_at"]).date(),
            procedure=procedure_name(opening(at.past).event, at),
            url=f"{site(town_in(at))}/partenaire/{self._tracking.partner(id, entry)}",
            training=self._training,
        )

    def _about(
        self, id: UUID, dossier: Dossier, opened: Recorded[DossierOpened], at: Circumstances
    ) -> dict[str, Any]:
        """What every letter says."""
        town = town_in(at)
        usager = opened.event.usager
        code = self._tracking.code(id)
        language = opened.event.language
        return {
            "town": letterhead(town, self._zone),
            "service": in_charge(dossier.service, at),
            "reference": reference(id, opened.times.received_at),
            "code": printed(code),
            "url": f"{town.url.rstrip('/')}/{code}",
            "written_at": at.now,
            "received_at": opened.times.received_at,
            "language": language if language in self._languages else FRENCH,
            "addressee": Addressee(usager.name or "", lines(usager.address)) if usager else None,
            "training": self._training,
        }

    def _acknowledgement(
        self,
        about: dict[str, Any],
        dossier: Dossier,
        opened: Recorded[DossierOpened],
        at: Circumstances,
    ) -> Acknowledgement:
        clock = silence_of(at)
        last = clock.expires(at.days) if clock else None
        silence = None
        if clock and last is not None:
            silence = SilentDecision(clock.effect, last + timedelta(days=1))
        refused = silence is not None and silence.effect == "refusal"
        town = town_in(at)
        return Acknowledgement(
            **about,
            silence=silence,
            promised_on=promised_on(at),
            remedies=remedies(town) if refused else (),
            mediator=town.mediator if refused else "",
            missing=missing(at.past) if "documents" in dossier.awaited else None,
            summary=summary(opened),
        )


def answer(
    about: dict[str, Any], message: MessageQueued, dossier: Dossier, at: Circumstances
) -> Answer:
    """An answer with its outcome, and the reason in plain words at its end."""
    town = town_in(at)
    said = [text for text in (message.text, message.reason) if text]
    signed = message.signatory
    refused = message.outcome == "refused"
    return Answer(
        **about,
        outcome=message.outcome or "done",
        text="\n\n".join(dict.fromkeys(said)),
        signatory=Signatory(signed.name, signed.quality) if signed else None,
        forwarded_to=dossier.authority,
        remedies=remedies(town) if refused else (),
        mediator=town.mediator if refused else "",
        planned_for=message.planned_for,
        contest_until=contestable_until(at, at.today) if message.outcome else None,
    )


def summary(opened: Recorded[DossierOpened]) -> str:
    """What was asked, unless it was erased."""
    return "" if opened.event.summary == ERASED else opened.event.summary


def missing(past: tuple[Recorded[Any], ...]) -> Missing | None:
    """What was last asked for."""
    asked = [fact.event for fact in past if isinstance(fact.event, DocumentsRequested)]
    return Missing(asked[-1].documents, asked[-1].until) if asked else None


def remedies(town: TownDescribed) -> tuple[Remedy, ...]:
    """The two appeals against a refusal (CRPA R112-5), as the town names their authorities."""
    return (Remedy("administrative", town.before), Remedy("court", town.court))


def procedure_name(opened: DossierOpened, at: Circumstances) -> str:
    """What the procedure was called when the dossier was opened."""
    procedure = at.procedures.version(opened.procedure, opened.procedure_version)
    return procedure.name if procedure else opened.procedure


def promised_on(at: Circumstances) -> date | None:
    """The last day of the answer."""
    clock = promise_of(at)
    return clock.due(at.days) if clock else None


def surrounding(at: Circumstances, past: list[Recorded[Any]]) -> Circumstances:
    """`at` with the facts of a dossier."""
    return changed(at, past=tuple(past))
