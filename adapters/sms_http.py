"""Text messages through a gateway that is asked over HTTP; docs/sending.md says what it must do."""

import asyncio
from pathlib import Path

import httpx
import msgspec

from adapters.carriers import Later, Undeliverable, Unsafe, cleaned, is_loopback, mobile, trusting

REFUSING = {400, 404, 422}
"""Statuses by which a gateway may refuse one message; by themselves they may as well mean that
its address or our settings are wrong."""

REFUSED = {
    "to": "La passerelle de SMS refuse ce numéro",
    "text": "La passerelle de SMS refuse ce texte",
}
"""What a refusal must name, in `field`, to be one for good."""


class Answer(msgspec.Struct):
    """What is read of a gateway's answer; anything else in it is its own affair."""

    id: str | int | None = None
    field: str | None = None


class HttpSms:
    """Posts each message as JSON. The gateway is told the identifier, in the body and as
    `Idempotency-Key`: a message whose answer got lost is given again and must not leave twice."""

    def __init__(
        self,
        url: str,
        token: str,
        sender: str,
        *,
        timeout: float = 30,
        region: str = "FR",
        authority: Path | None = None,
    ) -> None:
        """`sender` is the number or the name the town is shown as, `timeout` in seconds for a whole
        message, `region` as in `e164`, `authority` as in `trusting`. `Unsafe` for a gateway
        elsewhere without TLS."""
        try:
            parts = httpx.URL(url)
        except httpx.InvalidURL:
            raise Unsafe("L'adresse de la passerelle de SMS n'est pas valable.") from None
        self._near = is_loopback(parts.host)
        if parts.scheme != "https" and not (parts.scheme == "http" and self._near):
            raise Unsafe("L'adresse de la passerelle de SMS doit commencer par https://.")
        self._url, self._token, self._sender = url, token, sender
        self._timeout, self._region = timeout, region
        self._context = trusting(authority)

    async def deliver(self, to: str, text: str, id: str) -> str:
        """The status and the gateway's own identifier of the message when it gives one.
        `Undeliverable` unless `to` is a mobile, and when the gateway says so; else `Later`."""
        number = mobile(to, self._region)
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._posted(number, text, id)
        except (TimeoutError, httpx.TimeoutException):
            failed = Later("La passerelle de SMS n'a pas répondu à temps.")
        except httpx.HTTPError:
            failed = Later("La connexion à la passerelle de SMS a échoué.")
        else:
            return taken(response, number)
        raise failed  # out of the handler, whose words may hold what was sent

    async def _posted(self, number: str, text: str, id: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": id}
        body = {"to": number, "text": text, "from": self._sender, "id": id}
        async with httpx.AsyncClient(
            verify=self._context,
            timeout=self._timeout,
            follow_redirects=False,  # it would carry the message to who knows whom
            trust_env=not self._near,  # a proxy of the town's leads elsewhere, never here
        ) as client:
            return await client.post(self._url, json=body, headers=headers)


def taken(response: httpx.Response, number: str) -> str:
    """The proof in an answer; `Undeliverable` or `Later` when it is a refusal."""
    try:
        answer = msgspec.json.decode(response.content, type=Answer)
    except msgspec.MsgspecError:
        answer = Answer()
    status = f"HTTP {response.status_code}"
    if response.is_success:
        named = answer.id is not None and number[-8:] not in str(answer.id)
        return cleaned(f"{status}, {answer.id}" if named else status)
    if response.status_code in REFUSING and answer.field in REFUSED:
        raise Undeliverable(f"{REFUSED[answer.field]} ({status}).")
    if response.status_code in (401, 403):
        raise Later(f"La passerelle de SMS refuse le compte de la ville ({status}).")
    raise Later(f"La passerelle de SMS ne prend pas ce message maintenant ({status}).")
