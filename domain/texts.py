"""*Modèles de réponse.* Ready words: whole answers by procedure and outcome, and modules."""

from typing import Annotated, Literal, assert_never

from msgspec import Meta

from domain.grammar import Event, Value, changed
from domain.terms import Outcome

TextKind = Literal["answer", "progress", "module"]

# What can happen


class TextPublished(Event, frozen=True):
    """*Publication d'un modèle de texte.* `kind` is a whole `answer`, `progress` news, or a
    `module` to put inside; without `procedure` or `outcome` it is offered for all of them. What
    stands between braces (`{reference}`, `{received_on}`) is filled in by whoever shows it."""

    id: str
    name: str
    text: Annotated[str, Meta(min_length=1, max_length=10_000)]
    kind: TextKind = "answer"
    procedure: str | None = None
    outcome: Outcome | None = None


class TextWithdrawn(Event, frozen=True):
    """*Retrait d'un modèle de texte.*"""

    id: str


TextEvent = TextPublished | TextWithdrawn

# What we remember


class Texts(Value, frozen=True):
    """The texts in force, by identifier."""

    texts: dict[str, TextPublished] = {}

    def evolve(self, event: TextEvent) -> "Texts":
        """The texts after `event`."""
        match event:
            case TextPublished(id=id):
                return changed(self, texts={**self.texts, id: event})
            case TextWithdrawn(id=id):
                return changed(self, texts={k: v for k, v in self.texts.items() if k != id})
            case _:
                assert_never(event)

    def offered(self, procedure: str | None, outcome: str | None) -> list[TextPublished]:
        """What fits a procedure and an outcome, the most precise first."""
        fitting = [
            text
            for text in self.texts.values()
            if text.procedure in (None, procedure) and text.outcome in (None, outcome)
        ]
        return sorted(fitting, key=lambda t: (t.procedure is None, t.outcome is None, t.name))
