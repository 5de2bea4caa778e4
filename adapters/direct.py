"""Batch direct reads of a stream: quick, from any replica, the latest perhaps missing."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from adapters.jetstream_api import TIMEOUT, listen
from domain.log import LogUnavailable


class Answer:
    """What comes back to one batch read, until its last message, or nothing for `TIMEOUT`."""

    def __init__(self) -> None:
        self.messages: list[Msg] = []
        self.more = False
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self, message: Msg) -> None:
        """Take in the next message, or the word that there is no other."""
        headers = message.headers or {}
        status = headers.get("Status")
        if status is None:
            self.messages.append(message)
        elif self._ended.done():
            return
        elif status in ("204", "404"):
            self.more = status == "204" and int(headers.get("Nats-Num-Pending", "0")) > 0
            self._ended.set_result(None)
        else:
            self._ended.set_exception(LogUnavailable(f"Le journal répond {status}."))

    async def whole(self) -> tuple[list[Msg], bool]:
        """All of them, and whether more follow."""
        while not self._ended.done():
            heard = len(self.messages)
            await asyncio.wait([self._ended], timeout=TIMEOUT)
            if not self._ended.done() and len(self.messages) == heard:
                raise LogUnavailable("Le journal ne se laisse pas lire.")
        self._ended.result()
        return self.messages, self.more


class DirectReader:
    """Batch direct reads of one stream, all over one inbox: no consumer, nothing to lose."""

    def __init__(self, nc: Client, stream: str) -> None:
        self._nc = nc
        self._subject = f"$JS.API.DIRECT.GET.{stream}"
        self._inbox = ""
        self._lock = asyncio.Lock()
        self._waiting: dict[str, Answer] = {}
        self._count = 0

    async def batch(self, seq: int, size: int, subject: str) -> tuple[list[Msg], bool]:
        """At most `size` messages of `subject` from sequence `seq` on, and whether more follow."""
        return await self._ask({"seq": seq, "batch": size, "next_by_subj": subject})

    async def lasts(self, subjects: Sequence[str]) -> list[tuple[str, bytes]]:
        """Subject and content of the last message of each of `subjects` that has one; 1,024
        subjects at most."""
        messages, _ = await self._ask({"multi_last": list(subjects)})
        return [((one.headers or {})["Nats-Subject"], one.data) for one in messages]

    async def _ask(self, body: dict[str, Any]) -> tuple[list[Msg], bool]:
        await self._listen()
        self._count += 1
        token = str(self._count)
        answer = self._waiting[token] = Answer()
        try:
            await self._nc.publish(
                self._subject, json.dumps(body).encode(), reply=f"{self._inbox}.{token}"
            )
            return await answer.whole()
        except (NatsError, OSError) as error:
            raise LogUnavailable("Le journal ne se laisse pas lire.") from error
        finally:
            del self._waiting[token]

    async def _listen(self) -> None:
        if self._inbox:
            return
        async with self._lock:
            if self._inbox:
                return
            inbox = self._nc.new_inbox()
            await listen(self._nc, f"{inbox}.*", self._deliver)
            self._inbox = inbox

    async def _deliver(self, message: Msg) -> None:
        answer = self._waiting.get(message.subject.rpartition(".")[2])
        if answer is not None:
            answer.take(message)
