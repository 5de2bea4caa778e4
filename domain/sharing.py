"""What may be decided about an answer that was given on a linked dossier: to give it here too."""

from collections.abc import Sequence
from uuid import UUID

from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.dossier_events import DossierEvent
from domain.grammar import Refused
from domain.handling import SendAnswer
from domain.intention import Intention, must_exist
from domain.sending import QueueAnswer

# What may be decided


class AnswerAlike(Intention, frozen=True, kw_only=True):
    """Answer as the dossier `linked` was, unless the two were parted meanwhile."""

    linked: UUID
    answer: QueueAnswer | SendAnswer

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        if self.linked not in dossier.links:
            raise NotLinkedAnyMore
        return self.answer.decide(dossier, at)


# Why the answer may be no


class NotLinkedAnyMore(Refused):
    title = "Les deux dossiers ne sont plus rattachés."
