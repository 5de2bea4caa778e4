"""Absences of agents: announced, ended, and those that last or come."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.absences import Absence, AnnounceAbsence, EndAbsence
from domain.circumstances import Circumstances
from domain.grammar import Event, Value
from guichet.absences import KIND, away
from guichet.aggregates import decided
from guichet.web.dossiers import answered, wait
from guichet.web.intents import Intent
from guichet.web.problems import AnyRequest, invalid
from guichet.web.reception import Reception

ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,60}")
"""What an account may be called, since it becomes part of the name of a stream."""


class Return(Value, frozen=True):
    """*Retour.* The account is in the address, and the day is today."""


class AbsenceNoted(Value, frozen=True):
    """What was recorded of an account, and where in the log."""

    account: str
    position: int


@get("/absences", summary="Les absences en cours et à venir")
async def read_absences(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """By their first day."""
    author = await reception.doorkeeper.author(request, "absences")
    behind = await wait(request, reception)
    house = reception.house
    today = house.desk.circumstances(author).today
    async with house.pool.connection() as connection, connection.cursor() as cursor:
        reached = reception.waiter.position
        found = await away(house, cursor, today)
    items: list[dict[str, Any]] = [msgspec.structs.asdict(one) for one in found]
    return answered({"items": items, "position": reached}, behind)


@post("/absences", summary="Annoncer une absence")
async def announce_absence(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """It takes the place of the one before, of the same account. What the account had taken goes
    back to the queue of its service on the first day."""
    author = await reception.doorkeeper.author(request, "absences")
    command, intent = await reception.doorkeeper.command(request, author, AnnounceAbsence)
    return await noted(reception, command.account, command.decide, intent)


@post("/absences/{account:str}/end", summary="Annoncer un retour")
async def end_absence(
    request: AnyRequest, reception: NamedDependency[Reception], account: FromPath[str]
) -> Response[bytes]:
    """The account is back from today on."""
    author = await reception.doorkeeper.author(request, "absences")
    _, intent = await reception.doorkeeper.command(request, author, Return)
    return await noted(reception, account, EndAbsence(account=account).decide, intent)


async def noted(
    reception: Reception,
    account: str,
    decide: Callable[[Absence, Circumstances], Sequence[Event]],
    intent: Intent,
) -> Response[bytes]:
    """Record what `decide` makes of the absence of `account`."""
    if not ACCOUNT.fullmatch(account):
        raise invalid("/account", "Un compte a 60 lettres, chiffres, _ ou - au plus.")
    await reception.safe_to_write()
    with reception.doorkeeper.hearing(intent.hand):
        desk = reception.house.desk
        fact = await decided(desk, f"{KIND}.{account}", Absence(), decide, intent.hand)
    assert fact is not None  # noqa: S101 both commands leave one fact, or are refused
    return Response(
        msgspec.json.encode(AbsenceNoted(account=account, position=fact.position)),
        status_code=201,
        headers={"X-Event-Position": str(fact.position)},
        media_type="application/json",
    )


routes = [read_absences, announce_absence, end_absence]
