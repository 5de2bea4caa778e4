"""A backup as a folder: plain files, and a signed manifest that names the digest of each.

Nothing in it needs a server to be read or checked. The log is one JSON line per event, so that it
can be restored event for event, and read by whoever has to without us.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters.signing import SealKey, bears
from domain.log import Entry, LogDamaged
from domain.merkle import Frontier
from domain.message import START, hash_of, linked
from domain.seals import Seal

LOG = "log.jsonl"
SEALS = "seals.jsonl"
PUBLIC = "seal.pub"
KEYS = "keys.locked"
TOKENS = "tokens.json"
ERASURES = "erasures.jsonl"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
FILES = (LOG, SEALS, PUBLIC, KEYS, TOKENS, ERASURES)


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup says of itself. The log ends at `position`, where its Merkle head is `root` and
    its last link `chain`, in hexadecimal; `sealed` events are under the last seal; `reactor` is how
    far the reactor was. `digests` are SHA-256 by file name."""

    format: int = 1
    version: str
    town: str
    zone: str
    time: datetime
    position: int
    root: str
    chain: str
    sealed: int
    reactor: int
    digests: dict[str, str]


class BackupDamaged(Exception):
    """A backup is not what was written; the sentence says which file."""


class Head:
    """The head of a log that is read from its beginning: its length, last link, Merkle root."""

    def __init__(self) -> None:
        self.chain = START
        self.tree = Frontier()
        self.hashes: list[bytes] = []

    def add(self, hash: bytes) -> None:
        """The hash of the next event."""
        self.chain = linked(self.chain, hash)
        self.tree.add(hash)
        self.hashes.append(hash)

    def contradicts(self, seal: Seal) -> bool:
        """Whether `seal`, which ends here, swears to another log."""
        return (seal.root, seal.chain) != (self.tree.root.hex(), self.chain.hex())


class Writing:
    """One file being written, on the disk when `close` returns its digest."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 20)
        self._digest = sha256()

    def write(self, content: bytes) -> None:
        """Add to the file."""
        self._file.write(content)
        self._digest.update(content)

    def close(self) -> str:
        """End the file."""
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
        return self._digest.hexdigest()


def put(path: Path, content: bytes) -> str:
    """Write a whole file; its digest."""
    file = Writing(path)
    file.write(content)
    return file.close()


def sign(folder: Path, manifest: Manifest, key: SealKey) -> None:
    """Write the manifest and its signature, and see the folder to the disk."""
    text = msgspec.json.format(msgspec.json.encode(manifest)) + b"\n"
    put(folder / MANIFEST, text)
    put(folder / SIGNATURE, key.sign_text(text))
    sync(folder)


def sync(folder: Path) -> None:
    """The names in a folder, on the disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checked(folder: Path, public: bytes | None = None) -> Manifest:
    """The manifest of a backup whose files are all as they were written and signed; with the key
    of the town that was kept elsewhere, else with the one beside it. `BackupDamaged` otherwise."""
    text = content(folder / MANIFEST)
    signature = content(folder / SIGNATURE)
    if not bears(text, signature, public or content(folder / PUBLIC)):
        raise BackupDamaged("Le manifeste de la sauvegarde ne porte pas la signature de la ville.")
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError:
        raise BackupDamaged("La sauvegarde est d'une version que Guichet ne connaît pas.") from None
    if manifest.format != 1 or set(manifest.digests) != set(FILES):
        raise BackupDamaged("La sauvegarde est d'une version que Guichet ne connaît pas.")
    for name, digest in manifest.digests.items():
        try:
            with (folder / name).open("rb") as file:
                found = file_digest(file, "sha256").hexdigest()
        except OSError:
            found = content(folder / name).hex()  # says why
        if found != digest:
            raise BackupDamaged(f"Le fichier {name} de la sauvegarde n'est plus celui d'origine.")
    return manifest


def content(path: Path) -> bytes:
    """The bytes of a file of a backup."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BackupDamaged(
            f"Il manque le fichier {path.name} dans {path.parent} ({error.strerror})."
        ) from None


def entries(folder: Path) -> Iterator[Entry]:
    """The events of a backup, in their order."""
    decode = msgspec.json.Decoder(Entry).decode
    with (folder / LOG).open("rb") as file:
        for line in file:
            yield decode(line)


def head_of(folder: Path, manifest: Manifest, seals: list[Seal]) -> Head:
    """Recompute the log of a backup: every hash, the chain, the root of every seal.
    `BackupDamaged` when one of them is not what was sworn to."""
    head, due = Head(), {seal.size: seal for seal in seals}
    with suppress(LogDamaged, msgspec.MsgspecError):
        for position, entry in enumerate(entries(folder), 1):
            if entry.position != position:
                break
            head.add(hash_of(manifest.town, entry))
            seal = due.pop(position, None)
            if seal and head.contradicts(seal):
                raise BackupDamaged(f"Le journal sauvegardé n'est pas celui du sceau {position}.")
    sworn = (manifest.position, manifest.root, manifest.chain)
    if sworn != (head.tree.size, head.tree.root.hex(), head.chain.hex()):
        raise BackupDamaged("Le journal sauvegardé n'est pas celui du manifeste.")
    return head
