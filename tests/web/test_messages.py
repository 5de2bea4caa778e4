"""The lists somebody works through: messages, lapses, dossiers without a date, silences."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.grammar import Author
from domain.lapses import LapseFound
from domain.sending import PrepareAcknowledgement, RecordSending
from domain.watching import FindLapse
from guichet.envelopes import Hand, at_once, wrapped
from guichet.house import House
from tests.web.conftest import As, Client

USAGER = {"name": "Léa Martin", "email": "lea@usagers.example"}
SYSTEM = Hand(author=Author(role="system", account="reminders"), command_id="c", digest="d")


async def queued(desk: Client, house: House) -> tuple[str, int]:
    """A dossier whose acknowledgement waits, and where that was recorded."""
    id = (await desk.opened(usager=USAGER)).json()["id"]
    hand = Hand(author=SYSTEM.author, command_id=id, digest="d")
    done = await house.desk.handle(UUID(id), PrepareAcknowledgement(), hand, expected=None)
    return id, done.position


async def test_what_waits_to_leave_is_listed_for_its_service(
    house: House, desk: Client, as_role: As
) -> None:
    id, position = await queued(desk, house)
    for who in (desk, as_role("service_agent", "voirie")):
        read = await who.get(f"/messages?min_position={position}")
        [message] = read.json()["items"]
        assert (message["dossier"], message["number"], message["kind"], message["means"]) == (
            id,
            2,
            "acknowledgement",
            "email",
        )
    other = as_role("service_agent", "proprete")
    assert (await other.get("/messages")).json()["items"] == []
    assert (await other.get("/messages?service=voirie")).status_code == 403
    assert (await desk.get("/messages?state=refused")).json()["items"] == []
    assert (await desk.get("/messages?means=letter")).json()["items"] == []
    assert (await as_role("evaluator").get("/messages")).status_code == 403
    assert (await desk.http.get("/api/v1/messages")).status_code == 401
    assert (await desk.get("/messages?state=lost")).status_code == 400


async def test_lapses_are_shown_to_the_service_and_to_those_who_evaluate(
    house: House, desk: Client, as_role: As
) -> None:
    id = (await desk.opened(usager=USAGER)).json()["id"]
    event = LapseFound(
        kind="message_refused", since=datetime.now(UTC).date(), service="voirie", detail="Léa"
    )
    past = await house.desk.past(f"dossier.{id}")
    hand = Hand(author=SYSTEM.author, command_id="l", digest="d")
    times = at_once(datetime.now(UTC))
    facts = wrapped(f"dossier.{id}", 1, [event], hand, times, past[0].key)
    [position] = await house.desk.record(facts)
    agents = (desk, as_role("service_head", "voirie"), as_role("evaluator"))
    for who in agents:
        read = await who.get(f"/services/voirie/lapses?min_position={position}")
        [lapse] = read.json()["items"]
        assert lapse == {
            "dossier": id,
            "kind": "message_refused",
            "service": "voirie",
            "since": event.since.isoformat(),
            "level": "service",
        }
        assert (await who.get("/services/voirie/lapses?kind=silence")).json()["items"] == []
    assert (
        await as_role("service_head", "proprete").get("/services/voirie/lapses")
    ).status_code == 403
    assert (await as_role("caretaker").get("/services/voirie/lapses")).status_code == 403
    assert (await desk.get("/services/nulle-part/lapses")).status_code == 404


async def test_a_dossier_without_a_date_to_come_is_in_a_list_of_its_own(
    house: House, desk: Client, as_role: As
) -> None:
    dated = await desk.opened()
    received = datetime.now(UTC) - timedelta(days=60)
    late = await desk.opened(received_at=received.isoformat(), happened_at=received.isoformat())
    position = late.json()["position"]
    path = f"/services/voirie/without-next-date?min_position={position}"
    for who in (desk, as_role("service_agent", "voirie")):
        items = (await who.get(path)).json()["items"]
        assert [item["dossier"] for item in items] == [late.json()["id"]]
        assert dated.json()["id"] not in str(items)
    assert (await as_role("evaluator").get(path)).status_code == 403
    assert (await as_role("service_agent", "proprete").get(path)).status_code == 403
    news = {"text": "Une équipe passe lundi.", "next_date": "2999-01-04"}
    done = await desk.post(f"/dossiers/{late.json()['id']}/progress", news, match="*")
    path = f"/services/voirie/without-next-date?min_position={done.json()['position']}"
    assert (await desk.get(path)).json()["items"] == []


async def test_silences_are_counted(house: House, desk: Client, as_role: As) -> None:
    counted = (await as_role("evaluator").get("/silences")).json()
    assert (counted["count"], counted["by_service"]) == (0, {})
    received = datetime.now(UTC) - timedelta(days=200)
    moments = {"received_at": received.isoformat(), "happened_at": received.isoformat()}
    id = (await desk.opened(**moments)).json()["id"]
    event = LapseFound(kind="silence", since=received.date(), service="voirie")
    past = await house.desk.past(f"dossier.{id}")
    hand = Hand(author=SYSTEM.author, command_id="s", digest="d")
    facts = wrapped(f"dossier.{id}", 1, [event], hand, at_once(datetime.now(UTC)), past[0].key)
    [position] = await house.desk.record(facts)
    counted = (await desk.get(f"/silences?min_position={position}")).json()
    assert (counted["count"], counted["by_service"]) == (1, {"voirie": 1})
    assert (await as_role("caretaker").get("/silences")).status_code == 403


async def test_a_lapse_that_is_none_is_refused(house: House, desk: Client) -> None:
    id = (await desk.opened(usager=USAGER)).json()["id"]
    answer = await desk.post(f"/dossiers/{id}/lapse", {"kind": "silence"}, match="*")
    assert answer.status_code == 404  # only the house finds lapses
    assert FindLapse.__name__ not in (await desk.http.get("/api/v1/openapi.json")).text


async def test_what_left_is_listed_the_last_first(house: House, desk: Client) -> None:
    sent: list[str] = []
    position = 0
    for number in range(3):
        id, _ = await queued(desk, house)
        hand = Hand(author=SYSTEM.author, command_id=f"{id}/sent", digest="d")
        command = RecordSending(message=2, message_id=f"m/{number}")
        done = await house.desk.handle(UUID(id), command, hand, expected=None)
        sent, position = [id, *sent], done.position
    for query, found in [
        ("", sent),
        ("&limit=1", sent[:1]),
        ("&service=voirie&means=email", sent),
        ("&service=proprete", []),
        ("&means=letter", []),
    ]:
        read = await desk.get(f"/messages?state=sent&min_position={position}{query}")
        assert [message["dossier"] for message in read.json()["items"]] == found, query


async def test_messages_are_not_for_an_agent_of_no_service(desk: Client, as_role: As) -> None:
    for path in ("/messages", "/messages?service=voirie"):
        assert (await as_role("service_agent").get(path)).status_code == 403
    unknown = await desk.get("/messages?service=lune")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/service-unknown")
    wrong = await desk.get("/messages?state=lost")
    assert (wrong.status_code, wrong.json()["pointer"]) == (400, "/state")
