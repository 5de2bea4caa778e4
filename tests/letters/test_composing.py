"""Letters made of the facts of a dossier: what each says, and what it keeps to itself."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.dossier_events import DossierOpened
from domain.forwarding import DossierForwarded
from domain.grammar import ERASED, Author, Person, Recorded, Times, changed, replay
from domain.organisation import Organisation, ServiceDefined, TownDescribed
from domain.procedures import Delay, ProcedurePublished, Procedures
from domain.telling import AttestationIssued, MessageQueued, Signatory
from guichet.letters.content import Answer, Forwarding, Progress
from guichet.letters.mail import Mailer
from guichet.letters.notices import transmission
from guichet.letters.press import Press
from guichet.letters.template_files import Templates
from guichet.outbox.composing import NotAttested, Writer, surrounding
from guichet.outbox.recipients import recipient
from guichet.tracking import Tracking
from tests.letters.reading import texts
from tests.letters.test_mail import parts, sent

ID = UUID("0b1f6a52-5f0e-4a47-9d0a-6f3c8f3a21c0")
SINCE = date(2026, 1, 1)
RECEIVED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SYSTEM = Author(role="system", account="outbox")
TRACKING = Tracking(bytes(range(32)))
AT = Circumstances(
    now=RECEIVED + timedelta(days=8),
    author=SYSTEM,
    organisation=replay(
        Organisation(),
        [
            ServiceDefined(
                id="voirie",
                name="Voirie",
                pole="p",
                since=SINCE,
                address="14 rue des Tilleuls, 77990 SAINTE-AURORE",
                email="voirie@ville.example",
                phone="01 99 00 12 34",
            ),
            TownDescribed(
                name="Ville de Sainte-Aurore",
                address=("1 place de l'Hôtel-de-Ville", "77990 SAINTE-AURORE"),
                since=SINCE,
                sender="guichet@ville.example",
                url="https://guichet.ville.example:8443/suivi/?de=lettre",
            ),
        ],
    ),
    procedures=replay(
        Procedures(),
        [
            ProcedurePublished(
                id="lampadaire",
                version=1,
                name="Lampadaire éteint",
                service="voirie",
                since=SINCE,
                contest_within=Delay(days=10),
            )
        ],
    ),
)
OPENED = DossierOpened(
    procedure="lampadaire",
    procedure_version=1,
    service="voirie",
    nature="request",
    channel="form",
    summary="Il fait noir devant chez moi",
    answer_within=Delay(months=1),
    usager=Person(id=UUID(int=1), name="Léa Martin", email="lea@usagers.example"),
    language="en",
)
FORWARDED = DossierForwarded(
    authority="le département", reason="La route est à lui.", partner_email="sg@dept.example"
)
TO_PARTNER = MessageQueued(kind="transmission", means="email")
TOLD = MessageQueued(kind="forwarding", means="email", text="…", next_date=date(2026, 4, 9))


def past(*events: Any) -> list[Recorded[Any]]:
    times = Times(
        happened_at=RECEIVED, received_at=RECEIVED, entered_at=RECEIVED, recorded_at=RECEIVED
    )
    return [
        Recorded(
            stream=f"dossier.{ID}",
            version=version,
            event=event,
            times=times,
            author=SYSTEM,
            command_id=str(version),
        )
        for version, event in enumerate(events, 1)
    ]


def written(*events: Any, training: bool = False) -> Any:
    """A writer's `letter` of the last of `events`, and what else it may be asked for."""
    facts = past(*events)
    dossier = replay(Dossier(), events)
    writer = Writer(TRACKING, Templates(), "Europe/Paris", training=training)
    return writer, dossier, surrounding(AT, facts)


def letter_of(*events: Any, training: bool = False) -> Any:
    writer, dossier, at = written(*events, training=training)
    return writer.letter(ID, dossier, len(events), at)


