"""`guichet sending`: whether messages reach residents. Nothing leaves before somebody says so."""

import asyncio
from uuid import uuid4

from domain.circumstances import Circumstances
from domain.grammar import Author, Event
from domain.leaving import Leaving, SendingAllowed, SendingStopped
from guichet.aggregates import decided
from guichet.catalogue import SENDING
from guichet.envelopes import Hand
from guichet.house import House
from guichet.proof.guarding import write_only_there
from guichet.sentences import must_be_ground
from guichet.settings import Settings


async def turn(house: House, allowed: bool, ground: str, hand: Hand) -> None:
    """Let messages leave, or stop them, for a `ground`; nothing is recorded when it is so
    already."""

    def decide(leaving: Leaving, at: Circumstances) -> list[Event]:
        if leaving.allowed == allowed:
            return []
        return [SendingAllowed(ground=ground) if allowed else SendingStopped(ground=ground)]

    await decided(house.desk, SENDING, Leaving(), decide, hand)


def run(settings: Settings, allowed: bool | None, ground: str = "") -> None:
    """`guichet sending allow|stop|status`; a `Sentence` for a ground that says nothing."""
    if allowed is not None:
        must_be_ground(ground)

    async def whole() -> bool:
        async with House.open(settings) as house:
            if allowed is not None:
                await write_only_there(house)
                id = str(uuid4())
                author = Author(role="administrator", account="console")
                await turn(house, allowed, ground, Hand(author=author, command_id=id, digest=id))
                await house.catalogue.load(house.log, house.codec)
            return house.catalogue.leaving.allowed

    if settings.training:
        print("Exercice : les messages finissent dans un dossier, rien n'atteint personne.")
    leave = asyncio.run(whole())
    print("Les messages partent." if leave else "Rien ne part : les messages attendent.")
