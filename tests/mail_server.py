"""A real SMTP server on a free port that does as a test tells it.

It runs on a thread of its own, so that it answers while a test waits for something else."""

import asyncio
import queue
import threading
from collections.abc import Coroutine
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from types import TracebackType
from typing import Any, AnyStr, Literal, Self

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword

from tests.certified import server_context

REFUSED = "{code} {digit}.1.1 <{address}>: {name} unknown here, try other.{address}"  # three times


class MailServer:
    """Takes what it is sent, unless told otherwise; each of these may change while it runs.

    async with MailServer() as server:
        carrier = SmtpCarrier(server.host, server.port, security="none")
        …
        message = await server.next()
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        security: Literal["none", "starttls", "tls"] = "none",
        pair: Path | None = None,
        account: tuple[str, str] | None = None,
        eight_bits: bool = True,
    ) -> None:
        """`pair` is a folder with `server.pem` and `server.key`, see tests/certified.py;
        `account` is the user and password without which nothing is taken."""
        self.port = 0
        self.received: list[EmailMessage] = []
        """Every message taken, as it arrived, those included whose reply was never sent."""
        self.contents: list[bytes] = []
        """The same, byte by byte."""
        self.envelopes: list[tuple[str, list[str]]] = []
        """Of each of them, the sender and the addressees the server was told."""
        self.commands: list[str] = []
        """Every command heard, of all connections."""
        self.connections = 0
        self.connected = threading.Event()
        """Set from the first connection on."""
        self.eight_bits = eight_bits
        self.refusing: dict[tuple[str, str], int] = {}
        self.answers: dict[str, str] = {}
        self.greylisting = 0
        self.silent = False
        self._dropping = 0
        self.account = account
        self._security = security
        self._context = None if pair is None else server_context(pair)
        self._arrived: queue.SimpleQueue[EmailMessage] = queue.SimpleQueue()
        self._sessions: list[Session] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def refuse(self, address: str, code: int = 550, at: Literal["RCPT", "DATA"] = "RCPT") -> None:
        """Say `code` to this addressee, or to the messages for it."""
        self.refusing[(at, address.lower())] = code

    def greylist(self, times: int) -> None:
        """Put off the next `times` addressees: 450, try again."""
        self.greylisting = times

    def answer(self, command: str, reply: str) -> None:
        """Say `reply` to every `MAIL`, `RSET`, … from now on."""
        self.answers[command] = reply

    def hang(self) -> None:
        """Take connections and never say a word again, on those that are open neither."""
        self.silent = True

    def drop_after_data(self, times: int) -> None:
        """Take the next `times` messages and close the connection instead of saying so."""
        self._dropping = times

    async def drop_all(self) -> None:
        """Close every connection that is open."""
        await self._there(self._dropped())

    async def next(self, timeout: float = 30) -> EmailMessage:  # noqa: ASYNC109 - a thread waits
        """The next message that this has not given yet, waited for; TimeoutError."""
        try:
            return await asyncio.to_thread(self._arrived.get, True, timeout)
        except queue.Empty:
            raise TimeoutError(f"no message within {timeout} s") from None

    async def __aenter__(self) -> Self:
        self._thread.start()
        await self._there(self._listen())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._there(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    def took(self, sender: str, to: list[str], content: bytes) -> bool:
        """Keep a message; whether to say so."""
        message = message_from_bytes(content, policy=SMTP_POLICY)
        assert isinstance(message, EmailMessage)
        self.contents.append(content)
        self.envelopes.append((sender, list(to)))
        self.received.append(message)
        self._arrived.put(message)
        self._dropping -= 1
        return self._dropping < 0

    async def _there(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it on the server's own thread."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _listen(self) -> None:
        implicit = self._context if self._security == "tls" else None
        self._server = await self._loop.create_server(self._session, self.host, 0, ssl=implicit)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _dropped(self) -> None:
        for session in self._sessions:
            if session.transport is not None:
                session.transport.close()

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._dropped()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _session(self) -> "Session":
        self.connections += 1
        self.connected.set()
        session = Session(
            Obeying(self),
            hostname="mail.test",
            loop=self._loop,
            timeout=600,
            tls_context=self._context if self._security == "starttls" else None,
            require_starttls=self._security == "starttls",
            auth_require_tls=self._security == "starttls",
            authenticator=self._authenticated,
        )
        self._sessions.append(session)
        return session

    def _authenticated(self, *about: Any) -> AuthResult:
        given: LoginPassword = about[-1]
        right = tuple(word.decode() for word in given) == self.account
        return AuthResult(success=right, handled=False)


class Session(SMTP):
    """One connection, which falls silent with its server."""

    event_handler: "Obeying"

    async def push(self, status: AnyStr) -> None:
        if self.event_handler.server.silent:
            await asyncio.Event().wait()  # until the connection is lost
        await super().push(status)


class Obeying:
    """What aiosmtpd asks before it answers a command."""

    def __init__(self, server: MailServer) -> None:
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

    def _told(self, command: str, *options: str) -> Any:
        self.server.commands.append(" ".join((command, *options)))
        return self.server.answers.get(command, MISSING)

    def _refusal(self, at: str, address: str) -> str | None:
        code = self.server.refusing.get((at, address.lower()))
        if code is None:
            return None
        name = address.split("@")[0]
        return REFUSED.format(code=code, digit=code // 100, address=address, name=name)
