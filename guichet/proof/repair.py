"""`guichet repair`: the log made anew from the archive, event for event.

The log is first closed: until the end nobody but the steward can write to it, so that whoever runs
meanwhile is refused and nothing can come in between. Interrupted at any moment, a repair is simply
started again.
"""

import asyncio
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from rich.console import Console
from rich.progress import Progress

from adapters.bulk import Bulk
from adapters.jetstream_api import Refusal, call, connect
from adapters.rewriting import AT_ONCE, Show, rewrite
from adapters.seal_book import in_file, seals_file
from adapters.steward import closed_config, create, log_config
from adapters.stream import stream_name
from guichet.proof.verifying import check_archive, check_log
from guichet.sentences import Sentence
from guichet.settings import Settings
from projections import whole_archive
from projections.waiting import Waiter

ARCHIVED_WITHIN = 10.0
"""Seconds the projector has to archive what only the log holds."""


class CannotRepair(Sentence):
    """The log cannot be made anew without losing something; the sentence says what."""


class Repair:
    """One repair of one town's log, as the broker's steward."""

    def __init__(
        self,
        settings: Settings,
        nc: Client,
        show: Show,
        at_once: int = AT_ONCE,
        archived_within: float = ARCHIVED_WITHIN,
    ) -> None:
        self._settings = settings
        self._at_once = at_once
        self._archived_within = archived_within
        self._town = settings.town
        self._name = stream_name(settings.town)
        self._nc = nc
        self._show = show
        self._replicas: int = settings.nats_replicas or 1

    async def run(self, abandon: bool = False) -> tuple[int, Path | None]:
        """How many events were restored, and where the damaged files were put aside. 0 when there
        was nothing to repair. `CannotRepair` when the archive is damaged too, or when events that
        can be read would be lost, unless one agrees to `abandon` them in the files put aside."""
        upto = self._end()
        if await self._is_open() and not await self._differs(upto):
            return 0, None
        if damaged := await asyncio.to_thread(self._archive_differs, upto):
            raise CannotRepair(f"{damaged} Sans archive saine, le journal ne se répare pas.")
        await self._close()
        if not abandon:
            await self._await_archived()
        upto = self._end()
        aside = await asyncio.to_thread(self._put_aside)
        await self._begin_anew()
        entries = (e for e, *_ in whole_archive.entries(self._postgres, self._town, upto))
        await rewrite(self._nc, self._town, entries, self._show, self._at_once)
        if await self._differs(upto):
            raise CannotRepair("Le journal refait diffère de l'archive : recommencez.")
        opened = log_config(self._town, self._replicas)
        await call(self._nc, f"STREAM.UPDATE.{self._name}", opened)
        return upto, aside

    async def _is_open(self) -> bool:
        """Whether the log is there, whole as far as the broker says, and takes writes."""
        info = await self._info()
        if info is None:
            return False
        state = info["state"]
        whole = state["messages"] == state["last_seq"] and state["first_seq"] <= 1
        return whole and info["config"]["subjects"] == log_config(self._town)["subjects"]

    async def _info(self) -> dict[str, Any] | None:
        try:
            return await call(self._nc, f"STREAM.INFO.{self._name}")
        except Refusal:
            return None

    async def _differs(self, upto: int) -> bool:
        return await asyncio.to_thread(check_log, self._settings, upto) is not None

    def _archive_differs(self, upto: int) -> str:
        seals = in_file(seals_file(self._settings.data, self._town))
        found = check_archive(self._settings, seals, upto)
        return found.sentence if found else ""

    async def _close(self) -> None:
        """From here on nobody but us adds to the log."""
        if info := await self._info():
            self._replicas = info["config"]["num_replicas"]
            await call(self._nc, f"STREAM.UPDATE.{self._name}", self._closed)

    async def _await_archived(self) -> None:
        """Let the projector archive what can still be read after the archive's end."""
        info = await self._info()
        last = info["state"]["last_seq"] if info else 0
        archived = self._end()
        if last <= archived:
            return
        async with Waiter.open(self._settings.postgres["web"], self._town) as waiter:
            archived = await waiter.until(last, within=self._archived_within)
        readable = await asyncio.to_thread(self._readable, archived, last)
        if readable:
            raise CannotRepair(
                f"{len(readable)} événements ({readable[0]} à {readable[-1]}) sont lisibles dans "
                f"le journal, mais l'archive finit à {archived} : laissez tourner le projecteur "
                "(./run) et recommencez. S'il s'arrête sur un événement perdu, "
                "guichet repair --abandon les met de côté avec les fichiers abîmés."
            )

    def _readable(self, after: int, upto: int) -> list[int]:
        user = "backup"
        word = self._settings.nats_passwords[user]
        with Bulk.open(self._settings.nats_url, user, word, self._name) as bulk:
            return [position for position, _ in bulk.hashes(after, upto)]

    def _put_aside(self) -> Path | None:
        """Copy the stream's files before they go; None where the broker's disk is not ours."""
        store = self._settings.data / "nats" / "store" / "jetstream"
        found = next(iter(store.rglob(self._name)), None)
        if found is None:
            return None
        aside = self._settings.data / f"damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        shutil.copytree(found, aside / self._name)
        return aside

    async def _begin_anew(self) -> None:
        """An empty, closed log. What a broker no longer recognises as a stream it takes over when
        one of that name is created, so that it can be deleted in good order."""
        await create(self._nc, self._closed)
        await call(self._nc, f"STREAM.DELETE.{self._name}")
        await create(self._nc, self._closed)

    @property
    def _closed(self) -> dict[str, Any]:
        return closed_config(self._town, self._replicas)

    def _end(self) -> int:
        return whole_archive.end(self._postgres, self._town)

    @property
    def _postgres(self) -> str:
        return self._settings.postgres["web"]


async def repair(
    settings: Settings,
    abandon: bool = False,
    show: Show = lambda done: None,
    at_once: int = AT_ONCE,
    archived_within: float = ARCHIVED_WITHIN,
) -> tuple[int, Path | None]:
    """Repair the log of an installation, `at_once` events a batch; see `Repair.run`."""
    nc = await connect(settings.nats_url, "steward", settings.nats_passwords["steward"])
    try:
        return await Repair(settings, nc, show, at_once, archived_within).run(abandon)
    finally:
        await nc.close()


def run(settings: Settings, abandon: bool) -> None:
    """`guichet repair`: what was restored, in one sentence."""
    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        total = whole_archive.end(settings.postgres["web"], settings.town)
        task = progress.add_task("Le journal est refait", total=total)

        def show(done: int) -> None:
            progress.update(task, completed=done)

        restored, aside = asyncio.run(repair(settings, abandon, show))
    if not restored:
        print("Le journal est celui de l'archive, événement par événement : rien à réparer.")
        return
    where = f"les fichiers abîmés sont dans {aside}" if aside else "aucun fichier n'était là"
    print(f"{restored} événements rétablis depuis l'archive ; {where}.")
