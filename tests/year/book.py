"""What is promised and owed for one dossier: each promise and each lapse with what comes of it."""

from datetime import date
from uuid import UUID

from tests.year.acts import ALMANAC
from tests.year.catalogue import EVALUATION_AFTER, HEAD_AFTER
from tests.year.days import DAY
from tests.year.outcome import Lapse, Promise, Raised

LEVELS = ("service", "service_head", "evaluation")


class Book:
    """The promises and lapses of a dossier, which lies with a service."""

    def __init__(self, dossier: UUID, service: str) -> None:
        self._dossier = dossier
        self._service = service
        self.promises: list[Promise] = []
        self.lapses: list[Lapse] = []
        self.raised: list[Raised] = []

    def promise(self, kind: str, made: date, day: date) -> None:
        """Something is promised for a day."""
        self.promises.append(Promise(self._dossier, kind, self._service, made, day))

    def announce(self, made: date, day: date) -> None:
        """Another day is named for the answer that is owed; no wait moves that one."""
        self.settle(made, "answer", kept="renegotiated")
        self.promises.append(Promise(self._dossier, "answer", self._service, made, day, said=True))

    def put_off(self, due: date) -> None:
        """The answer is owed by the day `due`, unless another one was named."""
        self.promises = [
            one._replace(day=due)
            if one.kind == "answer" and one.state == "open" and not one.said
            else one
            for one in self.promises
        ]

    def settle(self, day: date, *kinds: str, kept: str = "kept") -> None:
        """What was promised is done on a day, in time or not."""
        self.promises = [
            one._replace(state=kept if day <= one.day else "broken", settled=day)
            if one.state == "open" and one.kind in kinds
            else one
            for one in self.promises
        ]

    def move(self, service: str) -> None:
        """Whoever gets the dossier owes what is open."""
        self._service = service
        self.promises = [
            one._replace(service=service) if one.state == "open" else one for one in self.promises
        ]
        self.lapses = [
            one._replace(service=service) if one.repaired is None else one for one in self.lapses
        ]

    def lasts(self, kind: str) -> bool:
        """Whether such a lapse is known and not repaired."""
        return any(one.kind == kind and one.repaired is None for one in self.lapses)

    def find(self, kind: str, since: date, found: date) -> None:
        """A lapse is found on a morning."""
        self.lapses.append(Lapse(self._dossier, kind, self._service, since, found))

    def repair(self, day: date, *kinds: str) -> None:
        """What was owed is done."""
        self.lapses = [
            one._replace(repaired=day) if one.repaired is None and one.kind in kinds else one
            for one in self.lapses
        ]

    def bring_up(self, last: date) -> None:
        """What lasts is brought to whom it must be, by the morning of `last`."""
        self.lapses = [self._brought_up(one, last) for one in self.lapses]

    def _brought_up(self, one: Lapse, last: date) -> Lapse:
        if one.repaired is not None:
            return one
        head, unit = first_morning(one, HEAD_AFTER), first_morning(one, EVALUATION_AFTER)
        steps = [("evaluation", unit)] if head == unit else [(LEVELS[1], head), (LEVELS[2], unit)]
        for level, day in steps:
            if day <= last and LEVELS.index(level) > LEVELS.index(one.level):
                self.raised.append(Raised(self._dossier, one.kind, level, day))
                one = one._replace(level=level)
        return one


def first_morning(lapse: Lapse, after: int) -> date:
    """The first morning after it was found on which a lapse has lasted so many working days."""
    day = lapse.found + DAY
    while ALMANAC.back(day, after) < lapse.since:
        day += DAY
    return day
