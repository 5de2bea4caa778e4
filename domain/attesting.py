"""What may be decided once silence has accepted a request: to attest it (CRPA L232-3)."""

from collections.abc import Sequence

from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.dossier_events import DossierEvent, SilenceTookEffect
from domain.grammar import Refused
from domain.intention import Intention, must_exist
from domain.sending import SignatoryEntry
from domain.telling import AttestationIssued, Signatory

# What may be decided


class IssueAttestation(Intention, frozen=True, kw_only=True):
    """Attest the acceptance, as often as it is asked for; an answer that came later changes nothing
    of what silence decided."""

    signatory: SignatoryEntry

    def decide(self, dossier: Dossier, at: Circumstances) -> Sequence[DossierEvent]:
        must_exist(dossier)
        silences = [f.event for f in at.past if isinstance(f.event, SilenceTookEffect)]
        if not silences or silences[-1].effect != "acceptance":
            raise NotAccepted
        signatory = Signatory(name=self.signatory.name, quality=self.signatory.quality)
        silence = silences[-1]
        return [
            AttestationIssued(accepted_on=silence.on, source=silence.source, signatory=signatory)
        ]


# Why the answer may be no


class NotAccepted(Refused):
    title = "Le silence de la ville n'a pas accepté cette demande."
