"""The Merkle tree of RFC 6962 over the hashes of events: one head stands for all of them.

A leaf is SHA-256(0x00 ‖ hash of the event), a node SHA-256(0x01 ‖ left ‖ right). The left part of
a tree holds the largest power of two of leaves that is smaller than the whole.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
"""The head of a tree without leaves."""


def leaf(hash: bytes) -> bytes:
    """The leaf of an event's hash."""
    return sha256(b"\0" + hash).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The node above two others."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """A tree that only grows, remembered by its complete subtrees: adding one leaf costs two
    hashes on average, and the head as many as there are subtrees."""

    def __init__(self) -> None:
        self.size = 0
        """How many leaves there are."""
        self._complete: list[bytes] = []

    def add(self, hash: bytes) -> None:
        """Append the leaf of one event's hash."""
        right, complete, size = leaf(hash), self._complete, self.size
        while size & 1:
            right = node(complete.pop(), right)
            size >>= 1
        complete.append(right)
        self.size += 1

    def extend(self, hashes: Iterable[bytes]) -> None:
        """Append the leaves of many events, in their order."""
        for hash in hashes:
            self.add(hash)

    @property
    def root(self) -> bytes:
        """The head of the tree as it is now."""
        if not self._complete:
            return EMPTY
        root = self._complete[-1]
        for left in reversed(self._complete[:-1]):
            root = node(left, root)
        return root


class Tree:
    """A tree with all its levels, out of which paths are read. Takes twice the memory of its
    leaves."""

    def __init__(self, hashes: Iterable[bytes]) -> None:
        level = [leaf(hash) for hash in hashes]
        self._levels = [level]
        while len(level) > 1:
            above = [node(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
            # A last one without a neighbour rises as it is: its subtree is the smaller right part.
            level = above + level[-1:] if len(level) % 2 else above
            self._levels.append(level)

    @property
    def root(self) -> bytes:
        """The head of the tree."""
        return self._levels[-1][0] if self._levels[-1] else EMPTY

    def path(self, index: int) -> list[tuple[str, bytes]]:
        """From the leaf at `index` (the first is 0) up to the head: at each step the neighbour and
        the side it stands on, `left` or `right`."""
        if not 0 <= index < len(self._levels[0]):
            raise IndexError(index)
        steps: list[tuple[str, bytes]] = []
        for level in self._levels[:-1]:
            beside = index ^ 1
            if beside < len(level):
                steps.append(("left" if beside < index else "right", level[beside]))
            index >>= 1
        return steps


def climbed(hash: bytes, path: Sequence[tuple[str, bytes]]) -> bytes:
    """The head one reaches from an event's hash along a path."""
    reached = leaf(hash)
    for side, beside in path:
        reached = node(beside, reached) if side == "left" else node(reached, beside)
    return reached
