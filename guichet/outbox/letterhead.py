"""Who sends, as letters and e-mails name him: read off the catalogue."""

import re
from urllib.parse import urlsplit

from domain.circumstances import Circumstances
from domain.grammar import ERASED
from domain.organisation import TownDescribed
from guichet.letters.content import ServiceInCharge, Town
from guichet.sentences import Sentence

AFTER_A_LINE = re.compile(r"(?<!\d),|(?<=\d{5}),")


class TownUnknown(Sentence):
    """The catalogue does not say who sends."""


def town_in(at: Circumstances) -> TownDescribed:
    """Who sends. `TownUnknown` when nobody has said it."""
    if at.organisation.town is None:
        raise TownUnknown(
            "Le catalogue ne décrit pas la ville : ajoutez-y la table [town] (nom, adresse, "
            "expéditeur des courriels, adresse de suivi)."
        )
    return at.organisation.town


def letterhead(town: TownDescribed, zone: str) -> Town:
    """The town at the head of its letters, `zone` its IANA time zone."""
    return Town(name=town.name, address=town.address, zone=zone, accent=town.accent, logo=town.logo)


def in_charge(id: str, at: Circumstances) -> ServiceInCharge:
    """The service `id` and how it is reached."""
    service = at.organisation.service(id)
    if service is None:
        return ServiceInCharge(name="")
    return ServiceInCharge(
        name=service.name,
        address=lines(service.address),
        email=service.email or "",
        phone=service.phone or "",
    )


def message_id(name: str, town: TownDescribed) -> str:
    """The Message-ID of what is called `name`, the same each time it is written."""
    return f"<{name}@{town.sender.rpartition('@')[2]}>"


def site(town: TownDescribed) -> str:
    """Where Guichet is reached: scheme and host of the tracking page."""
    parts = urlsplit(town.url)
    return f"{parts.scheme}://{parts.netloc}"


def lines(address: str | None) -> tuple[str, ...]:
    """An address as postal lines: by its line ends, or its commas but for the one after a number
    (« 1, place de la Mairie »)."""
    if not address or address == ERASED:
        return ()
    parts = address.splitlines() if "\n" in address else AFTER_A_LINE.split(address)
    return tuple(part.strip() for part in parts if part.strip())
