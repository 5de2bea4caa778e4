"""The guard at start: what a log must be before anyone writes to it.

The broker alone is not believed: a flipped bit can cost it thousands of events while it says it is
well, so its state is compared with what the archive knows.
"""

import asyncio
import json
from typing import Any
from urllib.request import urlopen

from nats.aio.client import Client

from adapters.jetstream_api import Refusal, call
from adapters.steward import log_config
from adapters.stream import stream_name
from domain.log import LogUnavailable


async def complaints(nc: Client, monitor: str, town: str, checkpoint: int) -> list[str]:
    """What the broker itself says that is wrong with the log, in sentences; none when all looks
    well. `monitor` is the URL of the broker's monitoring, `checkpoint` the last position anybody
    is known to have seen."""
    found: list[str] = []
    stream = stream_name(town)
    if not await asyncio.to_thread(syncs_always, monitor):
        found.append("Le courtier n'écrit pas chaque événement sur le disque (sync_interval).")
    try:
        info = await call(nc, f"STREAM.INFO.{stream}")
    except Refusal as refusal:
        return [*found, f"Le journal {stream} ne se laisse pas consulter : {refusal}."]
    if info["config"]["subjects"] != log_config(town)["subjects"]:
        found.append("Le journal est fermé le temps d'une réparation.")
    state: dict[str, Any] = info["state"]
    first, last, messages = state["first_seq"], state["last_seq"], state["messages"]
    if last and first != 1:
        found.append(f"Le journal commence à la position {first} au lieu de 1.")
    if messages != last:
        found.append(f"Le journal compte {messages} événements pour {last} positions.")
    if last < checkpoint:
        found.append(f"Le journal finit à {last}, mais l'archive a lu jusqu'à {checkpoint}.")
    return found


def syncs_always(monitor: str) -> bool:
    """Whether the broker acknowledges only what is on the disk."""
    try:
        with urlopen(f"{monitor}/jsz", timeout=5) as reply:  # noqa: S310 our own http address
            return bool(json.load(reply).get("config", {}).get("sync_always"))
    except OSError as error:
        raise LogUnavailable("Le contrôle du courtier ne répond pas.") from error
