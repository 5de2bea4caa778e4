"""Which letters of a mailing can be posted: asked of the log itself, dossier by dossier."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.grammar import Author, Recorded, replay
from domain.mailing import (
    Letter,
    Mailing,
    MailingGone,
    MailingUnknown,
)
from domain.sending import NoSuchMessage
from guichet.letters.content import Addressee, AnyLetter
from guichet.letters.posting import in_postal_order
from guichet.outbox.letterhead import lines
from guichet.outbox.recipients import opening
from guichet.sentences import Sentence
from guichet.web.actors import OF_ONE_SERVICE
from guichet.web.intents import forbidden
from guichet.web.papers import Case, Papers, cases, must_be_his, not_made, written
from guichet.web.problems import Problem
from guichet.web.reception import Reception

NO_ADDRESS = "Aucune adresse postale n'est connue."


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
    order = in_postal_order([Addressee(*address_of(known[one.dossier])) for one in letters])
    return tuple(letters[place] for place in order)


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


async def still_lying(
    reception: Reception, papers: Papers, author: Author, id: UUID
) -> tuple[list[Recorded[Any]], list[tuple[Letter, AnyLetter]]]:
    """The facts of a mailing that was not posted, and those of its letters that still wait, written
    anew; 409 where none does, and for one that cannot be made, which is named."""
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
    return facts, lying


async def facts_of(reception: Reception, author: Author, id: UUID) -> list[Recorded[Any]]:
    """The facts of a mailing; 404 without it, 403 for agents of another service than who made
    it."""
    facts = await reception.house.desk.past(stream_of(id), upto_date=True)
    if not facts:
        raise Problem(404, "mailing-unknown", MailingUnknown.title)
    if author.role in OF_ONE_SERVICE and author.service != facts[0].author.service:
        raise forbidden()
    return facts


def stream_of(id: UUID) -> str:
    """Where the facts of a mailing lie."""
    return f"mailing.{id}"
