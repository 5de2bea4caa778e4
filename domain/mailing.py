"""*Envoi postal.* Letters printed together, and the one act that says they were posted.

Printing changes nothing for a dossier: a printed letter still waits. When the mailing is posted,
each of its letters gets its own proof, in its own dossier.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, assert_never
from uuid import UUID

from msgspec import Meta

from domain.circumstances import Circumstances
from domain.grammar import Event, Invalid, Refused, Value, changed

A_MONTH = timedelta(days=31)
"""How long after it a posting may be recorded."""

# What can happen


class Letter(Value, frozen=True):
    """The message numbered `message` of a dossier, on paper."""

    dossier: UUID
    message: int


class MailingPrinted(Event, frozen=True):
    """*Impression d'un envoi*, in the order in which its letters lie."""

    letters: tuple[Letter, ...]
    duplex: bool = False


class MailingPosted(Event, frozen=True):
    """*Dépôt d'un envoi* at the post office on the day `posted_on`. `letters` are those that were
    in the bag; `mailing` names it in each proof."""

    mailing: UUID
    letters: tuple[Letter, ...]
    posted_on: date
    proof: str


MailingEvent = MailingPrinted | MailingPosted

# What we remember


class Mailing(Value, frozen=True):
    """Its letters, and whether they were posted."""

    version: int = 0
    letters: tuple[Letter, ...] = ()
    posted: bool = False

    def evolve(self, event: MailingEvent) -> "Mailing":
        """The memory after `event`."""
        after = changed(self, version=self.version + 1)
        match event:
            case MailingPrinted(letters=letters):
                return changed(after, letters=letters)
            case MailingPosted():
                return changed(after, posted=True)
            case _:
                assert_never(event)


# What may be decided


class PrintMailing(Value, frozen=True):
    """Put `letters` into one mailing, whose identifier is `id` where its device made one."""

    letters: Annotated[tuple[Letter, ...], Meta(min_length=1, max_length=500)]
    duplex: bool = False
    id: UUID | None = None

    def decide(self, mailing: Mailing, at: Circumstances) -> Sequence[MailingEvent]:
        if mailing.version:
            raise MailingExists
        if len(set(self.letters)) < len(self.letters):
            raise Invalid("/letters", "Une lettre figure deux fois dans l'envoi.")
        return [MailingPrinted(letters=self.letters, duplex=self.duplex)]


class PostMailing(Value, frozen=True):
    """Say that the mailing was posted, but for the letters that were taken out (`without`)."""

    posted_on: date | None = None
    without: tuple[Letter, ...] = ()

    def decide(self, id: UUID, mailing: Mailing, at: Circumstances) -> Sequence[MailingEvent]:
        if not mailing.version:
            raise MailingUnknown
        if mailing.posted:
            raise MailingGone
        day = self.posted_on or at.today
        if day > at.today:
            raise Invalid("/posted_on", "Cette date est dans l'avenir.")
        if day < at.today - A_MONTH:
            raise Invalid("/posted_on", "Ce dépôt date de plus d'un mois : vérifiez la date.")
        if unknown := set(self.without) - set(mailing.letters):
            raise Invalid("/without", f"{len(unknown)} de ces lettres ne sont pas dans l'envoi.")
        left = tuple(letter for letter in mailing.letters if letter not in self.without)
        if not left:
            raise Invalid("/without", "Toutes les lettres sont retirées : rien n'a été déposé.")
        proof = f"Envoi {id}, {len(left)} lettre(s), déposé le {day.isoformat()}"
        return [MailingPosted(mailing=id, letters=left, posted_on=day, proof=proof)]


# Why the answer may be no


class MailingExists(Refused):
    title = "Cet envoi existe déjà."


class MailingUnknown(Refused):
    title = "Cet envoi n'existe pas."


class MailingGone(Refused):
    title = "Cet envoi est déjà parti."
