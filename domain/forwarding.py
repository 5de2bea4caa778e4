"""*Transmission.* A request that is another authority's: the facts, from handing it on to its end.

No clock of the town stops for it: what is told to the resident is no answer, and the dossier is
watched until the partner has answered or the resident has accepted the hand-over.
"""

from msgspec import UNSET, UnsetType

from domain.grammar import Event, Sealed


class DossierForwarded(Event, frozen=True):
    """*Transmission à une autre autorité* (CRPA L114-2); the resident is told in the same write.
    `partner_email` is where the authority gets its link."""

    authority: str
    reason: Sealed | None = None
    partner_email: Sealed | UnsetType = UNSET


class PartnerAnswered(Event, frozen=True):
    """*Réponse du partenaire*, by its link or as an agent heard it."""

    authority: str
    text: Sealed


class HandOverAccepted(Event, frozen=True):
    """*Reprise acceptée.* The resident agrees that the other authority goes on alone."""

    text: Sealed | None = None


ForwardingEvent = DossierForwarded | PartnerAnswered | HandOverAccepted
