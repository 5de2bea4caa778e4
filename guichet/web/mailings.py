"""Mailings: letters printed together, and the one act by which they were posted."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from msgspec import Struct

from domain.dossier import DossierUnknown
from domain.grammar import Author, Invalid, Refused, replay
from domain.mailing import (
    Letter,
    Mailing,
    MailingGone,
    MailingUnknown,
    PostMailing,
    PrintMailing,
)
from guichet.aggregates import decided
from guichet.letters.content import AnyLetter
from guichet.letters.posting import in_postal_order, posting_sheet
from guichet.sentences import Sentence
from guichet.web.dossiers import answered
from guichet.web.papers import Papers, pdf, seen, unmade
from guichet.web.problems import AnyRequest
from guichet.web.reception import Reception


class NothingLeft(Refused):
    """No letter of a mailing waits any more."""

    title = "Aucune lettre de cet envoi n'attend plus son départ."


class MailingNoted(Struct, frozen=True):
    """The mailing, and where in the log it was recorded."""

    id: UUID
    version: int
    position: int


class MailingShown(Struct, frozen=True):
    """A mailing: its letters in the order in which they lie, and whether they were posted."""

    id: UUID
    letters: tuple[Letter, ...]
    posted: bool
    position: int


@post("/mailings", summary="Imprimer un envoi")
async def print_mailing(
    request: AnyRequest, reception: NamedDependency[Reception], papers: NamedDependency[Papers]
) -> Response[bytes]:
    """Letters that wait, put into the order of the post: by postal code, then by name."""
    doorkeeper = reception.doorkeeper
    author = await doorkeeper.author(request, "handle")
    command, intent = await doorkeeper.command(request, author, PrintMailing)
    id = doorkeeper.derived_id(author, intent.key)
    known = await reception.house.desk.past(stream_of(id), upto_date=True)
    if not known:
        written = await written_anew(reception, papers, author, command.letters)
        order = in_postal_order([letter.addressee for _, letter in written])
        letters = tuple(command.letters[number] for number in order)
        command = PrintMailing(letters=letters, duplex=command.duplex)
    await reception.safe_to_write()
    with doorkeeper.hearing(intent.hand):
        fact = await decided(
            reception.house.desk, stream_of(id), Mailing(), command.decide, intent.hand
        )
    return noted(id, fact)


@post("/mailings/{id:uuid}/posting", summary="Dire qu'un envoi est posté")
async def post_mailing(
    request: AnyRequest, reception: NamedDependency[Reception], id: FromPath[UUID]
) -> Response[bytes]:
    """One act; each letter that was in the bag gets its own proof, in its own dossier."""
    doorkeeper = reception.doorkeeper
    author = await doorkeeper.author(request, "handle")
    command, intent = await doorkeeper.command(request, author, PostMailing)
    await must_see_all(reception, author, id)
    await reception.safe_to_write()
    with doorkeeper.hearing(intent.hand):
        fact = await decided(
            reception.house.desk,
            stream_of(id),
            Mailing(),
            lambda mailing, at: command.decide(id, mailing, at),
            intent.hand,
        )
    return noted(id, fact)


@get("/mailings/{id:uuid}", summary="Un envoi")
async def read_mailing(
    request: AnyRequest, reception: NamedDependency[Reception], id: FromPath[UUID]
) -> Response[bytes]:
    """Its letters, and whether it was posted."""
    author = await reception.doorkeeper.author(request, "handle")
    mailing, position = await must_see_all(reception, author, id)
    shown = MailingShown(id, mailing.letters, mailing.posted, position)
    return answered(msgspec.structs.asdict(shown), {})


@get("/mailings/{id:uuid}/letters", summary="Les lettres d'un envoi (PDF)")
async def read_letters(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
) -> Response[bytes]:
    """All its letters that still wait, in its order, as one file for the printer."""
    author = await reception.doorkeeper.author(request, "handle")
    mailing, _ = await must_see_all(reception, author, id)
    letters = await left(reception, papers, author, mailing)
    content = await papers.batch(letters, duplex=mailing.duplex)
    return pdf(content, f"envoi-{id}")


@get("/mailings/{id:uuid}/sheet", summary="Le bordereau de dépôt d'un envoi (PDF)")
async def read_sheet(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
) -> Response[bytes]:
    """Its letters that still wait, to be ticked and signed at the post office."""
    author = await reception.doorkeeper.author(request, "handle")
    mailing, _ = await must_see_all(reception, author, id)
    letters = [one for _, one in await left(reception, papers, author, mailing)]
    sheet = posting_sheet(letters, str(id), reception.house.desk.circumstances(author).now)
    content = await asyncio.to_thread(papers.press.sheet, sheet)
    return pdf(content, f"bordereau-{id}")


async def left(
    reception: Reception, papers: Papers, author: Author, mailing: Mailing
) -> list[tuple[Letter, AnyLetter]]:
    """The letters of a mailing that still wait, at least one; none wait once it was posted, even
    while their proofs are being recorded."""
    if mailing.posted:
        raise MailingGone
    letters = await written_anew(reception, papers, author, mailing.letters, still=True)
    if not letters:
        raise NothingLeft
    return letters


async def written_anew(
    reception: Reception,
    papers: Papers,
    author: Author,
    letters: Sequence[Letter],
    *,
    still: bool = False,
) -> list[tuple[Letter, AnyLetter]]:
    """`letters` as they read today. One that does not wait by post is invalid, or left out when
    only those that `still` wait are wanted; 409 for one that cannot be made, or has no address."""
    written: list[tuple[Letter, AnyLetter]] = []
    for number, letter in enumerate(letters):
        try:
            dossier, at = await seen(reception, author, letter.dossier)
        except DossierUnknown:
            raise Invalid(f"/letters/{number}", "Ce dossier n'existe pas.") from None
        message = dossier.queued.get(letter.message)
        if message is None or message.means != "letter":
            if still:
                continue
            raise Invalid(f"/letters/{number}", "Aucune lettre de ce numéro n'attend son départ.")
        try:
            content = papers.writer.letter(letter.dossier, dossier, letter.message, at)
        except Sentence as sentence:
            raise unmade(sentence, letter) from None
        if content.addressee is None or not content.addressee.address:
            raise unmade(Sentence("Aucune adresse postale n'est connue."), letter)
        written.append((letter, content))
    return written


async def must_see_all(reception: Reception, author: Author, id: UUID) -> tuple[Mailing, int]:
    """A mailing all of whose dossiers `author` may see, and where it was last written of."""
    past = await reception.house.desk.past(stream_of(id))
    if not past:
        raise MailingUnknown
    mailing = replay(Mailing(), (fact.event for fact in past))
    for dossier in {letter.dossier for letter in mailing.letters}:
        await seen(reception, author, dossier)
    return mailing, past[-1].position


def stream_of(id: UUID) -> str:
    """Where the log keeps a mailing."""
    return f"mailing.{id}"


def noted(id: UUID, fact: Any) -> Response[bytes]:
    """The answer to a command on a mailing."""
    return Response(
        msgspec.json.encode(MailingNoted(id, fact.version, fact.position)),
        status_code=201,
        headers={"X-Event-Position": str(fact.position)},
        media_type="application/json",
    )
