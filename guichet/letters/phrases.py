"""A letter put into words: every phrase its template may place, by name.

A phrase that does not apply, or lacks a value, has no line. Templates only place phrases, which is
how Guichet knows what a letter says (`mentions.py`).
"""

from collections.abc import Mapping
from typing import assert_never

from guichet.letters import passages
from guichet.letters.content import (
    Acknowledgement,
    Addressee,
    Answer,
    AnyLetter,
    Attestation,
    Forwarding,
    Progress,
    Registration,
    Ticket,
)
from guichet.letters.words import Line, Part, Words
from guichet.letters.writing import one_line

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
    "watched",
    "attested_rule",
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
    "planned_for",
    "attested_request",
    "attested",
    "attested_for",
)
"""Phrases that only some letters have; the others have them without a line, so that a template
which misspells a name fails instead of saying nothing."""


def phrases_of(letter: AnyLetter, words: Words) -> Phrases:
    """Every phrase of `letter` in the language of `words`."""
    said: dict[str, tuple[Line, ...]] = dict.fromkeys(SOME, ())
    said |= common(letter, words) | {name: words.said(name) for name in FIXED}
    said["title"] = words.said(f"{letter.kind}_title")
    match letter:
        case Acknowledgement():
            said |= passages.acknowledgement(letter, words)
            said["summary"] = words.paragraphs(letter.summary)
            said |= passages.promised(letter.promised_on, words)
        case Registration():
            said |= passages.promised(letter.promised_on, words)
            said["summary"] = words.paragraphs(letter.summary)
            day = words.day(letter.acknowledged_by)
            said["acknowledged_by"] = words.said("acknowledged_by", acknowledged_by=day)
        case Ticket():
            said |= passages.promised(letter.promised_on, words)
        case Answer():
            said |= passages.answer(letter, words)
        case Progress():
            said |= passages.next_step(letter.next_on, words) | {
                "text": words.paragraphs(letter.text)
            }
            day = words.day(letter.answer_by)
            said["announced"] = words.said("announced", answer_by=day)
        case Forwarding():
            said |= passages.next_step(letter.next_on, words) | {
                "text": words.paragraphs(letter.text)
            }
            said["transmitted"] = words.said("transmitted", authority=letter.authority)
        case Attestation():
            said |= passages.attestation(letter, words)
        case _:
            assert_never(letter)
    if not isinstance(letter, Ticket):
        said["subject"] = words.said(f"{letter.kind}_subject", reference=letter.reference)
    return said


def common(letter: AnyLetter, words: Words) -> dict[str, tuple[Line, ...]]:
    """What any letter may say."""
    received, written = letter.town.local(letter.received_at), letter.town.local(letter.written_at)
    hour = words.dates.time.format(hour=received.hour, minute=f"{received.minute:02}")
    shown = letter.url.removeprefix("https://")
    day, service = words.day(received.date()), letter.service
    return {
        "town": words.lines(letter.town.name),
        "town_address": words.lines(*letter.town.address),
        "written": words.said("written", written_on=words.day(written.date())),
        "reference": words.said("reference", reference=letter.reference),
        "addressee": addressed(letter.addressee),
        "service_name": words.lines(service.name),
        "service_address": words.lines(*service.address),
        "service_email": words.lines(service.email),
        "service_phone": words.lines(service.phone),
        "received": words.said("received", received_on=day),
        "registered": words.said("registered", received_on=day, received_time=hour),
        "recalls": words.said("recalls", received_on=day),
        "tracking": words.said("tracking", url=shown),
        "tracking_link": words.said("tracking_link", url=letter.url),
        "code": words.said("code", code=letter.code),
        "proof": words.said("proof", proof=letter.proof),
        "logo": words.said("logo", town=letter.town.name),
        "qr": words.said("qr", reference=letter.reference),
        "training": words.said("training") if letter.training else (),
    }


def addressed(addressee: Addressee | None) -> tuple[Line, ...]:
    """The postal lines, always in French and read from the left: the post reads them too."""
    lines = (addressee.name, *addressee.address) if addressee else ()
    return tuple((Part(one_line(line)),) for line in lines if one_line(line))
