"""A seal: the signed head of the log's Merkle tree at some length."""

from datetime import datetime

from domain.grammar import Value


class Seal(Value, frozen=True):
    """What the town swears to. `size` events are covered, `root` is their Merkle head and `chain`
    their last link, in hexadecimal like `signature` (Ed25519 over `text`)."""

    town: str
    size: int
    root: str
    chain: str
    time: datetime
    signature: str = ""

    def text(self) -> bytes:
        """The words that are signed, the time as it is written in JSON."""
        time = self.time.isoformat().replace("+00:00", "Z")
        lines = ("guichet seal 1", self.town, str(self.size), self.root, self.chain)
        return "".join(f"{line}\n" for line in (*lines, time)).encode()
