"""Persistence for the `eventsourcing` library on JetStream: set PERSISTENCE_MODULE to this module.

A synchronous face over the same log Guichet writes to (`adapters/stream.py`), run on one event-loop
thread. Environment: JETSTREAM_URL, JETSTREAM_USER, JETSTREAM_PASSWORD, JETSTREAM_TOWN, and
JETSTREAM_STEWARD_PASSWORD where the streams are to be created.

Tracking is written in the transaction of the rows it protects, and those are in PostgreSQL: there
is no tracking or process recorder here, and asking for one says so.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    Notification,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType
from nats.aio.client import Client

from adapters.appending import BATCH
from adapters.jetstream_api import connect
from adapters.steward import create_streams
from adapters.stored_events import LoopThread, entry_of, notification, stored, stream_of, wanted
from adapters.stream import Log


class JetStreamAggregateRecorder(AggregateRecorder):
    """Stored events, one subject per originator."""

    def __init__(self, log: Log, thread: LoopThread) -> None:
        self.log = log
        self.thread = thread

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        self._insert(stored_events)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        entries = self.thread.run(self.log.read(stream_of(originator_id)))
        chosen = [
            stored(entry)
            for entry in (reversed(entries) if desc else entries)
            if (gt is None or entry.version > gt) and (lte is None or entry.version <= lte)
        ]
        return chosen[:limit]

    def _insert(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        if len(stored_events) > BATCH:
            raise ProgrammingError(f"JetStream stores {BATCH} events at most in one batch")
        now = datetime.now(UTC)
        entries = [entry_of(event, now) for event in stored_events]
        return self.thread.run(self.log.append(entries))


class JetStreamApplicationRecorder(JetStreamAggregateRecorder, ApplicationRecorder):
    """The same, with the one sequence of the whole log: its positions are notification ids."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        return self._insert(stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        found: list[Notification] = []
        while len(found) < limit:
            entries = self.thread.run(self.log.page(after, min(limit, BATCH)))
            if not entries:
                break
            after = entries[-1].position
            if stop is not None:
                entries = [entry for entry in entries if entry.position <= stop]
            found += [notification(entry) for entry in entries if wanted(entry, topics)]
            if stop is not None and after >= stop:
                break
        return found[:limit]

    def max_notification_id(self) -> int | None:
        return self.thread.run(self.log.head()) or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return JetStreamSubscription(self, gt, topics)


class JetStreamSubscription(Subscription[JetStreamApplicationRecorder]):
    """Every notification after `gt`, and those to come."""

    def __init__(
        self, recorder: JetStreamApplicationRecorder, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._ready: list[Notification] = []
        self._queue: asyncio.Queue[list[Notification] | None] = asyncio.Queue(maxsize=10)
        loop = recorder.thread.loop
        self._following = asyncio.run_coroutine_threadsafe(self._follow(gt or 0), loop)
        self._following.add_done_callback(self._ended)

    def stop(self) -> None:
        super().stop()
        self._following.cancel()

    def __next__(self) -> Notification:
        while not self._ready:
            if self._has_been_stopped:
                raise StopIteration
            if self._following.done() and self._queue.empty():
                self._following.result()  # why it ended, if it was not stopped
            batch = self._recorder.thread.run(self._queue.get())
            self._ready = list(reversed(batch or []))
        if self._has_been_stopped:
            raise StopIteration
        return self._ready.pop()

    def _ended(self, _: object) -> None:
        with suppress(RuntimeError):  # a closed loop has woken everybody already
            self._recorder.thread.loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def _follow(self, after: int) -> None:
        async for entries in self._recorder.log.follow(after):
            chosen = [notification(entry) for entry in entries if wanted(entry, self._topics)]
            if chosen:
                await self._queue.put(chosen)


class JetStreamFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes recorders out of the environment."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._thread = LoopThread()
        self._clients: list[Client] = []

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        suffix = "" if purpose == "events" else f"_{purpose}"
        return JetStreamAggregateRecorder(self._log(suffix), self._thread)

    def application_recorder(self) -> ApplicationRecorder:
        return JetStreamApplicationRecorder(self._log(""), self._thread)

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> NoReturn:
        raise InfrastructureFactoryError(
            "tracking belongs in the transaction of the rows it protects, in PostgreSQL"
        )

    def process_recorder(self) -> ProcessRecorder:
        raise InfrastructureFactoryError("a process recorder needs tracking: see PostgreSQL")

    def close(self) -> None:
        """Let go of the connections; again changes nothing."""
        clients, self._clients = self._clients, []
        for client in clients:
            self._thread.run(client.close())
        self._thread.close()

    def _log(self, suffix: str) -> Log:
        user, word = self._needed("JETSTREAM_USER"), self._needed("JETSTREAM_PASSWORD")
        url, town = self._needed("JETSTREAM_URL"), self._needed("JETSTREAM_TOWN") + suffix
        if steward := self.env.get("JETSTREAM_STEWARD_PASSWORD"):
            self._thread.run(create(url, steward, town))
        client = self._thread.run(connect(url, user, word))
        self._clients.append(client)
        return Log(client, town)

    def _needed(self, name: str) -> str:
        value = self.env.get(name)
        if not value:
            raise InfrastructureFactoryError(f"{name} is not set")
        return value


Factory = JetStreamFactory


async def create(url: str, password: str, town: str) -> None:
    """The streams of `town`, unless they are there."""
    client = await connect(url, "steward", password)
    try:
        await create_streams(client, town)
    finally:
        await client.close()
