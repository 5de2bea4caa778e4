"""Backups by themselves: one is taken whenever the last one is old enough, while we run."""

from pathlib import Path
from time import sleep

import psycopg
import structlog

from domain.log import LogDamaged, LogUnavailable
from guichet.backup.last_backup import last_backup
from guichet.backup.taking import take
from guichet.host.starting import stop_on_signals
from guichet.sentences import Sentence
from guichet.settings import Settings

HOUR = 3600.0
AGAIN = 300.0
"""Seconds after which a backup that failed is tried again."""

LOOK = 60.0
"""The most seconds without a look at the clock, which may be set meanwhile."""

log = structlog.get_logger()


def keep_saving(settings: Settings, place: Path, keep: int | None, hours: float) -> None:
    """`guichet backup --every`: until somebody stops it. Its age is what tells of a failure."""
    asked = stop_on_signals()
    try:
        while not asked():
            sleep(min(once(settings, place, keep, hours * HOUR), LOOK))
    except KeyboardInterrupt:
        return


def once(settings: Settings, place: Path, keep: int | None, every: float) -> float:
    """A backup, if one is due; the seconds until there is something to do."""
    if (left := due_in(settings, every)) > 0:
        return left
    try:
        taken = take(settings, place, keep, show_nobody)
    except (Sentence, LogDamaged, LogUnavailable, psycopg.Error, OSError) as error:
        log.error("backup failed", reason=str(error))
        return min(AGAIN, every)
    log.info("backup taken", folder=str(taken.folder), position=taken.position, gone=taken.gone)
    return every


def show_nobody(done: int, all: int) -> None:
    """Nobody looks on."""


def due_in(settings: Settings, every: float) -> float:
    """Seconds until the next backup is due. One from the future, by a clock that was wrong, is as
    good as none."""
    last = last_backup(settings.data)
    return every - last.age if last and last.age >= 0 else 0.0
