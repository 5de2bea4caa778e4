"""Who does what in the town hall: pôles, services, sites, and since when.

Nothing here is ever overwritten: a new definition follows the old one, so that a past figure
rolls up to the pôle of its day.
"""

from datetime import date
from typing import Annotated, assert_never

from msgspec import UNSET, Meta, UnsetType

from domain.grammar import Event, Value, changed

# What can happen


class PoleDefined(Event, frozen=True):
    """*Pôle.* A group of services led by one elected official, from a date on."""

    id: str
    name: str
    since: date
    leader: str | None = None
    until: date | None = None


class ServiceDefined(Event, frozen=True):
    """*Service municipal.* Who answers, where it can be reached (CRPA R112-5), in which pôle;
    `head_email` is the address of its head's function, to which lapses are escalated."""

    id: str
    name: str
    pole: str
    since: date
    address: str | None = None
    email: str | None = None
    phone: str | None = None
    until: date | None = None
    head_email: str | UnsetType = UNSET


class SiteDefined(Event, frozen=True):
    """*Site.* A building or ground of the town, its place and the parts it has."""

    id: str
    name: str
    since: date
    kind: str = "building"
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    district: str | None = None
    places: tuple[str, ...] = ()
    until: date | None = None


class TownDescribed(Event, frozen=True):
    """*La ville*, as its letters name it: postal lines, the `sender` of its e-mails, the `url` of
    its tracking page; `mediator` in words that follow « saisir »; `before` the authority of an
    administrative appeal, `court` the competent court, in words that follow « devant ».

    `remind_before` are working days before a due date on which a service is reminded; lapses go to
    the head of the service after `head_after` working days, to the unit that evaluates, at
    `evaluation_email`, after `evaluation_after`. Reminders leave from `opens` to `closes`, hours of
    the town."""

    name: str
    address: tuple[str, ...]
    since: date
    sender: str
    url: str
    accent: str = "#1d4f73"
    logo: str = ""
    mediator: str = ""
    before: str = "le maire"
    court: str = "le tribunal administratif"
    evaluation_email: str = ""
    remind_before: tuple[Annotated[int, Meta(ge=0, le=60)], ...] = (5, 1)
    head_after: Annotated[int, Meta(ge=0, le=250)] = 2
    evaluation_after: Annotated[int, Meta(ge=0, le=250)] = 10
    opens: Annotated[int, Meta(ge=0, le=23)] = 8
    closes: Annotated[int, Meta(ge=1, le=24)] = 18


OrganisationEvent = TownDescribed | PoleDefined | ServiceDefined | SiteDefined

# What we remember


class Organisation(Value, frozen=True):
    """The definitions in force and those before them, oldest first, by identifier."""

    poles: dict[str, tuple[PoleDefined, ...]] = {}
    services: dict[str, tuple[ServiceDefined, ...]] = {}
    sites: dict[str, tuple[SiteDefined, ...]] = {}
    town: TownDescribed | None = None

    def evolve(self, event: OrganisationEvent) -> "Organisation":
        """The organisation after `event`."""
        match event:
            case TownDescribed():
                return changed(self, town=event)
            case PoleDefined():
                past = self.poles.get(event.id, ())
                return changed(self, poles={**self.poles, event.id: (*past, event)})
            case ServiceDefined():
                past = self.services.get(event.id, ())
                return changed(self, services={**self.services, event.id: (*past, event)})
            case SiteDefined():
                past = self.sites.get(event.id, ())
                return changed(self, sites={**self.sites, event.id: (*past, event)})
            case _:
                assert_never(event)

    def service(self, id: str) -> ServiceDefined | None:
        """The last definition of a service, if it has one."""
        return self.services[id][-1] if id in self.services else None

    def site(self, id: str) -> SiteDefined | None:
        """The last definition of a site, if it has one."""
        return self.sites[id][-1] if id in self.sites else None

    def pole_of(self, service: str, day: date) -> str | None:
        """The pôle to which `service` belonged on `day`."""
        past = [d for d in self.services.get(service, ()) if d.since <= day]
        return past[-1].pole if past else None
