"""Entries as messages: CloudEvents headers (binary mode) around the sealed content."""

from collections.abc import Mapping
from datetime import datetime

from nats.aio.msg import Msg

from domain.log import Entry


def entry_of(message: Msg) -> Entry:
    """The entry in a message read directly from the stream."""
    headers = message.headers or {}
    return entry_from(headers, message.data, int(headers["Nats-Sequence"]))


def entry_from(headers: Mapping[str, str], data: bytes, position: int) -> Entry:
    """The entry in the parts of a message."""
    return Entry(
        id=headers["ce-id"],
        stream=headers["ce-subject"],
        version=int(headers["Guichet-Version"]),
        topic=headers["ce-type"],
        data=data,
        time=datetime.fromisoformat(headers["ce-time"]),
        position=position,
    )
