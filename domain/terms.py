"""The words of the counter: how a request came, where it is, how and to whom it is answered."""

from typing import Literal

from domain.grammar import Sealed, Value

Channel = Literal["counter", "phone", "letter", "email", "form", "field", "elected_official"]
"""*Canal.* How the request reached the town; `elected_official` is recorded as such."""

Outcome = Literal["done", "planned", "refused", "forwarded", "no_object"]
"""*Issue.* What came of it: done, planned, refused, forwarded, no longer needed."""

Means = Literal["letter", "email", "sms", "counter", "application", "public_notice"]
"""*Mode de réponse*, each with its own proof."""

Addressee = Literal["usager", "beneficiary", "agent", "public"]
"""*Destinataire.* The asker, the one it is for, the reporting agent, or the public when nobody can
be reached: an answer is owed to somebody in every case."""


class Place(Value, frozen=True):
    """*Lieu.* A site of the town, or a label as it was said; address and point can be a home and
    are sealed, the district is not. `point` is "latitude,longitude" in degrees, WGS 84."""

    site: str | None = None
    district: str | None = None
    label: Sealed | None = None
    point: Sealed | None = None
