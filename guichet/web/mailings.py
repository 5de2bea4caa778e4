"""Mailings: letters printed together in the order of the post, and the act that says they left."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from msgspec import Struct

from domain.circumstances import Circumstances
from domain.grammar import Author, Event, Recorded, changed, replay
from domain.mailing import (
    Letter,
    Mailing,
    MailingGone,
    MailingPosted,
    MailingUnknown,
    PostMailing,
    PrintMailing,
    in_postal_order,
)
from domain.sending import NoSuchMessage
from guichet.aggregates import decided
from guichet.letters.content import AnyLetter
from guichet.outbox.letterhead import lines
from guichet.outbox.recipients import opening
from guichet.sentences import Sentence
from guichet.web.actors import OF_ONE_SERVICE
from guichet.web.dossiers import answered, must_be_new
from guichet.web.intents import Intent, forbidden
from guichet.web.papers import Case, Papers, cases, must_be_his, not_made, on_paper, written
from guichet.web.problems import AnyRequest, Problem
from guichet.web.reception import Reception

NO_ADDRESS = "Aucune adresse postale n'est connue."


class MailingNoted(Struct, frozen=True):
    """What a command left of a mailing, and where in the log."""

    id: UUID
    version: int
    position: int


class InMailing(Struct, frozen=True):
    """A letter of a mailing: the `message` of a dossier, and whether it was in the bag."""

    dossier: UUID
    message: int
    posted: bool


class MailingShown(Struct, frozen=True):
    """A mailing, its letters in the order in which they lie; `posted_on` is empty until then."""

    id: UUID
    duplex: bool
    posted_on: date | None
    letters: list[InMailing]
    version: int
    position: int


@post("/mailings", summary="Préparer un envoi postal")
async def print_mailing(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """Letters that wait, laid in the order of the post. Nothing has left by that."""
    doorkeeper, house = reception.doorkeeper, reception.house
    author = await doorkeeper.author(request, "handle")
    command, intent = await doorkeeper.command(request, author, PrintMailing)
    id = command.id or doorkeeper.derived_id(author, intent.key)
    known = doorkeeper.knows(intent.hand)
    with doorkeeper.hearing(intent.hand):
        if command.id is not None and not known:
            await must_be_new(reception, intent, stream_of(id))
        await reception.safe_to_write()
        if not await house.desk.past(stream_of(id), upto_date=True):
            # Heard before, it is answered as then: its letters need not wait any more.
            letters = await laid_out(reception, author, command.letters)
            command = changed(command, letters=letters)
        return await noted(reception, id, command.decide, intent)


@post("/mailings/{id:uuid}/posting", summary="Dire qu'un envoi postal est parti")
async def post_mailing(
    request: AnyRequest, reception: NamedDependency[Reception], id: FromPath[UUID]
) -> Response[bytes]:
    """One act for the whole bag; each letter then gets its proof, in its own dossier."""
    doorkeeper = reception.doorkeeper
    author = await doorkeeper.author(request, "handle")
    command, intent = await doorkeeper.command(request, author, PostMailing)
    await facts_of(reception, author, id)
    with doorkeeper.hearing(intent.hand):
        await reception.safe_to_write()
        return await noted(reception, id, partial(command.decide, id), intent)


@get("/mailings/{id:uuid}", summary="Lire un envoi postal")
async def read_mailing(
    request: AnyRequest, reception: NamedDependency[Reception], id: FromPath[UUID]
) -> Response[bytes]:
    """Its letters, and whether they were posted."""
    author = await reception.doorkeeper.author(request, "handle")
    facts = await facts_of(reception, author, id)
    mailing = replay(Mailing(), (fact.event for fact in facts))
    posted = [fact.event for fact in facts if isinstance(fact.event, MailingPosted)]
    gone = frozenset(letter for event in posted for letter in event.letters)
    shown = MailingShown(
        id=id,
        duplex=facts[0].event.duplex,
        posted_on=posted[0].posted_on if posted else None,
        letters=[InMailing(one.dossier, one.message, one in gone) for one in mailing.letters],
        version=mailing.version,
        position=facts[-1].position,
    )
    return answered(msgspec.to_builtins(shown), {})


@get("/mailings/{id:uuid}/letters.pdf", summary="Imprimer un envoi postal")
async def read_letters(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
) -> Response[bytes]:
    """Its letters, written anew, in the order of the record; those that wait no longer are left
    out. 409 once it was posted, and for a letter that cannot be made, which is then named."""
    author = await reception.doorkeeper.author(request, "handle")
    facts = await facts_of(reception, author, id)
    mailing = replay(Mailing(), (fact.event for fact in facts))
    if mailing.posted:
        raise MailingGone
    known = await cases(reception.house, author, {one.dossier for one in mailing.letters})
    lying: list[tuple[Letter, AnyLetter]] = []
    for letter in mailing.letters:
        await asyncio.sleep(0)  # hundreds in a row would hold up whoever else asks
        case = known.get(letter.dossier)
        if case is None or letter.message not in case.dossier.queued:
            continue
        must_be_his(author, case)
        if why := unprintable(letter, case):
            raise not_made(Sentence(why), dossier=letter.dossier, message=letter.message)
        lying.append((letter, written(papers, letter, case)))
    if not lying:
        title = "Aucune lettre de cet envoi n'attend encore son départ."
        raise Problem(409, "nothing-to-print", title)
    pdf = await papers.batch(lying, duplex=facts[0].event.duplex)
    return on_paper(pdf, f"envoi-{id}")


async def laid_out(
    reception: Reception, author: Author, letters: Sequence[Letter]
) -> tuple[Letter, ...]:
    """`letters` in the order of the post; 422 naming those that cannot be posted, 403 when one is
    not of a dossier of `author`'s. The log itself says so: what was queued a moment ago counts."""
    known = await cases(reception.house, author, {letter.dossier for letter in letters})
    doubtful = {one.dossier for one in letters if unprintable(one, known.get(one.dossier))}
    known |= await cases(reception.house, author, doubtful, upto_date=True)
    for case in known.values():
        must_be_his(author, case)
    refused = [
        {"dossier": letter.dossier, "message": letter.message, "detail": why}
        for letter in letters
        if (why := unprintable(letter, known.get(letter.dossier)))
    ]
    if refused:
        title = "Certaines de ces lettres ne peuvent pas être postées."
        detail = f"{len(refused)} sur {len(letters)} ; voyez « letters »."
        raise Problem(422, "letters-not-waiting", title, detail, letters=refused)
    return in_postal_order(letters, {id: address_of(case) for id, case in known.items()})


