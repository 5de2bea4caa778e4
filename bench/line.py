"""One person's line to a web worker: one question after the other, each timed."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from time import perf_counter
from typing import Any, NamedTuple

from bench.bodies import Requests


class Answer(NamedTuple):
    """`ms` from the question to the whole answer."""

    status: int
    ms: float
    body: bytes

    @property
    def json(self) -> Any:
        """What it says."""
        return json.loads(self.body)


class Line:
    """A keep-alive connection."""

    def __init__(self, port: int, token: str = "") -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._requests = Requests(token)

    def get(self, path: str) -> Answer:
        """Read."""
        return self._ask("GET", path, None, {})

    def create(self) -> Answer:
        """Open one more dossier."""
        head, _, body = self._requests.next().partition(b"\r\n\r\n")
        key = head.rpartition(b": ")[2].decode()
        return self._ask("POST", "/api/v1/dossiers", body, {"Idempotency-Key": key})

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, more: Mapping[str, str]) -> Answer:
        begun = perf_counter()
        self._connection.request(method, path, body, {**self._headers, **more})
        reply = self._connection.getresponse()
        content = reply.read()
        return Answer(reply.status, (perf_counter() - begun) * 1000, content)
