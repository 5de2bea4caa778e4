"""*Lien du partenaire.* The page of the authority that a request was forwarded to: it reads what it
is transmitted (CRPA L114-2), and answers, without an account.

The link alone opens it, so the page is told to nobody: no log, no referrer, no cache. It serves
once, and shows nothing of anybody any more when the answer is there.
"""

import re
from collections import deque
from collections.abc import Sequence
from secrets import token_urlsafe
from time import monotonic
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Response

from domain.grammar import Recorded, Refused
from domain.log import Conflict, LogUnavailable
from domain.partners import RecordPartnerAnswer
from guichet.desk import KeyReused, VersionMoved, answer_given
from guichet.envelopes import Hand
from guichet.tracking import Tracking
from guichet.web.bodies import check_texts, decode, read
from guichet.web.partner_page import PARTNER, UNKNOWN, failure, is_forwarding, opened, shut
from guichet.web.problems import AnyRequest, Problem, invalid, problem_of
from guichet.web.reception import Reception

WRONG_ALLOWED = 30
"""Wrong links that are looked up in a minute; no more are, whoever tries them."""
A_MINUTE = 60.0
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
"""What a page was rendered under, so that sending it twice is one answer."""
TRIES = 3
AWAY = "Rien n’a pu être lu ni enregistré : réessayez dans un moment."


class Wrong:
    """The wrong links of the last minute, as this process has met them."""

    def __init__(self) -> None:
        self._met: deque[float] = deque()

    def refusal(self) -> Response[bytes]:
        """The answer to one more."""
        now = monotonic()
        while self._met and now - self._met[0] > A_MINUTE:
            self._met.popleft()
        if len(self._met) >= WRONG_ALLOWED:
            title = "Trop d’essais"
            return failure(429, title, "Revenez dans une minute.", {"Retry-After": "60"})
        self._met.append(now)
        return failure(404, *UNKNOWN)


def routes(master_key: bytes) -> list[HTTPRouteHandler]:
    """The page and its form, for the links that `master_key` makes."""
    tracking, wrong = Tracking(master_key), Wrong()

    @get("/partenaire/{token:str}", include_in_schema=False, exception_handlers={Exception: failed})
    async def show(reception: NamedDependency[Reception], token: FromPath[str]) -> Response[bytes]:
        """What was forwarded, and the form; or why nothing is shown any more."""
        if (named := tracking.forwarded(token)) is None:
            return wrong.refusal()
        id, entry = named
        past = await reception.house.desk.past(f"dossier.{id}", upto_date=True)
        if not is_forwarding(past, entry):
            return wrong.refusal()
        page = shut(reception, past, entry)
        page = page or opened(reception, past, entry, token, token_urlsafe(16))
        return page or wrong.refusal()

    @post(
        "/partenaire/{token:str}", include_in_schema=False, exception_handlers={Exception: failed}
    )
    async def answer(
        request: AnyRequest, reception: NamedDependency[Reception], token: FromPath[str]
    ) -> Response[bytes]:
        """Record the answer once, then show that it is there."""
        if (named := tracking.forwarded(token)) is None:
            return wrong.refusal()
        key, text = form_of(request, await read(request))
        digest = reception.doorkeeper.digest
        command_id = digest(f"partner\n{token}\n{key}".encode())
        hand = Hand(author=PARTNER, command_id=command_id, digest=digest(text.encode()))
        id, entry = named
        for _ in range(TRIES):
            past = await reception.house.desk.past(f"dossier.{id}", upto_date=True)
            if not is_forwarding(past, entry):
                return wrong.refusal()
            try:
                if answer_given(id, past, hand) is None:
                    if page := shut(reception, past, entry, status=409):
                        return page
                    await record(reception, id, past, text, hand)
            except VersionMoved:
                continue
            except (Refused, KeyReused):
                pass  # the page tells how the link stands now
            except (Problem, Conflict, LogUnavailable) as error:
                status, _, said = told(problem_of(error))
                page = opened(
                    reception, past, entry, token, key, text=text, error=said, status=status
                )
                return page or wrong.refusal()
            return Response(b"", status_code=303, headers={"Location": f"/partenaire/{token}"})
        raise Conflict(f"dossier.{id}")

    return [show, answer]


async def record(
    reception: Reception, id: UUID, past: Sequence[Recorded[Any]], text: str, hand: Hand
) -> None:
    """Bring the answer to the dossier as it was read in `past`; `VersionMoved` when it has moved,
    for it may have been forwarded to somebody else."""
    check_texts({"text": text}, "")
    command = decode({"text": text}, RecordPartnerAnswer)
    await reception.safe_to_write()
    await reception.house.desk.handle(id, command, hand, expected=past[-1].version)


def form_of(request: AnyRequest, body: bytes) -> tuple[str, str]:
    """The key of the page that was shown, and the text that was written on it."""
    kind, _, _ = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/x-www-form-urlencoded":
        raise Problem(415, "not-a-form", "Ce contenu n'est pas un formulaire.")
    try:
        fields = parse_qs(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10
        )
    except ValueError:
        raise invalid("", "Le formulaire est mal formé.") from None
    key, text = (fields.get(name, [""])[0] for name in ("key", "text"))
    if not KEY.fullmatch(key):
        raise invalid("/key", "Rechargez la page, puis renvoyez votre réponse.")
    return key, text.replace("\r\n", "\n").replace("\r", "\n").strip()


def failed(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The page of every exception."""
    del request
    problem = problem_of(error)
    return failure(*told(problem), problem.headers)


def told(problem: Problem) -> tuple[int, str, str]:
    """A problem as its status, a title and a sentence for somebody who knows nothing of us."""
    title, detail = str(problem), str(problem.body.get("detail", ""))
    if problem.status >= 500:
        return problem.status, "Service indisponible", AWAY
    return problem.status, title, detail or title
