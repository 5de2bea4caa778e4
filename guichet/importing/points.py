"""Points as other software writes them: two columns, or one that holds both numbers."""

import re
from typing import Literal

DEGREES = r"[+-]?(?:\d{1,3}(?:[.]\d*)?|[.]\d+)(?:[eE][+-]?\d\d?)?"
ONE = re.compile(DEGREES, re.ASCII)
BOTH = re.compile(
    rf"(?:^|[(\[])\s*({DEGREES})\s*[,;\s]\s*({DEGREES})(?:\s*[,;\s]\s*{DEGREES})?\s*[)\]]?$",
    re.ASCII,
)
"""Two numbers, an altitude perhaps, alone or in brackets at the end: WKT, GeoJSON, an address
followed by its point."""


class NoPoint(Exception):
    """The text tells no point on the Earth; the words say why."""


def point_of(latitude: str, longitude: str) -> str:
    """The point "latitude,longitude" of two numbers in degrees; a decimal comma is read as one,
    since no degree has thousands."""
    numbers = [text.replace(",", ".", 1) for text in (latitude, longitude)]
    if not all(ONE.fullmatch(number) for number in numbers):
        raise NoPoint("coordonnées illisibles")
    north, east = (float(number) + 0.0 for number in numbers)  # and no -0.0
    if not (-90 <= north <= 90 and -180 <= east <= 180):
        raise NoPoint("coordonnées hors de la Terre")
    return f"{north},{east}"


def point_in(text: str, order: Literal["lat,lon", "lon,lat"]) -> str:
    """The point written in one text, whose numbers come in that `order`."""
    found = BOTH.search(text.replace('"', ""))
    if found is None:
        raise NoPoint("coordonnées illisibles")
    first, second = found[1], found[2]
    return point_of(first, second) if order == "lat,lon" else point_of(second, first)
