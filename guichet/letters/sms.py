"""Letters as text messages: that something is there and where to read it, never what it says, since
a telephone is lent and shows its messages to whoever looks.
"""

import re
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
from guichet.letters.mentions import Mention, MentionLacking
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
NUMBERED = re.compile(f"{ISOLATE}(?=[0-9])")
TO_THE_RIGHT = "\u200e"
"""Before a number in a text that runs from the right: without it `2026-8F3A` is shown in pieces.
Isolates, which letters use, are boxes on old telephones, and part of the link on new ones."""
ISOLATES = {ord(ISOLATE): None, ord(END_ISOLATE): None}
SEGMENTS = 2
"""Parts a message may be sent in: of 153 signs, or of 67 where the writing needs it."""
REFERENCE = Mention("reference", "la référence du dossier", "engagement de la ville")
LINK = Mention("sms_link", "l'adresse où lire le courrier entier", "engagement de la ville")


class NoTextMessage(Sentence):
    """What cannot be said by a text message."""


def sms(letter: AnyLetter, words: Words) -> str:
    """`letter` as a text message, its reference and link whole: where room is short the name of the
    town goes first, then the date. `MentionLacking` without one of the two, `NoTextMessage` when
    even these find no room, or for a letter that is only for paper."""
    match letter:
        case Acknowledgement(promised_on=day) | Registration(promised_on=day):
            date = words.line("sms_promised", promised_on=words.figures(day))
        case Progress(next_on=day) | Forwarding(next_on=day):
            date = words.line("sms_next", next_on=words.figures(day))
        case Answer():
            date = ()
        case Ticket() | Attestation():
            raise NoTextMessage(f"Le courrier « {letter.kind} » ne se dit pas par SMS.")
    said = words.line(f"sms_{letter.kind}", reference=letter.reference)
    link = words.line("sms_link", url=letter.url)
    for mention, line in ((REFERENCE, said), (LINK, link)):
        if not line:
            raise MentionLacking(mention, letter.kind)
    training = words.line("training") if letter.training else ()
    town = words.line("sms_from", town=letter.town.name)
    for lines in ((town, said, date, link), (said, date, link), (said, link)):
        whole = " ".join(flat(line) for line in (training, *lines) if line)
        text = fitted(NUMBERED.sub(TO_THE_RIGHT, whole).translate(ISOLATES))
        if segments(text) <= SEGMENTS:
            return text
    raise NoTextMessage("Le SMS serait trop long : raccourcissez l'adresse de suivi.")


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
