"""The two copies of a town's seals: a stream nobody may change, and a file one can carry away."""

import os
from pathlib import Path

import msgspec
from nats.aio.client import Client

from adapters.direct import DirectReader
from adapters.jetstream_api import publish
from domain.log import LogDamaged, LogUnavailable
from domain.seals import Seal

PAGE = 1000


def seals_stream(town: str) -> str:
    """The name of the stream of a town's seals."""
    return f"SEALS_{town}"


def seals_file(folder: Path, town: str) -> Path:
    """Where the file of a town's seals lies in an installation."""
    return folder / "seals" / f"{town}.jsonl"


def in_file(path: Path) -> list[Seal]:
    """The seals of a file, oldest first; a last line that was cut off does not count. `LogDamaged`
    when another line cannot be read."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    try:
        return [msgspec.json.decode(line, type=Seal) for line in lines[:-1]]
    except msgspec.DecodeError:
        raise LogDamaged(f"Le fichier des sceaux {path} ne se lit plus.") from None


def last_in_file(path: Path) -> int:
    """How many events the last seal of a file covers; 0 without a seal. Reads the end only."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return 0
    try:
        return msgspec.json.decode(lines[-2], type=Seal).size if len(lines) > 1 else 0
    except msgspec.DecodeError:
        raise LogDamaged(f"Le fichier des sceaux {path} ne se lit plus.") from None


def add_to_file(path: Path, seal: Seal) -> None:
    """Append one line, on the disk when this returns; what was cut off before it goes."""
    path.parent.mkdir(mode=0o755, exist_ok=True)
    with path.open("a+b") as file:
        file.seek(0)
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
        file.write(msgspec.json.encode(seal) + b"\n")
        file.flush()
        os.fsync(file.fileno())


class SealBook:
    """Both copies, for the one who seals."""

    def __init__(self, nc: Client, town: str, folder: Path) -> None:
        self._nc = nc
        self._subject = f"seals.{town}"
        self._direct = DirectReader(nc, seals_stream(town))
        self.path = seals_file(folder, town)

    async def in_stream(self) -> list[Seal]:
        """The seals of the stream, oldest first."""
        seals: list[Seal] = []
        more = True
        while more:
            messages, more = await self._direct.batch(len(seals) + 1, PAGE, self._subject)
            seals += [msgspec.json.decode(message.data, type=Seal) for message in messages]
            more = more and bool(messages)
        return seals

    async def agreed(self) -> list[Seal]:
        """The seals, each copy completed by the other; `LogDamaged` when they contradict each
        other, for then nobody knows which one tells the truth."""
        filed, streamed = in_file(self.path), await self.in_stream()
        for one, other in zip(filed, streamed, strict=False):
            if one != other:
                raise LogDamaged(f"Les deux copies du sceau {min(one.size, other.size)} diffèrent.")
        for seal in streamed[len(filed) :]:
            add_to_file(self.path, seal)
        for number, seal in enumerate(filed[len(streamed) :], len(streamed)):
            await self._publish(seal, number)
        return max(filed, streamed, key=len)

    async def add(self, seal: Seal, before: int) -> None:
        """Add the seal that follows `before` others, first to the file. `LogUnavailable` when the
        stream did not take it: `agreed` completes it later."""
        add_to_file(self.path, seal)
        await self._publish(seal, before)

    async def _publish(self, seal: Seal, before: int) -> None:
        headers = {"Nats-Expected-Last-Sequence": str(before)}
        code, _ = await publish(self._nc, self._subject, msgspec.json.encode(seal), headers)
        if code:
            raise LogUnavailable(f"Le journal des sceaux refuse d'écrire ({code}).")
