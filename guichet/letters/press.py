"""Letters on paper: PDF/UA-1 and PDF/A-3a at once, made by typst from the town's templates.

Texts reach typst as JSON, never as markup. Only our fonts are used, so that every machine makes the
same pages, and the date in the file is the letter's, so that it makes the same bytes.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import typst

from guichet.letters.content import AnyLetter
from guichet.letters.glyphs import characters
from guichet.letters.mentions import check
from guichet.letters.phrases import phrases_of
from guichet.letters.posting import PostingSheet
from guichet.letters.qr import qr_svg
from guichet.letters.template_files import SHIPPED, Templates
from guichet.letters.words import Part
from guichet.letters.writing import drawable, one_line
from guichet.sentences import Sentence

FONTS = [
    Path(str(files(f"fontpkg_{name}"))) / "files"
    for name in ("atkinson_hyperlegible", "noto_sans", "almarai", "noto_sans_arabic")
]
"""Atkinson Hyperlegible first, drawn for eyes that tire; Almarai for Arabic, since it draws letters
in one piece, which every reader copies right; Noto for what these do not draw."""

ADDRESS_LINES = 6
IN_A_CELL = 14
"""Characters without a space that a cell of the posting sheet holds, even of the widest."""
FRENCH = "fr"
KEPT_BY_TYPST = 12
EMPTY: Any = {"main.typ": b""}
MAIN = """
#set text(
  font: ("Atkinson Hyperlegible", "Noto Sans", "Almarai", "Noto Sans Arabic"),
  lang: sys.inputs.language,
  hyphenate: false,
)
#set document(title: sys.inputs.title)
#for letter in json(bytes(sys.inputs.letters)) {{
  pagebreak(weak: true, to: {side})
  import letter.kind + ".typ": body
  body(letter)
}}
"""


class UnusableTemplate(Sentence):
    """A template that typst refuses, and why."""


class UnprintableAddress(Sentence):
    """An address that the window of an envelope does not show whole."""


class Press:
    """Prints letters with the templates of a town. Threads may share it."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._files = {
            name: file
            for name, file in templates.files.items()
            if not name.endswith((".toml", ".html", ".txt"))
        }
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=FONTS
        )
        drawn = characters(file for folder in FONTS for file in folder.glob("*.ttf"))
        self._drawn: Callable[[str], bool] = lambda character: ord(character) in drawn

    def printed(self, letter: AnyLetter) -> bytes:
        """`letter` as a PDF. `MentionLacking` when it does not say what it must,
        `UnusableTemplate` when its template is wrong or there is none."""
        return self._compiled([letter], "none")

    def batch(
        self, letters: Sequence[AnyLetter], key: Callable[[AnyLetter], str], *, duplex: bool = False
    ) -> bytes:
        """At least one letter, in the order of `key`, as one PDF for the printer: each begins on
        its own page (with `duplex`, on the front of its own sheet) and counts its own pages. All
        of them are refused as `printed` refuses one."""
        if not letters:
            raise ValueError("no letter to print")
        try:
            return self._compiled(sorted(letters, key=key), '"odd"' if duplex else "none")
        finally:
            # typst keeps what it laid out for its next ten compilations: 2 MB a letter.
            for _ in range(KEPT_BY_TYPST):
                typst.compile(EMPTY, root=SHIPPED, format="pdf", font_paths=self._fonts)

    def sheet(self, sheet: PostingSheet) -> bytes:
        """The sheet that goes with a mailing, in French, tagged like the letters."""
        words = self._templates.words(FRENCH)
        rows = [(row.reference, row.name, row.place) for row in sheet.letters]
        said = {
            "town": [sheet.town.name],
            "town_address": sheet.town.address,
            "title": [f"Bordereau de dépôt : {len(rows)} courrier{'s' if len(rows) > 1 else ''}"],
            "mailing": [sheet.mailing],
            "printed": [words.day(sheet.town.local(sheet.printed_at).date())],
            "training": [words.phrases["training"]] if sheet.training else (),
            "rows": [text for row in rows for text in row],
        }
        content = Content(
            number=0,
            kind="posting",
            language=FRENCH,
            direction=words.direction,
            accent=sheet.town.accent,
            logo=sheet.town.logo,
            qr="",
            page=words.phrases["page"],
            phrases={
                name: [[Part(drawable(one_line(text), self._drawn, IN_A_CELL))] for text in texts]
                for name, texts in said.items()
            },
        )
        title = f"Bordereau de dépôt {sheet.mailing}".strip()
        with told():
            return self._typeset([content], title, "none", sheet.printed_at)

    def _compiled(self, letters: Sequence[AnyLetter], side: str) -> bytes:
        contents = [self._content(number, letter) for number, letter in enumerate(letters)]
        first = contents[0]
        title = f"{first.alone('title')} – {first.alone('reference')}"
        if len(letters) > 1:
            title = f"Courriers ({len(letters)})"
        with told():
            said: list[set[str]] = [set() for _ in letters]
            for mark in self._marks(contents, title, side):
                said[mark.letter].add(mark.phrase)
            for letter, phrases in zip(letters, said, strict=True):
                check(letter, phrases)
            last = max(letter.written_at for letter in letters)
            return self._typeset(contents, title, side, last)

    def _marks(self, contents: "Sequence[Content]", title: str, side: str) -> "list[Mark]":
        """What the templates placed."""
        sources, options = self._given(contents, title, side)
        return MARKS.decode(typst.query(sources, "<guichet-said>", field="value", **options))

    def _typeset(self, contents: "Sequence[Content]", title: str, side: str, at: datetime) -> bytes:
        """The PDF, dated `at`."""
        sources, options = self._given(contents, title, side)
        return typst.compile(
            sources,
            output=None,
            format="pdf",
            pdf_standards=["ua-1", "a-3a"],
            timestamp=int(at.timestamp()),
            **options,
        )

    def _given(
        self, contents: "Sequence[Content]", title: str, side: str
    ) -> tuple[Any, dict[str, Any]]:
        """What typst is given: files by name, which it takes although its stubs do not say so."""
        options: dict[str, Any] = {
            "root": SHIPPED,
            "font_paths": self._fonts,
            "ignore_system_fonts": True,
            "sys_inputs": {
                "letters": msgspec.json.encode(contents).decode(),
                "title": title,
                "language": contents[0].language,
            },
        }
        return {**self._files, "main.typ": MAIN.format(side=side).encode()}, options

    def _content(self, number: int, letter: AnyLetter) -> "Content":
        words = self._templates.words(letter.language)
        phrases = {
            name: [[Part(drawable(p.text, self._drawn), p.strong) for p in line] for line in lines]
            for name, lines in phrases_of(letter, words).items()
        }
        if len(phrases["addressee"]) > ADDRESS_LINES:
            raise UnprintableAddress(
                "L'adresse du destinataire compte plus de six lignes avec son nom (NF Z10-011)."
            )
        if f"{letter.kind}.typ" not in self._files:
            raise UnusableTemplate(
                f"Aucun modèle {letter.kind}.typ : ce courrier ne s'imprime pas."
            )
        return Content(
            number=number,
            kind=letter.kind,
            language=letter.language,
            direction=words.direction,
            accent=letter.town.accent,
            logo=letter.town.logo,
            qr=qr_svg(letter.url),
            page=words.phrases["page"],
            phrases=phrases,
        )


@contextmanager
def told() -> Generator[None]:
    """What typst refuses, as `UnusableTemplate`."""
    try:
        yield
    except RuntimeError as error:
        raise UnusableTemplate(f"Le modèle de courrier ne peut pas servir : {error}") from error


class Content(msgspec.Struct, frozen=True):
    """What typst is told of a letter; `page` is « page {page} sur {pages} », filled there."""

    number: int
    kind: str
    language: str
    direction: str
    accent: str
    logo: str
    qr: str
    page: str
    phrases: dict[str, list[list[Part]]]

    def alone(self, name: str) -> str:
        """The phrase `name` without emphasis."""
        return " ".join("".join(part.text for part in line) for line in self.phrases[name])


class Mark(msgspec.Struct, frozen=True):
    """What `say` in paper.typ leaves behind a phrase: in which letter, under which name."""

    letter: int
    phrase: str


MARKS = msgspec.json.Decoder(list[Mark])
