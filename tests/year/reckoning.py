"""What must have come of a year, computed a second time from what everybody did, by plain dates."""

from collections.abc import Iterator, Sequence
from datetime import date

from tests.year.acts import Act, leaving
from tests.year.case import Case
from tests.year.catalogue import LAST
from tests.year.days import DAY
from tests.year.outcome import Message, Year

KINDS = {
    "open": "acknowledgement",
    "news": "progress",
    "forward": "forwarding",
    "answer": "answer",
}
"""The acts that queue a message for who is written to, and its kind."""


def happenings(acts: Sequence[Act]) -> Iterator[tuple[date, int, str, Act]]:
    """What happens because of the acts on one dossier: on which day, and whether it is what leaves
    at the end of a day (1) or is done before (0)."""
    for act in acts:
        written = is_written(act)
        left = leaving(act.day, act.means)
        if not written or act.what == "forward":  # what is written counts when it has left
            yield act.day, 0, act.what, act
        match act.what:
            case "open" if act.means == "wrong":
                yield act.day, 1, "refused", act
            case "open" if written and left:
                yield left, 1, "acknowledge", act
            case "open" if act.means == "application":
                yield act.day, 0, "acknowledge", act
            case "news" | "forward" if written and left:
                yield left, 1, "news", act
            case "forward" if act.means in ("counter", "wrong"):
                yield act.day, 0, "news", act
            case "answer" if left:
                yield left, 1, "answered", act
                yield left, 1, "closed", act
            case "say":
                yield act.day, 0, "answered", act
            case "close":
                yield act.day, 0, "closed", act
            case _:
                pass


def reckon(dossiers: Sequence[Sequence[Act]]) -> Year:
    """The year of these dossiers, each told by its acts in their order."""
    year = Year()
    for acts in dossiers:
        case = Case(acts[0])
        since = acts[0].day
        for day, _, what, act in sorted(happenings(acts), key=lambda one: one[:2]):
            if day > since:
                case.looked_at(since + DAY, day)
                since = day
            case.happens(what, day, act)
        case.looked_at(since + DAY, LAST)
        year.faces.append(case.face())
        year.promises += [one._replace(said=False) for one in case.book.promises]
        year.lapses += case.book.lapses
        year.raised += case.book.raised
        year.effects += case.effects
        year.messages += [message(act) for act in acts if is_written(act)]
    return year


def is_written(act: Act) -> bool:
    """Whether the town writes to the resident because of `act`."""
    told = act.means in ("email", "letter") or (act.means == "wrong" and act.what == "open")
    return told and act.what in KINDS


def message(act: Act) -> Message:
    """What is written because of `act`, and what becomes of it."""
    left = leaving(act.day, act.means)
    means = "letter" if act.means == "letter" else "email"
    state = "refused" if act.means == "wrong" else "queued" if left is None else "sent"
    return Message(act.dossier, KINDS[act.what], means, act.day, left, state)
