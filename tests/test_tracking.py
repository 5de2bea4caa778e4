"""The tracking code: derived, checked, forgiving, and secret without the master key."""

from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.tracking import ALPHABET, Tracking, check_character, normal, printed

TRACKING = Tracking(b"m" * 32)
DOSSIER = UUID("7f5a1c52-6c0e-4d0b-9f9e-2d9a4a1b8f11")


def test_a_code_is_the_same_at_every_printing_and_another_for_another_dossier_or_town() -> None:
    code = TRACKING.code(DOSSIER)
    assert code == "JH6V9R08Y034EV"  # printed on paper: it must never change
    assert TRACKING.code(DOSSIER) == code
    assert len({TRACKING.code(uuid4()) for _ in range(1000)} | {code}) == 1001
    assert Tracking(b"n" * 32).code(DOSSIER) != code
    assert len(code) == 14
    assert set(code) <= set(ALPHABET)


def test_a_digest_finds_the_code_and_needs_the_key() -> None:
    code = TRACKING.code(DOSSIER)
    assert TRACKING.digest(code) == Tracking(b"m" * 32).digest(code)
    assert TRACKING.digest(code) != Tracking(b"n" * 32).digest(code)
    assert code.encode() not in TRACKING.digest(code)


@given(st.uuids())
def test_what_people_type_is_understood(dossier: UUID) -> None:
    code = TRACKING.code(dossier)
    for typed in (
        printed(code),
        f"  {printed(code).lower()}\n",
        printed(code).replace("-", "\u2013"),
        " ".join(code),
        code.replace("0", "O").replace("1", "I"),
        code.replace("0", "o").replace("1", "l"),
    ):
        assert normal(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "K7QPM", "U" * 14, "\u017f" * 14, "é" * 14, "0" * 15, "*" * 14]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert normal(typed) is None


@given(st.uuids())
def test_every_wrong_character_is_seen(dossier: UUID) -> None:
    code = TRACKING.code(dossier)
    for place, right in enumerate(code):
        for wrong in ALPHABET:
            if wrong != right:
                assert normal(code[:place] + wrong + code[place + 1 :]) is None


def test_nearly_every_swap_of_neighbours_is_seen() -> None:
    swaps = unseen = 0
    for number in range(500):
        code = TRACKING.code(UUID(int=number))
        for place, (one, other) in enumerate(pairwise(code)):
            if one != other:
                swaps += 1
                unseen += normal(code[:place] + other + one + code[place + 2 :]) is not None
    assert unseen / swaps < 0.01


def test_the_check_is_the_hybrid_system_of_iso_7064() -> None:
    # Worked by hand for "00": 32 → (32+0) mod 32 = 0, so 32, ×2 mod 33 = 31; 31 → 62 mod 33 = 29;
    # the check makes 29 + x ≡ 1 (mod 32), so x = 4.
    assert check_character("00") == "4"


def test_a_link_of_a_partner_opens_what_it_was_made_for_and_nothing_else() -> None:
    tracking, other = Tracking(b"k" * 32), Tracking(b"o" * 32)
    id = UUID("0193c3b2-7b5e-7c6a-9d56-3b2f8f3a21c0")
    token = tracking.partner(id, 7)
    assert tracking.forwarded(token) == (id, 7)
    assert other.forwarded(token) is None
    named, _, secret = token.rpartition(".")
    for changed in (
        f"{id.hex}.8.{secret}",
        f"{named}.{secret[:-1]}",
        f"{named}.{secret[::-1]}",
        named,
        "",
        "...",
        f"{'z' * 32}.7.{secret}",
        token.replace(id.hex, id.hex.upper()),
        token + "é",
    ):
        assert tracking.forwarded(changed) is None
