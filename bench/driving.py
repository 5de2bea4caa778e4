"""Driving servers: with wrk where it is installed, with the bench's own driver otherwise.

One driver at a time serves both sides. Two workers are two ports; clients are shared evenly between
them, which SO_REUSEPORT, that deals connections out by chance, would not do for eight.
"""

import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from adapters.embedded import dying_with_parent
from bench.bodies import body
from bench.driver import Plan, Seen
from bench.programs import surroundings
from guichet.sentences import Sentence

SCRIPT = Path(__file__).with_name("create.lua")


class DriverFailed(Sentence):
    """The driver ended without figures."""


def driver_name() -> str:
    """Which driver is at hand."""
    return "wrk" if shutil.which("wrk") else "bench.driver"


def drive(ports: list[int], clients: int, seconds: float, token: str = "") -> Seen:
    """`clients` who each send their next request as soon as the last was answered."""
    if driver_name() == "wrk":
        return drive_by_wrk(ports, clients, seconds, token)
    driving = start(Plan(ports, clients, seconds, token))
    return result(driving)


def start(plan: Plan) -> "subprocess.Popen[bytes]":
    """Our own driver on its way; `result` waits for it."""
    driving = subprocess.Popen(
        [sys.executable, "-m", "bench.driver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=surroundings(),
        preexec_fn=dying_with_parent(signal.SIGTERM),
    )
    assert driving.stdin is not None  # noqa: S101 a pipe
    driving.stdin.write(msgspec.json.encode(plan))
    driving.stdin.close()
    driving.stdin = None
    return driving


def result(driving: "subprocess.Popen[bytes]") -> Seen:
    """What the driver saw, once it has ended; it is ended with us when we are interrupted."""
    try:
        said, _ = driving.communicate()
    finally:
        if driving.poll() is None:
            driving.kill()
            driving.wait()
    if driving.returncode:
        raise DriverFailed("Le pilote de charge s'est arrêté sans mesure.")
    return msgspec.json.decode(said, type=Seen)


def drive_by_wrk(ports: list[int], clients: int, seconds: float, token: str) -> Seen:
    """One wrk per worker, all at once."""
    driving: list[subprocess.Popen[bytes]] = []
    try:
        for port in ports:
            options = ["-t1", f"-c{clients // len(ports)}", f"-d{round(seconds)}s"]
            command = ["wrk", *options, "-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--"]
            arguments = [token, body().decode(), secrets.token_hex(3)]
            driving.append(
                subprocess.Popen(  # noqa: S603 our own command
                    [*command, *arguments],
                    stdout=subprocess.PIPE,
                    preexec_fn=dying_with_parent(signal.SIGTERM),
                )
            )
        said = [one.communicate()[0].decode() for one in driving]
    finally:
        for one in driving:
            if one.poll() is None:
                one.kill()
                one.wait()
    return together([read_wrk(text) for text in said])


def read_wrk(text: str) -> Seen:
    """What one wrk told by `create.lua`; its microseconds become milliseconds."""
    seen: Seen | None = None
    for line in text.splitlines():
        match line.split():
            case ["seen", _, microseconds, failed]:
                seen = Seen(int(microseconds) / 1e6, [], int(failed))
            case ["latency", value, times] if seen is not None:
                seen.latencies += [int(value) / 1000] * int(times)
            case _:
                pass
    if seen is None:
        raise DriverFailed("wrk s'est arrêté sans mesure.")
    return seen


def together(parts: list[Seen]) -> Seen:
    """Several drivers that ran at once, as one."""
    latencies = [latency for part in parts for latency in part.latencies]
    longest = max(part.seconds for part in parts)
    return Seen(longest, latencies, sum(part.failed for part in parts))
