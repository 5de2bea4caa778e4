"""What each letter of the town needs to know. The caller computes every date; nothing here does.

Dates of the law are dates; moments carry their zone and are written in the town's.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from domain.procedures import Silence
from domain.terms import Outcome

Lines = tuple[str, ...]
"""Postal lines, each as it is printed."""


class Town(Struct, frozen=True, kw_only=True):
    """Who sends. `zone` is the IANA zone in which moments are written, `accent` the town's colour,
    `logo` the name of an SVG or PNG file in the town's folder of templates (empty: its name)."""

    name: str
    address: Lines
    zone: str = "Europe/Paris"
    logo: str = ""
    accent: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")] = "#1d4f73"

    def local(self, moment: datetime) -> datetime:
        """`moment`, which must carry a zone, on the town's clocks."""
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone")
        return moment.astimezone(ZoneInfo(self.zone))


class ServiceInCharge(Struct, frozen=True, kw_only=True):
    """*Service chargé du dossier*, as CRPA R112-5 wants it named. An empty field is a mention that
    is lacking, and the letter that needs it is refused."""

    name: str
    address: Lines = ()
    email: str = ""
    phone: str = ""


class Addressee(Struct, frozen=True):
    """*Destinataire.* `name` and postal lines: six in all, as in NF Z10-011."""

    name: str
    address: Lines = ()


class SilentDecision(Struct, frozen=True):
    """*Décision implicite.* What silence will mean on the day `on` (CRPA L231-1, L231-4)."""

    effect: Silence
    on: date


class Remedy(Struct, frozen=True):
    """*Recours.* `before` names the authority in words that follow « devant » (« le maire »),
    `months` is its time limit."""

    kind: Literal["administrative", "court"]
    before: str
    months: Annotated[int, Meta(ge=1, le=10)] = 2


class Missing(Struct, frozen=True):
    """*Pièces manquantes*, and until when they are awaited (CRPA L114-5)."""

    documents: tuple[str, ...]
    until: date | None


class Signatory(Struct, frozen=True):
    """Who signs: first and last name, and in which quality (CRPA L212-1)."""

    name: str
    quality: str


class Letter(Struct, frozen=True, kw_only=True):
    """What all letters share. `code` is the tracking code as printed and `url` where it leads;
    `written_at` is also the date of the PDF, so that the same letter gives the same bytes; `proof`
    is the digest of the first event of the dossier, for papers that show it; while `training` it
    says that it is an exercise."""

    kind: ClassVar[str]
    town: Town
    service: ServiceInCharge
    reference: str
    code: str
    url: str
    written_at: datetime
    received_at: datetime
    language: str = "fr"
    addressee: Addressee | None = None
    proof: str = ""
    training: bool = False


class Acknowledgement(Letter, frozen=True, kw_only=True):
    """*Accusé de réception* (CRPA L112-3, R112-5). `silence` is None only where nothing is asked,
    as for thanks: it has no default so that nobody forgets it. `mediator` is the town's, in words
    that follow « saisir » (empty: none)."""

    kind = "acknowledgement"
    silence: SilentDecision | None
    promised_on: date | None = None
    remedies: tuple[Remedy, ...] = ()
    mediator: str = ""
    missing: Missing | None = None
    summary: str = ""


class Registration(Letter, frozen=True, kw_only=True):
    """*Accusé d'enregistrement*, at once, for what came by electronic way (CRPA L112-11).
    `acknowledged_by` is the last day for the acknowledgement itself."""

    kind = "registration"
    acknowledged_by: date | None = None
    promised_on: date | None = None
    summary: str = ""


class Ticket(Letter, frozen=True, kw_only=True):
    """*Ticket de guichet*, handed over in person: no name on it, it may be lost."""

    kind = "ticket"
    promised_on: date | None = None


class Answer(Letter, frozen=True, kw_only=True):
    """*Réponse.* `text` in paragraphs, `forwarded_to` the authority of an outcome `forwarded`,
    `remedies` of a refusal (CJA R421-5), `planned_for` the day announced by an
    outcome `planned`, `contest_until` the last day on which the resident may have the dossier
    reopened."""

    kind = "answer"
    outcome: Outcome
    text: str
    signatory: Signatory | None
    forwarded_to: str = ""
    remedies: tuple[Remedy, ...] = ()
    mediator: str = ""
    planned_for: date | None = None
    contest_until: date | None = None


class Progress(Letter, frozen=True, kw_only=True):
    """*Point d'étape.* `text` in paragraphs, and the date of the next one; the answer is now
    announced for the day `answer_by`, where another one was."""

    kind = "progress"
    text: str
    next_on: date | None
    answer_by: date | None = None


class Forwarding(Letter, frozen=True, kw_only=True):
    """*Avis de transmission* (CRPA L114-2): the request is with `authority` now; why in `text`, in
    paragraphs (empty: nobody said it), and the date of the next news."""

    kind = "forwarding"
    authority: str
    text: str
    next_on: date | None


class Attestation(Letter, frozen=True, kw_only=True):
    """*Attestation d'acceptation implicite* (CRPA L232-3): the request under that `procedure` has
    been deemed accepted since the day `accepted_on`, under the text `source`. It is shown to
    others: it bears no tracking code."""

    kind = "attestation"
    procedure: str
    accepted_on: date
    source: str
    signatory: Signatory | None


AnyLetter = Acknowledgement | Registration | Ticket | Answer | Progress | Forwarding | Attestation
