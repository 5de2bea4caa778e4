"""The outbox: takes what is queued, has it carried, and records what became of it.

A message is leased, read again from the log, sent, and recorded as sent. Between the carrier's yes
and the record lies the one window that nobody can close: a process killed there sends the message
once more when its lease has ended, under the same Message-ID.
"""

from datetime import datetime

import structlog
import uvloop
from nats.errors import Error as NatsError
from psycopg import OperationalError

from adapters.carriers import Later, MailCarrier, SmsCarrier, Undeliverable
from adapters.jetstream_api import Refusal
from domain.circumstances import Circumstances
from domain.dossier import Dossier
from domain.grammar import Author, Refused, replay
from domain.log import Conflict, LogUnavailable
from domain.sending import RecordLackingMention, RecordRefusal, RecordSending
from domain.terms import Means
from guichet.desk import Intention
from guichet.envelopes import Hand
from guichet.house import House
from guichet.letters.mail import Mailer, UnusableAddress
from guichet.letters.mentions import MentionLacking
from guichet.letters.notices import transmission
from guichet.letters.sms import sms
from guichet.letters.template_files import Templates
from guichet.outbox.attempts import Lease, lease, put_off, settle
from guichet.outbox.carriers import mail_carrier, sms_carrier
from guichet.outbox.composing import Writer, surrounding
from guichet.outbox.letterhead import message_id, town_in
from guichet.outbox.recipients import recipient
from guichet.proof.guarding import write_only_there
from guichet.sentences import Sentence
from guichet.settings import Settings
from guichet.tracking import Tracking
from projections.waiting import Waiter

SYSTEM = Author(role="system", account="outbox")
AT_ONCE = 20
"""Messages leased together."""
LOOK = 5.0
"""Seconds without a look at what may be tried again."""

logger = structlog.get_logger()


class Outbox:
    """Sends the messages of one town by the carriers it has; those for others wait."""

    def __init__(
        self,
        house: House,
        templates: Templates,
        *,
        mail: MailCarrier | None = None,
        sms: SmsCarrier | None = None,
    ) -> None:
        self._house = house
        self._mail = mail
        self._sms = sms
        carriers: list[tuple[Means, object]] = [("email", mail), ("sms", sms)]
        self._means: list[Means] = [means for means, carrier in carriers if carrier]
        self._templates = templates
        self._mailer = Mailer(templates)
        settings = house.settings
        tracking = Tracking(settings.master_key)
        self._writer = Writer(tracking, templates, settings.zone, training=settings.training)

    async def send(self) -> int:
        """Send what is due now; how many messages were tried."""
        if not self._house.may_send:
            return 0
        pool, town = self._house.pool, self._house.settings.town
        leases = await lease(pool, town, self._now(), AT_ONCE, self._means)
        for one in leases:
            try:
                why = await self._tried(one)
            except (Conflict, LogUnavailable, NatsError, Refusal):
                why = "Le journal n'a pas répondu."
            except Sentence as sentence:
                why = str(sentence)
            if why:
                await put_off(pool, town, one, self._now(), why)
                logger.warning("message.put_off", number=one.number, tries=one.tries, why=why)
        if leases:
            await settle(pool, town)
        return len(leases)

    async def _tried(self, one: Lease) -> str:
        """Send a message, unless the log says that it waits no longer; why it must be tried again,
        empty when it need not."""
        desk = self._house.desk
        past = await desk.past(f"dossier.{one.dossier}", upto_date=True)
        dossier = replay(Dossier(), (fact.event for fact in past))
        if one.number not in dossier.queued:
            return ""
        message = dossier.queued[one.number]
        at = surrounding(desk.circumstances(SYSTEM), past)
        to = recipient(message, at.past)
        if to is None:
            await self._record(one, RecordRefusal(message=one.number, reason="Aucune adresse."))
            return ""
        id = message_id(f"{one.dossier}.{one.number}", town_in(at))
        try:
            proof = await self._carried(one, dossier, to, id, at)
        except MentionLacking as lacking:
            if message.kind != "acknowledgement":  # somebody must see it, and write it again
                await self._record(one, RecordRefusal(message=one.number, reason=str(lacking)))
                return ""
            command = RecordLackingMention(message=one.number, lacking=str(lacking))
            await self._record(one, command)
            return str(lacking)
        except (Undeliverable, UnusableAddress) as refusal:
            await self._record(one, RecordRefusal(message=one.number, reason=str(refusal)))
            return ""
        except Later as later:
            return later.reason
        await self._record(one, RecordSending(message=one.number, message_id=id, proof=proof))
        return ""

    async def _carried(
        self, one: Lease, dossier: Dossier, to: str, id: str, at: Circumstances
    ) -> str:
        """Have a message taken by its carrier; the proof. `Later`, `Undeliverable`, or what keeps
        it from being written."""
        message, sender = dossier.queued[one.number], town_in(at).sender
        if message.kind == "transmission" and self._mail:
            content = self._writer.transmission(one.dossier, dossier, at)
            return await self._mail.deliver(
                transmission(content, sender=sender, to=to, message_id=id)
            )
        letter = self._writer.letter(one.dossier, dossier, one.number, at)
        if message.means == "sms" and self._sms:
            self._mailer.text(letter)  # the page it leads to lacks no mention either
            return await self._sms.deliver(
                to, sms(letter, self._templates.words(letter.language)), id
            )
        if self._mail is None:
            raise Later("Aucun serveur de courriel n'est indiqué.")
        written = self._mailer.written(letter, sender=sender, to=to, message_id=id)
        return await self._mail.deliver(written)

    async def _record(self, one: Lease, command: Intention) -> None:
        """Carry `command` to the dossier, once however often it is asked."""
        asked = f"outbox/{one.dossier}/{one.number}/{type(command).__name__}"
        hand = Hand(author=SYSTEM, command_id=asked, digest=asked)
        try:
            await self._house.desk.handle(one.dossier, command, hand, expected=None)
        except Refused as refusal:
            logger.info("message.refused", by=type(refusal).__name__, number=one.number)

    def _now(self) -> datetime:
        return self._house.desk.circumstances(SYSTEM).now


async def follow(house: House) -> None:
    """Send whatever comes to be due, for as long as the process lives."""
    settings = house.settings
    mail, sms = mail_carrier(settings), sms_carrier(settings)
    if mail is None:
        logger.warning("outbox.without_mail_server")
    outbox = Outbox(house, Templates(settings.letters), mail=mail, sms=sms)
    async with Waiter.open(settings.postgres["web"], settings.town) as waiter:
        while True:
            seen = waiter.reached("messages")
            try:
                busy = await outbox.send()
            except OperationalError:
                busy = 0
            if not busy:
                await waiter.until(seen + 1, LOOK, "messages")


def main(settings: Settings) -> None:
    """The process `guichet outbox`."""

    async def whole() -> None:
        async with House.open(settings) as house:
            await write_only_there(house)
            await follow(house)

    uvloop.run(whole())
