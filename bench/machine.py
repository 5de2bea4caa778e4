"""On what it was measured: a figure without its machine says nothing."""

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from adapters.embedded_postgres_server import PostgresServer
from bench.driving import driver_name
from guichet.sentences import Sentence

NAMED = ("litestar", "uvicorn", "msgspec", "psycopg", "nats-py", "cryptography")


class NotSynced(Sentence):
    """A database that would answer before the disk has it."""


def machine(folder: Path) -> dict[str, Any]:
    """Processor, memory, disk and versions."""
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": model[1] if model else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory[1]) / 1024 / 1024, 1) if memory else None,
        "file_system": file_system(folder),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
        "driver": driver_name(),
        "versions": {name: version(name) for name in NAMED} | {"nats-server": broker_version()},
    }


def file_system(folder: Path) -> str:
    """The kind of file system `folder` lies on; on tmpfs nothing is ever synced."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [(at, kind) for at, kind in mounts if folder.resolve().is_relative_to(at)]
    return max(holding, key=lambda mount: len(mount[0]))[1]


def broker_version() -> str:
    """What the broker calls itself."""
    program = Path(sys.executable).with_name("nats-server")
    said = subprocess.run(  # noqa: S603 our own command
        [str(program), "--version"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip().rpartition("v")[2]


def database(server: PostgresServer) -> dict[str, str]:
    """The settings that make an answer durable; `NotSynced` when one of them is off."""
    found: dict[str, str] = {}
    with psycopg.connect(server.conninfo("web")) as connection:
        for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes"):
            row = connection.execute(f"show {name}").fetchone()  # pyright: ignore[reportArgumentType] our names
            found[name] = str(row[0]) if row else ""
    if (found["fsync"], found["synchronous_commit"]) != ("on", "on"):
        raise NotSynced("La base de données n'attend pas le disque : la comparaison est vaine.")
    return found
