"""What is said to JetStream on the wire: requests, synced publishes, direct reads.

Every foreign error becomes `LogUnavailable`; what the server refuses comes back as its code.
"""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from domain.log import LogUnavailable

FIRST_WITHIN = 3.0
"""Seconds for which a first connection is tried again: a broker that restarts is waited for."""

TIMEOUT = 2.0
"""Seconds a single request may take before its outcome counts as unknown."""

NOT_FOUND = {10037, 10059}
"""Error codes of a message, or a stream, that is not there."""

logger = structlog.get_logger()


class Refusal(Exception):
    """The server understood and said no."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code


class Line(Client):
    """A connection that reads headers without looking at each of their letters, as nats-py does:
    that would cost more than all that is done with an entry."""

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        parted = (line.partition(":") for line in raw.decode("utf-8", "replace").split("\r\n"))
        return {name: value.strip() for name, colon, value in parted if colon}


async def connect(url: str, user: str, password: str) -> Client:
    """A connection that comes back by itself and hears its own replies only; `LogUnavailable` when
    there is no broker at first, for `FIRST_WITHIN` seconds."""
    last = ""

    async def report(error: Exception) -> None:
        nonlocal last
        if client.is_connected or (last and last != str(error)):  # not every try of the same
            logger.warning("broker.error", user=user, error=str(error))
        last = str(error)

    async def give_up() -> None:
        """What was asked over a line that is cut is never answered: whoever waits for it may ask
        again as soon as there is a broker, instead of after `TIMEOUT`."""
        for answer in list(client._resp_map.values()):  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType, reportUnknownArgumentType] nats-py leaves them waiting
            if not answer.done():
                answer.set_exception(ConnectionResetError("la ligne est coupée"))

    client = Line()
    try:
        async with asyncio.timeout(FIRST_WITHIN):
            await client.connect(
                url,
                user=user,
                password=password,
                name=f"guichet-{user}",
                inbox_prefix=f"_INBOX_{user}".encode(),
                error_cb=report,
                disconnected_cb=give_up,
                connect_timeout=2,
                reconnect_time_wait=0.1,  # pyright: ignore[reportArgumentType] seconds, not int
                max_reconnect_attempts=-1,
                ping_interval=10,
                allow_reconnect=True,
            )
    except (NatsError, OSError, TimeoutError) as error:
        raise LogUnavailable(f"Le courtier de messages ne répond pas ({url}).") from error
    return client


async def request(
    nc: Client, subject: str, data: bytes, headers: dict[str, str] | None = None
) -> Msg:
    """One request and its reply."""
    if not nc.is_connected:
        await asyncio.sleep(0.05)  # a reconnection takes about as long as a server's restart
    try:
        return await nc.request(subject, data, timeout=TIMEOUT, headers=headers)
    except (NatsError, OSError, TimeoutError) as error:
        raise LogUnavailable(f"Le journal ne répond pas ({error or 'délai dépassé'}).") from error


async def call(nc: Client, action: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One call of the JetStream API; `Refusal` when the server says no."""
    reply = await request(nc, f"$JS.API.{action}", json.dumps(body or {}).encode())
    answer: dict[str, Any] = json.loads(reply.data)
    if error := answer.get("error"):
        raise Refusal(int(error.get("err_code", 0)), str(error.get("description", "")))
    return answer


async def publish(
    nc: Client, subject: str, data: bytes, headers: dict[str, str]
) -> tuple[int, int]:
    """Publish and await the synced acknowledgement: (0, sequence) or (error code, 0). Nothing is
    kept to be sent later: who will be at the other end then has not been looked at."""
    if not nc.is_connected:
        raise LogUnavailable("Le courtier de messages ne répond pas.")
    reply = await request(nc, subject, data, headers)
    answer: dict[str, Any] = json.loads(reply.data) if reply.data else {}
    if error := answer.get("error"):
        return int(error.get("err_code", 0)), 0
    return 0, int(answer.get("seq", 0))


async def last_message(
    nc: Client, stream: str, subject: str
) -> tuple[dict[str, str], bytes, int] | None:
    """Headers, content and sequence of the last message of a subject, asked of the leader."""
    try:
        answer = await call(nc, f"STREAM.MSG.GET.{stream}", {"last_by_subj": subject})
    except Refusal as refusal:
        if refusal.code in NOT_FOUND:
            return None
        raise
    message = answer["message"]
    lines = b64decode(message.get("hdrs", "")).decode().split("\r\n")[1:]
    headers = {name: value for name, _, value in (line.partition(": ") for line in lines) if name}
    return headers, b64decode(message.get("data", "")), int(message["seq"])


async def listen(nc: Client, subject: str, heard: Callable[[Msg], Awaitable[None]]) -> Subscription:
    """Call `heard` with each message published on `subject` from now on."""
    return await nc.subscribe(subject, cb=heard)  # pyright: ignore[reportUnknownMemberType]


@asynccontextmanager
async def first_message(nc: Client, subject: str) -> AsyncGenerator[asyncio.Event]:
    """An event that the first message published on `subject` from now on will set. Only that one
    is sent to us: whoever follows a log wants to be woken, not to be told everything twice."""
    heard = asyncio.Event()

    async def hear(_: Msg) -> None:
        heard.set()

    try:
        subscription = await listen(nc, subject, hear)
        try:
            await subscription.unsubscribe(limit=1)
            yield heard
        finally:
            with suppress(NatsError):
                await subscription.unsubscribe()
    except NatsError as error:
        raise LogUnavailable("Le journal ne se laisse pas suivre.") from error


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
