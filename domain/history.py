"""The closed list of facts, and how the shapes of other days are read.

A fact is known by `name:shape`. An old shape never disappears: it is brought to the present one by
the function that stands for it in `UPCASTS`, one step at a time.
"""

from collections.abc import Callable
from typing import Any, get_args

from domain.absences import AbsenceEvent
from domain.calendars import CalendarEvent
from domain.dossier_events import DossierEvent
from domain.grammar import Event, name_of
from domain.leaving import LeavingEvent
from domain.mailing import MailingEvent
from domain.organisation import OrganisationEvent
from domain.people import PersonErased
from domain.procedures import ProcedureEvent
from domain.reminding import ServiceReminded
from domain.skipping import EventSkipped
from domain.texts import TextEvent

EVENTS: dict[str, type[Event]] = {
    name_of(event): event
    for event in (
        *get_args(DossierEvent),
        *get_args(OrganisationEvent),
        *get_args(ProcedureEvent),
        *get_args(CalendarEvent),
        *get_args(TextEvent),
        *get_args(LeavingEvent),
        *get_args(MailingEvent),
        *get_args(AbsenceEvent),
        ServiceReminded,
        PersonErased,
        EventSkipped,
    )
}

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTS: dict[str, tuple[str, Upcast]] = {}
"""`DossierOpened:1` → (`DossierOpened:2`, what makes of the one content the other)."""


class FactUnknown(Exception):
    """The log holds a fact this version of the software has never heard of."""


class Unreadable(Event, frozen=True):
    """What stands for a fact whose entry cannot be decoded, so that its neighbours can be taken in.
    It is never written. `topic` is what the entry calls itself, `error` the class of what was
    raised."""

    topic: str
    error: str


def topic_of(event: Event) -> str:
    """The name of a fact as the log has it, an unreadable one's included."""
    return event.topic if isinstance(event, Unreadable) else name_of(type(event))


def present(topic: str, content: dict[str, Any]) -> tuple[type[Event], dict[str, Any]]:
    """The type that reads `topic` today, and the content brought to its shape."""
    while topic in UPCASTS:
        topic, upcast = UPCASTS[topic]
        content = upcast(content)
    if topic not in EVENTS:
        raise FactUnknown(topic)
    return EVENTS[topic], content
