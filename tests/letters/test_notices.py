"""What the town writes to those it works with: dossiers by their references, nobody by name."""

from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from msgspec.structs import replace

from guichet.letters.mail import UnusableAddress, UnusableLink
from guichet.letters.mentions import MentionLacking
from guichet.letters.notices import (
    SHOWN,
    Digest,
    DigestLine,
    Transmission,
    reminder,
    transmission,
)
from tests.letters.samples import SERVICE, TOWN

MORNING = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
"""Half past midnight in the town, on the 25th."""
LATE = DigestLine("2026-00000001", "Lampadaire", date(2026, 11, 20), 5)
TODAY = DigestLine("2026-00000002", "Voirie", date(2026, 11, 25), 0)
SOON = DigestLine("2026-00000003", "Voirie", date(2026, 11, 27), -2)
LAPSE = DigestLine("2026-00000004", "Terrasse", date(2026, 11, 10), 15, "silence")
ADDRESSES = {"sender": "guichet@ville.example", "message_id": "<a.1@ville.example>"}


def digest(**sections: tuple[DigestLine, ...]) -> Digest:
    about = {"town": TOWN, "written_at": MORNING, "service": "Voirie", "level": "service"}
    return Digest(**about, url="https://guichet.ville.example", **sections)  # pyright: ignore[reportArgumentType] of that level


def said(message: EmailMessage) -> str:
    return message.get_content()


def test_a_reminder_says_what_is_late_due_soon_and_missing() -> None:
    whole = digest(late=(LATE,), today=(TODAY,), soon=(SOON,), lapses=(LAPSE,))
    message = reminder(whole, to="voirie@ville.example", **ADDRESSES)
    assert message["Subject"] == (
        "Relance – Voirie : 1 en retard, 1 pour aujourd'hui, 1 manquement(s)"
    )
    assert said(message).splitlines() == [
        "Relance du 25/11/2026 au service – Voirie",
        "",
        "En retard (1)",
        "- 2026-00000001  Lampadaire : attendu le 20/11/2026, 5 jour(s) de retard",
        "",
        "Pour aujourd'hui (1)",
        "- 2026-00000002  Voirie : attendu le 25/11/2026",
        "",
        "Bientôt (1)",
        "- 2026-00000003  Voirie : attendu le 27/11/2026",
        "",
        "Manquements qui durent (1)",
        "- 2026-00000004  Terrasse : silence de la ville depuis le 10/11/2026",
        "",
        "Les dossiers : https://guichet.ville.example",
    ]


def test_a_long_section_is_cut_and_counted() -> None:
    message = reminder(digest(late=(LATE,) * (SHOWN + 7)), to="v@ville.example", **ADDRESSES)
    assert said(message).count("2026-00000001") == SHOWN
    assert f"En retard ({SHOWN + 7})" in said(message)
    assert "  et 7 autre(s)" in said(message)


def test_nothing_owed_says_nothing() -> None:
    assert digest().says_nothing
    assert not digest(soon=(SOON,)).says_nothing


REQUEST = Transmission(
    town=TOWN,
    written_at=MORNING,
    service=SERVICE,
    reference="2026-00000001",
    received_on=date(2026, 11, 20),
    procedure="Lampadaire",
    url="https://guichet.ville.example/partenaire/abc",
)


def test_another_authority_gets_its_link_and_knows_whom_to_write_to() -> None:
    message = transmission(REQUEST, to="bailleur@logement.example", **ADDRESSES)
    assert message["Subject"] == "Demande 2026-00000001 transmise par Ville de Sainte-Aurore"
    assert "\nhttps://guichet.ville.example/partenaire/abc\n" in said(message)
    assert "le 20/11/2026" in said(message)
    for contact in (SERVICE.name, *SERVICE.address, SERVICE.phone, SERVICE.email, "L114-2"):
        assert contact in said(message)
    assert message["Date"].datetime == MORNING
    assert message["Reply-To"].addresses[0].addr_spec == SERVICE.email
    with pytest.raises(UnusableAddress):
        transmission(REQUEST, to="bailleur", **ADDRESSES)


@pytest.mark.parametrize(
    ("empty", "lacking"),
    [
        ({"reference": " "}, "référence"),
        ({"url": "\u200b"}, "lire la demande"),
        ({"service": replace(SERVICE, name="")}, "nom du service"),
        ({"service": replace(SERVICE, email="\n")}, "adresse électronique"),
    ],
)
def test_a_transmission_without_a_mention_is_refused(empty: dict[str, Any], lacking: str) -> None:
    with pytest.raises(MentionLacking, match=lacking):
        transmission(replace(REQUEST, **empty), to="b@logement.example", **ADDRESSES)


def test_a_transmission_leads_to_a_page_and_adds_no_header() -> None:
    with pytest.raises(UnusableLink):
        transmission(replace(REQUEST, url="javascript:alert(1)"), to="b@c.example", **ADDRESSES)
    evil = "x\r\nBcc: autre@mail.example\r\n\r\ncorps"
    hostile = replace(
        REQUEST, reference=evil, town=replace(TOWN, name=evil), service=replace(SERVICE, name=evil)
    )
    message = transmission(hostile, to="b@c.example", **ADDRESSES)
    assert set(message.keys()) == set(transmission(REQUEST, to="b@c.example", **ADDRESSES).keys())


def test_an_exercise_says_so_first_to_whom_the_town_works_with() -> None:
    told = reminder(replace(digest(late=(LATE,)), training=True), to="v@v.example", **ADDRESSES)
    passed = transmission(replace(REQUEST, training=True), to="b@c.example", **ADDRESSES)
    for message in (told, passed):
        assert message["Subject"].startswith("EXERCICE – SANS VALEUR – ")
        assert said(message).startswith("EXERCICE – SANS VALEUR\n")
