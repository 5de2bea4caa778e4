"""What a message of the log says, word for word, and the hash that stands for it.

The hash covers the subject, the position, every header that carries meaning and the sealed data.
What the broker or a transport adds (its clock, batches, expectations) says nothing about the town
and is not covered. `docs/proof.md` shows the same text to whoever wants to check it alone.
"""

from datetime import UTC
from hashlib import sha256

from domain.log import Entry, LogDamaged

START = bytes(32)
"""What the chain begins with."""

LINES = 10
"""Line ends before the data: subject, position, seven headers, and the empty line."""


def subject_of(town: str, stream: str) -> str:
    """Where a stream of the town is written to."""
    return f"guichet.{town}.{stream}"


def headers_of(town: str, entry: Entry) -> dict[str, str]:
    """The headers of `entry`, CloudEvents in binary mode, in the order in which they are hashed;
    nothing in them is personal."""
    return {
        "ce-specversion": "1.0",
        "ce-id": entry.id,
        "ce-type": entry.topic,
        "ce-source": f"/guichet/{town}",
        "ce-subject": entry.stream,
        "ce-time": entry.time.astimezone(UTC).isoformat(),
        "Guichet-Version": str(entry.version),
    }


def hash_of(town: str, entry: Entry) -> bytes:
    """SHA-256 over the message that `entry` is in the log of `town`, as text: subject, position,
    headers, an empty line, the data. `LogDamaged` when a value holds a line end, for then two
    messages could read alike."""
    text = (
        f"guichet.{town}.{entry.stream}\n{entry.position}\n"
        f"ce-specversion: 1.0\nce-id: {entry.id}\nce-type: {entry.topic}\n"
        f"ce-source: /guichet/{town}\nce-subject: {entry.stream}\n"
        f"ce-time: {entry.time.astimezone(UTC).isoformat()}\n"
        f"Guichet-Version: {entry.version}\n\n"
    )
    if text.count("\n") != LINES:
        raise LogDamaged(f"Un en-tête de l'événement {entry.position} tient sur plusieurs lignes.")
    return sha256(text.encode() + entry.data).digest()


def linked(chain: bytes, hash: bytes) -> bytes:
    """The next link: SHA-256 of the link before and the hash of the event."""
    return sha256(chain + hash).digest()
