"""Synced before it is acknowledged: the broker's own system calls, in their order.

Needs strace, and to be allowed to use it; conftest.py says so where it is missing.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.embedded import NatsServer, free_port
from adapters.embedded_postgres_server import fresh_passwords
from adapters.jetstream_api import connect, publish
from adapters.steward import create_streams
from tests.conftest import CONFIG, USERS
from tests.running import within

PUBLISHES = 200
CALLS = "write,pwrite64,writev,sendto,sendmsg,fsync,fdatasync"
ENDED = "+++ exited with 0 +++"
RESUMED = re.compile(r"^(\d+) +<\.\.\. (f(?:data)?sync) resumed>.*= 0$")
UNFINISHED = re.compile(r"^(\d+) +f(?:data)?sync\(\d+<(.*)> <unfinished \.\.\.>$")
WHOLE = re.compile(r"^\d+ +f(?:data)?sync\(\d+<(.*)>\) += 0$")
WRITTEN = re.compile(r"^\d+ +(?:write|pwrite64|writev)\(\d+<([^>]*)>")
ACKNOWLEDGED = re.compile(r'^\d+ +(?:write|writev|sendto|sendmsg)\(.*\\"seq\\": ?(\d+)')


class TracedBroker(NatsServer):
    """The broker with every call that writes or syncs written down. `-D`: the process we started
    is the broker itself, and strace its grandchild, so that signals reach the broker."""

    @property
    def trace(self) -> Path:
        return self.folder.with_name("trace")

    def command(self) -> list[str]:
        strace = ["strace", "-D", "-f", "-y", "-s", "600", "-e", f"trace={CALLS}"]
        return [*strace, "-o", str(self.trace), *super().command()]


def synced_before_acknowledged(lines: Iterable[str], stream: str) -> int:
    """How many acknowledgements have, since the one before, a write to the stream's file and after
    that a sync of it that had succeeded."""
    waiting: dict[str, str] = {}
    written = synced = False
    count = 0

    def of_the_stream(path: str) -> bool:
        return f"/{stream}/msgs/" in path and path.endswith(".blk")

    for line in lines:
        if found := UNFINISHED.match(line):
            waiting[found[1]] = found[2]
        elif found := WHOLE.match(line):
            synced = synced or (written and of_the_stream(found[1]))
        elif found := RESUMED.match(line):
            synced = synced or (written and of_the_stream(waiting.pop(found[1], "")))
        elif ACKNOWLEDGED.match(line) and f'\\"stream\\":\\"{stream}\\"' in line:
            count += synced
            written = synced = False
        elif (found := WRITTEN.match(line)) and of_the_stream(found[1]):
            written, synced = True, False
    return count


async def traced(folder: Path, config: Path) -> int:
    """Publish one by one, each when the one before is acknowledged; how many were synced."""
    passwords = fresh_passwords(*USERS)
    broker = TracedBroker(folder / "nats", config, free_port(), free_port(), passwords)
    broker.start()
    try:
        steward = await connect(broker.url, "steward", passwords["steward"])
        await create_streams(steward, "ville")
        await steward.close()
        writer = await connect(broker.url, "writer", passwords["writer"])
        for number in range(1, PUBLISHES + 1):
            subject = f"guichet.ville.dossier.{uuid4()}"
            assert await publish(writer, subject, b"{}", {}) == (0, number)
        await writer.close()
    finally:
        broker.stop()
    assert within(10, lambda: ENDED in broker.trace.read_text(errors="replace")[-400:])
    with broker.trace.open(errors="replace") as lines:
        return synced_before_acknowledged(lines, "GUICHET_ville")


async def test_every_acknowledgement_follows_a_sync_of_its_file(tmp_path: Path) -> None:
    assert await traced(tmp_path, CONFIG / "nats.conf") == PUBLISHES


async def test_a_broker_that_is_not_told_to_sync_is_found_out(tmp_path: Path) -> None:
    always = "  sync_interval: always\n"
    text = (CONFIG / "nats.conf").read_text()
    assert always in text
    (tmp_path / "lazy.conf").write_text(text.replace(always, ""))
    assert await traced(tmp_path, tmp_path / "lazy.conf") < PUBLISHES


WRITE = '7 pwrite64(9</s/S/msgs/1.blk>, "x", 1, 0) = 1'
SYNC = "7 fsync(9</s/S/msgs/1.blk>) = 0"
BEGUN, DONE = "7 fsync(9</s/S/msgs/1.blk> <unfinished ...>", "7 <... fsync resumed>) = 0"
FAILED = "7 fsync(9</s/S/msgs/1.blk>) = -1 EIO (Input/output error)"
TOLD = r'8 write(5<TCP>, "{\"stream\":\"S\", \"seq\":1}", 20) = 20'


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ([WRITE, SYNC, TOLD], 1),
        ([WRITE, BEGUN, DONE, TOLD], 1),
        ([WRITE, BEGUN, TOLD, DONE], 0),
        ([WRITE, TOLD, SYNC], 0),
        ([SYNC, WRITE, TOLD], 0),
        ([WRITE, FAILED, TOLD], 0),
        ([WRITE, SYNC, TOLD, WRITE, TOLD], 1),
    ],
)
def test_the_order_is_what_counts(lines: list[str], count: int) -> None:
    assert synced_before_acknowledged(lines, "S") == count
