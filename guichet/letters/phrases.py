"""A letter put into words: every phrase its template may place, by name.

A phrase that does not apply, or lacks a value, has no line. Templates only place phrases, which is
how Guichet knows what a letter says (`mentions.py`).
"""

from collections.abc import Mapping
from datetime import date
from typing import assert_never

from guichet.letters.content import (
    Acknowledgement,
    Addressee,
    Answer,
    AnyLetter,
    Attestation,
    Forwarding,
    Progress,
    Registration,
    Remedy,
    Signatory,
    Ticket,
)
from guichet.letters.words import Line, Part, Words
from guichet.letters.writing import clean, one_line

Phrases = Mapping[str, tuple[Line, ...]]
FIXED = (
    "service_label",
    "greeting",
    "farewell",
    "summary_label",
    "silence_label",
    "remedies_label",
    "missing_label",
    "tracking_label",
    "keep",
    "automatic",
    "reopening",
)
"""Phrases without a value."""
SOME = (
    "subject",
    "promised",
    "promised_short",
    "acknowledged_by",
    "summary",
    "decision",
    "attestation",
    "remedies",
    "remedies_intro",
    "mediator",
    "missing",
    "missing_intro",
    "missing_until",
    "missing_effect",
    "outcome",
    "text",
    "signatory",
    "next_step",
    "contest",
    "announced",
    "transmitted",
    "watched",
    "attested_request",
    "attested",
)
"""Phrases that only some letters have; the others have them without a line, so that a template
which misspells a name fails instead of saying nothing."""


def phrases_of(letter: AnyLetter, words: Words) -> Phrases:
    """Every phrase of `letter` in the language of `words`."""
    said: dict[str, tuple[Line, ...]] = dict.fromkeys(SOME, ())
    said |= common(letter, words) | {name: said_once(words, name) for name in FIXED}
    said["title"] = said_once(words, f"{letter.kind}_title")
    match letter:
        case Acknowledgement():
            said |= acknowledgement(letter, words) | summary(letter.summary, words)
            said |= promised(letter.promised_on, words)
        case Registration():
            said |= promised(letter.promised_on, words) | summary(letter.summary, words)
            day = words.day(letter.acknowledged_by)
            said["acknowledged_by"] = said_once(words, "acknowledged_by", acknowledged_by=day)
        case Ticket():
            said |= promised(letter.promised_on, words)
        case Answer():
            said |= answer(letter, words) | next_step(letter.next_on, words)
        case Progress():
            said |= next_step(letter.next_on, words) | {"text": own_words(words, letter.text)}
            day = words.day(letter.answer_by)
            said["announced"] = said_once(words, "announced", answer_by=day)
        case Forwarding():
            said |= next_step(letter.next_on, words) | {"text": own_words(words, letter.text)}
            said["transmitted"] = said_once(words, "transmitted", authority=letter.authority)
            said["watched"] = said_once(words, "watched")
        case Attestation():
            said |= attestation(letter, words)
        case _:
            assert_never(letter)
    if not isinstance(letter, Ticket):
        said["subject"] = said_once(words, f"{letter.kind}_subject", reference=letter.reference)
    return said


def common(letter: AnyLetter, words: Words) -> dict[str, tuple[Line, ...]]:
    """What any letter may say."""
    received, written = letter.town.local(letter.received_at), letter.town.local(letter.written_at)
    hour = words.dates.time.format(hour=received.hour, minute=f"{received.minute:02}")
    shown = letter.url.removeprefix("https://")
    day, service = words.day(received.date()), letter.service
    return {
        "town": plain(words, letter.town.name),
        "town_address": plain(words, *letter.town.address),
        "written": said_once(words, "written", written_on=words.day(written.date())),
        "reference": said_once(words, "reference", reference=letter.reference),
        "addressee": addressed(letter.addressee),
        "service_name": plain(words, service.name),
        "service_address": plain(words, *service.address),
        "service_email": plain(words, service.email),
        "service_phone": plain(words, service.phone),
        "received": said_once(words, "received", received_on=day),
        "registered": said_once(words, "registered", received_on=day, received_time=hour),
        "recalls": said_once(words, "recalls", received_on=day),
        "tracking": said_once(words, "tracking", url=shown),
        "tracking_link": said_once(words, "tracking_link", url=letter.url),
        "code": said_once(words, "code", code=letter.code),
        "proof": said_once(words, "proof", proof=letter.proof),
        "logo": said_once(words, "logo", town=letter.town.name),
        "qr": said_once(words, "qr", reference=letter.reference),
        "training": said_once(words, "training") if letter.training else (),
    }


