"""Commands on what is not a dossier: mailings, absences, reminders, the switch of the sendings.

The same way as the desk's, shorter: these streams are small and hold no personal data.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from domain.circumstances import Circumstances
from domain.grammar import NO_KEY, Event, Memory, Recorded, Refused, changed, replay
from domain.log import Conflict
from guichet.desk import TRIES, Desk, KeyReused
from guichet.envelopes import Hand, at_once, wrapped

M = TypeVar("M", bound=Memory[Any])


async def decided(
    desk: Desk,
    stream: str,
    memory: M,
    decide: Callable[[M, Circumstances], Sequence[Event]],
    hand: Hand,
) -> Recorded[Any] | None:
    """The last fact that `decide` made of the past of `stream` and of `hand`'s command, with its
    position; the same again for a command that was heard before, None when nothing followed.
    `Conflict` when others wrote each time in between."""
    for number in range(TRIES):
        past = await desk.past(stream, upto_date=number > 0)
        heard = [fact for fact in past if fact.command_id == hand.command_id]
        if heard:
            if heard[-1].digest != hand.digest:
                raise KeyReused
            return heard[-1]
        at = desk.circumstances(hand.author)
        try:
            facts = decide(replay(memory, (fact.event for fact in past)), at)
        except Refused:
            if number:
                raise
            continue  # the replica that was read may know less than whoever asks
        if not facts:
            return None
        version = past[-1].version if past else 0
        recorded = wrapped(stream, version, facts, hand, at_once(at.now), NO_KEY)
        try:
            positions = await desk.record(recorded)
        except Conflict:
            continue
        return changed(recorded[-1], position=positions[-1])
    raise Conflict(stream)
