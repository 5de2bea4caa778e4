"""The words of the letters in one language, from a small file that a town can translate.

A phrase is lines of parts; a part that is a value can stand out (dates, codes). No value is ever
read as a template, whatever it holds.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from string import Formatter

import msgspec
from msgspec import Struct

from guichet.letters.writing import END_ISOLATE, ISOLATE, clean, one_line
from guichet.sentences import Sentence

STANDING_OUT = frozenset(
    {
        "received_on",
        "received_time",
        "promised_on",
        "silence_on",
        "missing_until",
        "next_on",
        "acknowledged_by",
        "answer_by",
        "contest_until",
        "planned_for",
        "accepted_on",
        "code",
        "reference",
    }
)
"""The values that a hurried reader looks for."""
NO_BREAK = "\u00a0"


class Part(Struct, frozen=True):
    """A piece of a line; `strong` when it stands out."""

    text: str
    strong: bool = False


Line = tuple[Part, ...]


class UnusableWords(Sentence):
    """A file of words that cannot be used, and why."""


class Dates(Struct, frozen=True):
    """How a language writes dates, hours and spans of months; Monday and January come first,
    `first` is the first day of a month, `short` a date in figures, for text messages."""

    date: str
    first: str
    time: str
    weekdays: tuple[str, str, str, str, str, str, str]
    months: tuple[str, str, str, str, str, str, str, str, str, str, str, str]
    one_month: str
    two_months: str
    some_months: str
    short: str = "{day:02}/{month:02}/{year}"


class Words(Struct, frozen=True):
    """The phrases of one language, by name, and its direction (`ltr` or `rtl`)."""

    language: str
    direction: str
    dates: Dates
    phrases: Mapping[str, str]

    def line(self, name: str, **values: str) -> Line:
        """The phrase `name` with its `values`, on one line; nothing when one of them is blank,
        since a sentence without its date says nothing."""
        phrase = self.phrases[name]
        if any(not one_line(values[field]) for field in fields(phrase)):
            return ()
        parts: list[Part] = []
        for text, field, _, _ in Formatter().parse(phrase):
            if text:
                parts.append(Part(text))
            if field:
                parts.append(Part(self.quoted(values[field]), field in STANDING_OUT))
        return tuple(parts)

    def said(self, name: str, **values: str) -> tuple[Line, ...]:
        """The phrase `name` as the only line, or none."""
        line = self.line(name, **values)
        return (line,) if line else ()

    def lines(self, *texts: str) -> tuple[Line, ...]:
        """Texts as they are given, blank ones left out."""
        return tuple((Part(self.quoted(text)),) for text in texts if one_line(text))

    def paragraphs(self, text: str) -> tuple[Line, ...]:
        """What a person wrote, paragraph by paragraph."""
        return self.lines(*clean(text).split("\n"))

    def quoted(self, value: str) -> str:
        """`value` on one line, kept in its own direction inside a text that runs the other way."""
        line = one_line(value)
        return f"{ISOLATE}{line}{END_ISOLATE}" if self.direction == "rtl" else line

    def day(self, day: date | None) -> str:
        """A date in full letters; nothing for None."""
        if day is None:
            return ""
        weekday = self.dates.weekdays[day.weekday()]
        written = self.dates.date.format(
            weekday=weekday,
            day=self.dates.first if day.day == 1 else day.day,
            month=self.dates.months[day.month - 1],
            year=day.year,
        )
        # No line ends between a day and its month.
        return written.replace(" ", NO_BREAK).replace(weekday + NO_BREAK, weekday + " ")

    def figures(self, day: date | None) -> str:
        """A date in figures; nothing for None."""
        if day is None:
            return ""
        return self.dates.short.format(day=day.day, month=day.month, year=day.year)

    def span(self, months: int) -> str:
        """A time limit in months."""
        usual = {1: self.dates.one_month, 2: self.dates.two_months}
        return usual.get(months) or self.dates.some_months.format(months=months)


def fields(phrase: str) -> frozenset[str]:
    """The names between braces in `phrase`."""
    return frozenset(field for _, field, _, _ in Formatter().parse(phrase) if field)


def read_words(language: str, file: bytes, model: bytes, own: bytes = b"") -> Words:
    """The words of `language`: `file`, whose phrases `own` (a town's) replaces one by one. `model`
    is the French file that ships with Guichet: every phrase of it, with the values it names, must
    be there. `UnusableWords` otherwise."""
    try:
        content = merged(tomllib.loads(file.decode()), tomllib.loads(own.decode()))
        ours = tomllib.loads(model.decode())
        words = msgspec.convert({"language": language, "phrases": {}, **content}, Words)
        phrases = msgspec.convert(content.get("words", {}), dict[str, str])
        asked = {name: fields(phrase) for name, phrase in ours["words"].items()}
        given = {name: fields(phrase) for name, phrase in phrases.items()}
        words.day(date(2000, 1, 1))
        words.figures(date(2000, 1, 1))
        words.span(3)
        words.dates.time.format(hour=0, minute=0)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError, LookupError) as error:
        raise UnusableWords(
            f"Les mots de la langue « {language} » sont illisibles : {error}."
        ) from None
    for name, needed in asked.items():
        if given.get(name) != needed:
            values = " ".join(sorted(f"{{{field}}}" for field in needed))
            raise UnusableWords(
                f"Les mots de la langue « {language} » doivent contenir la phrase « {name} »"
                + (f", avec {values} et aucune autre valeur." if values else ", sans valeur.")
            )
    if language == "fr":
        phrases = {name: spaced(phrase) for name, phrase in phrases.items()}
    return msgspec.structs.replace(words, phrases=phrases)


def merged(file: dict[str, object], own: dict[str, object]) -> dict[str, object]:
    """`file` with what `own` says otherwise, entry by entry."""
    result = dict(file)
    for name, value in own.items():
        past = result.get(name)
        result[name] = (
            {**past, **value} if isinstance(past, dict) and isinstance(value, dict) else value
        )
    return result


def spaced(phrase: str) -> str:
    """French typography: no line begins with a colon, and an apostrophe is curved."""
    return re.sub(r" (?=[:;!?»])|(?<=«) ", NO_BREAK, phrase).replace("'", "’")
