"""*Code de suivi.* What a resident types to follow a request: derived from the identifier of the
dossier, so that it is printed again without being stored, and looked up by its digest.

Thirteen characters of Crockford's base 32 (65 bits: nobody guesses one) and one that checks them.
The check is the hybrid system of ISO/IEC 7064, as in MOD 37,36, over these 32 characters, so MOD
33,32: it sees every single wrong character and nearly every swap of neighbours, and needs no
character that people cannot type, which Crockford's own check, modulo 37, does.
"""

import hmac
from base64 import urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: without I, L, O, which look like digits, and U."""
LENGTH = 13
ALIKE = str.maketrans("ILO", "110")
LINKS = dict.fromkeys(map(ord, " \t\r\n-_.\u00a0\u202f\u2010\u2011\u2012\u2013\u2014\u2212"))
"""What people put between groups."""


class Tracking:
    """The codes of one installation: `master_key` makes them, and them alone."""

    def __init__(self, master_key: bytes) -> None:
        self._codes = HKDF(SHA256(), 32, None, b"guichet tracking code").derive(master_key)
        self._digests = HKDF(SHA256(), 32, None, b"guichet tracking digest").derive(master_key)
        self._links = HKDF(SHA256(), 32, None, b"guichet partner link").derive(master_key)

    def code(self, dossier: UUID) -> str:
        """The code of a dossier, always the same: 14 characters, see `printed`."""
        digest = hmac.digest(self._codes, dossier.bytes, "sha256")
        number = int.from_bytes(digest) >> (8 * len(digest) - 5 * LENGTH)
        characters = "".join(ALPHABET[number >> 5 * i & 31] for i in reversed(range(LENGTH)))
        return characters + check_character(characters)

    def digest(self, code: str) -> bytes:
        """What is stored of a `code` in its normal form, to look it up: 32 bytes that give it away
        to nobody without the master key."""
        return hmac.digest(self._digests, code.encode(), "sha256")

    def partner(self, dossier: UUID, entry: int) -> str:
        """What opens a dossier to the authority it was forwarded to by that `entry`, in its link:
        132 bits that nobody guesses."""
        named = f"{dossier.hex}.{entry}"
        digest = hmac.digest(self._links, named.encode(), "sha256")
        return f"{named}.{urlsafe_b64encode(digest).decode()[:22]}"

    def forwarded(self, token: str) -> tuple[UUID, int] | None:
        """The dossier and the entry that `token`, of a link, opens; None for one we never made."""
        named = token.rpartition(".")[0]
        dossier, _, entry = named.partition(".")
        if len(dossier) != 32 or not entry.isdecimal() or len(entry) > 9 or not token.isascii():
            return None
        try:
            id = UUID(dossier)
        except ValueError:
            return None
        whole = self.partner(id, int(entry))
        return (id, int(entry)) if hmac.compare_digest(whole, token) else None


def printed(code: str) -> str:
    """A code as people read it: K7QPM-3X9TZ-4W2A."""
    return "-".join((code[:5], code[5:10], code[10:]))


def reference(dossier: UUID, received_at: datetime) -> str:
    """How people name a dossier, `2026-8F3A21C0`: it opens nothing, unlike the code."""
    return f"{received_at.year}-{dossier.hex[-8:].upper()}"


def normal(typed: str) -> str | None:
    """The code that somebody `typed`, in any case, with spaces or dashes, O for 0, I or L for 1;
    None when it cannot be one: wrong length, other characters, or a check that does not fit."""
    # Only ASCII is folded: a long s would become an S that nobody typed.
    code = typed.translate(LINKS)
    if len(code) != LENGTH + 1 or not code.isascii():
        return None
    code = code.upper().translate(ALIKE)
    if any(character not in ALPHABET for character in code):
        return None
    return code if check_character(code[:-1]) == code[-1] else None


def check_character(characters: str) -> str:
    """The character that checks `characters` (ISO/IEC 7064, hybrid system, MOD 33,32)."""
    product = 32
    for character in characters:
        product = ((product + ALPHABET.index(character)) % 32 or 32) * 2 % 33
    return ALPHABET[(33 - product) % 32]
