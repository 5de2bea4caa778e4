"""The switch of the sendings: everybody sees whether messages leave, the administrator says so."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Response

from domain.grammar import Ground, Value
from guichet.catalogue import SENDING
from guichet.switch import turn
from guichet.web.dossiers import answered
from guichet.web.problems import AnyRequest
from guichet.web.reception import Reception


class Switch(Value, frozen=True):
    """Whether messages shall reach residents, and why: the ground stays in the log."""

    allowed: bool
    ground: Ground


class Leave(Value, frozen=True):
    """Whether messages reach residents, as of a position of the log."""

    allowed: bool
    position: int


@get("/sending", summary="Dire si les messages partent")
async def read_sending(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """False until somebody has said that they may."""
    await reception.doorkeeper.author(request, "catalogue")
    catalogue = reception.house.catalogue
    leave = Leave(allowed=catalogue.leaving.allowed, position=catalogue.position)
    return answered(msgspec.to_builtins(leave), {})


@post("/sending", status_code=200, summary="Laisser partir les messages, ou les retenir")
async def turn_sending(
    request: AnyRequest, reception: NamedDependency[Reception]
) -> Response[bytes]:
    """Nothing is recorded, and the same is answered, when it is so already."""
    doorkeeper, house = reception.doorkeeper, reception.house
    author = await doorkeeper.author(request, "house")
    command, intent = await doorkeeper.command(request, author, Switch)
    await reception.safe_to_write()
    with doorkeeper.hearing(intent.hand):
        await turn(house, command.allowed, command.ground, intent.hand)
    # So that this process shows at once what it has just recorded.
    await house.catalogue.load(house.log, house.codec)
    last = await house.log.last(SENDING)
    leave = Leave(allowed=command.allowed, position=last.position if last else 0)
    return answered(msgspec.to_builtins(leave), {})


routes = [read_sending, turn_sending]
