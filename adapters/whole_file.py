"""Files that are there as a whole or not at all, for the folders where messages are left."""

import asyncio
import hashlib
import os
import re
from pathlib import Path
from tempfile import mkstemp

from adapters.carriers import Later

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._+-]{0,199}")


def file_name(id: str) -> str:
    """A name for the message `id`, always the same; its hash when it cannot be a name itself."""
    return id if PLAIN.fullmatch(id) else hashlib.sha256(id.encode()).hexdigest()


async def leave(folder: Path, name: str, content: bytes) -> str:
    """Write `content` under `name`, readable by this account alone and on the disk when this
    returns; what was there under that name is replaced. The proof. `Later` when it cannot be."""
    try:
        await asyncio.to_thread(write, folder, name, content)
    except OSError:
        failed = Later("Le dossier des messages sortants ne s'écrit pas.")
    else:
        return f"fichier {name}"
    raise failed


def write(folder: Path, name: str, content: bytes) -> None:
    """The same, on this thread; OSError when the disk is full or the folder closed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, beside = mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(folder / name)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)  # the name too must outlive a power cut
    finally:
        os.close(opened)
