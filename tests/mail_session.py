"""One conversation with the mail server of the tests, on top of aiosmtpd."""

import asyncio
from typing import TYPE_CHECKING, Any, AnyStr

from aiosmtpd.smtp import MISSING, SMTP, Envelope

if TYPE_CHECKING:
    from tests.mail_server import MailServer

REFUSED = "{code} {digit}.1.1 <{address}>: {name} unknown here, try other.{address}"  # three times


class Session(SMTP):
    """One connection, which falls silent with its server."""

    event_handler: "Obeying"

    async def push(self, status: AnyStr) -> None:
        if self.event_handler.server.silent:
            await asyncio.Event().wait()  # until the connection is lost
        await super().push(status)


class Obeying:
    """What aiosmtpd asks before it answers a command."""

    def __init__(self, server: "MailServer") -> None:
        self.server = server

    async def handle_EHLO(
        self, _: SMTP, session: Any, __: Any, name: str, offers: list[str]
    ) -> list[str]:
        session.host_name = name
        answer = self._told("EHLO")
        offered = [one for one in offers if self.server.eight_bits or "8BITMIME" not in one]
        return offered if answer is MISSING else [answer]

    async def handle_MAIL(
        self, _: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> Any:
        answer = self._told("MAIL", *options)
        if self.server.account is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if answer is not MISSING:
            return answer
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, _: SMTP, __: Any, envelope: Envelope, address: str, ___: list[str]
    ) -> Any:
        answer = self._told("RCPT")
        if answer is not MISSING:
            return answer
        if self.server.greylisting > 0:
            self.server.greylisting -= 1
            return f"450 4.2.0 <{address}>: Greylisted, try again"
        refusal = self._refusal("RCPT", address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 Ok"

    async def handle_RSET(self, _: SMTP, __: Any, ___: Any) -> Any:
        return self._told("RSET")

    async def handle_DATA(self, session: SMTP, _: Any, envelope: Envelope) -> Any:
        to = envelope.rcpt_tos[0]
        refusal = self._refusal("DATA", to)
        answer = self._told("DATA") if refusal is None else refusal
        if answer is not MISSING:
            return answer
        assert isinstance(envelope.content, bytes)
        if not self.server.took(envelope.mail_from or "", envelope.rcpt_tos, envelope.content):
            assert session.transport is not None
            session.transport.close()
            await asyncio.Event().wait()  # until it is closed
        return f"250 2.0.0 Ok: queued for <{to}> as {len(self.server.received):08X}"

    async def handle_QUIT(self, _: SMTP, __: Any, ___: Any) -> Any:
        return self._told("QUIT")

    def _told(self, command: str, *options: str) -> Any:
        self.server.hear(" ".join((command, *options)))
        return self.server.answers.get(command, MISSING)

    def _refusal(self, at: str, address: str) -> str | None:
        code = self.server.refusing.get((at, address.lower()))
        if code is None:
            return None
        name = address.split("@")[0]
        return REFUSED.format(code=code, digit=code // 100, address=address, name=name)
