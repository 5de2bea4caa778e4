"""The course of a dossier over days, as the desk carries it: decide, repair, remember.

No log and no keys: what is tested is what the rules make of commands, in their order and on their
days. `Town` carries what the policies ask for too, as the reactor does.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID

from domain.calendars import WorkingDays
from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.dossier_events import DossierEvent, DossierOpened
from domain.grammar import Event, Recorded, Refused, changed
from domain.policies import OnDossier, asked_by
from domain.procedures import Procedures
from domain.repairs import repairs
from tests.domain.clocks import PARIS, fact, noon
from tests.domain.scenario import AT, PROCEDURES

HERE, THERE, ELSEWHERE = UUID(int=1), UUID(int=2), UUID(int=3)
MONDAY = date(2026, 3, 2)


class Command(Protocol):
    def decide(self, dossier: Dossier, at: Circumstances, /) -> Sequence[DossierEvent]: ...


class Course:
    """One dossier: its facts, its memory, and the day it is."""

    def __init__(
        self,
        *past: DossierEvent,
        id: UUID = HERE,
        day: date = MONDAY,
        procedures: Procedures = PROCEDURES,
        days: WorkingDays = AT.days,
    ) -> None:
        self.id = id
        self.day = day
        self.procedures = procedures
        self.days = days
        self.past: tuple[Recorded[Any], ...] = ()
        self.dossier = Dossier()
        self.record(past)

    @property
    def at(self) -> Circumstances:
        """What surrounds a decision today."""
        return changed(
            AT,
            now=noon(self.day),
            procedures=self.procedures,
            days=self.days,
            zone=PARIS,
            past=self.past,
        )

    @property
    def facts(self) -> list[DossierEvent]:
        return [one.event for one in self.past]

    def later(self, days: int) -> "Course":
        """The same dossier, so many days later."""
        self.day += timedelta(days=days)
        return self

    def record(self, facts: Iterable[DossierEvent]) -> None:
        for event in facts:
            self.dossier = self.dossier.evolve(event)
            envelope = changed(
                fact(self.day, event), stream=f"dossier.{self.id}", version=self.dossier.version
            )
            self.past = (*self.past, envelope)

    def carry(self, command: Command) -> list[DossierEvent]:
        """The facts of one write; `Refused` leaves everything as it was."""
        decided = command.decide(self.dossier, self.at)
        written = [*decided, *repairs(self.dossier, decided)]
        self.record(written)
        return written

    def refuses(self, command: Command) -> type[Refused] | None:
        """Why `command` would be refused today; nothing is recorded."""
        try:
            command.decide(self.dossier, self.at)
        except Refused as refusal:
            return type(refusal)
        return None

    def find(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.facts if isinstance(event, kind)]


class Town:
    """Several dossiers, and policies that are followed to their end."""

    def __init__(self, *openings: DossierOpened) -> None:
        self.dossiers = {
            UUID(int=n): Course(one, id=UUID(int=n)) for n, one in enumerate(openings, 1)
        }
        self.refused: list[tuple[UUID, type[Refused]]] = []

    def __getitem__(self, id: UUID) -> Course:
        return self.dossiers[id]

    def carry(self, id: UUID, command: Command) -> None:
        """Carry `command`, then all that the facts ask for."""
        course = self.dossiers[id]
        seen = len(course.past)
        course.carry(command)
        for one in course.past[seen:]:
            self.react(one)

    def react(self, one: Recorded[Any]) -> None:
        """What the reactor does of a fact: a refusal is an answer."""
        for request in asked_by(one):
            if not isinstance(request, OnDossier):
                continue
            try:
                self.carry(request.id, request.command)
            except Refused as refusal:
                self.refused.append((request.id, type(refusal)))
