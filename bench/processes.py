"""What processes cost, asked of the kernel: CPU seconds and memory, by part of the system."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")

PARTS = (
    ("nats-server", "broker"),
    ("guichet.cli web", "web"),
    ("bench.worker", "web"),
    ("bench.floor", "web"),
    ("guichet.cli projector", "projector"),
    ("guichet.cli reactor", "reactor"),
    ("guichet.cli start", "supervisor"),
    ("postgres", "database"),
)
"""How a command line tells which part a process is; the first that fits."""


def tree(roots: Iterable[int]) -> list[int]:
    """`roots` and everything they have started, as far as it lives."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (stat := stat_of(int(entry.name))):
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found = list(roots)
    for pid in found:  # grows while it is walked
        found += children.get(pid, [])
    return found


def cpu_seconds(roots: Iterable[int]) -> Counter[str]:
    """CPU seconds used so far by each part, its ended children included."""
    used: Counter[str] = Counter()
    for pid in tree(roots):
        if stat := stat_of(pid):
            used[part_of(pid)] += sum(map(int, stat[11:15])) / TICK  # pyright: ignore[reportArgumentType] seconds
    return used


def memory_mb(roots: Iterable[int]) -> float:
    """Megabytes of memory of the whole tree; a page that several share counts once (PSS)."""
    kilobytes = 0
    for pid in tree(roots):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue  # it has just ended
        kilobytes += next(int(ln.split()[1]) for ln in text.splitlines() if ln.startswith("Pss:"))
    return kilobytes / 1024


def part_of(pid: int) -> str:
    """Which part of the system a process is."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "other"
    return next((part for sign, part in PARTS if sign in line), "other")


def stat_of(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
