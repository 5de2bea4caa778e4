"""What the town writes to those it works with: dossiers by their references, nobody by name."""

from datetime import UTC, date, datetime
from email.message import EmailMessage

import pytest

from guichet.letters.mail import UnusableAddress
from guichet.letters.notices import (
    SHOWN,
    Digest,
    DigestLine,
    Transmission,
    reminder,
    transmission,
)
from tests.letters.samples import TOWN

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


def test_another_authority_gets_its_link() -> None:
    content = Transmission(
        town=TOWN,
        written_at=MORNING,
        service="Voirie",
        phone="01 99 00 12 34",
        reference="2026-00000001",
        received_on=date(2026, 11, 20),
        procedure="Lampadaire",
        url="https://guichet.ville.example/partenaire/abc",
    )
    message = transmission(content, to="bailleur@logement.example", **ADDRESSES)
    assert message["Subject"] == "Demande 2026-00000001 transmise par Ville de Sainte-Aurore"
    assert "\nhttps://guichet.ville.example/partenaire/abc\n" in said(message)
    assert "L114-2" in said(message)
    assert message["Date"].datetime == MORNING
    with pytest.raises(UnusableAddress):
        transmission(content, to="bailleur", **ADDRESSES)
