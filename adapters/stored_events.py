"""The library's stored events as entries of the log, and its calls as calls of the log."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import CancelledError
from datetime import datetime
from threading import Lock, Thread
from typing import Any, TypeVar
from urllib.parse import quote, unquote
from uuid import UUID, uuid4

from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    OperationalError,
    StoredEvent,
)

from domain.log import Conflict, Entry, LogUnavailable

T = TypeVar("T")


class LoopThread:
    """An event loop of its own, to which synchronous code of any thread hands its calls.

    A call that is under way when the loop is closed ends with `OperationalError`, and so does
    every later one: nobody waits for a loop that no longer turns.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self.loop.run_forever, name="jetstream", daemon=True)
        self._handing = Lock()
        self._closed = False
        self._thread.start()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """The result of `call`; foreign errors become the library's."""
        with self._handing:
            if self._closed:
                call.close()
                raise OperationalError("the recorder is closed")
            handed = asyncio.run_coroutine_threadsafe(call, self.loop)
        try:
            return handed.result()
        except Conflict as error:
            raise IntegrityError(str(error)) from error
        except LogUnavailable as error:
            raise OperationalError(str(error)) from error
        except CancelledError:
            raise OperationalError("the recorder was closed meanwhile") from None

    def close(self) -> None:
        """Cancel what is under way and end the loop; again changes nothing."""
        with self._handing:
            if self._closed:
                return
            self._closed = True
            ending = asyncio.run_coroutine_threadsafe(self._cancel_all(), self.loop)
        ending.result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _cancel_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def stream_of(originator_id: UUID | str) -> str:
    """The stream of an originator; what its identifier is made of can be read back from it."""
    if isinstance(originator_id, UUID):
        return f"uuid.{originator_id}"
    return f"text.{quote(originator_id, safe='').replace('.', '%2E')}"


def originator_of(stream: str) -> UUID | str:
    """The originator of a stream."""
    kind, _, name = stream.partition(".")
    return UUID(name) if kind == "uuid" else unquote(name)


def entry_of(event: StoredEvent, now: datetime) -> Entry:
    """A stored event as an entry of the log."""
    return Entry(
        id=str(uuid4()),
        stream=stream_of(event.originator_id),
        version=event.originator_version,
        topic=event.topic,
        data=event.state,
        time=now,
    )


def stored(entry: Entry) -> StoredEvent:
    """An entry as a stored event."""
    return StoredEvent(originator_of(entry.stream), entry.version, entry.topic, entry.data)


def notification(entry: Entry) -> Notification:
    """An entry as a notification."""
    event = stored(entry)
    return Notification(
        event.originator_id, event.originator_version, event.topic, event.state, entry.position
    )


def wanted(entry: Entry, topics: Sequence[str]) -> bool:
    """Whether a reader of `topics` (all, when there are none) wants `entry`."""
    return not topics or entry.topic in topics
