"""Mailings: letters printed together in the order of the post, and the act that says they left."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from msgspec import Struct

from domain.circumstances import Circumstances
from domain.grammar import Event, changed, replay
from domain.mailing import (
    Mailing,
    MailingPosted,
    PostMailing,
    PrintMailing,
)
from guichet.aggregates import decided
from guichet.letters.posting import posting_sheet
from guichet.web.dossiers import answered, must_be_new
from guichet.web.intents import Intent
from guichet.web.papers import Papers, on_paper
from guichet.web.postable import facts_of, laid_out, still_lying, stream_of
from guichet.web.problems import AnyRequest
from guichet.web.reception import Reception


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
    facts, lying = await still_lying(reception, papers, author, id)
    pdf = await papers.batch(lying, duplex=facts[0].event.duplex)
    return on_paper(pdf, f"envoi-{id}")


@get("/mailings/{id:uuid}/sheet.pdf", summary="Le bordereau de dépôt d'un envoi postal")
async def read_sheet(
    request: AnyRequest,
    reception: NamedDependency[Reception],
    papers: NamedDependency[Papers],
    id: FromPath[UUID],
) -> Response[bytes]:
    """The same letters as a list, to tick and to sign at the post office."""
    author = await reception.doorkeeper.author(request, "handle")
    _, lying = await still_lying(reception, papers, author, id)
    now = reception.house.desk.circumstances(author).now
    pdf = await papers.sheet(posting_sheet([letter for _, letter in lying], str(id), now))
    return on_paper(pdf, f"bordereau-{id}")


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


routes = [print_mailing, post_mailing, read_mailing, read_letters, read_sheet]
