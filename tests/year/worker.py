"""A process of the simulated town as the test sees it: started, asked, killed, started again."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from adapters.embedded_child import dying_with_parent
from tests.year.process import READY

READY_WITHIN = 120.0
ANSWERS_WITHIN = 600.0
"""Seconds, on a machine however busy."""


class Died(Exception):
    """The process ended before it answered."""


class Worker:
    """One process. It starts again by itself after every kill, as under a supervisor."""

    def __init__(self, role: str, data: Path, clock: Path) -> None:
        self.role = role
        self.kills = 0
        self._command = [sys.executable, "-m", "tests.year.process", role, str(data), str(clock)]
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to start it."""
        self._starting = asyncio.create_task(self._started())

    async def ready(self) -> None:
        """Wait until it is there."""
        assert self._starting is not None
        await self._starting

    async def ask(self, times: int = 3) -> int:
        """Have it take its step, again where it dies over it; what it answers."""
        for _ in range(times):
            await self.ready()
            try:
                return int(await self._said())
            except Died:
                self.start()
        raise Died(self.role)

    def kill(self) -> None:
        """SIGKILL, from whatever thread."""
        assert self._process is not None
        if self._process.returncode is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self.kills += 1

    async def restart(self) -> None:
        """Begin to start it again, once it is dead."""
        assert self._process is not None
        await self._process.wait()
        self.start()

    async def stop(self) -> None:
        """Kill it, and be sure that it is gone."""
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()

    async def _started(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            preexec_fn=dying_with_parent(),  # a test that fails leaves nothing either
        )
        async with asyncio.timeout(READY_WITHIN):
            while (line := await self._line()) != READY:
                print(f"{self.role}: {line}")

    async def _said(self) -> str:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"\n")
            await self._process.stdin.drain()
            async with asyncio.timeout(ANSWERS_WITHIN):
                while not (line := await self._line()).isdecimal():
                    print(f"{self.role}: {line}")
        except (ConnectionError, BrokenPipeError):
            raise Died(self.role) from None
        return line

    async def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise Died(self.role)
        return line.decode().strip()
