"""What may be decided when a request is another authority's: hand it on, and watch what it does."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.dossier_events import DossierEvent
from domain.forwarding import DossierForwarded, HandOverAccepted, PartnerAnswered
from domain.grammar import Invalid, Refused
from domain.intake import EMAIL
from domain.intention import Intention, Short, Text, must_be_open, must_exist
from domain.lapses import LapseFound
from domain.sending import CARRIED
from domain.telling import MessageQueued, ProgressReported
from domain.waiting import must_be_near

NEWS_AFTER = timedelta(days=30)
"""When the resident hears of it again, where nobody says another day."""

# What may be decided


class ForwardDossier(Intention, frozen=True, kw_only=True):
    """Hand a request on and tell the resident in the same write (CRPA L114-2): by his own means,
    or on the spot, then `told` are the words. Where neither can be, that is a lapse at once. The
    authority gets a link at `partner_email`, where it has one."""

    authority: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
    reason: Text | None = None
    partner_email: Short | None = None
    told: Text | None = None
    next_date: date | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        next_date = self.next_date or at.today + NEWS_AFTER
        if next_date < at.today:
            raise Invalid("/next_date", "La date des prochaines nouvelles est passée.")
        must_be_near("/next_date", next_date, at)
        return [*self._forwarding(), *self._telling(dossier, next_date, at)]

    def _forwarding(self) -> Sequence[DossierEvent]:
        if self.partner_email is None:
            return [DossierForwarded(authority=self.authority, reason=self.reason)]
        if not EMAIL.fullmatch(self.partner_email):
            raise Invalid("/partner_email", "L'adresse électronique est mal formée.")
        forwarded = DossierForwarded(
            authority=self.authority, reason=self.reason, partner_email=self.partner_email
        )
        return [forwarded, MessageQueued(kind="transmission", means="email")]

    def _telling(
        self, dossier: Dossier, next_date: date, at: Circumstances
    ) -> Sequence[DossierEvent]:
        if self.told is not None:
            return [ProgressReported(text=self.told, next_date=next_date)]
        if dossier.reached_by in (None, "application"):
            return []
        if dossier.reached_by in CARRIED:
            text = self.reason or f"Votre demande a été transmise : {self.authority}."
            message = MessageQueued(
                kind="forwarding", means=dossier.reached_by, text=text, next_date=next_date
            )
            return [message]
        if "forwarding_untold" in dossier.lapses:
            return []
        service = dossier.service
        return [LapseFound(kind="forwarding_untold", since=at.today, service=service)]


class RecordPartnerAnswer(Intention, frozen=True, kw_only=True):
    """What the other authority answered, by its link or to an agent."""

    text: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_with_partner(dossier)
        return [PartnerAnswered(authority=dossier.authority, text=self.text)]


class AcceptHandOver(Intention, frozen=True, kw_only=True):
    """The resident agrees that the other authority goes on alone."""

    text: Text | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_with_partner(dossier)
        return [HandOverAccepted(text=self.text)]


def must_be_with_partner(dossier: Dossier) -> None:
    """Refuse what needs a partner from whom an answer is awaited."""
    must_exist(dossier)
    if not dossier.watched:
        raise NotWithPartner


# Why the answer may be no


class NotWithPartner(Refused):
    title = "Aucune autre autorité ne doit répondre pour ce dossier."
