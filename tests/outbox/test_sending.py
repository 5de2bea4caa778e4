"""What is queued leaves once, with its proof; what cannot leave is seen by somebody."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage

from domain.forwarding import DossierForwarded
from domain.grammar import changed
from domain.partners import ForwardDossier
from domain.sending import QueueAnswer, SignatoryEntry
from domain.telling import MessageRefused, MessageSent
from guichet.outbox import attempts
from guichet.tracking import Tracking
from tests.outbox.conftest import DESCRIBED, UNREACHABLE, Desk

ACKNOWLEDGED = ["DossierOpened", "MessageQueued", "MessageSent", "ReceiptAcknowledged"]
ANSWER = QueueAnswer(
    text="La lampe a été changée.",
    signatory=SignatoryEntry(name="Anne Roy", quality="Cheffe de service"),
    outcome="done",
    reason="Réparé le 2 mars.",
)


async def test_nothing_leaves_until_the_town_has_said_so(closed_desk: Desk) -> None:
    id = await closed_desk.opened()
    await closed_desk.reacts()
    assert await closed_desk.outbox().send() == 0
    assert closed_desk.mail.received == []
    assert await closed_desk.told(id) == ["DossierOpened", "MessageQueued"]


async def test_an_acknowledgement_leaves_by_itself_and_is_proved(desk: Desk) -> None:
    id = await desk.opened()
    await desk.reacts()
    assert await desk.outbox().send() == 1
    message = await desk.mail.next(10)
    assert message["To"] == "lea@usagers.example"
    assert message["Message-ID"] == f"<{id}.2@ville.example>"
    for said in ("Voirie", "01 99 00 12 34", "Il fait noir", "tribunal administratif"):
        assert said in text(message)
    assert await desk.told(id) == ACKNOWLEDGED
    sent = (await desk.house.desk.past(f"dossier.{id}"))[2].event
    assert isinstance(sent, MessageSent)
    assert sent.message_id == message["Message-ID"]
    assert (sent.proof or "").startswith("250")
    await desk.reacts()
    assert await desk.outbox().send() == 0


async def test_two_at_once_send_each_message_once(desk: Desk) -> None:
    ids = [await desk.opened() for _ in range(8)]
    await desk.reacts()
    await asyncio.gather(desk.outbox().send(), desk.outbox().send(), desk.outbox().send())
    assert len({message["Message-ID"] for message in desk.mail.received}) == len(ids)
    assert len(desk.mail.received) == len(ids)
    for id in ids:
        assert await desk.told(id) == ACKNOWLEDGED


async def test_a_message_of_a_process_that_died_is_sent_when_its_lease_has_ended(
    desk: Desk,
) -> None:
    id = await desk.opened()
    await desk.reacts()
    settings = desk.house.settings
    assert await attempts.lease(desk.house.pool, settings.town, desk.clock(), 10)
    assert await desk.outbox().send() == 0
    desk.clock.ahead = attempts.LEASE + timedelta(seconds=1)
    assert await desk.outbox().send() == 1
    assert await desk.told(id) == ACKNOWLEDGED


async def test_a_double_after_a_cut_is_known_by_its_message_id(desk: Desk) -> None:
    id = await desk.opened()
    await desk.reacts()
    desk.mail.drop_after_data(1)
    await desk.outbox().send()
    assert await desk.told(id) == ["DossierOpened", "MessageQueued"]
    assert await desk.outbox().send() == 0  # its delay has not passed
    desk.clock.ahead = attempts.DELAYS[0] + timedelta(seconds=1)
    await desk.outbox().send()
    assert {message["Message-ID"] for message in desk.mail.received} == {f"<{id}.2@ville.example>"}
    assert await desk.told(id) == ACKNOWLEDGED


async def test_a_refused_address_is_a_fact_that_somebody_must_treat(desk: Desk) -> None:
    id = await desk.opened()
    desk.mail.refuse("lea@usagers.example", 550)
    await desk.reacts()
    await desk.outbox().send()
    assert await desk.told(id) == [
        *ACKNOWLEDGED[:2],
        "MessageRefused",
        "LapseFound",
    ]
    await desk.reacts()
    assert await desk.outbox().send() == 0


async def test_an_acknowledgement_that_lacks_a_mention_waits_and_is_seen(desk: Desk) -> None:
    desk.house.catalogue.organisation = UNREACHABLE
    id = await desk.opened()
    await desk.reacts()
    await desk.outbox().send()
    assert await desk.told(id) == [*ACKNOWLEDGED[:2], "LapseFound", "MessageQueued"]
    await desk.reacts()
    await desk.outbox().send()  # meanwhile the receipt of the registration
    [registration] = desk.mail.received
    assert registration["Message-ID"] == f"<{id}.4@ville.example>"
    desk.house.catalogue.organisation = DESCRIBED
    desk.clock.ahead = timedelta(hours=2)
    await desk.reacts()
    await desk.outbox().send()
    assert (await desk.told(id))[4:] == [
        "MessageSent",
        "MessageSent",
        "ReceiptAcknowledged",
        "LapseRepaired",
    ]


async def test_an_answer_that_lacks_a_mention_is_brought_to_who_wrote_it(desk: Desk) -> None:
    id = await desk.opened()
    town = desk.house.catalogue.organisation.town
    assert town is not None
    mute = changed(town, before="", court="")
    desk.house.catalogue.organisation = changed(desk.house.catalogue.organisation, town=mute)
    await desk.does(id, changed(ANSWER, outcome="refused", reason="Impossible."))
    await desk.reacts()
    while await desk.outbox().send():
        await desk.reacts()
    facts = [fact.event for fact in await desk.house.desk.past(f"dossier.{id}")]
    [refused] = [fact for fact in facts if isinstance(fact, MessageRefused)]
    assert refused.kind == "answer"
    assert "voies et délais de recours" in refused.reason
    assert "DossierClosed" not in await desk.told(id)


async def test_an_answer_closes_once_it_has_left(desk: Desk) -> None:
    id = await desk.opened()
    await desk.does(id, ANSWER)
    assert "DossierClosed" not in await desk.told(id)
    await desk.reacts()
    while await desk.outbox().send():
        await desk.reacts()
    told = await desk.told(id)
    assert told.index("AnswerSent") + 1 == told.index("DossierClosed")
    assert sum("La lampe a été changée." in text(message) for message in desk.mail.received) == 1


async def test_who_chose_text_messages_gets_one_that_says_where_to_read_on(desk: Desk) -> None:
    id = await desk.opened(acknowledge_by="sms")
    await desk.reacts()
    assert await desk.outbox().send() == 1
    assert await desk.told(id) == ACKNOWLEDGED
    message = await desk.sms.next()
    assert (message["to"], message["id"]) == ("+33612345678", f"<{id}.2@ville.example>")
    assert "https://guichet.ville.example/suivi/" in message["text"]
    assert "noir" not in message["text"]
    assert desk.mail.received == []
    assert await desk.told(id) == ACKNOWLEDGED


async def test_a_text_message_is_no_way_round_a_lacking_mention(desk: Desk) -> None:
    desk.house.catalogue.organisation = UNREACHABLE
    id = await desk.opened(acknowledge_by="sms")
    await desk.reacts()
    await desk.outbox().send()
    assert desk.sms.received == []
    assert await desk.told(id) == [*ACKNOWLEDGED[:2], "LapseFound", "MessageQueued"]


async def test_a_forwarding_tells_the_resident_and_the_authority(desk: Desk) -> None:
    id = await desk.opened()
    await desk.does(
        id,
        ForwardDossier(
            authority="Val d'Aurore Habitat",
            reason="L'immeuble est au bailleur.",
            partner_email="contact@bailleur.example",
        ),
    )
    await desk.reacts()
    while await desk.outbox().send():
        await desk.reacts()
    told = {str(m["To"]): m for m in desk.mail.received if "transmise" in str(m["Subject"])}
    resident = text(told["lea@usagers.example"])
    assert "transmise à Val d'Aurore Habitat" in resident
    assert "L'immeuble est au bailleur." in resident
    partner = told["contact@bailleur.example"].get_content()
    assert "Léa" not in partner
    assert "noir" not in partner
    token = partner.partition("https://guichet.ville.example/partenaire/")[2].split()[0]
    forwarded = [
        fact.version
        for fact in await desk.house.desk.past(f"dossier.{id}")
        if isinstance(fact.event, DossierForwarded)
    ]
    tracking = Tracking(desk.house.settings.master_key)
    assert tracking.forwarded(token) == (id, forwarded[0])
    facts = await desk.told(id)
    assert facts.count("MessageSent") == 3
    assert facts.count("ProgressReported") == 1


def text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
