"""The steward creates the streams of a town at start; nobody who runs later may touch them."""

from typing import Any

from nats.aio.client import Client

from adapters.jetstream_api import Refusal, call
from adapters.keys import keys_stream
from adapters.seal_book import seals_stream
from adapters.stream import stream_name
from domain.log import LogUnavailable

STREAM_EXISTS = 10058
NO_PEERS = 10005
"""Error code of a cluster with too few brokers for the replicas that are asked for."""

REPAIR = "repair"
"""What begins the subjects of a log that is being repaired."""


async def create_streams(nc: Client, town: str, *, replicas: int | None = None) -> list[str]:
    """The log, its seals and the key store of `town`, unless they are there, kept by `replicas`
    brokers (one, unless told otherwise). The log and the seals deny deletes and purges; the key
    store forgets on purpose, message by message.

    Of a stream that exists the number of brokers that keep it is raised, if one is given, and
    nothing else; returned is a sentence for each that has another number."""
    count = replicas or 1
    seals = {
        **shared(count),
        "name": seals_stream(town),
        "subjects": [f"seals.{town}"],
        "deny_delete": True,
        "deny_purge": True,
    }
    keys = {
        **shared(count),
        "name": keys_stream(town),
        "subjects": [f"keys.{town}.*"],
        "max_msgs_per_subject": 1,
    }
    said: list[str] = []
    for config in (log_config(town, count), seals, keys):
        await create(nc, config)
        if replicas:
            said += await keep_by(nc, str(config["name"]), replicas)
    return said


async def keep_by(nc: Client, stream: str, replicas: int) -> list[str]:
    """Let `replicas` brokers keep an existing stream; a sentence when that was another number.
    Copies are added, and none is taken away: which of them is the good one is not known here."""
    info = await call(nc, f"STREAM.INFO.{stream}")
    there: int = info["config"]["num_replicas"]
    if there == replicas:
        return []
    if replicas < there:
        return [f"Le flux {stream} garde ses {there} exemplaires : aucun n'est retiré."]
    try:
        config = {**info["config"], "num_replicas": replicas}
        await call(nc, f"STREAM.UPDATE.{stream}", config)
    except Refusal as refusal:
        return [f"Le flux {stream} reste en {there} exemplaire(s), non {replicas} : {refusal}."]
    return [f"Le flux {stream} passe de {there} à {replicas} exemplaires."]


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
        if refusal.code == NO_PEERS:
            raise LogUnavailable("Il manque encore des courtiers dans le cluster.") from None
        if refusal.code != STREAM_EXISTS:
            raise
