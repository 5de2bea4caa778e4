"""Letters by e-mail: two parts that say the same, headers nobody can add to, nothing remote."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import msgspec
import pytest

from guichet.letters.mail import Mailer, UnusableAddress, UnusableLink
from guichet.letters.press import UnusableTemplate
from tests.letters.reading import plain
from tests.letters.samples import (
    ACCEPTABLE,
    ANSWER,
    MAILED,
    PROGRESS,
    REFUSABLE,
    REGISTRATION,
    SERVICE,
    TICKET,
    TOWN,
    URL,
)

ID = "<7f5a1c52.1@sainte-aurore.example>"


def sent(mailer: Mailer, letter: Any, **fields: str) -> EmailMessage:
    """The e-mail as it arrives: written, put into bytes and read again."""
    given = {"sender": "guichet@sainte-aurore.example", "to": "usager@mail.example"}
    message = mailer.written(letter, **{**given, "message_id": ID, **fields})
    received = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(received, EmailMessage)
    return received


def parts(message: EmailMessage) -> tuple[str, str]:
    """The text and the HTML."""
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def test_a_registration_receipt_leaves_at_once(mailer: Mailer) -> None:
    message = sent(mailer, REGISTRATION)
    assert message["Message-ID"] == ID
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fr"
    assert message["Date"].datetime == REGISTRATION.written_at
    assert str(message["From"]) == "Ville de Sainte-Aurore <guichet@sainte-aurore.example>"
    assert message["To"] == "usager@mail.example"
    assert message["Reply-To"].addresses[0].addr_spec == SERVICE.email
    assert message["Subject"] == "Votre demande 2026-004217 est enregistrée"
    assert message.get_content_type() == "multipart/alternative"
    for part in parts(message):
        assert "K7QPM-3X9TZ-4W2A" in part
        assert "mardi 24 novembre 2026" in plain(part)
        assert "lundi 7 décembre 2026" in plain(part)
        assert URL in part


@pytest.mark.parametrize("language", ["fr", "en", "ar"])
@pytest.mark.parametrize("letter", MAILED, ids=lambda letter: letter.kind)
def test_both_parts_say_the_same_and_nothing_is_remote(
    mailer: Mailer, letter: Any, language: str
) -> None:
    message = sent(mailer, msgspec.structs.replace(letter, language=language))
    text, html = parts(message)
    assert message["Content-Language"] == language
    assert f'lang="{language}"' in html
    assert ('dir="rtl"' in html) == (language == "ar")
    body = re.sub("</?strong>", "", html[html.index("<p") :])
    read = plain(re.sub("<[^>]*>", " ", body).replace("&#39;", "'"))
    for line in text.splitlines():
        for word in plain(line).removeprefix("- ").split():
            assert word in read or word == "--"
    assert "<img" not in html
    assert "src=" not in html
    assert "url(" not in html
    assert re.findall(r'(?:href|action)="([^"]*)"', html) == [URL]


def test_an_acknowledgement_by_email_has_the_same_mentions(mailer: Mailer) -> None:
    for part in parts(sent(mailer, REFUSABLE)):
        assert "réputée rejetée le" in plain(part)
        assert "tribunal administratif de Melun" in part
    for part in parts(sent(mailer, ACCEPTABLE)):
        assert "attestation de cette acceptation" in part
        assert "Un plan de situation" in part


def test_what_people_write_is_escaped(mailer: Mailer) -> None:
    summary = "<script>alert(1)</script> {{ 7*7 }} {% raw %} & \"'"
    letter = msgspec.structs.replace(REFUSABLE, summary=summary)
    text, html = parts(sent(mailer, letter))
    assert summary in text
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }} {% raw %} &amp; &#34;&#39;" in html


def test_no_value_adds_a_header(mailer: Mailer) -> None:
    evil = "x\r\nBcc: autre@mail.example\r\n\r\n<p>corps"
    letter = msgspec.structs.replace(
        PROGRESS,
        reference=evil,
        town=msgspec.structs.replace(TOWN, name=evil),
        service=msgspec.structs.replace(SERVICE, name=evil),
    )
    message = sent(mailer, letter)
    assert "Bcc" not in message
    assert set(message.keys()) == set(sent(mailer, PROGRESS).keys())
    assert message["Subject"] == (
        "Des nouvelles de votre demande x Bcc: autre@mail.example <p>corps"
    )
    assert message["From"].addresses[0].addr_spec == "guichet@sainte-aurore.example"
    assert len(message["From"].addresses) == len(message["Reply-To"].addresses) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", "a@b.example\r\nBcc: c@d.example"),
        ("to", "a@b.example, c@d.example"),
        ("to", "personne"),
        ("sender", "guichet@sainte-aurore.example\n"),
        ("message_id", "<a@b>\r\nBcc: c@d.example"),
        ("message_id", "sans-chevrons@b.example"),
    ],
)
def test_what_is_no_address_is_refused(mailer: Mailer, field: str, value: str) -> None:
    with pytest.raises(UnusableAddress):
        sent(mailer, ANSWER, **{field: value})


def test_a_link_that_could_do_something_else_is_refused(mailer: Mailer) -> None:
    with pytest.raises(UnusableLink):
        sent(mailer, msgspec.structs.replace(ANSWER, url="javascript:alert(1)"))


def test_a_ticket_is_not_sent_by_email(mailer: Mailer) -> None:
    with pytest.raises(UnusableTemplate, match=r"ticket\.txt"):
        sent(mailer, TICKET)


def test_emoji_reach_those_who_can_read_them(mailer: Mailer) -> None:
    letter = msgspec.structs.replace(ANSWER, text="Merci 👩🏽‍🚒 ❤️")
    assert all("Merci 👩🏽‍🚒 ❤️" in part for part in parts(sent(mailer, letter)))
