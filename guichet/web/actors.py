"""Who may do what: one table of roles and doors, refused by default.

Whoever is a first contact opens dossiers and follows them up; services answer for their own
dossiers; those who measure or judge see no named dossier; the administrator runs the place and
reads nobody's.
"""

from typing import Literal

from domain.clocks import OF_THE_FIELD
from domain.grammar import Author, Role
from projections.search import Scope

Door = Literal[
    "open", "read", "note", "handle", "queue", "catalogue", "figures", "absences", "house"
]
"""`open` a dossier; `read` one and find it; `note` adds to one (notes, documents, links); `handle`
decides on one (assign, answer, close…); `queue` of a service; `catalogue` of the town;
`figures` about all dossiers that name nobody; `absences` of agents; `house`, what it lets out."""

EVERYTHING: frozenset[Door] = frozenset(("open", "read", "note", "handle", "queue", "catalogue"))
FIRST_CONTACT: frozenset[Door] = frozenset(("open", "read", "note", "catalogue"))
FIGURES: frozenset[Door] = frozenset(("catalogue", "figures"))
AGENTS: frozenset[Door] = frozenset(("absences",))
HOUSE: frozenset[Door] = frozenset(("house",))

MAY: dict[Role, frozenset[Door]] = {
    # L'accueil tient le guichet unique : il enregistre, oriente, répond sur place et clôt.
    "receptionist": EVERYTHING,
    # Premiers contacts sur le terrain : ils enregistrent et complètent.
    "caretaker": FIRST_CONTACT,
    "social_mediator": FIRST_CONTACT,
    "parking_agent": FIRST_CONTACT,
    "school_staff": FIRST_CONTACT,
    "youth_worker": FIRST_CONTACT,
    # Les services répondent de leurs dossiers, et d'eux seuls.
    "service_agent": EVERYTHING,
    "service_head": EVERYTHING | FIGURES | AGENTS,
    # Le médiateur lit les dossiers dont il est saisi et y ajoute ses notes.
    "mediator": frozenset(("read", "note", "catalogue")),
    # Ceux qui mesurent ne lisent aucun dossier nommé.
    "evaluator": FIGURES,
    "ethics": FIGURES,
    "council_secretary": FIGURES,
    # Les mêmes chiffres pour la majorité et l'opposition.
    "councillor": FIGURES,
    # L'administrateur fait marcher la maison ; il ne lit pas les dossiers.
    "administrator": FIGURES | AGENTS | HOUSE,
}

OF_ONE_SERVICE: frozenset[Role] = frozenset(("service_agent", "service_head"))


def may(author: Author, door: Door) -> bool:
    """Whether the role of `author` opens `door` at all."""
    return door in MAY.get(author.role, frozenset())


def owns(author: Author, service: str, opened_by: str) -> bool:
    """Whether a dossier in the queue of `service`, opened by the account `opened_by`, is one
    `author` may see: agents those of their service and their own, field staff their own."""
    if author.role in OF_ONE_SERVICE:
        return author.service == service or author.account == opened_by
    if author.role in OF_THE_FIELD:
        return author.account == opened_by
    return True


def scope_of(author: Author) -> Scope:
    """The same rule as `owns`, for looking through many."""
    return Scope(
        everything=author.role not in OF_ONE_SERVICE | OF_THE_FIELD,
        service=author.service if author.role in OF_ONE_SERVICE else None,
        account=author.account,
    )
