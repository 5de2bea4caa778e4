"""The tree of RFC 6962, against its own published vectors and against its plain definition."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merkle import EMPTY, Frontier, Tree, climbed, leaf, node

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=70)


def head(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaf(leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node(head(leaves[:half]), head(leaves[half:]))


@given(hashes)
def test_both_ways_to_grow_a_tree_give_the_head_of_the_rfc(leaves: list[bytes]) -> None:
    frontier = Frontier()
    for number, one in enumerate(leaves):
        assert frontier.size == number
        assert frontier.root == head(leaves[:number])
        frontier.add(one)
    assert frontier.root == Tree(leaves).root == head(leaves)


@given(hashes)
def test_every_leaf_climbs_to_the_head_and_no_other_one_does(leaves: list[bytes]) -> None:
    tree = Tree(leaves)
    for index, one in enumerate(leaves):
        path = tree.path(index)
        assert climbed(one, path) == tree.root
        assert climbed(sha256(one).digest(), path) != tree.root


def test_the_published_vectors() -> None:
    """From the tests of Certificate Transparency: leaves of these contents."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    expected = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    }
    frontier = Frontier()
    assert frontier.root == EMPTY
    for content in inputs:
        frontier.add(bytes.fromhex(content))
        if frontier.size in expected:
            assert frontier.root.hex() == expected[frontier.size]


def test_there_is_no_path_from_a_leaf_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        Tree([bytes(32)]).path(1)
