"""Papers: the counter's ticket, a letter before it leaves, an attestation, as PDF."""

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.circumstances import Circumstances
from domain.dossier import Dossier, DossierUnknown
from domain.grammar import Author, replay
from domain.mailing import Letter
from domain.sending import NoSuchMessage
from guichet.letters.content import AnyLetter
from guichet.letters.mentions import MentionLacking
from guichet.letters.press import Press
from guichet.letters.template_files import Templates
from guichet.outbox.composing import Writer, surrounding
from guichet.sentences import Sentence
from guichet.settings import Settings
from guichet.tracking import Tracking
from guichet.web.dossiers import must_own
from guichet.web.problems import AnyRequest, Problem
from guichet.web.reception import Reception


class Papers:
    """What papers are made with, made when the first one is asked for. One batch is printed at a
    time, since it takes a whole processor for long; the counter does not wait for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()

    @cached_property
    def _templates(self) -> Templates:
        return Templates(self._settings.letters)

    @cached_property
    def press(self) -> Press:
        """Prints them."""
        return Press(self._templates)

    @cached_property
    def writer(self) -> Writer:
        """Writes them."""
        settings = self._settings
        tracking = Tracking(settings.master_key)
        return Writer(tracking, self._templates, settings.zone, training=settings.training)

    async def printed(self, letter: AnyLetter) -> Response[bytes]:
        """A letter as an answer; 409 with the sentence when it cannot be made."""
        try:
            content = await asyncio.to_thread(self.press.printed, letter)
        except Sentence as sentence:
            raise unmade(sentence) from None
        return pdf(content, letter.reference)

    async def batch(
        self, letters: Sequence[tuple[Letter, AnyLetter]], *, duplex: bool = False
    ) -> bytes:
        """`letters` in their order as one PDF; 409 naming the first that is refused."""
        try:
            return await self._pressed(letters, duplex)
        except Sentence as sentence:
            raise unmade(sentence, await self._culprit(letters)) from None

    async def _pressed(self, letters: Sequence[tuple[Letter, AnyLetter]], duplex: bool) -> bytes:
        contents = [content for _, content in letters]
        press = self.press
        async with self._turn:
            return await asyncio.to_thread(press.batch, contents, lambda _: "", duplex=duplex)

    async def _culprit(self, letters: Sequence[tuple[Letter, AnyLetter]]) -> Letter:
        """Which of `letters`, of which one at least is refused: the press does not say, so ever
        smaller parts are printed."""
        while len(letters) > 1:
            half = letters[: len(letters) // 2]
            try:
                await self._pressed(half, duplex=False)
            except Sentence:
                letters = half
            else:
                letters = letters[len(half) :]
        return letters[0][0]


@get("/dossiers/{id:uuid}/ticket", summary="Le ticket de guichet (PDF, 80 mm)")
async def read_ticket(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
) -> Response[bytes]:
    """Reference, tracking code and its QR, service and promised date; nobody's name."""
    author = await reception.doorkeeper.author(request, "read")
    dossier, at = await seen(reception, author, id)
    return await papers.printed(made(papers.writer.ticket, id, dossier, at))


@get("/dossiers/{id:uuid}/messages/{number:int}/letter", summary="Un message, imprimé (PDF)")
async def read_letter(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
    number: FromPath[int],
) -> Response[bytes]:
    """A message that waits, as it would be printed now, whatever way it takes."""
    author = await reception.doorkeeper.author(request, "read")
    dossier, at = await seen(reception, author, id)
    if number not in dossier.queued or dossier.queued[number].kind == "transmission":
        raise NoSuchMessage
    return await papers.printed(made(papers.writer.letter, id, dossier, number, at))


@get("/dossiers/{id:uuid}/attestation", summary="L'attestation d'acceptation (PDF)")
async def read_attestation(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
) -> Response[bytes]:
    """The one last issued (CRPA L232-3)."""
    author = await reception.doorkeeper.author(request, "read")
    dossier, at = await seen(reception, author, id)
    return await papers.printed(made(papers.writer.attestation, id, dossier, at))


async def seen(reception: Reception, author: Author, id: UUID) -> tuple[Dossier, Circumstances]:
    """A dossier that `author` may see, as the log itself tells it."""
    await must_own(reception, author, id)
    past = await reception.house.desk.past(f"dossier.{id}")
    if not past:
        raise DossierUnknown
    dossier = replay(Dossier(), (fact.event for fact in past))
    return dossier, surrounding(reception.house.desk.circumstances(author), past)


def made(write: Any, *about: Any) -> AnyLetter:
    """What a writer writes; 409 with the sentence when it cannot."""
    try:
        return write(*about)
    except Sentence as sentence:
        raise unmade(sentence) from None


def unmade(sentence: Sentence, letter: Letter | None = None) -> Problem:
    """Why a paper cannot be made; which `letter` of a mailing it is, and the mention it lacks, for
    whoever must repair it."""
    about: dict[str, Any] = {}
    if letter is not None:
        about = {"dossier": letter.dossier, "message": letter.message}
    if isinstance(sentence, MentionLacking):
        about["mention"] = sentence.mention.name
    title = "Ce document ne peut pas être produit."
    return Problem(409, "paper-unmade", title, str(sentence), **about)


def pdf(content: bytes, name: str) -> Response[bytes]:
    """A PDF that a browser shows, called `name` when it is kept."""
    return Response(
        content,
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
        media_type="application/pdf",
    )
