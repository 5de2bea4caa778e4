"""`guichet verify --replicas`: what each broker of a cluster keeps, compared copy by copy.

Every broker is made to read its own files, from the first message to the last. What that proves:
its copy of the log is the archive's, event for event, as far as the archive goes, and its copies
of the seals and of the keys are those of most brokers. Not what nobody read: events after the
archive's end, the brokers' own indexes, or what a broker that lies about its name would say.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import islice
from time import monotonic, sleep

from adapters.bulk import Bulk
from adapters.comparing import differs, holders
from adapters.jetstream_api import call, connect
from adapters.keys import keys_stream
from adapters.seal_book import seals_stream
from adapters.stream import stream_name
from domain.log import LogUnavailable
from guichet.proof.guarding import CHUNK
from guichet.sentences import Sentence
from guichet.settings import Settings
from projections import whole_archive

USER = "writer"
"""Who may write the log may read it whole."""

CAUGHT_UP_WITHIN = 10.0
"""Seconds a copy that is behind has to catch up, before a difference is believed."""

REMEDY = "arrêtez ce courtier, videz son dossier et relancez-le : il recopie tout des deux autres"


def differences(settings: Settings, patience: float = CAUGHT_UP_WITHIN) -> list[str]:
    """A sentence for every copy that is not as it should be, or could not be read, and still is
    not after `patience` seconds. `Sentence` when the broker stands alone, `LogUnavailable` when
    nobody leads the log."""
    until = monotonic() + patience
    while True:
        try:
            found = compared(settings)
        except LogUnavailable:
            if monotonic() > until:
                raise
        else:
            if not found or monotonic() > until:
                return found
        sleep(0.5)  # no broker says when another has caught up with it


def compared(settings: Settings) -> list[str]:
    """The same as it is at this moment: a copy that has just come back may still be behind, even
    if its leader does not know it, and keys are destroyed while they are read."""
    names, ends = asyncio.run(copies(settings))
    if len(names) < 2:
        raise Sentence("Ce courtier est seul : il n'a pas d'exemplaires à comparer.")
    found = log_differences(settings, names)
    for stream, end in ends.items():
        found += stream_differences(settings, stream, end, names)
    return found


async def copies(settings: Settings) -> tuple[list[str], dict[str, int]]:
    """The brokers that keep a copy of the log, and the last positions of the seals and of the
    keys."""
    nc = await connect(settings.nats_url, USER, settings.nats_passwords[USER])
    try:
        ends: dict[str, int] = {}
        for stream in (seals_stream(settings.town), keys_stream(settings.town)):
            ends[stream] = (await call(nc, f"STREAM.INFO.{stream}"))["state"]["last_seq"]
        return sorted(await holders(nc, stream_name(settings.town))), ends
    finally:
        await nc.close()


def log_differences(settings: Settings, names: Sequence[str]) -> list[str]:
    """What is wrong with the copies of the log."""
    found: list[str] = []
    at: dict[str, int] = {}
    for name in names:
        try:
            if position := first_difference(settings, name):
                at[name] = position
        except LogUnavailable:
            found.append(unread(name, "du journal"))
    if len(at) == len(names) and len(set(at.values())) == 1:
        return [
            f"Tous les exemplaires du journal diffèrent de l'archive à l'événement "
            f"{at[names[0]]} : voyez « guichet verify », puis « guichet repair »."
        ]
    return found + [
        f"L'exemplaire du journal que garde le courtier {name} diffère à l'événement {position} : "
        f"{REMEDY}."
        for name, position in at.items()
    ]


def first_difference(settings: Settings, name: str) -> int:
    """The first event of one broker's copy of the log that is not the archive's; 0 without any."""
    conninfo, word = settings.postgres["web"], settings.nats_passwords[USER]
    known = whole_archive.hashes(
        conninfo, settings.town, whole_archive.end(conninfo, settings.town)
    )
    after, stream = 0, stream_name(settings.town)
    while chunk := [hash for _, hash in islice(known, CHUNK)]:
        if at := differs(settings.nats_url, USER, word, stream, after, chunk, name):
            return at
        after += len(chunk)
    return 0


def stream_differences(
    settings: Settings, stream: str, end: int, names: Sequence[str]
) -> list[str]:
    """What is wrong with the copies of a stream that is not archived."""
    read = {name: digest_of(settings, stream, end, name) for name in names}
    digests = {name: digest for name, digest in read.items() if digest}
    return [unread(name, f"de {stream}") for name in names if name not in digests] + [
        f"L'exemplaire de {stream} que garde le courtier {name} n'est pas celui des autres : "
        f"{REMEDY}."
        for name in sorted(odd(digests))
    ]


def digest_of(settings: Settings, stream: str, end: int, name: str) -> bytes:
    """A digest of every message of one broker's copy up to `end`; empty when it cannot be read."""
    digest = sha256()
    try:
        word = settings.nats_passwords[USER]
        with Bulk.open(settings.nats_url, USER, word, stream, name) as bulk:
            for position, subject, _, message in bulk.messages(0, end):
                digest.update(b"%d %b %d " % (position, subject, len(message)) + message)
    except LogUnavailable:
        return b""
    return digest.digest()


def odd(digests: Mapping[str, bytes]) -> set[str]:
    """Those whose copy is not the one that most have; all of them when no two agree."""
    [(common, count)] = Counter(digests.values()).most_common(1) or [(b"", 0)]
    return {name for name, digest in digests.items() if digest != common or count < 2}


def unread(name: str, of: str) -> str:
    """What is said of a copy that nobody could compare."""
    return f"Le courtier {name} ne laisse pas lire son exemplaire {of} : voyez s'il tourne."


def run(settings: Settings) -> None:
    """`guichet verify --replicas`: one sentence a difference, and 1 when there is any."""
    found = differences(settings)
    if found:
        print("\n".join(found))
        sys.exit(1)
    print("Tous les exemplaires du journal, des sceaux et des clés concordent.")
