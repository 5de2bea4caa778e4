"""A counter that never gives up: everything it sends, it sends again under the same key until it
is answered."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from time import monotonic
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

import httpx

SOON = str(date.today() + timedelta(days=30))  # noqa: DTZ011 any day to come
AGAIN = 0.02
"""Seconds after which a client that was not answered tries again."""


class Town(Protocol):
    """Where the web of a town answers, and a receptionist's token for it."""

    @property
    def url(self) -> str: ...
    @property
    def token(self) -> str: ...


class Asked(NamedTuple):
    """A command under its idempotency key."""

    key: str
    path: str
    body: dict[str, Any]
    match: str | None = None


class Answer(NamedTuple):
    """What a client sees of a 201: no date, for that is of the moment."""

    body: bytes
    headers: tuple[str | None, ...]


class Told(NamedTuple):
    """An acknowledgement; `since` is when the try that was answered had left, `at` when it was
    answered, in monotonic seconds."""

    asked: Asked
    answer: Answer
    since: float
    at: float


class Counter:
    """Clients of one town, and all that they were told."""

    def __init__(self, town: Town) -> None:
        token = {"Authorization": f"Bearer {town.token}"}
        limits = httpx.Limits(max_connections=None)
        self._http = httpx.AsyncClient(
            base_url=f"{town.url}/api/v1", headers=token, timeout=10, limits=limits
        )
        self.told: list[Told] = []
        self.unexpected: list[str] = []
        """Answers that should not be: a 500, or a refusal of what must be possible."""

        self.retries = 0
        self.over = False
        self._news = asyncio.Condition()

    async def send(self, asked: Asked) -> Answer:
        """The answer to `asked`, whatever dies meanwhile."""
        headers = {"Idempotency-Key": asked.key}
        headers |= {"If-Match": asked.match} if asked.match else {}
        while True:
            since = monotonic()
            try:
                reply = await self._http.post(asked.path, json=asked.body, headers=headers)
            except httpx.TransportError:
                reply = None
            if reply is not None and reply.status_code == 201:
                names = ("location", "etag", "x-event-position")
                answer = Answer(reply.content, tuple(reply.headers.get(n) for n in names))
                async with self._news:
                    self.told.append(Told(asked, answer, since, monotonic()))
                    self._news.notify_all()
                return answer
            if reply is not None and not passing(reply):
                self.unexpected.append(f"{reply.status_code} {reply.text} to {asked}")
                if reply.status_code < 500:
                    raise AssertionError(self.unexpected[-1])
            self.retries += 1
            await asyncio.sleep(AGAIN)

    async def until(self, enough: Callable[[], Any], within: float = 60) -> None:
        """Wait for acknowledgements until there are `enough`."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(enough)

    async def more(self, count: int) -> None:
        """Wait for `count` more acknowledgements."""
        wanted = len(self.told) + count
        await self.until(lambda: len(self.told) >= wanted)

    async def pause_since(self, moment: float) -> float:
        """Seconds from `moment` to the first acknowledgement of what left after it."""
        await self.until(lambda: self.told[-1].since >= moment)
        return min(told.at for told in self.told if told.since >= moment) - moment

    async def work(self, common: str) -> None:
        """One client: dossier after dossier, each with its story, one word in the `common` one."""
        while not self.over:
            words = opening()
            path, tag = place_of(await self.send(words))
            await self.send(linking(path, common, tag))
            for name, body in story():
                _, tag = place_of(await self.send(command(path, name, body, tag="*")))
            await self.send(command(common, "note", {"text": "Vu aussi"}, tag="*"))
            _, tag = place_of(await self.send(command(path, "note", {"text": "Vu"}, tag="*")))
            await self.send(command(path, "answer", ANSWER, tag))

    async def close(self) -> None:
        await self._http.aclose()


ANSWER = {"text": "Réparé", "means": "counter", "addressee": "usager"}


def story() -> list[tuple[str, dict[str, Any]]]:
    """What happens to a dossier."""
    return [
        ("taking", {}),
        ("progress", {"text": "Pièce commandée", "next_date": SOON}),
    ]


def opening() -> Asked:
    """A request nobody else makes."""
    key = str(uuid4())
    body = {"procedure": "lampadaire-eteint", "channel": "counter", "summary": f"Noir {key}"}
    usager = {"name": f"Sigismonde {key}", "email": f"{key}@usagers.example"}
    return Asked(key, "/dossiers", {**body, "usager": usager})


def command(path: str, name: str, body: dict[str, Any], tag: str | None) -> Asked:
    """A command on the dossier at `path`; its text is nobody else's."""
    key = str(uuid4())
    own = {**body, "text": f"{body['text']} {key}"} if "text" in body else body
    return Asked(key, f"{path}/{name}", own, tag)


def linking(path: str, other: str, tag: str | None) -> Asked:
    """« Déjà signalé » : the reactor then links the other one back."""
    return command(path, "link", {"dossier": other.rpartition("/")[2]}, tag)


def place_of(answer: Answer) -> tuple[str, str | None]:
    """Path and tag of the dossier an answer is about."""
    location, tag, _ = answer.headers
    assert location is not None
    return location.removeprefix("/api/v1"), tag


def passing(reply: httpx.Response) -> bool:
    """Whether an answer that is no 201 asks for the same request again."""
    told = reply.headers.get("content-type", "").startswith("application/problem+json")
    kind = reply.json().get("type") if told else None
    return (reply.status_code, kind) in {
        (503, "/problems/unavailable"),
        (409, "/problems/conflict"),
    }
