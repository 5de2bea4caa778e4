"""What surrounds a decision: the moment, the hand that writes, and the town as it is that day."""

from datetime import datetime
from uuid import UUID

from domain.grammar import Author, Value
from domain.organisation import Organisation
from domain.procedures import Procedures


class Circumstances(Value, frozen=True):
    """Everything a command may look at besides the dossier itself.

    `fresh` are identifiers whose keys have been prepared: a new person takes one, so that opening
    for someone unknown is still one fact.
    """

    now: datetime
    author: Author
    organisation: Organisation = Organisation()
    procedures: Procedures = Procedures()
    fresh: tuple[UUID, ...] = ()
