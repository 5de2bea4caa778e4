"""The steward creates the streams of a town at start; nobody who runs later may touch them."""

from typing import Any

from nats.aio.client import Client

from adapters.jetstream_api import Refusal, call
from adapters.keys import keys_stream
from adapters.stream import stream_name

STREAM_EXISTS = 10058


async def create_streams(nc: Client, town: str, *, replicas: int = 1) -> None:
    """The log and the key store of `town`, unless they are there. The log denies deletes and
    purges; the key store forgets on purpose, message by message."""
    shared = {
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "num_replicas": replicas,
        "allow_direct": True,
        "allow_atomic": True,
        "max_age": 0,
    }
    await create(
        nc,
        {
            **shared,
            "name": stream_name(town),
            "subjects": [f"guichet.{town}.>"],
            "deny_delete": True,
            "deny_purge": True,
        },
    )
    await create(
        nc,
        {
            **shared,
            "name": keys_stream(town),
            "subjects": [f"keys.{town}.*"],
            "max_msgs_per_subject": 1,
        },
    )


async def create(nc: Client, config: dict[str, Any]) -> None:
    """One stream, or nothing when it exists."""
    try:
        await call(nc, f"STREAM.CREATE.{config['name']}", config)
    except Refusal as refusal:
        if refusal.code != STREAM_EXISTS:
            raise
