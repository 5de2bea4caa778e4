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
from typing import Any, Literal, Self

from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.certified import server_context
from tests.mail_session import Obeying, Session


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
        self._hearing = threading.Condition()
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
        """Take connections and never say a word again, open ones included, until `calm`."""
        self.silent = True

    def calm(self) -> None:
        """Forget all of this: take everything again and say so."""
        self.refusing.clear()
        self.answers.clear()
        self.greylisting = self._dropping = 0
        self.silent = False

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

    async def heard(self, word: str, times: int = 1) -> None:
        """Wait until a command was heard that often in all; TimeoutError after 30 s."""

        def often() -> bool:
            return sum(command.startswith(word) for command in self.commands) >= times

        def wait() -> bool:
            with self._hearing:
                return self._hearing.wait_for(often, 30)

        if not await asyncio.to_thread(wait):
            raise TimeoutError(f"{word} was not heard {times} times")

    def hear(self, command: str) -> None:
        """Note a command, on the server's own thread."""
        with self._hearing:
            self.commands.append(command)
            self._hearing.notify_all()

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

    def _session(self) -> Session:
        self.connections += 1
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
