"""What a message of the log says, word for word, and the hash that stands for it.

The hash covers the subject, the position, every header that carries meaning and the sealed data.
What the broker or a transport adds (its clock, batches, expectations) says nothing about the town
and is not covered. `docs/proof.md` shows the same text to whoever wants to check it alone.
"""

from collections.abc import Mapping
from datetime import UTC
from hashlib import sha256

from domain.log import Entry, LogDamaged

HEADERS = (
    "ce-specversion",
    "ce-id",
    "ce-type",
    "ce-source",
    "ce-subject",
    "ce-time",
    "Guichet-Version",
)
"""The headers of a message, in the order in which they are hashed."""

START = bytes(32)
"""What the chain begins with."""

LINES = len(HEADERS) + 3
"""Line ends before the data: subject, position, headers, and the empty line."""


def subject_of(town: str, stream: str) -> str:
    """Where a stream of the town is written to."""
    return f"guichet.{town}.{stream}"


def headers_of(town: str, entry: Entry) -> dict[str, str]:
    """The headers of `entry`, CloudEvents in binary mode; nothing in them is personal."""
    return {
        "ce-specversion": "1.0",
        "ce-id": entry.id,
        "ce-type": entry.topic,
        "ce-source": f"/guichet/{town}",
        "ce-subject": entry.stream,
        "ce-time": entry.time.astimezone(UTC).isoformat(),
        "Guichet-Version": str(entry.version),
    }


def hash_of(subject: str, position: int, headers: Mapping[str, str], data: bytes) -> bytes:
    """SHA-256 over the message as text: subject, position, headers, an empty line, the data.
    `LogDamaged` when a value holds a line end, for then two messages could read alike, or when a
    header is missing."""
    try:
        told = "".join([f"{name}: {headers[name]}\n" for name in HEADERS])
    except KeyError as missing:
        raise LogDamaged(f"L'événement {position} n'a pas l'en-tête {missing}.") from None
    text = f"{subject}\n{position}\n{told}\n"
    if text.count("\n") != LINES:
        raise LogDamaged(f"Un en-tête de l'événement {position} tient sur plusieurs lignes.")
    return sha256(text.encode() + data).digest()


def hash_of_entry(town: str, entry: Entry) -> bytes:
    """The hash of the message that `entry` is in the log of `town`."""
    subject = subject_of(town, entry.stream)
    return hash_of(subject, entry.position, headers_of(town, entry), entry.data)


def linked(chain: bytes, hash: bytes) -> bytes:
    """The next link: SHA-256 of the link before and the hash of the event."""
    return sha256(chain + hash).digest()
