"""A PDF as its reader meets it: text in order, places on the page, what a camera sees."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

import pikepdf
import pypdfium2  # pyright: ignore[reportMissingTypeStubs]
import zxingcpp

MILLIMETRE = 72 / 25.4


class Sign(NamedTuple):
    """A character and its box, in millimetres from the upper left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def opened(pdf: bytes) -> pikepdf.Pdf:
    """The objects of a PDF."""
    return pikepdf.open(BytesIO(pdf))


def dictionaries(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every dictionary of a PDF that stands by itself."""
    return (item for item in pdf.objects if isinstance(item, pikepdf.Dictionary))


def structure(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """The elements of the structure tree, which is what a screen reader reads."""
    waiting: list[Any] = [pdf.Root.StructTreeRoot]
    while waiting:
        element = waiting.pop()
        if isinstance(element, pikepdf.Array):
            waiting += list(element)
        elif isinstance(element, pikepdf.Dictionary):
            waiting += [element.get("/K")]
            if "/S" in element:
                yield element


def texts(pdf: bytes) -> list[str]:
    """The text of each page in its order, on one line, with plain spaces and no soft breaks."""
    document: Any = pypdfium2.PdfDocument(pdf)
    return [plain(page.get_textpage().get_text_range()) for page in document]


def plain(text: str) -> str:
    """`text` with one plain space between words, without the marks that keep directions apart."""
    for mark in "\u200b\u2068\u2069\u0002":
        text = text.replace(mark, "")
    return " ".join(text.split())


def signs(pdf: bytes, number: int = 0) -> Iterator[Sign]:
    """The characters of a page that leave ink."""
    document: Any = pypdfium2.PdfDocument(pdf)
    page = document[number]
    height = page.get_height()
    text = page.get_textpage()
    for index in range(text.count_chars()):
        character = text.get_text_range(index, 1)
        if plain(character):
            left, bottom, right, top = text.get_charbox(index)
            yield Sign(
                character,
                left / MILLIMETRE,
                (height - top) / MILLIMETRE,
                right / MILLIMETRE,
                (height - bottom) / MILLIMETRE,
            )


def size(pdf: bytes, number: int = 0) -> tuple[float, float]:
    """Width and height of a page in millimetres."""
    document: Any = pypdfium2.PdfDocument(pdf)
    width, height = document[number].get_size()
    return width / MILLIMETRE, height / MILLIMETRE


def codes(pdf: bytes, dots_per_inch: float, *, black_and_white: bool = False) -> list[str]:
    """The bar codes of the first page, read from its picture."""
    document: Any = pypdfium2.PdfDocument(pdf)
    picture = document[0].render(scale=dots_per_inch / 72).to_pil()
    if black_and_white:
        picture = picture.convert("1", dither=0).convert("L")
    found: Any = zxingcpp.read_barcodes(picture)
    return [code.text for code in found]
