"""The file of rows that were not taken: line, number and reason, written as they come."""

import csv
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from guichet.importing.packed import FileRefused


class Rejects:
    """A CSV that is there only if a row was rejected. What it held before is replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None
        self._writer: Any = None
        self._none = True

    def open(self) -> "Rejects":
        """Open it, once; `OSError` when it cannot be written."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(("line", "number", "reason"))
        return self

    def __enter__(self) -> "Rejects":
        """Open it, if it is not."""
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; gone when it has no line."""
        if self._file is not None:
            self._file.close()
            self._file = None
            if self._none and self.path.is_file():
                self.path.unlink()

    def add(self, line: int, number: str, reason: str) -> None:
        """Write one."""
        self.open()
        self._none = False
        self._writer.writerow((line, number, reason))


def rejects_of(path: Path, named: Path | None, others: tuple[Path, ...]) -> Rejects:
    """The rejects of the file `path`, open: where they are `named`, else beside it, else in the
    current folder, which is said. `FileRefused` when they cannot be written, or would be written
    over one of `others`."""
    beside = path.with_name(f"{path.name}.rejects.csv")
    for place in [named] if named else [beside, Path(beside.name)]:
        if any(other.exists() and place.exists() and place.samefile(other) for other in others):
            raise FileRefused(f"Les rejets s'écriraient sur {place} : nommez un autre fichier.")
        try:
            rejects = Rejects(place).open()
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            refused = f"Les rejets ne s'écrivent pas dans {place} ({reason})"
            continue
        if place != (named or beside):
            print(f"Les rejets vont dans {place.absolute()}.", file=sys.stderr)
        return rejects
    raise FileRefused(f"{refused} : nommez un fichier avec --rejects.")  # pyright: ignore[reportPossiblyUnboundVariable] there is a place at least
