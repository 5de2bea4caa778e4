"""E-mails by SMTP, through the town's own mail server (RFC 5321)."""

import asyncio
import re
import socket
from email.message import EmailMessage
from email.policy import SMTP as BYTES
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import Any, Literal

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from adapters.carriers import Later, Undeliverable, Unsafe, cleaned, is_near, trusting

KEPT = 2.0
"""Seconds for which a connection waits for the next message."""

CARRIED = 20
"""Messages of one connection; servers cut off those who never leave."""

OURS = ("503", "530", "535", "538", "5.1.7", "5.1.8", "5.5.1", "5.7.8")
"""Statuses that refuse whoever sends (out of turn, not authenticated, an author whose address is
wrong), although many servers say so only when they hear the addressee."""

BECAUSE = {
    "5.1.": "Le serveur de messagerie ne connaît pas cette adresse",
    "5.2.": "La boîte de cette adresse ne reçoit pas ce message",
    "5.3.4": "Ce message est trop volumineux pour le serveur de messagerie",
    "5.7.": "Le serveur de messagerie interdit ce message",
}
"""What an enhanced status says (RFC 3463), where it says more than the command it answers."""

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
"""What is understood alike everywhere: no quotes, no SMTPUTF8."""

SEVEN_BITS = BYTES.clone(cte_type="7bit")


class SmtpCarrier:
    """Hands messages over to one server, one after the other, and keeps the connection for a few
    seconds: a connection that died meanwhile is replaced before the next message is begun.

    A connection lost between the final dot and the reply cannot be told from a refusal, nor from
    a success. No carrier can: it is `Later`, nothing is sent again here, and whoever tries
    again gives the same Message-ID, by which most mailboxes show one message where two arrived.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: Literal["none", "starttls", "tls"],
        user: str | None = None,
        password: str | None = None,
        timeout: float = 30,
        authority: Path | None = None,
    ) -> None:
        """`timeout` in seconds, for one message from its turn to its reply; `authority` as in
        `trusting`. `Unsafe` for a server elsewhere without TLS."""
        if security == "none" and not is_near(host):
            raise Unsafe("Un serveur de messagerie distant demande « starttls » ou « tls ».")
        self._host, self._port, self._security = host, port, security
        self._user, self._password, self._timeout = user or None, password or None, timeout
        self._context = None if security == "none" else trusting(authority)
        self._turn = asyncio.Lock()
        self._client: SMTP | None = None
        self._carried = 0
        self._leaving: asyncio.TimerHandle | None = None

    async def deliver(self, message: EmailMessage) -> str:
        """The server's own final reply, without the addressee. `Later`; `Undeliverable` when the
        server refuses the addressee or the message for good. ValueError unless there is exactly
        one addressee and one author, whose address is the sender of the envelope."""
        sender, to = envelope(message)
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout):
                    reply = await sent(await self._connected(), message, sender, to)
            except (SMTPException, OSError) as error:
                self._leave(politely=False)
                refusal = translated(error)
            except BaseException:
                self._leave(politely=False)
                raise
            else:
                self._carried += 1
                self._leaving = asyncio.get_running_loop().call_later(KEPT, self.close)
                return cleaned(reply, to, *to.rsplit("@", 1))
        raise refusal  # out of the handler, whose words name the addressee

    def close(self) -> None:
        """Leave the server, if it is still there; the next message finds it again."""
        self._leave(politely=not self._turn.locked())

    def _leave(self, *, politely: bool) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        client, self._client, self._leaving, self._carried = self._client, None, None, 0
        if client is None:
            return
        if politely and client.is_connected and client.protocol is not None:
            client.protocol.write(b"QUIT\r\n")  # closing sends it first; its answer is nobody's
        client.close()

    async def _connected(self) -> SMTP:
        """A connection on which a message can be begun."""
        if self._leaving is not None:
            self._leaving.cancel()
        if self._client is not None and self._carried < CARRIED:
            try:
                await self._client.rset()
            except (SMTPException, OSError):
                pass  # it died in the meantime, before anything of this message was said
            else:
                return self._client
        self._leave(politely=True)
        self._client = SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password if self._user else None,
            local_hostname=own_name(),
            timeout=None,  # the whole exchange has one
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._context,
        )
        await self._client.connect()
        return self._client


async def sent(client: SMTP, message: EmailMessage, sender: str, to: str) -> str:
    """One transaction; the final reply. Raises what aiosmtplib does."""
    if client.is_ehlo_or_helo_needed:
        await client.ehlo()
    eight = client.supports_extension("8bitmime")
    content = message.as_bytes(policy=BYTES if eight else SEVEN_BITS)
    await client.mail(sender, options=["BODY=8BITMIME"] if eight else [])
    await client.rcpt(to)
    code, words = await client.data(content)
    return f"{code} {words}"


def envelope(message: EmailMessage) -> tuple[str, str]:
    """The sender and the addressee; `Undeliverable` for an addressee SMTP has no way to name."""
    authors, to = addresses(message, "From"), addresses(message, "To", "Cc", "Bcc")
    if len(authors) != 1 or len(to) != 1 or not ADDRESS.fullmatch(authors[0]):
        raise ValueError("a message has exactly one author and one addressee")
    if not ADDRESS.fullmatch(to[0]):
        raise Undeliverable("Cette adresse électronique n'est pas valable.")
    return authors[0], to[0]


def addresses(message: EmailMessage, *names: str) -> list[str]:
    """Every address in these headers."""
    headers: list[Any] = [header for name in names for header in message.get_all(name, [])]
    return [address.addr_spec for header in headers for address in header.addresses]


def translated(error: Exception) -> Later | Undeliverable:
    """What a failure of aiosmtplib means, in words that are our own."""
    if isinstance(error, (SMTPRecipientRefused, SMTPDataError)):
        if error.code // 100 == 5 and not {str(error.code), enhanced(error)}.intersection(OURS):
            which = "cette adresse" if isinstance(error, SMTPRecipientRefused) else "ce message"
            return Undeliverable(told(f"Le serveur de messagerie refuse {which}", error))
        return Later(told("Le serveur de messagerie ne prend pas ce message maintenant", error))
    if isinstance(error, SMTPAuthenticationError):
        return Later(told("Le serveur de messagerie refuse le compte de la ville", error))
    if isinstance(error, SMTPResponseException):
        return Later(told("Le serveur de messagerie refuse d'envoyer pour la ville", error))
    if isinstance(error, TimeoutError):
        return Later("Le serveur de messagerie n'a pas répondu à temps.")
    if isinstance(error, SSLCertVerificationError) or isinstance(
        error.__cause__, SSLCertVerificationError
    ):
        return Later("Le certificat du serveur de messagerie n'est pas reconnu.")
    if isinstance(error, OSError):
        return Later("La connexion au serveur de messagerie a échoué.")
    return Later("Le serveur de messagerie ne sait pas faire ce que ses réglages demandent.")


def told(sentence: str, refusal: SMTPResponseException) -> str:
    """A refusal as a sentence, with its status and its enhanced status when it has one."""
    more = enhanced(refusal)
    if isinstance(refusal, (SMTPRecipientRefused, SMTPDataError)):
        sentence = next((why for what, why in BECAUSE.items() if more.startswith(what)), sentence)
    return f"{sentence} ({f'{refusal.code} {more}'.strip()})."


def enhanced(refusal: SMTPResponseException) -> str:
    """Its enhanced status (RFC 3463), empty without one."""
    found = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", refusal.message)
    return found.group() if found else ""


def own_name() -> str:
    """What to be greeted as: the full name of this machine, without asking anybody on the network,
    else its address, which is always well formed."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
