"""Errors that are for the person at the keyboard: one sentence that says what to do."""

import msgspec

from domain.grammar import Ground


class Sentence(Exception):
    """What could not be done, in one French sentence."""


def must_be_ground(text: str) -> None:
    """Refuse, before it is recorded for ever, a ground that could not be read back."""
    try:
        msgspec.convert(text, Ground)
    except msgspec.ValidationError:
        raise Sentence("Le motif s'écrit en 1 à 300 caractères.") from None
