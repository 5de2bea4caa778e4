"""The files letters are made from: those that ship with Guichet, and a town's own instead of them.

A town's folder holds only what it changes, under the same names: `answer.typ`, `paper.typ`,
`answer.html`, `words/fr.toml` (phrase by phrase), a new `words/es.toml`, and its logo.
"""

from collections.abc import Iterable
from pathlib import Path

from guichet.letters.words import Words, read_words
from guichet.sentences import Sentence

SHIPPED = Path(__file__).parent / "templates"
KINDS = frozenset((".typ", ".txt", ".html", ".toml", ".svg", ".png", ".jpg"))
"""What a template or something it shows is called."""


class NoSuchLanguage(Sentence):
    """Nobody translated the words into the language asked for."""


class NoSuchFolder(Sentence):
    """The town's folder of templates is not there: its letters must not leave in another look."""


class Templates:
    """Everything as it was when read; `folder` is the town's, None for a town that has none."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise NoSuchFolder(f"Le dossier des modèles de courriers {folder} n'existe pas.")
        own = read(folder) if folder else {}
        shipped = read(SHIPPED)
        self.files = {**shipped, **own}
        model = shipped["words/fr.toml"]
        self._words: dict[str, Words] = {}
        for name in sorted(self.files):
            if name.startswith("words/") and name.endswith(".toml"):
                language = name.removeprefix("words/").removesuffix(".toml")
                file, change = (files.get(name, b"") for files in (shipped, own))
                self._words[language] = read_words(language, file, model, change)

    @property
    def languages(self) -> Iterable[str]:
        """The languages a letter can be written in."""
        return self._words.keys()

    def words(self, language: str) -> Words:
        """The words of `language`, or `NoSuchLanguage`."""
        if language not in self._words:
            known = ", ".join(self._words)
            raise NoSuchLanguage(f"Aucun courrier en « {language} » : les langues sont {known}.")
        return self._words[language]


def read(folder: Path) -> dict[str, bytes]:
    """The files of `folder` that letters are made from, by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in KINDS
    }
