"""The pen that seals: an Ed25519 key, made once, and the public half anyone may check with."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from msgspec import structs

from domain.log import LogDamaged
from domain.seals import Seal

GIVEN = "GUICHET_SEAL_KEY"
"""The environment variable that may hold the key, 32 bytes in hexadecimal."""


class SealKey:
    """The private key of a town's seals."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @classmethod
    def of(cls, folder: Path) -> "SealKey":
        """The key of the environment, else of the file `seal.key` in `folder`, made at the first
        call. The public key is written beside it, as `seal.pub`. `LogDamaged` when what is there
        is no key."""
        path = folder / "seal.key"
        given = os.environ.get(GIVEN)
        if given is None and not path.exists():
            write_once(path, os.urandom(32).hex().encode(), 0o600)
        try:
            key = cls(bytes.fromhex(given if given is not None else path.read_text()))
        except ValueError:
            raise LogDamaged("La clé des sceaux doit faire 32 octets, en hexadécimal.") from None
        public = folder / "seal.pub"
        if not public.exists() or public.read_bytes() != key.public:
            public.unlink(missing_ok=True)
            write_once(public, key.public, 0o644)
        return key

    @property
    def public(self) -> bytes:
        """The public key, PEM."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, seal: Seal) -> Seal:
        """`seal` with its signature."""
        return structs.replace(seal, signature=self.sign_text(seal.text()).hex())

    def sign_text(self, text: bytes) -> bytes:
        """The signature of any words, 64 bytes."""
        return self._key.sign(text)


def write_once(path: Path, content: bytes, mode: int) -> None:
    """Write a new file, on the disk when this returns; one that another process has just made is
    left as it is."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        pass
    finally:
        beside.unlink()


def is_signed(seal: Seal, public: bytes) -> bool:
    """Whether `seal` bears the signature of the owner of a public key, PEM."""
    try:
        return bears(seal.text(), bytes.fromhex(seal.signature), public)
    except ValueError:
        return False


def bears(text: bytes, signature: bytes, public: bytes) -> bool:
    """Whether a text bears the signature of the owner of a public key, PEM."""
    try:
        key = load_pem_public_key(public)
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, text)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
