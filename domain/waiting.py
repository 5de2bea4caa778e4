"""What may be decided about waiting: documents that came, a resident who is awaited, competence."""

from collections.abc import Sequence
from datetime import date, timedelta

from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.dossier_events import DossierEvent
from domain.grammar import Invalid, Refused
from domain.intention import Intention, Text, must_be_open, must_exist
from domain.waits import DocumentsReceived, ReceivedByCompetent, WaitingBegan, WaitingEnded

AT_MOST = timedelta(days=366)
"""The longest the town may say it waits."""

# What may be decided


class ReceiveDocuments(Intention, frozen=True, kw_only=True):
    """`received_on` is the day of arrival, today unless said: the law counts from it, whenever it
    is entered."""

    received_on: date | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if "documents" not in dossier.awaited:
            raise NoDocumentsAwaited
        must_have_been(self.received_on, at)
        return [DocumentsReceived(received_on=self.received_on)]


class AwaitUsager(Intention, frozen=True, kw_only=True):
    """Begun again while it lasts, it is one more interval: what overlaps counts once."""

    until: date
    reason: Text

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_be_open(dossier)
        must_be_to_come("/until", self.until, at)
        return [WaitingBegan(until=self.until, reason=self.reason)]


class EndWaiting(Intention, frozen=True, kw_only=True):
    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if "usager" not in dossier.awaited:
            raise NobodyAwaited
        return [WaitingEnded()]


class RecordCompetentReceipt(Intention, frozen=True, kw_only=True):
    received_on: date | None = None

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if dossier.competent:
            raise CompetentReceiptKnown
        must_have_been(self.received_on, at)
        return [ReceivedByCompetent(received_on=self.received_on)]


def must_be_to_come(pointer: str, day: date, at: Circumstances) -> None:
    """Refuse the end of a wait that has passed, or is further away than anybody waits."""
    if day < at.today:
        raise Invalid(pointer, "Le délai accordé est déjà passé.")
    if day > at.today + AT_MOST:
        raise Invalid(pointer, "Le délai accordé dépasse un an.")


def must_be_near(pointer: str, day: date | None, at: Circumstances) -> None:
    """Refuse to promise something for a day so far away that nobody would ever miss it."""
    if day is not None and day > at.today + AT_MOST:
        raise Invalid(pointer, "Cette date est à plus d'un an.")


def must_have_been(day: date | None, at: Circumstances) -> None:
    """Refuse a day of receipt still to come."""
    if day is not None and day > at.today:
        raise Invalid("/received_on", "Cette date est dans l'avenir.")
    if day is not None and day.year < 1900:
        raise Invalid("/received_on", "Cette date est hors du calendrier (depuis 1900).")


# Why the answer may be no


class NoDocumentsAwaited(Refused):
    title = "Aucune pièce n'est attendue pour ce dossier."


class NobodyAwaited(Refused):
    title = "Le dossier n'attend pas l'usager."


class CompetentReceiptKnown(Refused):
    title = "La réception par l'autorité compétente est déjà enregistrée."
