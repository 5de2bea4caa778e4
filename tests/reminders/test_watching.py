"""Time passes and nobody calls: what is missing is found, once, and nothing else is done."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

from domain.closing import CloseDossier
from domain.dossier_events import DossierClosed, SilenceTookEffect
from domain.handling import AcknowledgeReceipt, ReportProgress, SendAnswer
from domain.lapses import LapseEscalated
from domain.partners import ForwardDossier, RecordPartnerAnswer
from domain.waiting import AwaitUsager, EndWaiting
from guichet import reminders
from guichet.house import House
from guichet.importing.load import Import
from guichet.importing.rejects import Rejects
from guichet.importing.sources import Columns, Mapping, Source
from projections.lapses import lasting, silences
from tests.reminders.conftest import MONDAY, Watch

RECEIPT = AcknowledgeReceipt(means="counter")
ANSWER = SendAnswer(text="C'est réparé.", means="counter", addressee="usager")


async def test_what_is_due_today_is_not_late(watch: Watch) -> None:
    await watch.opened()
    watch.later(14)  # ten working days
    assert await watch.looks() == {}
    watch.later(1)
    assert await watch.looks() == {"acknowledgement_late": 1}
    assert await watch.looks() == {}


async def test_a_lapse_lasts_until_a_fact_repairs_it(watch: Watch) -> None:
    id = await watch.opened()
    watch.later(32)
    assert await watch.looks() == {"acknowledgement_late": 1, "answer_late": 1}
    await watch.does(id, RECEIPT)
    assert (await watch.told(id))[-2:] == [
        "ReceiptAcknowledged",
        "LapseRepaired acknowledgement_late",
    ]
    await watch.does(id, ANSWER)
    assert (await watch.told(id))[-2:] == ["AnswerSent", "LapseRepaired answer_late"]
    await watch.caught_up()
    async with watch.house.pool.connection() as connection, connection.cursor() as cursor:
        assert await lasting(cursor, watch.house.settings.town) == []


async def test_silence_takes_effect_beside_a_dossier_that_stays_open(watch: Watch) -> None:
    id = await watch.opened("terrasse")
    await watch.does(id, RECEIPT)
    watch.later((date(2026, 5, 2) - MONDAY.date()).days)
    assert "silence" not in await watch.looks()  # its last day
    watch.later(1)
    assert (await watch.looks())["silence"] == 1
    facts = [fact.event for fact in await watch.house.desk.past(f"dossier.{id}")]
    silence = [fact for fact in facts if isinstance(fact, SilenceTookEffect)]
    assert silence == [
        SilenceTookEffect(effect="acceptance", on=date(2026, 5, 3), source="CRPA L231-1")
    ]
    assert not any(isinstance(fact, DossierClosed) for fact in facts)
    town = watch.house.settings.town
    async with watch.house.pool.connection() as connection, connection.cursor() as cursor:
        assert await silences(cursor, town) == {"voirie": 1}
    await watch.does(id, ANSWER, CloseDossier(outcome="done", reason="La terrasse est permise."))
    await watch.caught_up()
    async with watch.house.pool.connection() as connection, connection.cursor() as cursor:
        assert await silences(cursor, town) == {}


async def test_no_dossier_is_ever_closed_by_time(watch: Watch) -> None:
    ids = [await watch.opened(procedure) for procedure in ("lampadaire", "terrasse") * 2]
    await watch.does(ids[0], ReportProgress(text="Commandé.", next_date=date(2026, 3, 20)))
    await watch.does(ids[1], AwaitUsager(until=date(2026, 4, 1), reason="Plan attendu"))
    await watch.does(ids[2], ANSWER)
    for _ in range(60):
        watch.later(30)
        await watch.looks()
    for id in ids:
        assert "DossierClosed" not in await watch.told(id)
    async with watch.house.pool.connection() as connection:
        states = await connection.execute(
            "select distinct state from dossiers where town = %s", [watch.house.settings.town]
        )
        assert await states.fetchall() == [("open",)]


async def test_coming_back_from_waiting_is_not_late_at_once(watch: Watch) -> None:
    id = await watch.opened()
    await watch.does(id, RECEIPT)
    watch.later(20)
    until = (watch.clock.now + timedelta(days=300)).date()
    await watch.does(id, AwaitUsager(until=until, reason="La clé de la cave"))
    watch.later(200)
    assert await watch.looks() == {}
    await watch.does(id, EndWaiting())
    assert await watch.looks() == {}
    watch.later(11)  # what was left on the day the waiting began
    assert await watch.looks() == {}
    watch.later(1)
    assert await watch.looks() == {"answer_late": 1}


async def test_news_that_were_promised_and_did_not_come_are_missed(watch: Watch) -> None:
    id = await watch.opened()
    await watch.does(id, RECEIPT, ReportProgress(text="Commandé.", next_date=date(2026, 3, 9)))
    watch.later(8)
    assert await watch.looks() == {"progress_late": 1}
    await watch.does(id, ReportProgress(text="Livré.", next_date=date(2026, 3, 30)))
    assert (await watch.told(id))[-1] == "LapseRepaired progress_late"


async def test_an_answered_dossier_without_a_next_date_is_found(watch: Watch) -> None:
    id = await watch.opened()
    await watch.does(id, RECEIPT, ANSWER)
    assert await watch.looks() == {}
    watch.later(1)
    assert await watch.looks() == {"no_next_date": 1}


async def test_work_that_was_announced_and_not_done_is_found(watch: Watch) -> None:
    id = await watch.opened()
    planned = date(2026, 4, 15)
    closing = CloseDossier(outcome="planned", reason="Chantier en avril.", planned_for=planned)
    await watch.does(id, RECEIPT, ANSWER, closing)
    watch.later((planned - MONDAY.date()).days)
    assert await watch.looks() == {}
    watch.later(1)
    assert await watch.looks() == {"planned_late": 1}


async def test_a_partner_who_says_nothing_for_a_month_is_found(watch: Watch) -> None:
    silent, answered = await watch.opened(), await watch.opened()
    for id in (silent, answered):
        told = ForwardDossier(authority="Le bailleur", told="Transmis au bailleur.")
        await watch.does(id, RECEIPT, told)
    await watch.does(answered, RecordPartnerAnswer(text="Nous passons lundi."))
    watch.later(31)
    assert "partner_silent" not in await watch.looks()
    watch.later(1)
    assert (await watch.looks())["partner_silent"] == 1
    assert "LapseFound partner_silent" in await watch.told(silent)


async def test_what_lasts_goes_to_the_head_then_to_the_unit_that_evaluates(watch: Watch) -> None:
    id = await watch.opened()
    watch.later(15)
    assert await watch.looks() == {"acknowledgement_late": 1}
    watch.later(1)
    assert await watch.looks() == {}
    watch.later(1)
    assert await watch.looks() == {"acknowledgement_late → service_head": 1}
    watch.later(10)
    assert await watch.looks() == {}
    watch.later(2)
    assert await watch.looks() == {"acknowledgement_late → evaluation": 1}
    facts = [fact.event for fact in await watch.house.desk.past(f"dossier.{id}")]
    assert [fact.to for fact in facts if isinstance(fact, LapseEscalated)] == [
        "service_head",
        "evaluation",
    ]


async def test_after_forty_days_off_each_lapse_is_found_once(watch: Watch) -> None:
    ids = [await watch.opened() for _ in range(12)]
    watch.later(40)
    found = await watch.looks()
    assert found == {"acknowledgement_late": 12, "answer_late": 12}
    assert await watch.looks() == {
        "acknowledgement_late → evaluation": 12,
        "answer_late → service_head": 12,
    }
    assert await watch.looks() == {}
    for id in ids:
        assert (await watch.told(id)).count("LapseFound answer_late") == 1


async def test_two_at_once_find_each_lapse_once(watch: Watch) -> None:
    ids = [await watch.opened() for _ in range(12)]
    watch.later(32)
    await watch.caught_up()
    async with House.open(watch.house.settings, clock=watch.clock) as other:
        await asyncio.gather(reminders.look(watch.house), reminders.look(other))
    await watch.looks()  # what one of the two may have brought up already
    for id in ids:
        told = await watch.told(id)
        for once in ("LapseFound acknowledgement_late", "LapseFound answer_late"):
            assert told.count(once) == 1
        assert told.count("LapseEscalated acknowledgement_late") == 1


async def test_imported_history_never_triggers_anything(watch: Watch, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("n,o,p\n1,2024-01-05,lampadaire\n2,2026-02-27,terrasse\n")
    columns = Columns(number="n", opened="o", procedure="p", channel=Source(value="email"))
    mapping = Mapping(source="old", zone="Europe/Paris", columns=columns)
    with Rejects(tmp_path / "rejects.csv") as rejects:
        importing = Import(watch.house, mapping, rejects)
        count = await importing.run(file, False, lambda count: None)
    assert count.imported == 2
    head = await watch.house.log.head()
    for _ in range(8):
        watch.later(90)
        assert await watch.looks() == {}
    assert await watch.house.log.head() == head
