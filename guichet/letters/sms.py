"""Letters as text messages: that something is there and where to read it, never what it says, since
a telephone is lent and shows its messages to whoever looks.
"""

import unicodedata

from guichet.letters.content import (
    Acknowledgement,
    Answer,
    AnyLetter,
    Attestation,
    Forwarding,
    Progress,
    Registration,
    Ticket,
)
from guichet.letters.mail import flat
from guichet.letters.words import Words
from guichet.letters.writing import END_ISOLATE, ISOLATE
from guichet.sentences import Sentence

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The signs of seven bits (3GPP TS 23.038); accents that are not there cost twice the room."""
EXTENDED = frozenset("^{}\\[~]|€")
"""Those that count for two."""
OTHERS = str.maketrans({"’": "'", "œ": "oe", "Œ": "OE", "«": '"', "»": '"', "–": "-", "—": "-"})
ISOLATES = {ord(ISOLATE): None, ord(END_ISOLATE): None}
"""Old telephones show them as boxes, and new ones take them for a part of the link."""
SEGMENTS = 3
"""Parts a message may be sent in: of 153 signs, or of 67 where the writing needs it."""


class NoTextMessage(Sentence):
    """What cannot be said by a text message."""


def sms(letter: AnyLetter, words: Words) -> str:
    """`letter` as a text message; `NoTextMessage` for one that is only for paper, or when no room
    is left for its link."""
    match letter:
        case Acknowledgement(promised_on=day) | Registration(promised_on=day):
            date = words.line("sms_promised", promised_on=words.day(day))
        case Progress(next_on=day) | Forwarding(next_on=day):
            date = words.line("sms_next", next_on=words.day(day))
        case Answer():
            date = ()
        case Ticket() | Attestation():
            raise NoTextMessage(f"Le courrier « {letter.kind} » ne se dit pas par SMS.")
    names = {"town": letter.town.name, "reference": letter.reference}
    said = words.line(f"sms_{letter.kind}", **names), date, words.line("sms_link", url=letter.url)
    training = (words.line("training"),) if letter.training else ()
    whole = " ".join(flat(line) for line in (*training, *said) if line)
    text = fitted(whole.translate(ISOLATES))
    if segments(text) > SEGMENTS:
        raise NoTextMessage("Le SMS serait trop long : raccourcissez le nom de la ville.")
    return text


def fitted(text: str) -> str:
    """`text` in the signs of seven bits, accents left out where they are not among them; as it is
    where its writing has others."""
    shown = "".join(map(simple, unicodedata.normalize("NFC", text.translate(OTHERS))))
    return shown if all(sign in BASIC or sign in EXTENDED for sign in shown) else text


def simple(character: str) -> str:
    """`character`, or the letter under its accent; a plain space for any space."""
    if character in BASIC or character in EXTENDED:
        return character
    if character.isspace():
        return " "
    bare = unicodedata.normalize("NFD", character)[0]
    return bare if bare in BASIC else character


def segments(text: str) -> int:
    """In how many parts `text` is sent."""
    if all(sign in BASIC or sign in EXTENDED for sign in text):
        length = sum(2 if sign in EXTENDED else 1 for sign in text)
        alone, part = 160, 153
    else:
        length, alone, part = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= alone else -(-length // part)
