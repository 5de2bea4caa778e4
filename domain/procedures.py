"""The guide of procedures: who answers which request, within which delay, under which law.

A procedure is published in numbered versions; a dossier keeps the version it was opened under.
"""

from datetime import date
from typing import Annotated, Literal, assert_never

from msgspec import UNSET, Meta, UnsetType

from domain.grammar import Event, Value, changed

Nature = Literal["request", "report", "complaint", "suggestion", "thanks"]
"""*Demande, signalement, réclamation, suggestion, remerciement*: never summed by accident."""

Silence = Literal["acceptance", "refusal", "none"]
"""*Effet du silence* (CRPA L231-1, L231-4), shown beside the dossier: it closes nothing. `none` is
for what asks for no decision at all: a thank-you, a suggestion."""

Answer = str | int | float | bool
"""What may be answered to a question of a procedure."""


class Delay(Value, frozen=True):
    """A span of calendar months, then days, then working days, in that order; ten years at most.
    `to_working_day`: an end on a day the town does not work moves to the next one it does. Written
    only where it is said, so that versions of Guichet that do not know it read all other delays."""

    months: Annotated[int, Meta(ge=0, le=120)] = 0
    days: Annotated[int, Meta(ge=0, le=3660)] = 0
    working_days: Annotated[int, Meta(ge=0, le=2600)] = 0
    to_working_day: bool | UnsetType = UNSET


class Question(Value, frozen=True):
    """*Champ.* What a procedure asks. `personal` answers can name a person and are sealed."""

    id: str
    label: str
    type: Literal["text", "number", "date", "choice", "place"]
    required: bool = False
    personal: bool = True
    choices: tuple[str, ...] = ()


# What can happen


class ProcedurePublished(Event, frozen=True):
    """*Publication d'une fiche de procédure.* `source` names the text that fixes the effect of
    silence; `competence` is `town` or the authority to which requests are forwarded (L114-2);
    `contest_within` is how long after a closing the resident may have it reopened, two months where
    it is not said."""

    id: str
    version: int
    name: str
    service: str
    since: date
    nature: Nature = "request"
    competence: str = "town"
    answer_within: Delay = Delay(months=1)
    acknowledge_within: Delay = Delay(working_days=10)
    documents: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    silence: Silence = "refusal"
    silence_after: Delay = Delay(months=2)
    source: str = "CRPA L231-4"
    synonyms: tuple[str, ...] = ()
    contest_within: Delay | UnsetType = UNSET


class ProcedureWithdrawn(Event, frozen=True):
    """*Retrait d'une fiche.* Nothing new is opened under it; what is open goes on."""

    id: str
    since: date


ProcedureEvent = ProcedurePublished | ProcedureWithdrawn

# What we remember


class Procedures(Value, frozen=True):
    """Every version of every procedure, oldest first, and those that were withdrawn."""

    versions: dict[str, tuple[ProcedurePublished, ...]] = {}
    withdrawn: frozenset[str] = frozenset()

    def evolve(self, event: ProcedureEvent) -> "Procedures":
        """The guide after `event`."""
        match event:
            case ProcedurePublished():
                past = self.versions.get(event.id, ())
                return changed(
                    self,
                    versions={**self.versions, event.id: (*past, event)},
                    withdrawn=self.withdrawn - {event.id},
                )
            case ProcedureWithdrawn():
                return changed(self, withdrawn=self.withdrawn | {event.id})
            case _:
                assert_never(event)

    def version(self, id: str, number: int) -> ProcedurePublished | None:
        """The version of a procedure that bears that number, for as long as the town exists."""
        return next((v for v in self.versions.get(id, ()) if v.version == number), None)

    def in_force(self, id: str) -> ProcedurePublished | None:
        """The last version of a procedure that was not withdrawn."""
        if id in self.withdrawn or id not in self.versions:
            return None
        return self.versions[id][-1]
