"""What a letter must say: each mention is taken out of a copy of the templates, or left without a
value, and the letter is refused."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from guichet.letters.content import Missing, Signatory
from guichet.letters.mail import Mailer
from guichet.letters.mentions import Mention, MentionLacking, needed
from guichet.letters.press import Press
from guichet.letters.template_files import SHIPPED, Templates
from tests.letters.samples import (
    ACCEPTABLE,
    ANSWER,
    ATTESTATION,
    FORWARDING,
    MAILED,
    PAPER,
    PROGRESS,
    REFUSABLE,
    REGISTRATION,
    SERVICE,
    TICKET,
)
from tests.letters.test_mail import sent

CONTACT = {"service_name", "service_address", "service_email", "service_phone"}
PLANNED = msgspec.structs.replace(
    ANSWER, outcome="planned", remedies=(), planned_for=date(2027, 1, 8)
)
EXERCISES = tuple(msgspec.structs.replace(one, training=True) for one in (FORWARDING, PLANNED))
EXERCISE_TICKET = msgspec.structs.replace(TICKET, training=True)
IN_PRINT = [
    (letter, mention)
    for letter in (*PAPER, *EXERCISES, EXERCISE_TICKET)
    for mention in needed(letter)
]
IN_MAIL = [
    (letter, mention, part)
    for letter in (*MAILED, *EXERCISES)
    for mention in needed(letter)
    for part in ("txt", "html")
]


def named(value: Any) -> str:
    return value.phrase if isinstance(value, Mention) else getattr(value, "kind", str(value))


def wants(letter: Any) -> set[str]:
    return {mention.phrase for mention in needed(letter)}


def test_the_table_says_what_the_law_says() -> None:
    assert wants(REFUSABLE) == {"received", "decision", "remedies"} | CONTACT
    accepted = {"received", "decision", "attestation"} | CONTACT
    assert wants(ACCEPTABLE) == accepted | {"missing", "missing_until"}
    assert wants(msgspec.structs.replace(ACCEPTABLE, missing=None)) == accepted
    assert wants(msgspec.structs.replace(REFUSABLE, silence=None)) == {"received"} | CONTACT
    assert wants(ANSWER) == {"outcome", "text", "signatory", "remedies"}
    assert wants(msgspec.structs.replace(ANSWER, outcome="done")) == {
        "outcome",
        "text",
        "signatory",
    }
    assert wants(PLANNED) == {"outcome", "text", "signatory", "planned_for"}
    exercise = msgspec.structs.replace(PROGRESS, training=True)
    assert wants(exercise) == {"text", "next_step", "training"}
    assert wants(PROGRESS) == {"text", "next_step"}
    assert wants(FORWARDING) == {"transmitted", "next_step"}
    assert wants(ATTESTATION) == {"attested_request", "attested", "service_name", "signatory"}
    assert wants(TICKET) == wants(REGISTRATION) == {"registered", "service_name", "code"}
    assert all(mention.rule and mention.name for mention in needed(ACCEPTABLE))


def without(mention: Mention, folder: Path, *endings: str) -> Templates:
    """Copies of the templates in which another phrase stands where `mention` was."""
    for file in SHIPPED.iterdir():
        if file.suffix in endings:
            text = file.read_text()
            (folder / file.name).write_text(text.replace(f'"{mention.phrase}"', '"greeting"'))
    return Templates(folder)


@pytest.mark.parametrize(("letter", "mention"), IN_PRINT, ids=named)
def test_a_paper_without_a_mention_is_refused(
    letter: Any, mention: Mention, tmp_path: Path, press: Press
) -> None:
    assert press.printed(letter)
    with pytest.raises(MentionLacking) as refused:
        Press(without(mention, tmp_path, ".typ")).printed(letter)
    assert refused.value.mention == mention
    assert mention.name in str(refused.value)
    assert mention.rule in str(refused.value)


@pytest.mark.parametrize(("letter", "mention", "part"), IN_MAIL, ids=named)
def test_an_email_is_refused_when_one_of_its_parts_lacks_a_mention(
    letter: Any, mention: Mention, part: str, tmp_path: Path, mailer: Mailer
) -> None:
    assert sent(mailer, letter)
    with pytest.raises(MentionLacking) as refused:
        sent(Mailer(without(mention, tmp_path, f".{part}")), letter)
    assert refused.value.mention == mention


def test_a_mention_in_a_comment_or_a_branch_not_taken_does_not_count(tmp_path: Path) -> None:
    for number, hidden in enumerate(("/* {} */", "if false {{ {} }}")):
        folder = tmp_path / str(number)
        folder.mkdir()
        shutil.copy(SHIPPED / "acknowledgement.typ", folder)
        file = folder / "acknowledgement.typ"
        placed = 'paragraph("received", "promised")'
        assert placed in file.read_text()
        file.write_text(file.read_text().replace(placed, hidden.format(placed)))
        with pytest.raises(MentionLacking, match="date de réception"):
            Press(Templates(folder)).printed(REFUSABLE)


def service(**fields: Any) -> dict[str, Any]:
    return {"service": msgspec.structs.replace(SERVICE, **fields)}


@pytest.mark.parametrize(
    ("letter", "empty", "lacking"),
    [
        (REFUSABLE, service(name=" "), "le nom du service"),
        (REFUSABLE, service(address=("", " ")), "l'adresse postale"),
        (REFUSABLE, service(email=""), "l'adresse électronique"),
        (REFUSABLE, service(phone="\u200b\n"), "le téléphone"),
        (REFUSABLE, {"remedies": ()}, "voies et délais de recours"),
        (ACCEPTABLE, {"missing": Missing((), date(2026, 12, 15))}, "liste des pièces"),
        (ACCEPTABLE, {"missing": Missing(("Un plan",), None)}, "délai pour fournir"),
        (ANSWER, {"text": "\n"}, "texte de la réponse"),
        (ANSWER, {"signatory": None}, "signataire"),
        (ANSWER, {"signatory": Signatory("Camille Durand", "")}, "signataire"),
        (ANSWER, {"outcome": "forwarded"}, "issue"),
        (ANSWER, {"remedies": ()}, "R421-5"),
        (PROGRESS, {"next_on": None}, "prochaines nouvelles"),
        (PLANNED, {"planned_for": None}, "réalisation est annoncée"),
        (FORWARDING, {"authority": "\u200b"}, "L114-2"),
        (FORWARDING, {"next_on": None}, "prochaines nouvelles"),
        (ATTESTATION, {"procedure": " "}, "la demande et la date"),
        (ATTESTATION, {"source": ""}, "fondement"),
        (ATTESTATION, service(name=""), "nom du service"),
        (ATTESTATION, {"signatory": None}, "signataire"),
        (TICKET, {"code": ""}, "code de suivi"),
    ],
)
def test_a_mention_without_a_value_counts_as_lacking(
    press: Press, mailer: Mailer, letter: Any, empty: dict[str, Any], lacking: str
) -> None:
    letter = msgspec.structs.replace(letter, **empty)
    with pytest.raises(MentionLacking, match=lacking):
        press.printed(letter)
    if letter.kind not in ("ticket", "attestation"):
        with pytest.raises(MentionLacking, match=lacking):
            sent(mailer, letter)


def test_a_batch_with_one_letter_that_lacks_a_mention_is_refused(press: Press) -> None:
    lacking = msgspec.structs.replace(PROGRESS, next_on=None)
    with pytest.raises(MentionLacking):
        press.batch([ANSWER, lacking, REFUSABLE], lambda letter: letter.kind)
