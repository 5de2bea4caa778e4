"""A town described whole, a mail server and an SMS gateway beside it, a clock that a test moves."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from psycopg import AsyncConnection

from adapters.jetstream_api import connect
from adapters.keys import KeyRing
from adapters.sms_http import HttpSms
from adapters.smtp_carrier import SmtpCarrier
from domain.grammar import Author, replay
from domain.intake import OpenDossier, PersonEntry
from domain.leaving import SendingAllowed
from domain.organisation import Organisation, PoleDefined, ServiceDefined, TownDescribed
from guichet import reactor
from guichet.catalogue import SENDING
from guichet.catalogue_file import record
from guichet.desk import Intention
from guichet.envelopes import Hand
from guichet.house import House
from guichet.letters.template_files import Templates
from guichet.outbox import attempts
from guichet.outbox.sending import Outbox
from guichet.projecting import follow
from guichet.reactor import Reactor
from guichet.settings import Settings
from projections.projector import prepare
from projections.waiting import Waiter
from tests.conftest import running_beside
from tests.domain.scenario import ORGANISATION, PROCEDURES, SINCE
from tests.mail_server import MailServer
from tests.sms_gateway import SmsGateway

VOIRIE = ServiceDefined(
    id="voirie",
    name="Voirie",
    pole="cadre-de-vie",
    since=SINCE,
    address="14 rue des Tilleuls, 77990 SAINTE-AURORE",
    email="voirie@ville.example",
    phone="01 99 00 12 34",
)
TOWN = TownDescribed(
    name="Ville de Sainte-Aurore",
    address=("1 place de l'Hôtel-de-Ville", "77990 SAINTE-AURORE"),
    since=SINCE,
    sender="guichet@ville.example",
    url="https://guichet.ville.example/suivi",
)
DESCRIBED: Organisation = replay(ORGANISATION, [VOIRIE, TOWN])
UNREACHABLE: Organisation = replay(
    Organisation(),
    [
        PoleDefined(id="cadre-de-vie", name="Cadre de vie", since=SINCE),
        ServiceDefined(id="voirie", name="Voirie", pole="cadre-de-vie", since=SINCE),
        TOWN,
    ],
)
RECEPTIONIST = Author(role="receptionist", account="a1")


@dataclass
class Clock:
    """What time the house believes it is."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Desk:
    """A house whose reactor and outbox go one step at a time."""

    house: House
    clock: Clock
    mail: MailServer
    sms: SmsGateway
    reactor: Reactor
    outbox: Callable[[], Outbox]

    async def opened(self, email: str | None = "lea@usagers.example", **more: Any) -> UUID:
        id = uuid4()
        usager = PersonEntry(name="Léa Martin", email=email, phone="06 12 34 56 78")
        command = OpenDossier(
            procedure="lampadaire", channel="form", summary="Il fait noir", usager=usager, **more
        )
        await self.house.desk.open(id, command, self.hand())
        return id

    async def does(self, id: UUID, command: Intention) -> None:
        await self.house.desk.handle(id, command, self.hand(), expected=None)

    async def reacts(self) -> None:
        """What policies ask for is asked for, and the tables have caught up with it."""
        await self.reactor.react(await self.house.log.page(0, 1000))
        settings = self.house.settings
        async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
            head = await self.house.log.head()
            assert await waiter.until(head, 30.0) >= head

    async def told(self, id: UUID) -> list[str]:
        """The names of the facts of a dossier."""
        past = await self.house.desk.past(f"dossier.{id}")
        return [type(fact.event).__name__ for fact in past]

    def hand(self) -> Hand:
        return Hand(author=RECEPTIONIST, command_id=str(uuid4()), digest="d")


@pytest_asyncio.fixture
async def closed_desk(settings: Settings) -> AsyncIterator[Desk]:
    """The desk of a town that has not said that messages may leave."""
    async with await AsyncConnection.connect(settings.postgres["owner"], autocommit=True) as owner:
        assert await prepare(owner) == []
        await reactor.prepare(owner)
        await attempts.prepare(owner)
    clock = Clock()
    nc = await connect(settings.nats_url, "keys", settings.nats_passwords["keys"])
    async with (
        MailServer() as mail,
        SmsGateway() as gateway,
        House.open(settings, clock=clock) as house,
        running_beside(follow(house)),
    ):
        house.catalogue.organisation = DESCRIBED
        house.catalogue.procedures = PROCEDURES
        keys = KeyRing(nc, settings.town, settings.master_key)
        carrier = SmtpCarrier(mail.host, mail.port, security="none", timeout=10)
        sms = HttpSms(gateway.url, gateway.token, "Ville")
        templates = Templates()
        yield Desk(
            house=house,
            clock=clock,
            mail=mail,
            sms=gateway,
            reactor=Reactor(house, keys),
            outbox=lambda: Outbox(house, templates, mail=carrier, sms=sms),
        )
        carrier.close()
    await nc.close()


@pytest_asyncio.fixture
async def desk(closed_desk: Desk) -> Desk:
    """The same, where messages may leave."""
    await record(closed_desk.house, SENDING, [SendingAllowed(ground="essai")])
    return closed_desk