def addressed(addressee: Addressee | None) -> tuple[Line, ...]:
    """The postal lines, always in French and read from the left: the post reads them too."""
    lines = (addressee.name, *addressee.address) if addressee else ()
    return tuple((Part(one_line(line)),) for line in lines if one_line(line))


def acknowledgement(letter: Acknowledgement, words: Words) -> dict[str, tuple[Line, ...]]:
    """What silence will mean, what may then be done, and which documents are missing."""
    silence, missing = letter.silence, letter.missing
    refused = silence is not None and silence.effect == "refusal"
    said: dict[str, tuple[Line, ...]] = {}
    if silence:
        effect = "refusal" if refused else "acceptance"
        said["decision"] = said_once(words, effect, silence_on=words.day(silence.on))
        said["attestation"] = () if refused else said_once(words, "attestation")
    if refused:
        said |= remedies(letter.remedies, letter.mediator, "remedies_of_silence", words)
    if missing:
        documents = plain(words, *missing.documents)
        said["missing"] = documents
        said["missing_intro"] = said_once(words, "missing_intro") if documents else ()
        until = words.day(missing.until)
        said["missing_until"] = said_once(words, "missing_until", missing_until=until)
        effect = "missing_suspends" if refused else "missing_starts"
        said["missing_effect"] = said_once(words, effect) if silence else ()
    return said


def answer(letter: Answer, words: Words) -> dict[str, tuple[Line, ...]]:
    """What came of the request, why, who says so and what may be done against it."""
    said = remedies(letter.remedies, letter.mediator, "remedies_of_answer", words)
    said["outcome"] = said_once(words, letter.outcome, forwarded_to=letter.forwarded_to)
    said["text"] = own_words(words, letter.text)
    said["contest"] = said_once(words, "contest", contest_until=words.day(letter.contest_until))
    return said | signed(letter.signatory, words)


def attestation(letter: Attestation, words: Words) -> dict[str, tuple[Line, ...]]:
    """What was asked and when, since when it is deemed accepted, and who attests it."""
    received = words.day(letter.town.local(letter.received_at).date())
    asked = {"received_on": received, "procedure": letter.procedure}
    accepted = {"accepted_on": words.day(letter.accepted_on), "source": letter.source}
    return {
        "attested_request": said_once(words, "attested_request", **asked),
        "attested": said_once(words, "attested", **accepted),
        **signed(letter.signatory, words),
    }


def signed(signatory: Signatory | None, words: Words) -> dict[str, tuple[Line, ...]]:
    """Who signs; nothing without both name and quality."""
    whole = signatory and one_line(signatory.name) and one_line(signatory.quality)
    lines = plain(words, signatory.quality, signatory.name) if signatory and whole else ()
    return {"signatory": lines}


def remedies(
    ways: tuple[Remedy, ...], mediator: str, intro: str, words: Words
) -> dict[str, tuple[Line, ...]]:
    """*Voies et délais de recours*, one line each."""
    lines = tuple(
        words.line(remedy.kind, before=remedy.before, delay=words.span(remedy.months))
        for remedy in ways
    )
    complete = bool(lines) and all(lines)
    return {
        "remedies": lines if complete else (),
        "remedies_intro": said_once(words, intro) if complete else (),
        "mediator": said_once(words, "mediator", mediator=mediator),
    }


def promised(day: date | None, words: Words) -> dict[str, tuple[Line, ...]]:
    """The town's promise, which is not the law's date."""
    names = ("promised", "promised_short")
    return {name: said_once(words, name, promised_on=words.day(day)) for name in names}


def next_step(day: date | None, words: Words) -> dict[str, tuple[Line, ...]]:
    """The date of the next news."""
    return {"next_step": said_once(words, "next_step", next_on=words.day(day))}


def summary(text: str, words: Words) -> dict[str, tuple[Line, ...]]:
    """The request in the words of the one who asked."""
    return {"summary": own_words(words, text)}


def said_once(words: Words, name: str, **values: str) -> tuple[Line, ...]:
    """The phrase `name` as the only line, or none."""
    line = words.line(name, **values)
    return (line,) if line else ()


def plain(words: Words, *lines: str) -> tuple[Line, ...]:
    """Lines as they are given, blank ones left out."""
    return tuple((Part(words.quoted(line)),) for line in lines if one_line(line))


def own_words(words: Words, text: str) -> tuple[Line, ...]:
    """What a person wrote, paragraph by paragraph."""
    return plain(words, *clean(text).split("\n"))