def test_the_resident_is_told_which_authority_and_why(mailer: Mailer) -> None:
    letter = letter_of(OPENED, FORWARDED, TO_PARTNER, TOLD)
    assert isinstance(letter, Forwarding)
    assert (letter.authority, letter.text) == ("le département", "La route est à lui.")
    for part in parts(sent(mailer, letter)):
        assert "le département" in part
        assert "9 April 2026" in part.replace("\u00a0", " ")


@pytest.mark.parametrize("reason", [None, ERASED])
def test_without_a_reason_the_authority_is_named_once(mailer: Mailer, reason: str | None) -> None:
    letter = letter_of(OPENED, changed(FORWARDED, reason=reason), TOLD)
    assert letter.text == ""
    text, _ = parts(sent(mailer, letter))
    assert text.count("le département") == 1
    assert ERASED not in text


def test_the_authority_gets_a_link_that_is_its_own_and_nothing_of_the_resident() -> None:
    moved = changed(FORWARDED, authority="la région", partner_email="sg@region.example")
    writer, dossier, at = written(OPENED, FORWARDED, TO_PARTNER, moved, TO_PARTNER)
    content = writer.transmission(ID, dossier, at)
    assert content.url == (
        f"https://guichet.ville.example:8443/partenaire/{TRACKING.partner(ID, 4)}"
    )
    message = transmission(
        content, sender="guichet@ville.example", to="a@b.example", message_id="<1@ville.example>"
    )
    whole = message.as_string() + message.get_content()
    for kept in ("Léa", "Martin", "lea@", "noir", "route est à lui", TRACKING.code(ID)):
        assert kept not in whole
    assert recipient(TO_PARTNER, at.past) == "sg@region.example"
    assert recipient(TOLD, at.past) == "lea@usagers.example"
    for gone in (changed(FORWARDED, partner_email=ERASED), DossierForwarded(authority="x")):
        assert recipient(TO_PARTNER, tuple(past(OPENED, gone))) is None


def test_news_say_for_when_the_answer_is_announced_now() -> None:
    queued = MessageQueued(
        kind="progress", means="email", text="Bientôt.", answer_by=date(2026, 5, 4)
    )
    letter = letter_of(OPENED, queued)
    assert isinstance(letter, Progress)
    assert letter.answer_by == date(2026, 5, 4)


def test_an_answer_says_until_when_it_may_be_contested_and_what_is_planned() -> None:
    queued = MessageQueued(
        kind="answer",
        means="email",
        text="Ce sera fait.",
        outcome="planned",
        planned_for=date(2026, 6, 1),
        signatory=Signatory(name="Anne Roy", quality="Cheffe"),
    )
    letter = letter_of(OPENED, queued)
    assert isinstance(letter, Answer)
    assert letter.planned_for == date(2026, 6, 1)
    assert letter.contest_until == date(2026, 3, 20)  # ten days after the day of the letter


def test_an_attestation_is_in_french_and_only_of_what_was_issued(press: Press) -> None:
    issued = AttestationIssued(
        accepted_on=date(2026, 5, 3),
        source="CRPA L231-1",
        signatory=Signatory(name="Anne Roy", quality="Cheffe de service"),
    )
    writer, dossier, at = written(OPENED, issued)
    letter = writer.attestation(ID, dossier, at)
    (text,) = texts(press.printed(letter))
    for said in ("Lampadaire éteint", "2 mars 2026", "3 mai 2026", "CRPA L231-1", "Anne Roy"):
        assert said in text
    assert "Demandeur : Léa Martin" in text
    writer, dossier, at = written(OPENED)
    with pytest.raises(NotAttested):
        writer.attestation(ID, dossier, at)


def test_while_people_are_trained_everything_says_so() -> None:
    writer, dossier, at = written(OPENED, FORWARDED, TO_PARTNER, TOLD, training=True)
    assert writer.letter(ID, dossier, 4, at).training
    assert writer.ticket(ID, dossier, at).training
    assert writer.transmission(ID, dossier, at).training
    assert not letter_of(OPENED, FORWARDED, TO_PARTNER, TOLD).training
