"""What an absent agent had taken goes back to the queue of its service, once."""

from datetime import timedelta
from uuid import UUID, uuid4

from domain.absences import Absence, AnnounceAbsence, EndAbsence
from domain.grammar import Author
from domain.handling import AcknowledgeReceipt, TakeDossier
from domain.watching import ReleaseDossier
from guichet.aggregates import decided
from guichet.candidates import Candidate
from guichet.envelopes import Hand
from guichet.reminders import carried
from projections import queues
from tests.reminders.conftest import AGENT, MONDAY, Watch

HEAD = Author(role="service_head", account="chef", service="voirie")
TODAY = MONDAY.date()
IN_TIME = AcknowledgeReceipt(means="counter")


async def says(watch: Watch, command: AnnounceAbsence | EndAbsence) -> None:
    id = str(uuid4())
    hand = Hand(author=HEAD, command_id=id, digest=id)
    stream = f"absence.{command.account}"
    assert await decided(watch.house.desk, stream, Absence(), command.decide, hand)


def away(first: int, last: int, account: str = AGENT.account) -> AnnounceAbsence:
    """From so many days after Monday 2 March to so many."""
    day = timedelta(days=1)
    return AnnounceAbsence(account=account, first=TODAY + first * day, last=TODAY + last * day)


async def taken(watch: Watch) -> UUID:
    id = await watch.opened()
    await watch.does(id, IN_TIME, TakeDossier())
    return id


async def standing(watch: Watch, id: UUID) -> tuple[str, str | None]:
    """How the dossier stands in its queue, and who has taken it."""
    async with watch.house.pool.connection() as connection, connection.cursor() as cursor:
        rows = await queues.page(cursor, watch.house.settings.town, "voirie", limit=50)
    [row] = [row for row in rows if row.dossier_id == id]
    return row.state, row.taken_by


async def test_it_comes_back_on_the_first_day_and_once(watch: Watch) -> None:
    mine, untaken = await taken(watch), await watch.opened()
    await watch.does(untaken, IN_TIME)
    await says(watch, away(2, 4))
    assert await watch.looks() == {}
    assert await standing(watch, mine) == ("taken", AGENT.account)
    watch.later(2)
    assert await watch.looks() == {"released": 1}
    assert await watch.looks() == {}
    assert await standing(watch, mine) == ("to_take", None)
    assert (await watch.told(mine))[-1] == "DossierReleased"
    assert "DossierReleased" not in await watch.told(untaken)
    watch.later(1)
    assert await watch.looks() == {}


async def test_who_takes_it_again_keeps_it(watch: Watch) -> None:
    """He is back before the day that was said."""
    id = await taken(watch)
    await says(watch, away(1, 9))
    watch.later(1)
    assert await watch.looks() == {"released": 1}
    watch.later(2)
    await watch.does(id, TakeDossier())
    assert await watch.looks() == {}
    assert await standing(watch, id) == ("taken", AGENT.account)


async def test_who_has_come_back_keeps_what_he_takes(watch: Watch) -> None:
    id = await taken(watch)
    await says(watch, away(0, 9))
    await says(watch, EndAbsence(account=AGENT.account))
    assert await watch.looks() == {}
    await says(watch, away(1, 1))
    watch.later(2)
    assert await watch.looks() == {}, "the absence is over"
    assert await standing(watch, id) == ("taken", AGENT.account)


async def test_a_second_absence_gives_it_back_again(watch: Watch) -> None:
    id = await taken(watch)
    watch.clock.now += timedelta(hours=1)
    await says(watch, away(0, 0))
    assert await watch.looks() == {"released": 1}
    await watch.does(id, TakeDossier())
    watch.clock.now += timedelta(hours=1)
    await says(watch, away(0, 1))
    assert await watch.looks() == {"released": 1}
    assert (await watch.told(id)).count("DossierReleased") == 2


async def test_what_a_colleague_has_taken_since_stays_his(watch: Watch) -> None:
    """The tables may be behind: what was seen must still be so when it is released."""
    id = await taken(watch)
    seen = (await watch.house.desk.past(f"dossier.{id}"))[-1].version
    colleague = Hand(
        author=Author(role="service_agent", account="a8", service="voirie"),
        command_id=str(uuid4()),
        digest="d",
    )
    await watch.house.desk.handle(id, TakeDossier(), colleague, expected=None)
    late = Candidate(id, ReleaseDossier(), seen)
    assert not await carried(watch.house, late, TODAY)
    await says(watch, away(0, 3))
    assert await watch.looks() == {}
    assert await standing(watch, id) == ("taken", "a8")
