"""What the tests of carriers have in common: a letter to send, and what a refusal may say."""

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from adapters.carriers import Later, Undeliverable
from adapters.smtp_carrier import SmtpCarrier
from tests.mail_server import MailServer

TO = "jeanne.martin@mail.example"
ID = "<7f5a1c52.1@sainte-aurore.example>"
TEXT = "Bonjour,\n.\n.. deux points\n.un point\nÀ Noël, « l'été » – 5 €\n" + "é" * 499 + "\n"
HTML = "<p>À Noël, « l'été »</p>\n<p>" + "x" * 992 + "</p>\n.\n"


def letter(to: str = TO, cte: str | None = None) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = ID
    message["From"] = "Ville de Sainte-Aurore <guichet@sainte-aurore.example>"
    message["To"] = to
    message["Subject"] = (
        "Votre demande 2026-004217 est enregistrée : réverbère éteint, rue de l'Été"
    )
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(TEXT, cte=cte)
    message.add_alternative(HTML, subtype="html", cte=cte)
    return message


def carrier_of(server: MailServer, **settings: Any) -> SmtpCarrier:
    given: dict[str, Any] = {"security": "none", "user": None, "password": None}
    return SmtpCarrier(server.host, server.port, **{**given, **settings})


async def refused(
    kind: type[Later] | type[Undeliverable],
    carrier: SmtpCarrier,
    message: EmailMessage | None = None,
) -> str:
    """The reason of a refusal, which betrays nobody by any way."""
    with pytest.raises(kind) as caught:
        await carrier.deliver(message or letter())
    assert caught.value.__context__ is None  # no log tells what the server said either
    reason = caught.value.reason
    assert reason == str(caught.value)
    assert not {"jeanne", "mail.example", "unknown here"}.intersection(reason.lower().split())
    assert "jeanne" not in reason.lower()
    assert "@" not in reason
    return reason
