"""*Rattachement.* « Déjà signalé » : two dossiers tell of one thing, and each keeps its clock."""

from collections.abc import Sequence
from uuid import UUID

from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.dossier_events import DossierEvent, DossierLinked, DossierUnlinked
from domain.grammar import Refused
from domain.intention import Intention, must_exist

# What may be decided


class LinkDossier(Intention, frozen=True, kw_only=True):
    dossier: UUID

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if self.dossier in dossier.links:
            raise AlreadyLinked
        return [DossierLinked(dossier=self.dossier)]


class UnlinkDossier(Intention, frozen=True, kw_only=True):
    dossier: UUID

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if self.dossier not in dossier.links:
            raise NotLinked
        return [DossierUnlinked(dossier=self.dossier)]


# Why the answer may be no


class AlreadyLinked(Refused):
    title = "Ces dossiers sont déjà rattachés."


class NotLinked(Refused):
    title = "Ces dossiers ne sont pas rattachés."
