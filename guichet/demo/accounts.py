"""The accounts of the demonstration: one API token per role, kept from the first start on."""

from pathlib import Path

import msgspec

FILE = "demo.json"


def read(data: Path) -> dict[str, str] | None:
    """The tokens by role; None while the demonstration is not loaded whole."""
    path = data / FILE
    if not path.exists():
        return None
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])


def presented(tokens: dict[str, str]) -> list[str]:
    """The lines that present them."""
    return ["Comptes de démonstration (jetons de l'API) :"] + [
        f"  {role:<18} {token}" for role, token in tokens.items()
    ]
