"""The passages of letters that take more than one phrase, in the words of a language."""

from datetime import date

from guichet.letters.content import Acknowledgement, Answer, Attestation, Remedy, Signatory
from guichet.letters.words import Line, Words
from guichet.letters.writing import one_line

Passages = dict[str, tuple[Line, ...]]
"""Lines by the name of their phrase."""


def acknowledgement(letter: Acknowledgement, words: Words) -> Passages:
    """What silence will mean, what may then be done, and which documents are missing."""
    silence, missing = letter.silence, letter.missing
    refused = silence is not None and silence.effect == "refusal"
    said: Passages = {}
    if silence:
        effect = "refusal" if refused else "acceptance"
        said["decision"] = words.said(effect, silence_on=words.day(silence.on))
        said["attestation"] = () if refused else words.said("attestation")
    if refused:
        said |= remedies(letter.remedies, letter.mediator, "remedies_of_silence", words)
    if missing:
        documents = words.lines(*missing.documents)
        said["missing"] = documents
        said["missing_intro"] = words.said("missing_intro") if documents else ()
        until = words.day(missing.until)
        said["missing_until"] = words.said("missing_until", missing_until=until)
        effect = "missing_suspends" if refused else "missing_starts"
        said["missing_effect"] = words.said(effect) if silence else ()
    return said


def answer(letter: Answer, words: Words) -> Passages:
    """What came of the request, why, who says so and what may be done against it."""
    said = remedies(letter.remedies, letter.mediator, "remedies_of_answer", words)
    said["outcome"] = words.said(letter.outcome, forwarded_to=letter.forwarded_to)
    said["text"] = words.paragraphs(letter.text)
    said["planned_for"] = words.said("planned_for", planned_for=words.day(letter.planned_for))
    said["contest"] = words.said("contest", contest_until=words.day(letter.contest_until))
    return said | signed(letter.signatory, words)


def attestation(letter: Attestation, words: Words) -> Passages:
    """What was asked and when, since when it is deemed accepted, and who attests it."""
    received = words.day(letter.town.local(letter.received_at).date())
    asked = {"received_on": received, "procedure": letter.procedure}
    accepted = {"accepted_on": words.day(letter.accepted_on), "source": letter.source}
    name = letter.addressee.name if letter.addressee else ""
    return {
        "attested_request": words.said("attested_request", **asked),
        "attested": words.said("attested", **accepted),
        "attested_for": words.said("attested_for", applicant=name),
        **signed(letter.signatory, words),
    }


def signed(signatory: Signatory | None, words: Words) -> Passages:
    """Who signs; nothing without both name and quality."""
    whole = signatory and one_line(signatory.name) and one_line(signatory.quality)
    lines = words.lines(signatory.quality, signatory.name) if signatory and whole else ()
    return {"signatory": lines}


def remedies(ways: tuple[Remedy, ...], mediator: str, intro: str, words: Words) -> Passages:
    """*Voies et délais de recours*, one line each."""
    lines = tuple(
        words.line(remedy.kind, before=remedy.before, delay=words.span(remedy.months))
        for remedy in ways
    )
    complete = bool(lines) and all(lines)
    return {
        "remedies": lines if complete else (),
        "remedies_intro": words.said(intro) if complete else (),
        "mediator": words.said("mediator", mediator=mediator),
    }


def promised(day: date | None, words: Words) -> Passages:
    """The town's promise, which is not the law's date."""
    names = ("promised", "promised_short")
    return {name: words.said(name, promised_on=words.day(day)) for name in names}


def next_step(day: date | None, words: Words) -> Passages:
    """The date of the next news."""
    return {"next_step": words.said("next_step", next_on=words.day(day))}
