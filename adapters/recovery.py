"""The recovery key: a town's machine can lock its backups with it, and cannot open them.

X25519: the installation keeps the public half, a person keeps the other one, on paper. What is
locked is one message to that key: an ephemeral key, HKDF-SHA256, AES-256-GCM.
"""

import os
from base64 import b32decode, b32encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "SECOURS"
CHECK = 3
"""Bytes behind the key by which a typing error is told from another town's key."""


class KeyMistyped(Exception):
    """What was given cannot be a recovery key."""


class CannotOpen(Exception):
    """What is locked was changed, or locked with another key."""


def fresh() -> tuple[str, bytes]:
    """A new pair: the private half as one writes it down, the public half as 32 bytes."""
    private = X25519PrivateKey.generate()
    return written(private.private_bytes_raw()), private.public_key().public_bytes_raw()


def written(private: bytes) -> str:
    """The private half as one writes it down: capital letters and the digits 2 to 7, in groups of
    seven."""
    text = b32encode(private + sha256(private).digest()[:CHECK]).decode()
    return "-".join([PREFIX, *(text[at : at + 7] for at in range(0, len(text), 7))])


def read(text: str) -> bytes:
    """The private half of what somebody typed; spaces, dashes and case do not matter."""
    bare = "".join(text.upper().split()).replace("-", "").removeprefix(PREFIX)
    try:
        whole = b32decode(bare)
    except ValueError:
        raise KeyMistyped from None
    private = whole[:32]
    if len(whole) != 32 + CHECK or sha256(private).digest()[:CHECK] != whole[32:]:
        raise KeyMistyped
    return private


def public_half(private: bytes) -> bytes:
    """The half that locks, of the one that opens."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def lock(content: bytes, public: bytes, label: bytes) -> bytes:
    """`content`, for the owner of the other half alone; `label` must be known to open it."""
    ephemeral = X25519PrivateKey.generate()
    once = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    nonce = os.urandom(12)
    return once + nonce + cipher(shared, once, public).encrypt(nonce, content, label)


def unlock(locked: bytes, private: bytes, label: bytes) -> bytes:
    """What was locked; `CannotOpen` when it was changed or is for another key."""
    once, nonce, rest = locked[:32], locked[32:44], locked[44:]
    try:
        shared = X25519PrivateKey.from_private_bytes(private).exchange(
            X25519PublicKey.from_public_bytes(once)
        )
        return cipher(shared, once, public_half(private)).decrypt(nonce, rest, label)
    except (InvalidTag, ValueError):
        raise CannotOpen from None


def cipher(shared: bytes, once: bytes, public: bytes) -> AESGCM:
    """The cipher of one message."""
    derived = HKDF(SHA256(), 32, salt=once + public, info=b"guichet recovery 1").derive(shared)
    return AESGCM(derived)
