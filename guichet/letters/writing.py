"""What people wrote, made fit for paper and mail: no control characters, nothing that hides, and on
paper only signs that our fonts draw, since PDF/A and PDF/UA forbid any other."""

import re
import unicodedata
from collections.abc import Callable

REPLACED = "\ufffd"
"""Stands for what cannot be drawn, such as an emoji: the reader sees that something was there."""
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
"""Put around a text, they keep its direction from disturbing what surrounds it (Unicode, UAX 9)."""
JOINERS = "\u200b\u200c\u200d\u200e\u200f\u061c"
"""The formats that writing needs. All others go: overrides make a text read as another."""
LOOKS = re.compile(r"[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
"""Variants and skin tones, which mean nothing without the emoji before them."""
EMOJI = re.compile(f"{REPLACED}(?:\u200d{REPLACED})+")
LONGEST = 60
"""Characters without a space that a line of a letter holds, whatever they are."""


def clean(text: str) -> str:
    """`text` in composed form, its lines separated by `\\n`, without control characters."""
    lines = "\n".join(text.replace("\t", " ").splitlines())
    composed = unicodedata.normalize("NFC", lines)
    return "".join(c for c in composed if c == "\n" or visible(c))


def one_line(text: str) -> str:
    """`text` cleaned, on a single line, without spaces around it; empty when nothing shows."""
    return re.sub("[ \n]+", " ", clean(text)).strip(" \u00a0" + JOINERS)


def visible(character: str) -> bool:
    """Whether `character` is more than a control, a half of a pair or a hidden format."""
    return character in JOINERS or unicodedata.category(character) not in ("Cc", "Cs", "Cf")


def drawable(text: str, drawn: Callable[[str], bool], longest: int = LONGEST) -> str:
    """`text` with what our fonts do not draw replaced, and runs of more than `longest` characters
    made breakable."""
    known = JOINERS + ISOLATE + END_ISOLATE
    shown: list[str] = []
    for character in LOOKS.sub("", text):
        if shown and shown[-1] == REPLACED and unicodedata.category(character).startswith("M"):
            continue  # an accent needs the font of its letter
        if character in known or drawn(character):
            shown.append(character)
        else:
            shown.append(" " if character.isspace() else REPLACED)
    too_long = f"[^\\s\u200b]{{{longest}}}(?=[^\\s\u200b])"
    return re.sub(too_long, "\\g<0>\u200b", EMOJI.sub(REPLACED, "".join(shown)))
