"""What a queued message says: read off the facts of its dossier, the catalogue and the clocks.

Nothing is kept of it: written again, the same message says what is true that day.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import UNSET

from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.dossier_events import DossierOpened
from domain.grammar import ERASED, Recorded, changed
from domain.organisation import TownDescribed
from domain.telling import MessageQueued
from domain.waits import DocumentsRequested
from domain.watching import acknowledgement_due, promise_of, silence_of
from guichet.letters.content import (
    Acknowledgement,
    Addressee,
    Answer,
    AnyLetter,
    Missing,
    Progress,
    Registration,
    Remedy,
    ServiceInCharge,
    Signatory,
    SilentDecision,
    Town,
)
from guichet.letters.template_files import Templates
from guichet.sentences import Sentence
from guichet.tracking import Tracking, printed, reference

FRENCH = "fr"


class TownUnknown(Sentence):
    """The catalogue does not say who sends."""


class Writer:
    """Makes letters of queued messages, for one town."""

    def __init__(self, tracking: Tracking, templates: Templates, zone: str) -> None:
        self._tracking = tracking
        self._languages = frozenset(templates.languages)
        self._zone = zone

    def letter(self, id: UUID, dossier: Dossier, number: int, at: Circumstances) -> AnyLetter:
        """The message `number` of the dossier `id`, whose past is in `at`. `TownUnknown` when
        nobody has described the town."""
        message = dossier.queued[number]
        opened = opening(at.past)
        about = self._about(id, dossier, opened, at)
        clock = promise_of(at)
        promised_on = clock.due(at.days) if clock else None
        match message.kind:
            case "acknowledgement":
                return self._acknowledgement(about, dossier, opened, at, promised_on)
            case "registration":
                last = acknowledgement_due(at)
                return Registration(
                    **about,
                    acknowledged_by=last,
                    promised_on=promised_on,
                    summary=summary(opened),
                )
            case "progress" | "forwarding":
                return Progress(**about, text=message.text or "", next_on=message.next_date)
            case "answer":
                return answer(about, message, dossier, town_in(at))

    def _about(
        self, id: UUID, dossier: Dossier, opened: Recorded[DossierOpened], at: Circumstances
    ) -> dict[str, Any]:
        """What every letter says."""
        town = town_in(at)
        service = at.organisation.service(dossier.service)
        usager = opened.event.usager
        code = self._tracking.code(id)
        language = opened.event.language
        return {
            "town": Town(
                name=town.name,
                address=town.address,
                zone=self._zone,
                accent=town.accent,
                logo=town.logo,
            ),
            "service": ServiceInCharge(
                name=service.name if service else "",
                address=lines(service.address) if service else (),
                email=(service.email or "") if service else "",
                phone=(service.phone or "") if service else "",
            ),
            "reference": reference(id, opened.times.received_at),
            "code": printed(code),
            "url": f"{town.url.rstrip('/')}/{code}",
            "written_at": at.now,
            "received_at": opened.times.received_at,
            "language": language if language in self._languages else FRENCH,
            "addressee": Addressee(usager.name or "", lines(usager.address)) if usager else None,
        }

    def _acknowledgement(
        self,
        about: dict[str, Any],
        dossier: Dossier,
        opened: Recorded[DossierOpened],
        at: Circumstances,
        promised_on: Any,
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
            promised_on=promised_on,
            remedies=remedies(town) if refused else (),
            mediator=town.mediator if refused else "",
            missing=missing(at.past) if "documents" in dossier.awaited else None,
            summary=summary(opened),
        )


def answer(
    about: dict[str, Any], message: MessageQueued, dossier: Dossier, town: TownDescribed
) -> Answer:
    """An answer with its outcome, and the reason in plain words at its end."""
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
        next_on=message.planned_for,
    )


def opening(past: tuple[Recorded[Any], ...]) -> Recorded[DossierOpened]:
    """The first fact of a dossier."""
    return past[0]


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


def town_in(at: Circumstances) -> TownDescribed:
    """Who sends."""
    if at.organisation.town is None:
        raise TownUnknown(
            "Le catalogue ne décrit pas la ville : ajoutez-y la table [town] (nom, adresse, "
            "expéditeur des courriels, adresse de suivi)."
        )
    return at.organisation.town


def lines(address: str | None) -> tuple[str, ...]:
    """An address as postal lines: by its line ends, or its commas."""
    if not address or address == ERASED:
        return ()
    parts = address.splitlines() if "\n" in address else address.split(",")
    return tuple(part.strip() for part in parts if part.strip())


def surrounding(at: Circumstances, past: list[Recorded[Any]]) -> Circumstances:
    """`at` with the facts of a dossier."""
    return changed(at, past=tuple(past))


def email_of(opened: Recorded[DossierOpened]) -> str | None:
    """Where to write; None where no address is left."""
    usager = opened.event.usager
    return None if usager is None or usager.email in (None, ERASED, UNSET) else usager.email
