"""What everybody will do in a year, drawn from a seed.

Residents come on any day, agents act on working days, and a service that has stopped does nothing
before it works again. Nobody in a script closes or answers because time has passed.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from random import Random
from uuid import UUID

from domain.terms import Channel, Outcome
from tests.year.acts import ALMANAC, Act, Means, What, leaving
from tests.year.catalogue import FIRST, LAST, PROCEDURES, SERVICES, STOPPED
from tests.year.days import DAY

RESIDENTS: dict[tuple[Means, Channel], int] = {
    ("email", "form"): 40,
    ("email", "email"): 20,
    ("email", "phone"): 10,
    ("wrong", "form"): 2,
    ("letter", "letter"): 11,
    ("letter", "form"): 3,
    ("counter", "counter"): 8,
    ("application", "field"): 3,
    ("nobody", "phone"): 3,
}
"""How they are told of things and how they came, in percent."""
CONTESTABLE = timedelta(days=59)
"""Two months at the least: later nobody may contest a closing."""


def script(seed: int, dossiers: int, weekdays: Collection[int]) -> dict[date, list[Act]]:
    """The acts of a year, by day; each dossier's in their order. Something happens only on those
    `weekdays` (1 is Monday): a small town need not do a little every day."""
    days: dict[date, list[Act]] = {}
    for number in range(dossiers):
        for act in Life(Random(f"{seed}/{number}"), weekdays).lived():
            days.setdefault(act.day, []).append(act)
    return days


class Life:
    """One dossier, from its opening as far as the year goes."""

    def __init__(self, rng: Random, weekdays: Collection[int]) -> None:
        self._rng = rng
        self._weekdays = weekdays
        self._id = UUID(int=rng.getrandbits(128), version=4)
        self._procedure = rng.choice(PROCEDURES)
        self._service = self._procedure.service
        self._day = FIRST
        self._number = 0
        self._closed = FIRST
        self._means: Means
        self._channel: Channel
        self._means, self._channel = rng.choices(list(RESIDENTS), list(RESIDENTS.values()))[0]

    def lived(self) -> Iterator[Act]:
        """The acts of the dossier that fall into the year."""
        for act in self._acts():
            if act.day > LAST:
                return
            yield act

    def _acts(self) -> Iterator[Act]:
        rng = self._rng
        self._day = FIRST + timedelta(days=rng.randrange((LAST - FIRST).days + 1))
        at_night = self._channel in ("form", "email")
        self._day = self._next(self._day, working=not at_night)
        late = rng.randint(1, 4) if self._channel == "letter" else 0
        received = self._day - timedelta(days=late)
        yield self._act("open", channel=self._channel, received=received)
        if self._means in ("counter", "wrong"):
            yield from self._acknowledged()
        if rng.random() < 0.04:
            return  # nobody ever looks at it
        if rng.random() < 0.8:
            self._works_after(rng.randint(0, 3))
            yield self._act("take")
        if rng.random() < 0.12:
            yield from self._transferred()
        if rng.random() < 0.10:
            yield from self._forwarded()
        if rng.random() < 0.2:
            yield from self._waited()
        if rng.random() < 0.25:
            yield from self._news()
        if rng.random() < 0.03:
            return  # forgotten half way
        yield from self._answered()
        if rng.random() < 0.08:
            yield from self._contested()

    def _acknowledged(self) -> Iterator[Act]:
        """Handed over at once where that can be, or when somebody thinks of it, or never."""
        luck = self._rng.random()
        if luck < 0.75 and self._means == "counter":
            yield self._act("acknowledge")
        elif luck < 0.9:
            self._works_after(self._rng.randint(3, 30))
            yield self._act("acknowledge")

    def _transferred(self) -> Iterator[Act]:
        self._works_after(self._rng.randint(1, 5))
        before = self._service
        other = self._rng.choice([id for id in SERVICES if id != before])
        yield self._act("transfer", service=other)
        self._service = other
        self._works_after(self._rng.randint(1, 4))
        if self._rng.random() < 0.3:
            yield self._act("send_back", service=before)
            self._service = before

    def _forwarded(self) -> Iterator[Act]:
        self._works_after(self._rng.randint(1, 8))
        yield self._act("forward", until=self._day + timedelta(days=30))
        self._has_left()
        if self._rng.random() < 0.7:
            self._works_after(self._rng.randint(5, 55))
            yield self._act("partner")

    def _waited(self) -> Iterator[Act]:
        """For the resident or for documents, who come in time, too late, or never."""
        self._works_after(self._rng.randint(1, 10))
        begun = self._rng.choice(("wait", "ask"))
        until = self._day + timedelta(days=self._rng.randint(7, 35))
        yield self._act("wait" if begun == "wait" else "ask", until=until)
        if self._rng.random() < 0.8:
            self._works_after(self._rng.randint(2, 45))
            yield self._act("back" if begun == "wait" else "documents")

    def _news(self) -> Iterator[Act]:
        for _ in range(self._rng.randint(1, 2)):
            self._works_after(self._rng.randint(2, 9))
            leaves = leaving(self._day, self._means) or LAST
            next_on = leaves + timedelta(days=self._rng.randint(8, 30))
            announced = next_on if self._rng.random() < 0.2 else None
            yield self._act("news", until=next_on, answer_by=announced)
            self._has_left()

    def _answered(self) -> Iterator[Act]:
        rng = self._rng
        days = rng.randint(1, 12) if rng.random() < 0.85 else rng.randint(12, 110)
        self._works_after(days)
        outcome: Outcome = rng.choices(("done", "refused", "planned", "no_object"), (7, 1, 2, 1))[0]
        if self._means in ("email", "letter"):
            until = self._announced(outcome)
            yield self._act("answer", outcome=outcome, until=until)
            self._has_left()
            self._closed = self._day - DAY
        else:
            yield self._act("say")
            if rng.random() < 0.3:
                self._works_after(rng.randint(1, 9))
                if rng.random() < 0.5:
                    next_on = self._day + timedelta(days=rng.randint(2, 30))
                    yield self._act("news", until=next_on)
                    self._works_after(rng.randint(0, 20))
            until = self._announced(outcome)
            yield self._act("close", outcome=outcome, until=until)
            self._closed = self._day
        if until is not None and rng.random() < 0.8:
            yield from self._done(until)

    def _announced(self, outcome: Outcome) -> date | None:
        if outcome != "planned":
            return None
        leaves = leaving(self._day, self._means) or LAST
        return leaves + timedelta(days=self._rng.randint(5, 40))

    def _done(self, until: date) -> Iterator[Act]:
        last = (until - self._day).days
        self._works_after(self._rng.randint(1, max(last, 1) + 20))
        yield self._act("done")

    def _contested(self) -> Iterator[Act]:
        """Soon enough after the closing, and answered again or not."""
        self._day = self._next(self._day + timedelta(days=self._rng.randint(1, 8)), working=False)
        if self._day - self._closed > CONTESTABLE:
            return
        yield self._act("contest")
        if self._rng.random() < 0.8:
            yield from self._answered()

    def _works_after(self, days: int) -> None:
        """The next day on which the service that has the dossier works, some days from now."""
        day = self._next(self._day + timedelta(days=days))
        if self._service in STOPPED:
            first, last = STOPPED[self._service]
            if first <= day <= last:
                day = self._next(last + timedelta(days=self._rng.randint(1, 12)))
        self._day = day

    def _next(self, day: date, *, working: bool = True) -> date:
        """`day`, or the next one on which something may happen."""
        while day.isoweekday() not in self._weekdays or (working and not ALMANAC.works(day)):
            day += DAY
        return day

    def _has_left(self) -> None:
        """The day after what was queued has left; beyond the year when it does not."""
        self._day = (leaving(self._day, self._means) or LAST) + DAY

    def _act(
        self,
        what: What,
        *,
        service: str = "",
        channel: Channel = "form",
        received: date = FIRST,
        until: date | None = None,
        answer_by: date | None = None,
        outcome: Outcome = "done",
    ) -> Act:
        self._number += 1
        return Act(
            day=self._day,
            dossier=self._id,
            number=self._number,
            what=what,
            means=self._means,
            service=service or self._service,
            procedure=self._procedure.id,
            channel=channel,
            received=received,
            until=until,
            answer_by=answer_by,
            outcome=outcome,
        )
