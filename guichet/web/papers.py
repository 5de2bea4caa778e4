"""Papers as they would be printed now: the ticket for the counter, a letter before it leaves."""

import asyncio
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from msgspec.structs import replace

from domain.circumstances import Circumstances
from domain.dossier import Dossier, DossierUnknown
from domain.grammar import Author, Recorded, replay
from domain.log import LogDamaged
from domain.mailing import Letter
from domain.message import hash_of
from domain.sending import NoSuchMessage
from guichet.house import House
from guichet.letters.content import AnyLetter
from guichet.letters.mentions import MentionLacking
from guichet.letters.posting import PostingSheet
from guichet.letters.press import Press
from guichet.letters.template_files import Templates
from guichet.outbox.composing import Writer, surrounding
from guichet.sentences import Sentence
from guichet.tracking import Tracking
from guichet.web.actors import owns
from guichet.web.intents import forbidden
from guichet.web.problems import AnyRequest, Problem
from guichet.web.reception import Reception

AT_ONCE = 16
"""Dossiers read from the log side by side."""


class Case(NamedTuple):
    """A dossier with all that a letter is written from; `opened_by` an account."""

    dossier: Dossier
    at: Circumstances
    opened_by: str


class Papers:
    """The writer and the press of the town, made for the first paper and then kept; one batch at a
    time, since each takes a whole processor for long, and the counter does not wait for it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._turn = asyncio.Lock()

    @cached_property
    def _templates(self) -> Templates:
        return Templates(self._house.settings.letters)

    @cached_property
    def _press(self) -> Press:
        return Press(self._templates)

    @cached_property
    def writer(self) -> Writer:
        """Writes letters. `NoSuchFolder` when the town's templates are away."""
        settings = self._house.settings
        tracking = Tracking(settings.master_key)
        return Writer(tracking, self._templates, settings.zone, training=settings.training)

    async def printed(self, letter: AnyLetter) -> bytes:
        """`letter` as a PDF, or the sentence that says why there is none."""
        return await asyncio.to_thread(self._press.printed, letter)

    async def batch(
        self, letters: Sequence[tuple[Letter, AnyLetter]], *, duplex: bool = False
    ) -> bytes:
        """`letters` in their order as one PDF; 409 naming the first that is refused."""
        try:
            return await self._pressed(letters, duplex)
        except Sentence as sentence:
            raise not_made(sentence, **await self._culprit(letters)) from None

    async def sheet(self, sheet: PostingSheet) -> bytes:
        """The list that goes with a mailing; 409 where the town's template cannot serve."""
        try:
            return await asyncio.to_thread(self._press.sheet, sheet)
        except Sentence as sentence:
            raise not_made(sentence) from None

    async def _pressed(self, letters: Sequence[tuple[Letter, AnyLetter]], duplex: bool) -> bytes:
        contents = [content for _, content in letters]
        press = self._press
        async with self._turn:
            return await asyncio.to_thread(press.batch, contents, lambda _: "", duplex=duplex)

    async def _culprit(self, letters: Sequence[tuple[Letter, AnyLetter]]) -> dict[str, Any]:
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
        [(letter, _)] = letters
        return {"dossier": letter.dossier, "message": letter.message}


@get("/dossiers/{id:uuid}/ticket.pdf", summary="Le ticket de guichet, à imprimer")
async def read_ticket(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
) -> Response[bytes]:
    """80 mm wide, with the tracking code and without a name; `proof` on it is the hash of the
    first event of the dossier (docs/proof.md)."""
    author = await reception.doorkeeper.author(request, "read")
    case = await owned(reception.house, author, id)
    digest = await first_hash(reception.house, case.at.past[0])
    try:
        ticket = replace(papers.writer.ticket(id, case.dossier, case.at), proof=digest)
        pdf = await papers.printed(ticket)
    except Sentence as sentence:
        raise not_made(sentence, dossier=id) from None
    return on_paper(pdf, ticket.reference)


