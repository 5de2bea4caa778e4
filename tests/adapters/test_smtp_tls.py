"""TLS and accounts of a real SMTP server: nothing is said to one that is not who it should be."""

from pathlib import Path
from typing import Any

import pytest

from adapters.carriers import Later, Unsafe
from adapters.smtp_carrier import SmtpCarrier
from tests.adapters.posting import carrier_of, letter, refused
from tests.certified import certified
from tests.mail_server import MailServer


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_is_verified(tmp_path: Path, security: Any) -> None:
    authority = certified(tmp_path)
    account = ("guichet", "mot de passe é")
    async with MailServer(security=security, pair=tmp_path, account=account) as server:
        known: dict[str, Any] = {"security": security, "user": account[0], "password": account[1]}
        carrier = carrier_of(server, authority=authority, **known)
        assert (await carrier.deliver(letter())).startswith("250 ")
        await carrier.deliver(letter())
        carrier.close()
        stranger = carrier_of(server, **known)
        assert "certificat" in await refused(Later, stranger)
        elsewhere = SmtpCarrier("localhost", server.port, authority=authority, **known)
        assert "certificat" in await refused(Later, elsewhere)
        wrong = carrier_of(server, authority=authority, **{**known, "password": "autre"})
        assert "compte" in await refused(Later, wrong)
        nobody = carrier_of(server, authority=authority, security=security)
        assert "(530 5.7.0)" in await refused(Later, nobody)
        assert len(server.received) == 2


async def test_nothing_is_said_in_clear_to_a_server_without_tls() -> None:
    known = {"user": "guichet", "password": "secret"}
    async with MailServer(account=("guichet", "secret")) as server:
        assert "réglages" in await refused(Later, carrier_of(server, security="starttls", **known))
        await refused(Later, carrier_of(server, security="tls", timeout=5, **known))
        assert server.commands == ["EHLO"]


def test_a_server_elsewhere_is_never_spoken_to_in_clear() -> None:
    with pytest.raises(Unsafe, match="starttls"):
        SmtpCarrier("mail.ville.example", 25, security="none", user="", password="")
