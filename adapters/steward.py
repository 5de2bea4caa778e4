"""The steward creates the streams of a town at start; nobody who runs later may touch them."""

from typing import Any

from nats.aio.client import Client

from adapters.jetstream_api import Refusal, call
from adapters.keys import keys_stream
from adapters.seal_book import seals_stream
from adapters.stream import stream_name

STREAM_EXISTS = 10058
REPAIR = "repair"
"""What begins the subjects of a log that is being repaired."""


async def create_streams(nc: Client, town: str, *, replicas: int = 1) -> None:
    """The log, its seals and the key store of `town`, unless they are there. The log and the seals
    deny deletes and purges; the key store forgets on purpose, message by message."""
    await create(nc, log_config(town, replicas))
    await create(
        nc,
        {
            **shared(replicas),
            "name": seals_stream(town),
            "subjects": [f"seals.{town}"],
            "deny_delete": True,
            "deny_purge": True,
        },
    )
    await create(
        nc,
        {
            **shared(replicas),
            "name": keys_stream(town),
            "subjects": [f"keys.{town}.*"],
            "max_msgs_per_subject": 1,
        },
    )


def shared(replicas: int) -> dict[str, Any]:
    """What all streams of a town have in common."""
    return {
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "num_replicas": replicas,
        "allow_direct": True,
        "allow_atomic": True,
        "max_age": 0,
    }


def log_config(town: str, replicas: int = 1) -> dict[str, Any]:
    """The log as everybody writes to it."""
    return {
        **shared(replicas),
        "name": stream_name(town),
        "subjects": [f"guichet.{town}.>"],
        "deny_delete": True,
        "deny_purge": True,
    }


def closed_config(town: str, replicas: int = 1) -> dict[str, Any]:
    """The log while it is repaired: what the steward publishes under `repair.` is kept under its
    own subject, and nobody else can write anything."""
    return {
        **log_config(town, replicas),
        "subjects": [f"{REPAIR}.{town}.>"],
        "subject_transform": {"src": f"{REPAIR}.{town}.>", "dest": f"guichet.{town}.>"},
    }


async def create(nc: Client, config: dict[str, Any]) -> None:
    """One stream, or nothing when it exists."""
    try:
        await call(nc, f"STREAM.CREATE.{config['name']}", config)
    except Refusal as refusal:
        if refusal.code != STREAM_EXISTS:
            raise
