"""E-mails to those the town works with, in plain text and in French: reminders to its services, and
requests to another authority. No resident's name or word is in them.
"""

from collections.abc import Sequence
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import ClassVar

from msgspec import Struct

from domain.lapses import LapseKind, Level
from guichet.letters.content import ServiceInCharge, Town
from guichet.letters.mail import mailbox, must_be_link
from guichet.letters.mentions import Mention, MentionLacking
from guichet.letters.writing import one_line

L114_2 = "CRPA, article L114-2"
NEEDED = (
    Mention("reference", "la référence du dossier", L114_2),
    Mention("link", "l'adresse où lire la demande", L114_2),
    Mention("service_name", "le nom du service chargé du dossier", L114_2),
    Mention("service_email", "l'adresse électronique du service chargé du dossier", L114_2),
)
"""Without these another authority could not take a request up."""
EXERCISE = "EXERCICE – SANS VALEUR"
SHOWN = 50
"""Lines of one section; the others are counted."""
TO: dict[Level, str] = {
    "service": "au service",
    "service_head": "à la direction du service",
    "evaluation": "à la mission évaluation",
}
LAPSES: dict[LapseKind, str] = {
    "registration_late": "accusé d'enregistrement en retard",
    "acknowledgement_late": "accusé de réception en retard",
    "acknowledgement_incomplete": "accusé de réception incomplet",
    "message_refused": "message refusé",
    "forwarding_untold": "transmission non annoncée",
    "answer_late": "réponse en retard",
    "progress_late": "nouvelles en retard",
    "no_next_date": "sans prochaine date",
    "planned_late": "travaux annoncés en retard",
    "partner_silent": "partenaire silencieux",
    "silence": "silence de la ville",
}


class DigestLine(Struct, frozen=True):
    """A dossier by its reference and procedure: owed by the day `on`, `days` late (negative: days
    that are left), or missing since that day for the reason `lapse`."""

    reference: str
    procedure: str
    on: date
    days: int
    lapse: LapseKind | None = None


class Digest(Struct, frozen=True, kw_only=True):
    """*Relance.* What is before a service that day: late, due today, due soon, and what has been
    missing; `service` is its name, empty for the whole town."""

    town: Town
    written_at: datetime
    service: str
    level: Level
    url: str
    late: tuple[DigestLine, ...] = ()
    today: tuple[DigestLine, ...] = ()
    soon: tuple[DigestLine, ...] = ()
    lapses: tuple[DigestLine, ...] = ()
    training: bool = False

    @property
    def says_nothing(self) -> bool:
        """Whether nothing is owed or missing."""
        return not (self.late or self.today or self.soon or self.lapses)


def reminder(digest: Digest, *, sender: str, to: str, message_id: str) -> EmailMessage:
    """The e-mail of a digest; `UnusableAddress` for an address that is none."""
    of = f" – {digest.service}" if digest.service else ""
    counts = f"{len(digest.late)} en retard, {len(digest.today)} pour aujourd'hui"
    lines = [
        f"Relance du {digest.town.local(digest.written_at):%d/%m/%Y} {TO[digest.level]}{of}",
        *section("En retard", digest.late),
        *section("Pour aujourd'hui", digest.today),
        *section("Bientôt", digest.soon),
        *section("Manquements qui durent", digest.lapses),
        "",
        f"Les dossiers : {digest.url}",
    ]
    subject = f"Relance{of} : {counts}, {len(digest.lapses)} manquement(s)"
    return plain(digest, subject, lines, sender=sender, to=to, message_id=message_id)


def section(title: str, lines: Sequence[DigestLine]) -> list[str]:
    """The lines under a title, the first ones in full; nothing when there is none."""
    if not lines:
        return []
    others = len(lines) - SHOWN
    more = [f"  et {others} autre(s)"] if others > 0 else []
    return ["", f"{title} ({len(lines)})", *map(told, lines[:SHOWN]), *more]


def told(line: DigestLine) -> str:
    """A dossier on one line."""
    what = f"{line.reference}  {line.procedure}"
    if line.lapse is not None:
        return f"- {what} : {LAPSES[line.lapse]} depuis le {line.on:%d/%m/%Y}"
    if line.days > 0:
        return f"- {what} : attendu le {line.on:%d/%m/%Y}, {line.days} jour(s) de retard"
    return f"- {what} : attendu le {line.on:%d/%m/%Y}"


class Transmission(Struct, frozen=True, kw_only=True):
    """*Transmission* of a request to another authority (CRPA L114-2): who sends it, which one, and
    the `url` under which it is read and answered without an account."""

    kind: ClassVar[str] = "transmission"

    town: Town
    written_at: datetime
    service: ServiceInCharge
    reference: str
    received_on: date
    procedure: str
    url: str
    training: bool = False


def transmission(content: Transmission, *, sender: str, to: str, message_id: str) -> EmailMessage:
    """The e-mail of a transmission, which its service is answered to. `MentionLacking` when the
    authority would not know what it got, from whom or where to read it, `UnusableLink` or
    `UnusableAddress` for what is none."""
    service = content.service
    has = {
        "reference": content.reference,
        "link": content.url,
        "service_name": service.name,
        "service_email": service.email,
    }
    for mention in NEEDED:
        if not one_line(has[mention.phrase]):
            raise MentionLacking(mention, content.kind)
    must_be_link(content.url)
    contacts = (service.name, *service.address, service.phone, service.email)
    lines = [
        "Madame, Monsieur,",
        "",
        f"Une demande reçue par {content.town.name} le {content.received_on:%d/%m/%Y} "
        f"({content.procedure}, référence {content.reference}) relève de votre compétence. Nous "
        "vous la transmettons (article L114-2 du code des relations entre le public et "
        "l'administration) et en avons informé la personne.",
        "",
        "Lisez-la et répondez-nous, sans compte, à cette adresse qui ne vaut que pour elle :",
        content.url,
        "",
        *filter(None, map(one_line, contacts)),
        content.town.name,
    ]
    subject = f"Demande {content.reference} transmise par {content.town.name}"
    message = plain(content, subject, lines, sender=sender, to=to, message_id=message_id)
    message["Reply-To"] = mailbox(service.email, service.name)
    return message


def plain(
    content: Digest | Transmission,
    subject: str,
    lines: Sequence[str],
    *,
    sender: str,
    to: str,
    message_id: str,
) -> EmailMessage:
    """An e-mail of plain text in the town's name."""
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = message_id
    message["Date"] = content.town.local(content.written_at)
    message["From"] = mailbox(sender, content.town.name)
    message["To"] = mailbox(to)
    exercise = (EXERCISE,) if content.training else ()
    message["Subject"] = one_line(" – ".join((*exercise, subject)))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join((*exercise, *lines)) + "\n")
    message["Content-Language"] = "fr"  # last: a new content takes it away
    return message