@get("/dossiers/{id:uuid}/messages/{number:int}/letter.pdf", summary="Un courrier avant son envoi")
async def read_letter(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
    number: FromPath[int],
) -> Response[bytes]:
    """What the message queued as the entry `number` would say on paper today."""
    author = await reception.doorkeeper.author(request, "read")
    case = await owned(reception.house, author, id)
    if number not in case.dossier.queued:
        raise Problem(404, "no-such-message", NoSuchMessage.title)
    letter = written(papers, Letter(dossier=id, message=number), case)
    try:
        pdf = await papers.printed(letter)
    except Sentence as sentence:
        raise not_made(sentence, dossier=id, message=number) from None
    return on_paper(pdf, letter.reference)


@get("/dossiers/{id:uuid}/attestation.pdf", summary="L'attestation d'acceptation")
async def read_attestation(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
) -> Response[bytes]:
    """The one that was last issued (CRPA L232-3); 409 where none was."""
    author = await reception.doorkeeper.author(request, "read")
    case = await owned(reception.house, author, id)
    try:
        letter = papers.writer.attestation(id, case.dossier, case.at)
        pdf = await papers.printed(letter)
    except Sentence as sentence:
        raise not_made(sentence, dossier=id) from None
    return on_paper(pdf, letter.reference)


def written(papers: Papers, letter: Letter, case: Case) -> AnyLetter:
    """A queued message as its resident is told it; 409 where it cannot be."""
    about = {"dossier": letter.dossier, "message": letter.message}
    if case.dossier.queued[letter.message].kind == "transmission":
        raise not_made(Sentence("Ce message part par courriel, à une autre autorité."), **about)
    try:
        return papers.writer.letter(letter.dossier, case.dossier, letter.message, case.at)
    except Sentence as sentence:
        raise not_made(sentence, **about) from None


async def owned(house: House, author: Author, id: UUID) -> Case:
    """The dossier as the log has it; 404 without it, 403 when it is not one of `author`'s."""
    found = await cases(house, author, [id]) or await cases(house, author, [id], upto_date=True)
    if not found:
        raise DossierUnknown
    must_be_his(author, found[id])
    return found[id]


def must_be_his(author: Author, case: Case) -> None:
    """403 for a dossier that `author` may not see."""
    if not owns(author, case.dossier.service, case.opened_by):
        raise forbidden()


async def cases(
    house: House, author: Author, ids: Collection[UUID], *, upto_date: bool = False
) -> dict[UUID, Case]:
    """The dossiers among `ids` that exist, as the log has them; `upto_date`: see `Log.read`."""
    at = house.desk.circumstances(author)
    places = asyncio.Semaphore(AT_ONCE)

    async def past(id: UUID) -> list[Recorded[Any]]:
        async with places:
            return await house.desk.past(f"dossier.{id}", upto_date=upto_date)

    pasts = await asyncio.gather(*(past(id) for id in ids))
    return {
        id: Case(
            replay(Dossier(), (fact.event for fact in past)),
            surrounding(at, past),
            past[0].author.account,
        )
        for id, past in zip(ids, pasts, strict=True)
        if past
    }


async def first_hash(house: House, opened: Recorded[Any]) -> str:
    """The hash of the event that opened a dossier, in hexadecimal."""
    entry = await house.log.at(opened.position)
    if entry is None or entry.position != opened.position:
        raise LogDamaged(f"Il manque l'entrée {opened.position}.")
    return hash_of(house.settings.town, entry).hex()


def not_made(sentence: Sentence, **about: Any) -> Problem:
    """409 for a letter that cannot be made; `about` tells which."""
    if isinstance(sentence, MentionLacking):
        about["mention"] = sentence.mention.name
    return Problem(
        409, "letter-not-made", "Ce courrier ne peut pas être produit.", str(sentence), **about
    )


def on_paper(pdf: bytes, name: str) -> Response[bytes]:
    """A PDF that is shown, and called `name` when it is kept."""
    disposition = f'inline; filename="{name}.pdf"'
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": disposition})


routes = [read_ticket, read_letter, read_attestation]
