"""Rows out of a file, in a stream: CSV, JSON or JSON lines, plain or gzip.

A row that cannot be read is told with its line and the reason, and does not stop the rest; a file
that breaks off is told after the last row that could be read.
"""

from collections.abc import Iterator
from pathlib import Path

from guichet.importing.objects import in_array, in_lines
from guichet.importing.packed import FileBreaksOff, FileRefused, Text, opened
from guichet.importing.row import Row
from guichet.importing.separated import in_csv
from guichet.importing.sources import Mapping

FORMATS = {"json": "json", "geojson": "json", "jsonl": "jsonl", "ndjson": "jsonl"}
"""The format by the end of the name; anything else is CSV."""


def rows(path: Path, mapping: Mapping) -> Iterator[Row]:
    """The rows of `path`, one at a time, in their order. `FileRefused` when it cannot be read at
    all, `FileBreaksOff` after the last row of a file that is cut, damaged or goes on otherwise."""
    try:
        with opened(path, mapping.encoding) as text:
            yield from found(text, mapping.format or guessed(path), mapping)
            if text.trouble:
                raise FileBreaksOff(text.trouble)
    except FileNotFoundError:
        raise FileRefused(f"Le fichier {path} n'existe pas.") from None
    except IsADirectoryError:
        raise FileRefused(f"{path} est un dossier, pas un fichier.") from None
    except OSError as error:
        raise FileRefused(f"Le fichier {path} ne se laisse pas lire ({error.strerror}).") from None
    except UnicodeError:
        raise FileBreaksOff(f"{path} cesse de se lire en {mapping.encoding}.") from None


def found(text: Text, kind: str, mapping: Mapping) -> Iterator[Row]:
    """The rows of a text of that kind."""
    match kind:
        case "csv":
            return in_csv(text, mapping)
        case "jsonl":
            return in_lines(text, mapping)
        case _:
            return in_array(text, mapping)


def guessed(path: Path) -> str:
    """The format by the name of the file."""
    name = path.name.lower().removesuffix(".gz")
    return FORMATS.get(name.rpartition(".")[2], "csv")
