"""A whole stream, as fast as the broker can send it: for comparing, not for living.

A line of its own to the broker, read by a thread or a process of its own, and of the protocol only
what a consumer needs: that costs the broker a quarter of what direct reads do.
"""

import json
import socket
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from io import BufferedReader
from random import sample
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from adapters.jetstream_api import addresses
from domain.log import LogUnavailable

PAGE = 4000
"""Messages asked for at once."""

BYTES = 16 * 1024 * 1024
"""The most bytes in one page: beyond 64 MB the broker cuts off whoever reads too slowly."""

PATIENCE = 10.0
"""Seconds the broker may be silent."""

AMONG_OTHERS = 1.0
"""Seconds after which, of several brokers, another is asked instead of the one that is silent."""

PLACINGS = 100
"""How often a consumer is asked for until the broker that is wanted gets it: one in three does."""

START = len(b"NATS/1.0\r\n")

SUBJECT = b"\r\nNats-Subject: "

Message = tuple[int, bytes, int, bytes]
"""Position, subject, bytes of headers, and the whole as it came over the line."""


class Bulk:
    """A line to the broker, for reading one stream from one end to the other."""

    def __init__(
        self,
        line: socket.socket,
        file: "BufferedReader[socket.SocketIO]",
        inbox: str,
        stream: str,
        at: str,
        asked: tuple[int, int],
    ) -> None:
        self._line = line
        self._file = file
        self._inbox = inbox
        self._stream = stream
        self._more = True
        self._at = at
        self._asked = asked

    @classmethod
    @contextmanager
    def open(
        cls,
        url: str,
        user: str,
        password: str,
        stream: str,
        at: str = "",
        asked: tuple[int, int] = (PAGE, BYTES),
    ) -> Generator["Bulk"]:
        """The line open, to one of the brokers of `url` (with commas between); `LogUnavailable`
        when none is there, or it falls silent. `at` is the name of the broker whose own copy is to
        be read, whichever we speak to; without it one of those that have a copy reads its own.
        `asked` is how many messages, and how many bytes, are asked for at once at most."""
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
        try:
            with (
                greeted(addresses(url)) as line,
                BufferedReader(line.makefile("rb", buffering=0), 1 << 20) as file,
            ):
                line.sendall(f"CONNECT {json.dumps(hello)}\r\nSUB {inbox} 1\r\n".encode())
                yield cls(line, file, inbox, stream, at, asked)
        except OSError as error:
            raise LogUnavailable(f"Le journal ne se laisse pas lire ({error}).") from error

    def hashes(self, after: int, upto: int) -> Iterator[tuple[int, bytes]]:
        """Position and hash of the messages after a position and up to another, of what the broker
        sends; positions it does not have are not told."""
        for position, subject, size, message in self.messages(after, upto):
            yield position, hashed(message, size, subject, b"%d" % position)

    def messages(self, after: int, upto: int) -> Iterator[Message]:
        """The same messages as they come over the line."""
        idle = 0
        while (
            after < upto and idle < 2
        ):  # a consumer that ends early is not believed the first time
            idle += 1
            consumer = self._follow(after + 1)
            self._more = True
            while self._more and after < upto:
                for message in self._page(consumer):
                    if message[0] > upto:
                        return
                    yield message
                    after, idle = message[0], 0

    def lasts(self, subjects: Sequence[str]) -> list[tuple[str, bytes]]:
        """Subject and content of the last message of each of `subjects` that has one; 1,024
        subjects at most."""
        self._say(f"DIRECT.GET.{self._stream}", {"multi_last": subjects})
        found: list[tuple[str, bytes]] = []
        while True:
            _, size, message = self._hear()
            if message.startswith((b"NATS/1.0 204", b"NATS/1.0 404")):
                return found
            if not message.startswith(b"NATS/1.0\r\n"):
                status = message[:size].partition(b"\r\n")[0].decode()
                raise LogUnavailable(f"Le journal ne se laisse pas lire ({status}).")
            begin = message.index(SUBJECT, 0, size) + len(SUBJECT)
            subject = message[begin : message.index(b"\r", begin)]
            found.append((subject.decode(), message[size:-2]))

    def _follow(self, seq: int) -> str:
        """A consumer of our own from a sequence on, which the broker forgets when we are gone. It
        has one replica, and that reads the copy of the broker it was placed on, by chance: so it is
        asked for until it is placed where it is wanted."""
        for _ in range(PLACINGS if self._at else 1):
            name, place = self._consumer(seq)
            if self._at in ("", place):
                return name
        raise LogUnavailable(f"Le courtier {self._at} ne se laisse pas lire.")

    def _consumer(self, seq: int) -> tuple[str, str]:
        """A new consumer's name, and the broker it was placed on."""
        config = {
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": seq,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": 10_000_000_000,
        }
        body = {"stream_name": self._stream, "config": config}
        self._say(f"CONSUMER.CREATE.{self._stream}", body)
        size, message = 1, b""
        while size:  # what an earlier consumer still had to say comes with headers
            _, size, message = self._hear()
        answer = json.loads(message)
        if "name" not in answer:
            raise LogUnavailable(f"Le journal ne se laisse pas lire ({answer.get('error')}).")
        return str(answer["name"]), str(answer.get("cluster", {}).get("leader", ""))

    def _page(self, consumer: str) -> Iterator[Message]:
        left, size = self._asked
        body = {"batch": left, "max_bytes": size, "no_wait": True}
        self._say(f"CONSUMER.MSG.NEXT.{self._stream}.{consumer}", body)
        while left:
            words, size, message = self._hear()
            if message.startswith(b"NATS/1.0 409 Batch Completed"):
                continue  # what is said after a full page, when the next one is already asked for
            if not message.startswith(b"NATS/1.0\r\n"):
                # Full by bytes is not the end; anything else is.
                self._more = message.startswith(b"NATS/1.0 409")
                return
            place = words[3].split(b".")
            if place[3].decode() != consumer:
                continue
            yield int(place[-4]), words[1], size, message
            left -= 1
            if place[-1] == b"0":
                self._more = False
                return

    def _say(self, action: str, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        line = f"PUB $JS.API.{action} {self._inbox} {len(text)}\r\n"
        self._line.sendall(line.encode() + text + b"\r\n")

    def _hear(self) -> tuple[list[bytes], int, bytes]:
        """The words that announce the next message, the bytes of its headers, and all of it."""
        while True:
            words = self._file.readline().split()
            match words[:1]:
                case [b"HMSG"]:
                    return words, int(words[-2]), self._file.read(int(words[-1]) + 2)
                case [b"MSG"]:
                    return words, 0, self._file.read(int(words[-1]) + 2)
                case [b"PING"]:
                    self._line.sendall(b"PONG\r\n")
                case [b"INFO"] | [b"PONG"]:
                    pass
                case _:
                    raise LogUnavailable(f"Le journal ne se laisse pas lire ({words}).")


def greeted(urls: Sequence[str]) -> socket.socket:
    """A line to the first of the brokers, in any order, that says who it is: one that stands still
    takes a line and says nothing."""
    patience = PATIENCE if len(urls) == 1 else AMONG_OTHERS
    refused: OSError = ConnectionRefusedError("aucune adresse")
    for url in sample(urls, len(urls)):
        place = urlsplit(url)
        try:
            line = socket.create_connection(
                (place.hostname or "127.0.0.1", place.port or 4222), patience
            )
            if line.recv(4, socket.MSG_PEEK):
                return line
            line.close()
        except OSError as error:
            refused = error
    raise refused


def hashed(message: bytes, size: int, subject: bytes, position: bytes) -> bytes:
    """The hash (see `domain.message.hash_of`) of a message as it came over the line, its
    headers `size` bytes long. Nothing is parsed that need not be: headers that are not exactly
    those of the town, in their order, give another hash, and that is all one wants to know."""
    end = message.find(b"\r\n", message.find(b"\r\nGuichet-Version: ", 0, size) + 2) + 2
    said = message[START:end].replace(b"\r\n", b"\n")
    text = b"%b\n%b\n%b\n%b" % (subject, position, said, message[size:-2])
    return sha256(text).digest()


def parted(size: int, message: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and data of a message as it came over the line, its headers `size` bytes long."""
    lines = message[START:size].decode().split("\r\n") if size else []
    headers = {name: value for name, _, value in (line.partition(": ") for line in lines) if name}
    return headers, message[size:-2]
