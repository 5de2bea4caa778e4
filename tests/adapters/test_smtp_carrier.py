"""E-mails handed to a real SMTP server: what arrives, and what a refusal means."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from time import monotonic
from typing import Any

import pytest
import pytest_asyncio

from adapters.carriers import PROOF, Later, Undeliverable
from adapters.embedded import free_port
from adapters.smtp_carrier import CARRIED, SmtpCarrier
from tests.adapters.posting import HTML, ID, TEXT, TO, carrier_of, letter, refused
from tests.mail_server import MailServer


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return body.get_content().replace("\r\n", "\n")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as running:
        yield running


@pytest_asyncio.fixture
async def carrier(server: MailServer) -> AsyncIterator[SmtpCarrier]:
    one = carrier_of(server)
    yield one
    one.close()


@pytest.mark.parametrize("cte", [None, "8bit"])
@pytest.mark.parametrize("eight_bits", [True, False])
async def test_a_letter_arrives_as_it_was_sent(cte: str | None, eight_bits: bool) -> None:
    message = letter(cte=cte)
    async with MailServer(eight_bits=eight_bits) as server:
        carrier = carrier_of(server)
        proof = await carrier.deliver(message)
        carrier.close()
        received = await server.next()
    for name in ("Message-ID", "From", "To", "Subject", "Auto-Submitted"):
        assert received[name] == message[name]
    assert (part(received, "plain"), part(received, "html")) == (TEXT, HTML)
    assert server.envelopes == [("guichet@sainte-aurore.example", [TO])]
    assert ("MAIL BODY=8BITMIME" in server.commands) == eight_bits
    if eight_bits:
        assert server.contents == [message.as_bytes()]
    assert server.contents[0].isascii() == (cte is None or not eight_bits)
    assert proof == "250 2.0.0 Ok: queued for <[…]> as 00000001"


async def test_a_long_proof_is_cut_and_names_nobody(
    server: MailServer, carrier: SmtpCarrier
) -> None:
    said = f"250-2.0.0 {TO.upper()} Jeanne.Martin\r\n250 mail.example {'x' * 400}"
    server.answer("DATA", said)
    proof = await carrier.deliver(letter())
    assert proof.startswith("250 2.0.0 […] […] […] xxxx")
    assert len(proof) == PROOF
    assert "\n" not in proof


async def test_several_messages_share_a_connection_and_a_dead_one_is_replaced(
    server: MailServer, carrier: SmtpCarrier
) -> None:
    for _ in range(3):
        await carrier.deliver(letter())
    assert (server.connections, len(server.received)) == (1, 3)
    await server.drop_all()
    await carrier.deliver(letter())
    assert (server.connections, len(server.received)) == (2, 4)
    server.answer("RSET", "421 4.3.2 going down")
    await carrier.deliver(letter())
    assert (server.connections, len(server.received)) == (3, 5)
    await asyncio.gather(*(carrier.deliver(letter()) for _ in range(5)))
    assert len(server.received) == 10


async def test_a_connection_is_left_after_a_while_and_after_many_messages(
    server: MailServer, carrier: SmtpCarrier
) -> None:
    for _ in range(CARRIED + 1):
        await carrier.deliver(letter())
    assert (server.connections, len(server.received)) == (2, CARRIED + 1)
    await server.heard("QUIT", 2)
    await carrier.deliver(letter())
    carrier.close()
    assert server.connections == 3
    assert server.commands.count("RSET") == CARRIED - 1


async def test_greylisting_is_for_later(server: MailServer, carrier: SmtpCarrier) -> None:
    server.greylist(2)
    for _ in range(2):
        assert "(450 4.2.0)" in await refused(Later, carrier)
    await carrier.deliver(letter())
    assert len(server.received) == 1


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
@pytest.mark.parametrize("code", [550, 552, 554, 556])
async def test_a_refusal_is_for_good_and_names_nobody(
    server: MailServer, carrier: SmtpCarrier, at: Any, code: int
) -> None:
    server.refuse(TO, code, at)
    assert f"({code} 5.1.1)" in await refused(Undeliverable, carrier)
    await carrier.deliver(letter("paul@mail.example"))
    assert [to for _, to in server.envelopes] == [["paul@mail.example"]]


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("EHLO", "550 5.7.1 not you"),
        ("MAIL", "550 5.7.1 not for that sender"),
        ("MAIL", "421 4.3.2 going down"),
        ("RCPT", "530 5.7.0 Authentication required"),
        ("RCPT", "503 5.5.1 need MAIL before RCPT"),
        ("RCPT", "550 5.1.8 Sender address rejected: Domain not found"),
        ("RCPT", "451 4.3.0 try again"),
        ("RCPT", "421 4.7.0 too many"),
        ("DATA", "452 4.3.1 disk full"),
    ],
)
async def test_what_is_not_the_addressees_fault_is_for_later(
    server: MailServer, carrier: SmtpCarrier, command: str, reply: str
) -> None:
    server.answer(command, reply)
    assert f"({reply[:9]})" in await refused(Later, carrier)
    server.calm()
    await carrier.deliver(letter())


@pytest.mark.parametrize(
    ("reply", "word"), [("550 5.2.2 full", "boîte"), ("552 5.3.4 big", "volumineux")]
)
async def test_the_reason_says_what_the_status_says(
    server: MailServer, carrier: SmtpCarrier, reply: str, word: str
) -> None:
    server.answer("DATA", reply)
    assert word in await refused(Undeliverable, carrier)


async def test_a_server_that_hangs_is_left(server: MailServer) -> None:
    server.hang()
    carrier = carrier_of(server, timeout=0.5)
    before = monotonic()
    assert "à temps" in await refused(Later, carrier)
    assert 0.4 < monotonic() - before < 15
    server.calm()
    patient = carrier_of(server)
    await patient.deliver(letter())
    patient.close()


async def test_a_connection_that_hangs_after_a_message_is_replaced(server: MailServer) -> None:
    carrier = carrier_of(server, timeout=3)
    await carrier.deliver(letter())
    server.hang()
    await refused(Later, carrier)
    server.calm()
    await carrier.deliver(letter())
    carrier.close()
    assert (server.connections, len(server.received)) == (2, 2)


async def test_a_reply_that_never_came_is_for_later_and_sent_once(
    server: MailServer, carrier: SmtpCarrier
) -> None:
    await carrier.deliver(letter())
    server.drop_after_data(1)
    await refused(Later, carrier)
    assert len(server.received) == 2  # it was taken: nobody on this side can know
    await carrier.deliver(letter())
    assert [message["Message-ID"] for message in server.received] == [ID] * 3


async def test_a_server_that_is_down_is_for_later() -> None:
    carrier = SmtpCarrier("127.0.0.1", free_port(), security="none", user="", password="")
    assert "connexion" in await refused(Later, carrier)


async def test_whoever_gives_up_leaves_nothing_half_said(
    server: MailServer, carrier: SmtpCarrier
) -> None:
    await carrier.deliver(letter())
    server.hang()
    task = asyncio.create_task(carrier.deliver(letter()))
    await server.heard("RSET")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    server.calm()
    await carrier.deliver(letter())
    assert (server.connections, len(server.received)) == (2, 2)


@pytest.mark.parametrize(
    "to", ["jeanne@élysée.example", "jérôme@mail.example", '"a, b"@mail.example']
)
async def test_an_address_that_cannot_be_named_is_undeliverable(
    server: MailServer, carrier: SmtpCarrier, to: str
) -> None:
    with pytest.raises(Undeliverable, match="pas valable"):
        await carrier.deliver(letter(to))
    assert server.connections == 0


async def test_one_addressee_at_a_time(carrier: SmtpCarrier) -> None:
    several = letter("a@mail.example, b@mail.example")
    copied = letter()
    copied["Bcc"] = "b@mail.example"
    for message in (several, copied):
        with pytest.raises(ValueError, match="one addressee"):
            await carrier.deliver(message)
