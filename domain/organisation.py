"""Who does what in the town hall: pôles, services, sites, and since when.

Nothing here is ever overwritten: a new definition follows the old one, so that a past figure
rolls up to the pôle of its day.
"""

from datetime import date
from typing import assert_never

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
    """*Service municipal.* Who answers, where it can be reached (CRPA R112-5), in which pôle."""

    id: str
    name: str
    pole: str
    since: date
    address: str | None = None
    email: str | None = None
    phone: str | None = None
    until: date | None = None


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


OrganisationEvent = PoleDefined | ServiceDefined | SiteDefined

# What we remember


class Organisation(Value, frozen=True):
    """The definitions in force and those before them, oldest first, by identifier."""

    poles: dict[str, tuple[PoleDefined, ...]] = {}
    services: dict[str, tuple[ServiceDefined, ...]] = {}
    sites: dict[str, tuple[SiteDefined, ...]] = {}

    def evolve(self, event: OrganisationEvent) -> "Organisation":
        """The organisation after `event`."""
        match event:
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
