"""`guichet verify`: everything there is to recompute, recomputed, by two processes side by side.

One reads the archive: content, hash, chain, and the root of every seal. The other reads the log and
compares it with the archive event for event. What they find first is said in one sentence.
"""

import asyncio
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from adapters.jetstream_api import Refusal, call, connect
from adapters.seal_book import SealBook, in_file, seals_file, seals_stream
from adapters.signing import is_signed
from adapters.stream import stream_name
from domain.log import LogDamaged
from domain.merkle import Frontier
from domain.message import START, hash_of, linked
from domain.seals import Seal
from guichet.proof.guarding import CHUNK, differs
from guichet.sentences import Sentence
from guichet.settings import Settings
from projections import whole_archive

STEP = 2000
"""Events between two words about how far it is."""


class Difference(Struct, frozen=True, order=True):
    """The first thing that is not as it should be, at a position."""

    position: int
    sentence: str


Found = Difference | None
done: Any = None
"""In a process that checks: how many events each of the two has seen."""


def share(counters: Any) -> None:
    """Tell a new process where to count."""
    global done
    done = counters


def count(which: int, position: int) -> None:
    """Say how far one of the two is."""
    if done is not None and position % STEP == 0:
        done[which] = position


def check_archive(settings: Settings, seals: Sequence[Seal], upto: int) -> Found:
    """Recompute hash, chain and Merkle roots of what the archive holds."""
    due = {seal.size: seal for seal in seals}
    chain, frontier = START, Frontier()
    archived = whole_archive.entries(settings.postgres["web"], settings.town, upto)
    for position, (entry, hash, link) in enumerate(archived, 1):
        if entry.position != position:
            return Difference(position, f"L'archive n'a pas l'événement {position}.")
        try:
            real = hash_of(settings.town, entry)
        except LogDamaged as error:
            return Difference(position, str(error))
        if real != hash:
            sentence = f"L'événement {position} de l'archive n'est plus celui de son empreinte."
            return Difference(position, sentence)
        chain = linked(chain, hash)
        if chain != link:
            sentence = f"La chaîne de l'archive est rompue à l'événement {position}."
            return Difference(position, sentence)
        frontier.add(hash)
        seal = due.pop(position, None)
        if seal and (seal.root, seal.chain) != (frontier.root.hex(), chain.hex()):
            return Difference(position, f"L'archive n'est plus celle du sceau {position}.")
        count(0, position)
    if due:
        sentence = f"L'archive finit à {upto}, mais un sceau couvre {max(due)} événements."
        return Difference(upto + 1, sentence)
    return None


def check_log(settings: Settings, upto: int) -> Found:
    """Compare the log with the archive's hashes, event for event."""
    known = whole_archive.hashes(settings.postgres["web"], settings.town, upto)
    after = 0
    while chunk := list(islice(known, CHUNK)):
        if chunk[-1][0] != after + len(chunk):
            return None  # a hole in the archive, which `check_archive` names
        at = differs(settings, after, [hash for _, hash in chunk])
        if at:
            return Difference(at, f"L'événement {at} du journal n'est plus celui de l'archive.")
        after = chunk[-1][0]
        count(1, after)
    return None


def check_seals(
    filed: Sequence[Seal], streamed: Sequence[Seal], public: bytes, earlier: bool = False
) -> Found:
    """Compare the two copies of the seals and check every signature. The stream may lack the last
    one, which is on its way; the file may end before it when it is a copy taken `earlier`."""
    for number, (one, other) in enumerate(zip_longest(filed, streamed), 1):
        size = min(seal.size for seal in (one, other) if seal)
        if one is None and not earlier:
            return Difference(size, f"Le sceau {size} manque dans le fichier.")
        if other is None and number < len(filed):
            return Difference(size, f"Le sceau {size} manque dans le journal des sceaux.")
        if one and other and one != other:
            return Difference(size, f"Les deux copies du sceau {size} diffèrent.")
        if not all(is_signed(seal, public) for seal in (one, other) if seal):
            return Difference(size, f"Le sceau {size} ne porte pas la signature de la ville.")
    return None


def verify(settings: Settings, seals: Path | None = None, key: Path | None = None) -> Found:
    """Check everything; the difference with the lowest position, or None. `seals` and `key` name
    copies kept elsewhere: whoever owns the machine owns the ones of the installation."""
    path = seals or seals_file(settings.data, settings.town)
    try:
        filed, streamed = in_file(path), asyncio.run(seals_of(settings))
    except Refusal as refusal:
        return Difference(0, f"Le courtier n'a plus le journal ou ses sceaux : {refusal}.")
    found: list[Found] = []
    if filed or streamed:
        try:
            public = (key or settings.data / "seal.pub").read_bytes()
        except OSError as error:
            raise Sentence(f"La clé publique ne se lit pas ({error.strerror}).") from None
        found.append(check_seals(filed, streamed, public, earlier=seals is not None))
    upto = whole_archive.end(settings.postgres["web"], settings.town)
    context = multiprocessing.get_context("spawn")
    counters = context.Array("q", 2)
    with ProcessPoolExecutor(2, context, share, (counters,)) as pool:
        checks = [
            pool.submit(check_archive, settings, max(filed, streamed, key=len), upto),
            pool.submit(check_log, settings, upto),
        ]
        watch(checks, counters, upto)
        found += [check.result() for check in checks]
    return min((one for one in found if one), default=None)


async def seals_of(settings: Settings) -> list[Seal]:
    """The seals in the broker's stream. `Refusal` when that or the log is not there."""
    nc = await connect(settings.nats_url, "projector", settings.nats_passwords["projector"])
    try:
        for name in (stream_name(settings.town), seals_stream(settings.town)):
            await call(nc, f"STREAM.INFO.{name}")
        return await SealBook(nc, settings.town, settings.data).in_stream()
    finally:
        await nc.close()


def watch(checks: Sequence["Future[Found]"], counters: Any, upto: int) -> None:
    """Show how far both are until they have finished."""
    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        names = ("Archive, chaîne et sceaux", "Journal")
        tasks = [progress.add_task(name, total=upto) for name in names]
        while wait(checks, timeout=0.2).not_done:
            for task, reached in zip(tasks, counters, strict=True):
                progress.update(task, completed=reached)


def run(settings: Settings, seals: Path | None, key: Path | None) -> None:
    """`guichet verify`: one sentence, and 1 when something differs."""
    found = verify(settings, seals, key)
    if found:
        print(found.sentence)
        sys.exit(1)
    upto = whole_archive.end(settings.postgres["web"], settings.town)
    print(f"{upto} événements vérifiés : archive, chaîne, sceaux et journal concordent.")