def unprintable(letter: Letter, case: Case | None) -> str:
    """Why a message of a dossier cannot be posted, in a sentence; empty when it can."""
    if case is None:
        return "Ce dossier n'existe pas."
    message = case.dossier.queued.get(letter.message)
    if message is None:
        return NoSuchMessage.title
    if message.means != "letter":
        return "Ce message ne part pas par courrier."
    return "" if address_of(case)[1] else NO_ADDRESS


def address_of(case: Case) -> tuple[str, tuple[str, ...]]:
    """The name and the postal lines of the resident, as letters show them."""
    usager = opening(case.at.past).event.usager
    return (usager.name or "", lines(usager.address)) if usager else ("", ())


async def facts_of(reception: Reception, author: Author, id: UUID) -> list[Recorded[Any]]:
    """The facts of a mailing; 404 without it, 403 for agents of another service than who made
    it."""
    facts = await reception.house.desk.past(stream_of(id), upto_date=True)
    if not facts:
        raise Problem(404, "mailing-unknown", MailingUnknown.title)
    if author.role in OF_ONE_SERVICE and author.service != facts[0].author.service:
        raise forbidden()
    return facts


async def noted(
    reception: Reception,
    id: UUID,
    decide: Callable[[Mailing, Circumstances], Sequence[Event]],
    intent: Intent,
) -> Response[bytes]:
    """Record what `decide` makes of a mailing."""
    desk = reception.house.desk
    fact = await decided(desk, stream_of(id), Mailing(), decide, intent.hand)
    assert fact is not None  # noqa: S101 both commands leave one fact, or are refused
    return Response(
        msgspec.json.encode(MailingNoted(id, fact.version, fact.position)),
        status_code=201,
        headers={
            "Location": f"/api/v1/mailings/{id}",
            "X-Event-Position": str(fact.position),
        },
        media_type="application/json",
    )


def stream_of(id: UUID) -> str:
    """Where the facts of a mailing lie."""
    return f"mailing.{id}"


routes = [print_mailing, post_mailing, read_mailing, read_letters]
