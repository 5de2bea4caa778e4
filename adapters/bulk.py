"""A whole stream, as fast as the broker can send it: for comparing, not for living.

A line of its own to the broker, read by a thread or a process of its own, and of the protocol only
what a direct read needs.
"""

import json
import socket
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from io import BufferedReader
from urllib.parse import urlsplit
from uuid import uuid4

from domain.log import LogUnavailable

PAGE = 4000
"""Messages asked for at once."""

PATIENCE = 10.0
"""Seconds the broker may be silent."""

START = len(b"NATS/1.0\r\n")


class Bulk:
    """A line to the broker, for reading one stream from one end to the other."""

    def __init__(
        self, line: socket.socket, file: "BufferedReader[socket.SocketIO]", inbox: str, stream: str
    ) -> None:
        self._line = line
        self._file = file
        self._inbox = inbox
        self._subject = f"$JS.API.DIRECT.GET.{stream}"
        self._more = True

    @classmethod
    @contextmanager
    def open(cls, url: str, user: str, password: str, stream: str) -> Generator["Bulk"]:
        """The line open; `LogUnavailable` when the broker is not there or falls silent."""
        place = urlsplit(url)
        inbox = f"_INBOX_{user}.{uuid4().hex}"
        hello = {
            "user": user,
            "pass": password,
            "headers": True,
            "no_responders": True,
            "verbose": False,
            "pedantic": False,
            "protocol": 1,
            "lang": "guichet",
        }
        address = (place.hostname or "127.0.0.1", place.port or 4222)
        try:
            with (
                socket.create_connection(address, PATIENCE) as line,
                BufferedReader(line.makefile("rb", buffering=0), 1 << 20) as file,
            ):
                line.sendall(f"CONNECT {json.dumps(hello)}\r\nSUB {inbox} 1\r\n".encode())
                yield cls(line, file, inbox, stream)
        except OSError as error:
            raise LogUnavailable(f"Le journal ne se laisse pas lire ({error}).") from error

    def hashes(self, after: int, upto: int) -> Iterator[tuple[int, bytes]]:
        """Position and hash of the messages after a position and up to another, of what the broker
        sends; positions it does not have are not told."""
        self._more = True
        while self._more and after < upto:
            self._ask(after + 1, min(PAGE, upto - after))
            for position, hash in self._page():
                if position <= upto:
                    yield position, hash
                after = position

    def _ask(self, seq: int, size: int) -> None:
        body = json.dumps({"seq": seq, "batch": size}).encode()
        question = f"PUB {self._subject} {self._inbox} {len(body)}\r\n"
        self._line.sendall(question.encode() + body + b"\r\n")

    def _page(self) -> Iterator[tuple[int, bytes]]:
        read, readline = self._file.read, self._file.readline
        while True:
            words = readline().split()
            match words[:1]:
                case [b"HMSG"]:
                    size = int(words[-2])
                    message = read(int(words[-1]) + 2)
                    if not message.startswith(b"NATS/1.0\r\n"):
                        self._end(message)
                        return
                    yield hashed(message, size)
                case [b"PING"]:
                    self._line.sendall(b"PONG\r\n")
                case [b"INFO"] | [b"PONG"]:
                    pass
                case _:
                    raise LogUnavailable(f"Le journal ne se laisse pas lire ({words}).")

    def _end(self, message: bytes) -> None:
        """What the broker says instead of a message ends a page, or everything."""
        status = message.split(b"\r\n", 1)[0].decode()
        code = status.split()[1]
        if code not in ("204", "404"):
            raise LogUnavailable(f"Le journal répond {status}.")
        self._more = code == "204" and b"\r\nNats-Num-Pending: 0\r\n" not in message


def hashed(message: bytes, size: int) -> tuple[int, bytes]:
    """Position and hash (see `domain.message.hash_of`) of a message as it came over the line, its
    headers `size` bytes long. Nothing is parsed that need not be: headers that are not exactly
    those of the town, in their order, give another hash, and that is all one wants to know."""
    end = message.find(b"\r\n", message.find(b"\r\nGuichet-Version: ") + 2) + 2
    subject = message.find(b"\r\nNats-Subject: ", end - 2, size) + 16
    sequence = message.find(b"\r\nNats-Sequence: ", subject, size)
    position = message[sequence + 17 : message.find(b"\r\n", sequence + 17)]
    said = message[START:end].replace(b"\r\n", b"\n")
    text = b"%b\n%b\n%b\n%b" % (message[subject:sequence], position, said, message[size:-2])
    return int(position), sha256(text).digest()


def first_difference(found: Iterator[tuple[int, bytes]], after: int, known: Sequence[bytes]) -> int:
    """The first position after `after` whose hash is not the known one; 0 when there is none."""
    position = after
    for expected in known:
        position += 1
        if next(found, None) != (position, expected):
            return position
    return 0
