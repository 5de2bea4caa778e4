"""What is said to JetStream on the wire: requests, synced publishes, direct reads.

Every foreign error becomes `LogUnavailable`; what the server refuses comes back as its code.
"""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from domain.log import LogUnavailable

FIRST_WITHIN = 3.0
"""Seconds for which a first connection is tried again, for each broker there is: one that restarts
is waited for."""

HEARTBEAT = 1.5
"""Seconds between two signs of life that are asked of the broker. After three without any it is
left for another: one that stands still cuts no line, and a cluster goes on without it. A single
broker may stand still for three seconds without being left."""

TIMEOUT = 2.0
"""Seconds a single request may take before its outcome counts as unknown."""

NOT_YET = {10008, 10009}
"""Error codes of a cluster that is choosing who leads it."""

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
    """A connection to one of the brokers of `url` (with commas between), which comes back by
    itself, to another one if need be, and hears its own replies only; `LogUnavailable` when there
    is no broker at first, for `FIRST_WITHIN` seconds."""
    last = ""

    async def report(error: Exception) -> None:
        nonlocal last
        if client.is_connected or (last and last != str(error)):  # not every try of the same
            logger.warning("broker.error", user=user, error=str(error))
        last = str(error)

    async def cut() -> None:
        give_up(client, "la ligne est coupée")

    client, urls = Line(), addresses(url)
    try:
        async with asyncio.timeout(FIRST_WITHIN * len(urls)):
            await client.connect(
                urls,
                user=user,
                password=password,
                name=f"guichet-{user}",
                inbox_prefix=f"_INBOX_{user}".encode(),
                error_cb=report,
                disconnected_cb=cut,
                connect_timeout=2,
                reconnect_time_wait=0.1,  # pyright: ignore[reportArgumentType] seconds, not int
                max_reconnect_attempts=-1,
                ping_interval=HEARTBEAT,  # pyright: ignore[reportArgumentType] seconds, not int
                max_outstanding_pings=2,
                allow_reconnect=True,
            )
    except (NatsError, OSError, TimeoutError) as error:
        raise LogUnavailable(f"Le courtier de messages ne répond pas ({url}).") from error
    return client


def addresses(url: str) -> list[str]:
    """The single addresses of a setting that may name several."""
    return [one.strip() for one in url.split(",")]


def give_up(nc: Client, why: str) -> None:
    """What was asked over a line that is cut, or of a broker that no longer leads, is never
    answered: whoever waits for it may ask again at once, instead of after `TIMEOUT`."""
    for answer in list(nc._resp_map.values()):  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType, reportUnknownArgumentType] nats-py leaves them waiting
        if not answer.done():
            answer.set_exception(ConnectionResetError(why))


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
        code = int(error.get("err_code", 0))
        if code in NOT_YET:
            raise LogUnavailable("Les courtiers de messages choisissent encore qui les dirige.")
        raise Refusal(code, str(error.get("description", "")))
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
    return await leaders_message(nc, stream, {"last_by_subj": subject})


async def leaders_message(
    nc: Client, stream: str, wanted: dict[str, Any]
) -> tuple[dict[str, str], bytes, int] | None:
    """The same of the message that is `wanted`. A direct read is answered by any replica, which may
    not have the latest yet; the leader has everything that was ever acknowledged."""
    try:
        answer = await call(nc, f"STREAM.MSG.GET.{stream}", wanted)
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
