"""The guard at start: what a log must be before anyone writes to it.

The broker alone is not believed: a flipped bit can cost it thousands of events while it says it is
well, so its state is compared with what the archive knows.
"""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.request import urlopen

from nats.aio.client import Client

from adapters.jetstream_api import Refusal, addresses, call
from adapters.steward import log_config
from adapters.stream import stream_name
from domain.log import LogUnavailable

ALONE = 5.0
"""Seconds the only broker has to answer."""

AMONG_OTHERS = 0.5
"""Seconds each of several has, unless none takes less: one that stands still must not keep the
others from writing."""


async def complaints(nc: Client, monitor: str, town: str, checkpoint: int) -> list[str]:
    """What the broker itself says that is wrong with the log, in sentences; none when all looks
    well. `monitor` is the URL of the broker's monitoring, `checkpoint` the last position anybody
    is known to have seen. With several brokers, `monitor` has commas between."""
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
    """Whether every broker acknowledges only what is on the disk. Of several, those count that
    answer: one that is away acknowledges nothing. `LogUnavailable` when none does."""
    monitors, found = addresses(monitor), list[bool]()
    with ThreadPoolExecutor(len(monitors)) as pool:
        for within in (ALONE,) if len(monitors) == 1 else (AMONG_OTHERS, ALONE):
            asked = partial(sync_always, within=within)
            found = [said for said in pool.map(asked, monitors) if said is not None]
            if found:
                break
    if not found:
        raise LogUnavailable("Le contrôle du courtier ne répond pas.")
    return all(found)


def sync_always(monitor: str, within: float) -> bool | None:
    """Whether one broker does; None when it does not answer within that many seconds."""
    try:
        with urlopen(f"{monitor}/jsz", timeout=within) as reply:  # noqa: S310 our own http address
            return bool(json.load(reply).get("config", {}).get("sync_always"))
    except OSError:
        return None
