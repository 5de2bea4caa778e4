"""The town of an installation: its name in the log, and the zone its days are counted in."""

import re
from zoneinfo import ZoneInfo

from guichet.sentences import Sentence

TOWN = "ville"
ZONE = "Europe/Paris"

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class TownRefused(Sentence):
    """A town cannot have that name or that zone."""


def check_town(town: str, zone: str) -> None:
    """`TownRefused` unless `town` is a slug of at most 40 characters and `zone` an IANA zone."""
    if not NAME.fullmatch(town) or len(town) > 40:
        raise TownRefused(
            f"« {town} » ne peut pas nommer la ville : des minuscules sans accent, des chiffres et "
            "des traits d'union, 40 au plus (--town)."
        )
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise TownRefused(
            f"« {zone} » n'est pas un fuseau horaire connu : par exemple Europe/Paris (--zone)."
        ) from None


def kept(what: str, known: str | None, asked: str | None, default: str) -> str:
    """What an installation is called, once and for all: `TownRefused` when a later start asks for
    something else than what is `known`."""
    if known is not None and asked is not None and asked != known:
        raise TownRefused(
            f"Cette installation est faite pour « {known} » : --{what} {asked} y est refusé, "
            "prenez un autre dossier avec --data."
        )
    return known or asked or default
