"""A real HTTP server on a free port that takes text messages and does as a test tells it.

It runs on threads of its own, so that it answers while a test waits for something else."""

import asyncio
import json
import queue
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.certified import server_context


class SmsGateway:
    """Takes what is posted to `url` with its `token`, unless told otherwise; each of these may
    change while it runs. A message with an identifier it knows is answered and not taken again.

    async with SmsGateway() as gateway:
        carrier = HttpSms(gateway.url, gateway.token, "Ville")
        …
        message = await gateway.next()
    """

    token = "jeton-de-la-passerelle"

    def __init__(self, pair: Path | None = None) -> None:
        """`pair` is a folder with `server.pem` and `server.key`, see tests/certified.py; without
        one it speaks in clear."""
        self.received: list[dict[str, str]] = []
        """The body of every message taken, those included whose answer was never sent."""
        self.requests: list[tuple[str, dict[str, str], dict[str, str]]] = []
        """Of everything posted, the path, the headers in lower case and the body."""
        self.dropping = 0
        self.dripping = False
        self._taking = threading.Lock()
        self._arrived: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        self._refusing: dict[str, int] = {}
        self._answer: tuple[int, bytes, dict[str, str]] | None = None
        self.going_on = threading.Event()
        self.going_on.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if pair is not None:
            context = server_context(pair)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self.url = f"{'http' if pair is None else 'https'}://127.0.0.1:{self.port}/messages"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def refuse(self, number: str, code: int = 422) -> None:
        """Refuse this addressee, `+33612345678`, and say that it is the addressee."""
        self._refusing[number] = code

    def answer(self, code: int, body: bytes = b"", **headers: str) -> None:
        """Answer this to everything from now on, and take nothing."""
        self._answer = (code, body, {name.replace("_", "-"): it for name, it in headers.items()})

    def calm(self) -> None:
        """Take and answer again."""
        self._answer = None
        self._refusing.clear()
        self.dripping = False
        self.going_on.set()

    def hang(self) -> None:
        """Take requests and answer none of them, until `calm`."""
        self.going_on.clear()

    def drip(self) -> None:
        """Answer, a header at a time, and never come to an end, until `calm`."""
        self.dripping = True
        self.going_on.clear()

    def drop_after_data(self, times: int) -> None:
        """Take the next `times` messages and close the connection instead of saying so."""
        self.dropping = times

    async def next(self, timeout: float = 30) -> dict[str, str]:  # noqa: ASYNC109 - a thread waits
        """The next message that this has not given yet, waited for; TimeoutError."""
        try:
            return await asyncio.to_thread(self._arrived.get, True, timeout)
        except queue.Empty:
            raise TimeoutError(f"no message within {timeout} s") from None

    async def __aenter__(self) -> Self:
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.calm()
        await asyncio.to_thread(self._server.shutdown)
        await asyncio.to_thread(self._thread.join)
        self._server.server_close()

    def answered(
        self, path: str, headers: dict[str, str], body: dict[str, str]
    ) -> tuple[int, bytes, dict[str, str]] | None:
        """What to say to a request; None to say nothing and close."""
        self.requests.append((path, headers, body))
        self.going_on.wait()
        if self._answer is not None:
            return self._answer
        if headers.get("authorization") != f"Bearer {self.token}":
            return 401, b"", {}
        if body["to"] in self._refusing:
            why = {"field": "to", "detail": f"{body['to']} is no good"}
            return self._refusing[body["to"]], json.dumps(why).encode(), {}
        with self._taking:  # the same message may come twice at once
            known = [one["id"] for one in self.received]
            if body["id"] not in known:
                known.append(body["id"])
                self.received.append(body)
                self._arrived.put(body)
            if self.dropping > 0:
                self.dropping -= 1
                return None
        return 201, json.dumps({"id": f"sms-{known.index(body['id']) + 1}"}).encode(), {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                headers = {name.lower(): value for name, value in self.headers.items()}
                if gateway.dripping:
                    self._drip()
                answer = gateway.answered(self.path, headers, json.loads(self.rfile.read(length)))
                self.close_connection = True
                if answer is None:
                    return
                with suppress(OSError):  # who asked may be gone
                    self.send_response(answer[0])
                    for name, value in answer[2].items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(answer[1])))
                    self.end_headers()
                    self.wfile.write(answer[1])

            def _drip(self) -> None:
                with suppress(OSError):  # who asked had enough
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    while not gateway.going_on.wait(0.05):
                        self.wfile.write(b"X-Wait: 1\r\n")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
