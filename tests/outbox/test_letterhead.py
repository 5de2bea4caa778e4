"""How addresses that somebody typed on one line become the lines of a letter."""

import pytest

from domain.grammar import ERASED
from guichet.outbox.letterhead import lines


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("1, place de la Mairie", ("1, place de la Mairie",)),
        (
            "14 rue des Tilleuls, 77990 SAINTE-AURORE",
            ("14 rue des Tilleuls", "77990 SAINTE-AURORE"),
        ),
        ("Bât. B, 3, allée Bleue, 77990 LENS", ("Bât. B", "3, allée Bleue", "77990 LENS")),
        ("Bât. B\n3, allée Bleue\n\n77990 LENS\n", ("Bât. B", "3, allée Bleue", "77990 LENS")),
        ("", ()),
        (None, ()),
        (ERASED, ()),
    ],
)
def test_an_address_on_one_line_is_read_as_lines(
    address: str | None, expected: tuple[str, ...]
) -> None:
    assert lines(address) == expected
