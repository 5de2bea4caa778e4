"""Which characters font files draw: their `cmap` tables (ISO/IEC 14496-22), and no more."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from struct import unpack_from


def characters(files: Iterable[Path]) -> frozenset[int]:
    """The code points that at least one of the font `files` draws."""
    return frozenset(chain.from_iterable(drawn_by(file.read_bytes()) for file in files))


def drawn_by(font: bytes) -> Iterator[int]:
    """The code points of one TrueType or OpenType font."""
    (tables,) = unpack_from(">H", font, 4)
    for record in range(12, 12 + 16 * tables, 16):
        name, _, start = unpack_from(">4sLL", font, record)
        if name == b"cmap":
            (count,) = unpack_from(">H", font, start + 2)
            for entry in range(start + 4, start + 4 + 8 * count, 8):
                platform, _, offset = unpack_from(">HHL", font, entry)
                if platform in (0, 3):
                    yield from mapped(font, start + offset)


def mapped(font: bytes, at: int) -> Iterator[int]:
    """The code points of the Unicode subtable at `at`, in the two formats that fonts use."""
    (form,) = unpack_from(">H", font, at)
    if form == 12:
        (groups,) = unpack_from(">L", font, at + 12)
        for group in range(at + 16, at + 16 + 12 * groups, 12):
            first, last, _ = unpack_from(">LLL", font, group)
            yield from range(first, last + 1)
    elif form == 4:
        (double,) = unpack_from(">H", font, at + 6)
        ends, starts = at + 14, at + 16 + double
        deltas, offsets = starts + double, starts + 2 * double
        for step in range(0, double, 2):
            (first,), (last,) = (
                unpack_from(">H", font, starts + step),
                unpack_from(">H", font, ends + step),
            )
            (delta,), (offset,) = (
                unpack_from(">H", font, deltas + step),
                unpack_from(">H", font, offsets + step),
            )
            for code in range(first, last + 1):
                where = offsets + step + offset + 2 * (code - first)
                glyph = unpack_from(">H", font, where)[0] if offset else code + delta
                if glyph % 65536 and code != 0xFFFF:
                    yield code
