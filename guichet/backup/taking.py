"""`guichet backup DIR`: everything that cannot be made again, in one folder, while Guichet runs."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.progress import Progress

from adapters import snapshot
from adapters.rewriting import Show
from adapters.snapshot import Manifest
from adapters.stream import stream_name
from guichet.backup import last_backup
from guichet.backup.contents import Backup, state_of
from guichet.backup.last_backup import LastBackup
from guichet.backup.shelf import alone_in, rotate
from guichet.host import disk
from guichet.host.installation import write_private
from guichet.host.starting import stop_on_signals
from guichet.sentences import Sentence
from guichet.settings import Settings


class Taken(NamedTuple):
    """A whole backup: where it lies, up to which position, and how many older ones went for it."""

    folder: Path
    position: int
    gone: int


Progressing = Callable[[int, int], None]
"""Told how many events are written, of how many."""


def must_have_room(settings: Settings, place: Path, size: int) -> None:
    """`Sentence` unless a log of `size` bytes fits on the disk of `place`, twice: as text it is
    larger, and a backup that fills the disk of the log would stop the town."""
    needed = 2 * size // disk.MEBIBYTE + (settings.least_free or disk.ENOUGH)
    if (there := disk.free(place) // disk.MEBIBYTE) < needed:
        raise Sentence(
            f"Pas assez de place pour une sauvegarde dans {place} : {there} Mo libres, il en "
            f"faut {needed}."
        )


def back_up(settings: Settings, place: Path, show: Show, upto: int) -> tuple[Path, Manifest]:
    """One more backup in `place`: under its own name once it is whole and on the disk, and nothing
    at all before."""
    with alone_in(place, settings.town):
        begun = datetime.now(UTC)
        final = place / f"guichet-{settings.town}-{begun:%Y%m%dT%H%M%S.%fZ}"
        if final.exists():
            raise Sentence(f"{final} existe déjà : rien n'est écrasé, recommencez.")
        partial = place / f".{final.name}.partial"
        try:
            partial.mkdir(mode=0o700)
            manifest = Backup(settings, partial, show).write(begun, upto)
            partial.rename(final)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        snapshot.sync(place)
    note = LastBackup(time=begun, position=upto, place=str(final.absolute()))
    write_private(settings.data / last_backup.FILE, msgspec.json.encode(note).decode())
    return final, manifest


def take(settings: Settings, place: Path, keep: int | None, show: Progressing) -> Taken:
    """One backup of what the log holds now, and the oldest ones beyond `keep` removed. `Sentence`
    when `place` will not do."""
    state = asyncio.run(state_of(settings, stream_name(settings.town)))
    upto = int(state["last_seq"])
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        must_have_room(settings, place, int(state["bytes"]))
        made, manifest = back_up(settings, place, lambda done: show(done, upto), upto)
        gone = rotate(place, settings.town, keep) if keep else 0
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise Sentence(f"{place} ne se laisse pas écrire ({error.strerror}).") from None
    return Taken(made, manifest.position, gone)


def run(settings: Settings, place: Path, keep: int | None) -> None:
    """`guichet backup`: where it lies and what is in it, in one sentence."""
    stop_on_signals()
    try:
        with Progress(console=Console(file=sys.stderr), transient=True) as progress:
            task = progress.add_task("Le journal est sauvegardé", total=None)

            def show(done: int, all: int) -> None:
                progress.update(task, completed=done, total=all)

            taken = take(settings, place, keep, show)
    except KeyboardInterrupt:
        raise Sentence("Sauvegarde interrompue : il n'en reste rien.") from None
    print(f"{taken.position} événements sauvegardés dans {taken.folder}.")
    if taken.gone:
        print(f"{taken.gone} sauvegardes plus anciennes retirées.")
