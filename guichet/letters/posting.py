"""*Dépôt à La Poste.* The order in which the letters of a mailing lie, and the sheet that goes with
them, on which somebody ticks them and signs.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from guichet.letters.content import Addressee, AnyLetter, Town
from guichet.letters.writing import one_line

POSTAL_CODE = re.compile(r"[0-9]{5}(?![^\s])")
"""What the line of the town begins with (NF Z10-011); elsewhere codes have other forms."""
AT_HOME = "FRANCE"
"""The only country below which a postal code is one of ours."""


class Posted(Struct, frozen=True):
    """A letter as the sheet lists it: `place` is its postal code and town."""

    reference: str
    name: str
    place: str


class PostingSheet(Struct, frozen=True, kw_only=True):
    """*Bordereau de dépôt.* The letters of the `mailing` named so, in the order in which they lie;
    `printed_at` is also the date of the PDF."""

    town: Town
    mailing: str
    printed_at: datetime
    letters: tuple[Posted, ...]
    training: bool = False


def in_postal_order(addressees: Sequence[Addressee | None]) -> list[int]:
    """The places of `addressees` in their sequence, by postal code, then by name; those without a
    code come last. Equal ones stay as they were."""
    return sorted(range(len(addressees)), key=lambda place: postal_key(addressees[place]))


def postal_key(addressee: Addressee | None) -> tuple[bool, str, str]:
    """What an addressee is sorted by: names without case or accent."""
    if addressee is None:
        return True, "", ""
    code = POSTAL_CODE.match(town_line(addressee))
    name = unicodedata.normalize("NFKD", one_line(addressee.name)).casefold()
    bare = "".join(sign for sign in name if not unicodedata.combining(sign))
    return code is None, code[0] if code else "", bare


def town_line(addressee: Addressee) -> str:
    """The line that names the town: the last one, or the one above our own country."""
    lines = [line for line in map(one_line, addressee.address) if line]
    if len(lines) > 1 and lines[-1].upper() == AT_HOME:
        lines.pop()
    return lines[-1] if lines else ""


def posting_sheet(letters: Sequence[AnyLetter], mailing: str, printed_at: datetime) -> PostingSheet:
    """The sheet of at least one letter, all of one town, in the order given."""
    if not letters:
        raise ValueError("no letter to post")
    return PostingSheet(
        town=letters[0].town,
        mailing=mailing,
        printed_at=printed_at,
        letters=tuple(
            Posted(
                letter.reference,
                letter.addressee.name if letter.addressee else "",
                town_line(letter.addressee) if letter.addressee else "",
            )
            for letter in letters
        ),
        training=any(letter.training for letter in letters),
    )
