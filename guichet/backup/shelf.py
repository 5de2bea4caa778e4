"""The folder in which the backups of a town stand side by side."""

import fcntl
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from guichet.sentences import Sentence


@contextmanager
def alone_in(place: Path, town: str) -> Generator[None]:
    """The folder of backups, ours while this lasts, without what a killed backup has left."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in place.glob(f".guichet-{town}-*.partial"):
            shutil.rmtree(left)
        yield
    except BlockingIOError:
        raise Sentence(f"Une autre sauvegarde est en cours dans {place}.") from None
    finally:
        os.close(descriptor)


def rotate(place: Path, town: str, keep: int) -> int:
    """Remove the oldest backups of a town beyond `keep`; how many went."""
    name = re.compile(rf"guichet-{re.escape(town)}-\d{{8}}T\d{{6}}\.\d{{6}}Z")
    with alone_in(place, town):
        whole = sorted(path for path in place.iterdir() if name.fullmatch(path.name))
        gone = whole[: max(0, len(whole) - keep)]
        for path in gone:
            partial = path.rename(place / f".{path.name}.partial")  # never half a backup
            shutil.rmtree(partial)
    return len(gone)
