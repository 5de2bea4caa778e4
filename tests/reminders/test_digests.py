"""Services are reminded: once a working day, at working hours, of dossiers and never of people."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage

import pytest_asyncio

from adapters.smtp_carrier import SmtpCarrier
from domain.grammar import changed
from domain.handling import AcknowledgeReceipt, ReportProgress
from domain.leaving import SendingAllowed
from domain.organisation import ServiceDefined, TownDescribed
from domain.reminding import ServiceReminded
from guichet.catalogue import ORGANISATION, SENDING
from guichet.catalogue_file import record
from guichet.digests import Digests
from tests.mail_server import MailServer
from tests.reminders.conftest import MONDAY, ORGANISED, Watch

RECEIPT = AcknowledgeReceipt(means="counter")


@dataclass
class Reminding:
    """A watch whose services can be written to."""

    watch: Watch
    mail: MailServer
    digests: Digests

    async def reminds(self) -> dict[str, EmailMessage]:
        """Who was reminded, and of what."""
        await self.watch.caught_up()
        before = len(self.mail.received)
        await self.digests.send()
        return {str(message["To"]): message for message in self.mail.received[before:]}


@pytest_asyncio.fixture
async def reminding(watch: Watch) -> AsyncIterator[Reminding]:
    house = watch.house
    _, voirie, town = ORGANISED
    assert isinstance(voirie, ServiceDefined)
    assert isinstance(town, TownDescribed)
    reached = changed(voirie, email="voirie@ville.example", head_email="direction@ville.example")
    await record(
        house, ORGANISATION, [reached, changed(town, evaluation_email="mission@ville.example")]
    )
    await record(house, SENDING, [SendingAllowed(ground="essai")])
    async with MailServer() as mail:
        carrier = SmtpCarrier(mail.host, mail.port, security="none", timeout=10)
        yield Reminding(watch, mail, Digests(house, carrier))
        carrier.close()


async def test_a_service_is_reminded_before_and_after_each_date(reminding: Reminding) -> None:
    watch = reminding.watch
    id = await watch.opened(name="Éléonore Vasseur")
    await watch.does(id, RECEIPT, ReportProgress(text="Bientôt.", next_date=MONDAY.date()))
    today = await reminding.reminds()
    assert list(today) == ["voirie@ville.example"]
    assert "Pour aujourd'hui (1)" in said(today["voirie@ville.example"])
    assert await reminding.reminds() == {}  # once a day
    watch.later(1)
    late = said((await reminding.reminds())["voirie@ville.example"])
    assert "En retard (1)" in late
    assert "1 jour(s) de retard" in late
    for word in ("Vasseur", "noir", "Bientôt"):
        assert word not in late


async def test_nobody_is_reminded_outside_of_working_hours(reminding: Reminding) -> None:
    watch = reminding.watch
    await watch.opened()
    watch.later(40)  # a Saturday
    assert watch.clock.now.weekday() == 5
    assert await reminding.reminds() == {}
    watch.later(2)
    watch.clock.now += timedelta(hours=9)  # 19:30 in the town
    assert await reminding.reminds() == {}
    watch.clock.now += timedelta(hours=13)
    assert "voirie@ville.example" in await reminding.reminds()


async def test_what_lasts_is_told_to_the_head_and_to_the_unit(reminding: Reminding) -> None:
    watch = reminding.watch
    await watch.opened()
    watch.later(36)
    assert await watch.looks() != {}
    assert list(await reminding.reminds()) == ["voirie@ville.example"]
    await watch.looks()
    watch.later(1)
    told = await reminding.reminds()
    assert set(told) == {
        "voirie@ville.example",
        "direction@ville.example",
        "mission@ville.example",
    }
    assert "accusé de réception en retard" in said(told["mission@ville.example"])


async def test_two_processes_remind_once(reminding: Reminding) -> None:
    await reminding.watch.opened()
    reminding.watch.later(36)
    await reminding.watch.caught_up()
    await asyncio.gather(*(reminding.digests.send() for _ in range(4)))
    assert len(reminding.mail.received) == 1
    [fact] = await reminding.watch.house.desk.past("reminders.voirie_service")
    assert isinstance(fact.event, ServiceReminded)
    assert (fact.event.late, fact.event.message_id) == (
        1,
        reminding.mail.received[0]["Message-ID"],
    )


async def test_nothing_is_said_before_the_town_lets_messages_leave(watch: Watch) -> None:
    await watch.opened()
    watch.later(36)
    await watch.caught_up()
    async with MailServer() as mail:
        carrier = SmtpCarrier(mail.host, mail.port, security="none", timeout=10)
        assert await Digests(watch.house, carrier).send() == 0
        carrier.close()
        assert mail.received == []


async def test_a_mail_server_that_is_away_is_asked_again(reminding: Reminding) -> None:
    await reminding.watch.opened()
    reminding.watch.later(36)
    reminding.mail.greylist(1)
    assert await reminding.reminds() == {}
    assert "voirie@ville.example" in await reminding.reminds()


def said(message: EmailMessage) -> str:
    return str(message.get_content())
