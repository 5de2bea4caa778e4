"""The bench's own driver: keep-alive HTTP/1.1 lines written to directly, in a process of its own.

`python -m bench.driver` reads a plan as JSON from its standard input and writes what it saw as JSON
to its standard output. It parses no more of an answer than its status and its length, so that it
costs little beside the servers it drives; the CPU it took is told with the rest.
"""

import asyncio
import re
import sys
from collections import deque
from time import perf_counter, process_time

import msgspec
from msgspec import Struct

from bench.bodies import Requests

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Plan(Struct):
    """`clients` lines shared evenly between `ports`, for `seconds`. With `per_second` requests
    leave at that pace and wait from their time on; at 0 a line sends as soon as it is answered."""

    ports: list[int]
    clients: int
    seconds: float
    token: str = ""
    per_second: float = 0.0


class Seen(Struct):
    """What came of it: `latencies` in milliseconds, `failed` answers that were no 201."""

    seconds: float
    latencies: list[float]
    failed: int = 0
    driver_cpu_s: float = 0.0

    @property
    def rate(self) -> float:
        """Answered requests per second."""
        return len(self.latencies) / self.seconds


class Driver:
    """All lines of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.requests = Requests(plan.token)
        self.latencies: list[float] = []
        self.failed = 0
        self.over = False
        self.waiting: deque[float] = deque()
        self.idle: deque[Line] = deque()

    async def run(self) -> Seen:
        """Drive until the time is over and every line is answered."""
        loop = asyncio.get_running_loop()
        ports = self.plan.ports
        lines: list[Line] = []
        for number in range(self.plan.clients):
            port = ports[number % len(ports)]
            _, line = await loop.create_connection(lambda: Line(self), "127.0.0.1", port)
            lines.append(line)
        begun = perf_counter()
        self.idle.extend(lines)
        if self.plan.per_second:
            await self._paced(begun)
        else:
            for _ in lines:
                self.due(perf_counter())
            await asyncio.sleep(self.plan.seconds)
        self.over = True
        lasted = perf_counter() - begun
        answered = len(self.latencies)
        async with asyncio.timeout(30):
            while any(line.asked for line in lines):  # noqa: ASYNC110 the measure is over
                await asyncio.sleep(0.005)
        for line in lines:
            line.close()
        seen = self.latencies if self.plan.per_second else self.latencies[:answered]
        return Seen(lasted, seen, self.failed, process_time())

    async def _paced(self, begun: float) -> None:
        count = int(self.plan.seconds * self.plan.per_second)
        for number in range(count):
            time = begun + number / self.plan.per_second
            await asyncio.sleep(max(0.0, time - perf_counter()))
            self.due(time)

    def due(self, time: float) -> None:
        """A request that is to leave at `time`: now, or when a line is free."""
        if self.idle:
            self.idle.popleft().ask(time)
        else:
            self.waiting.append(time)

    def answered(self, line: "Line", since: float, ok: bool) -> None:
        """Note an answer and give the line its next request."""
        now = perf_counter()
        self.failed += not ok
        self.latencies.append((now - since) * 1000)
        if self.waiting:
            line.ask(self.waiting.popleft())
        elif self.over or self.plan.per_second:
            self.idle.append(line)
        else:
            line.ask(now)


class Line(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._received = b""
        self.asked = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 TCP
        self._transport = transport

    def ask(self, since: float) -> None:
        """Send one more request, waiting since then."""
        self.asked = since
        self._transport.write(self._driver.requests.next())

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        length = LENGTH.search(self._received, 0, end)
        if length is None or len(self._received) < end + 4 + int(length[1]):
            return
        ok = self._received.startswith(b"HTTP/1.1 201")
        since, self.asked, self._received = self.asked, 0.0, b""
        self._driver.answered(self, since, ok)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.asked:  # never answered: told as failed, and not asked again
            self._driver.failed += 1
            self.asked = 0.0

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


if __name__ == "__main__":
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(Driver(plan).run())))
