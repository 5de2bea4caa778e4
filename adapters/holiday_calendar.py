"""The public holidays of France, from the library `holidays`, as dates the domain can count with.

Only what the law names is taken: eleven days everywhere (Code du travail L3133-1), two more in
Alsace and Moselle (L3134-13), the day of the abolition of slavery overseas (L3422-2), and what the
Pacific collectivities have decided. Days that are merely customary are for the town to add, as
closures of its own.
"""

from datetime import date
from importlib.metadata import version

from holidays.countries.france import France

REGIONS: dict[str, str | None] = {
    "metropole": None,
    "alsace": "6AE",
    "moselle": "57",
    "guadeloupe": "971",
    "martinique": "972",
    "guyane": "973",
    "reunion": "974",
    "mayotte": "976",
    "saint-barthelemy": "BL",
    "saint-martin": "MF",
    "saint-pierre-et-miquelon": "PM",
    "nouvelle-caledonie": "NC",
    "polynesie": "PF",
    "wallis-et-futuna": "WF",
}
"""The regions whose holidays are known, by the library's own code."""

CUSTOMARY = {
    "971": ("Vendredi saint", "Mi-Carême", "Fête de Victor Schoelcher"),
    "972": ("Fête de Victor Schoelcher",),
    "MF": ("Fête de Victor Schoelcher",),
}
"""What the library gives beyond the law, by its name there."""

SOURCE = f"holidays {version('holidays')}"
"""The library and its version, as a published calendar names it."""


def holidays_of(region: str, first: int, last: int) -> tuple[date, ...]:
    """The public holidays of `region` from the year `first` to the year `last`, both included, in
    their order. `KeyError` for a region nobody knows."""
    subdivision = REGIONS[region]
    found = France(subdiv=subdivision, years=range(first, last + 1), language="fr")
    customary = CUSTOMARY.get(subdivision or "", ())
    return tuple(
        sorted(
            day
            for day in found
            # Two may fall on one day, and then it stays one.
            if not all(name in customary for name in found.get_list(day))
        )
    )
