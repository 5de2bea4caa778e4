"""What is promised to a resident, as the table keeps it."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

from domain.closing import CloseDossier
from domain.handling import AssignDossier, ReportProgress, SendAnswer
from guichet.house import House
from tests.projections.lamps import rebuilt_is_live
from tests.projections.test_read_models import done, opened, reached

NEXT, LATER = (date.today() + timedelta(days=n) for n in (9, 20))  # noqa: DTZ011 any days to come
ANSWER = SendAnswer(text="Réparé", means="counter", addressee="usager")


async def promised(house: House, id: UUID) -> list[tuple[str, date, str]]:
    await reached(house)
    async with house.pool.connection() as connection:
        cursor = await connection.execute(
            "select kind, promised_for, state from promises where town = %s and dossier_id = %s "
            "order by number, kind",
            [house.settings.town, id],
        )
        return await cursor.fetchall()


async def test_news_that_announce_the_answer_promise_two_things(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    id = await opened(house)
    await done(house, id, ReportProgress(text="Commandé", next_date=NEXT, answer_by=LATER))
    first, *two = await promised(house, id)
    assert first[::2] == ("answer", "renegotiated")
    assert two == [("answer", LATER, "open"), ("progress", NEXT, "open")]
    await rebuilt_is_live(house)
    assert not projector.done()


async def test_nobody_waits_for_news_of_what_is_closed(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    id = await opened(house)
    await done(house, id, ANSWER, ReportProgress(text="On repasse", next_date=NEXT))
    await done(house, id, CloseDossier(outcome="planned", reason="Fait", planned_for=LATER))
    assert (await promised(house, id))[1:] == [
        ("progress", NEXT, "kept"),
        ("work", LATER, "open"),
    ]
    assert not projector.done()


async def test_whoever_has_the_dossier_owes_what_is_promised_next(
    house: House, projector: "asyncio.Task[None]"
) -> None:
    id = await opened(house)
    await done(house, id, ANSWER, AssignDossier(service="proprete", reason="Un dépôt"))
    await done(house, id, ReportProgress(text="On repasse", next_date=NEXT))
    await reached(house)
    async with house.pool.connection() as connection:
        cursor = await connection.execute(
            "select kind, service, owner from promises where town = %s and dossier_id = %s "
            "order by number",
            [house.settings.town, id],
        )
        assert await cursor.fetchall() == [
            ("answer", "voirie", "proprete"),
            ("progress", "proprete", "proprete"),
        ]
    assert not projector.done()
