"""What is to be sent, what is owed and what has no date: each list for those it is meant for."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.grammar import Origin
from domain.sending import RecordRefusal, RecordSending
from domain.watching import FindLapse, RecordSilence
from guichet.desk import Intention
from guichet.house import House
from tests.projections.lamps import LAMP, TODAY, learned, opening
from tests.projections.test_read_models import done
from tests.web.conftest import As, Client
from tests.web.letters import waiting

LONG_AGO = (datetime.now(UTC) - timedelta(days=200)).isoformat()
ANSWER = {"text": "Oui", "means": "email", "addressee": "usager"}


async def shown(client: Client, path: str, position: int) -> list[dict[str, Any]]:
    """The items at `path` once `position` is in them."""
    answer = await client.get(f"{path}{'&' if '?' in path else '?'}min_position={position}")
    assert answer.status_code == 200, answer.text
    assert "warning" not in answer.headers
    assert answer.json()["position"] >= position
    assert answer.headers["x-event-position"] == str(answer.json()["position"])
    return answer.json()["items"]


async def left(house: House, letter: dict[str, Any], command: Intention) -> int:
    """What became of a message, recorded as the outbox does."""
    return await done(house, UUID(letter["dossier"]), command)


async def test_messages_are_listed_by_what_became_of_them(house: House, desk: Client) -> None:
    first, second, third, fourth = [await waiting(desk) for _ in range(4)]
    number = first["message"]
    await left(house, first, RecordSending(message=number, message_id="m/1", posted_on=TODAY))
    await left(house, second, RecordSending(message=number, message_id="m/2"))
    refusal = RecordRefusal(message=number, reason="Adresse inconnue")
    position = await left(house, third, refusal)
    [queued] = await shown(desk, "/messages", position)
    assert (queued["dossier_id"], queued["number"]) == (fourth["dossier"], fourth["message"])
    assert (queued["kind"], queued["means"]) == ("acknowledgement", "letter")
    [refused] = await shown(desk, "/messages?state=refused", position)
    assert (refused["dossier_id"], refused["why"]) == (third["dossier"], "Adresse inconnue")
    sent = await shown(desk, "/messages?state=sent", position)
    assert [row["message_id"] for row in sent] == ["m/2", "m/1"]
    assert [row["posted_on"] for row in sent] == [None, TODAY.isoformat()]
    assert len(await shown(desk, "/messages?state=sent&limit=1", position)) == 1
    assert len(await shown(desk, "/messages?means=letter", position)) == 1
    assert await shown(desk, "/messages?means=email", position) == []


async def test_agents_see_the_messages_of_their_own_service(desk: Client, as_role: As) -> None:
    mine, gone = await waiting(desk), await waiting(desk)
    moved = {"service": "proprete", "reason": "Déchets"}
    answer = await desk.post(f"/dossiers/{gone['dossier']}/assignment", moved, match="*")
    position = answer.json()["position"]
    agent = as_role("service_agent", "voirie")
    for path in ("/messages", "/messages?service=voirie"):
        assert [row["dossier_id"] for row in await shown(agent, path, position)] == [
            mine["dossier"]
        ]
    assert (await agent.get("/messages?service=proprete")).status_code == 403
    nowhere = as_role("service_agent")
    for path in ("/messages", "/messages?service=voirie"):
        assert (await nowhere.get(path)).status_code == 403
    [elsewhere] = await shown(desk, "/messages?service=proprete", position)
    assert elsewhere["dossier_id"] == gone["dossier"]
    assert len(await shown(desk, "/messages", position)) == 2


async def test_lapses_are_shown_without_what_may_name_somebody(
    house: House, desk: Client, as_role: As
) -> None:
    letter = await waiting(desk)
    refusal = RecordRefusal(message=letter["message"], reason="Léa Martin a déménagé")
    position = await left(house, letter, refusal)
    path = "/services/voirie/lapses"
    expected = {
        "dossier_id": letter["dossier"],
        "kind": "message_refused",
        "since": TODAY.isoformat(),
        "level": "service",
        "service": "voirie",
    }
    readers = [
        desk,
        as_role("service_agent", "voirie"),
        as_role("service_head", "proprete"),
        as_role("evaluator"),
    ]
    for who in readers:
        assert await shown(who, path, position) == [expected]
        assert await shown(who, f"{path}?kind=message_refused", position) == [expected]
        assert await shown(who, f"{path}?kind=silence", position) == []
    withdrawn = await desk.post(
        f"/dossiers/{letter['dossier']}/acknowledgement", {"means": "counter"}, match="*"
    )
    assert await shown(desk, path, withdrawn.json()["position"]) == []


async def test_no_open_dossier_without_a_next_date_is_forgotten(house: House, desk: Client) -> None:
    path = "/services/voirie/without-next-date"
    await learned(house, LAMP)
    dated = (await desk.opened()).json()
    late = (await desk.opened(received_at=LONG_AGO)).json()
    answered = (await desk.opened()).json()
    sent = await desk.post(f"/dossiers/{answered['id']}/answer", ANSWER, match="*")
    assert sent.status_code == 201, sent.text
    key = (await house.keys.take(1))[0]
    then = datetime(2011, 7, 1, 10, tzinfo=UTC)
    history = opening(uuid4(), then, key, Origin(source="boston-311", number="101"))
    [position] = await house.desk.record([history])
    found = await shown(desk, path, position)
    assert [row["dossier_id"] for row in found] == [late["id"], answered["id"]]
    assert (found[0]["service"], found[0]["procedure"]) == ("voirie", "lampadaire")
    assert [row["state"] for row in found] == ["to_take", "answered"]
    assert len(await shown(desk, f"{path}?limit=1", position)) == 1
    news = {"text": "Pièce commandée", "next_date": (TODAY + timedelta(days=3)).isoformat()}
    told = await desk.post(f"/dossiers/{late['id']}/progress", news, match="*")
    assert told.status_code == 201, told.text
    left = await shown(desk, path, told.json()["position"])
    assert [row["dossier_id"] for row in left] == [answered["id"]]
    closing = {"outcome": "done", "reason": "Fait"}
    closed = await desk.post(f"/dossiers/{answered['id']}/closure", closing, match="*")
    assert await shown(desk, path, closed.json()["position"]) == []
    assert dated["id"] not in {row["dossier_id"] for row in found}


async def test_silences_are_counted_until_an_answer_is_sent(
    house: House, desk: Client, as_role: As
) -> None:
    await learned(house, LAMP)
    ids = [(await desk.opened(received_at=LONG_AGO)).json()["id"] for _ in range(2)]
    position = 0
    for id in ids:
        await done(house, UUID(id), FindLapse(kind="answer_late"))
        position = await done(house, UUID(id), RecordSilence())
    for who in (desk, as_role("service_agent", "voirie"), as_role("councillor")):
        assert await shown(who, "/silences", position) == [{"service": "voirie", "dossiers": 2}]
    answer = await desk.post(f"/dossiers/{ids[0]}/answer", ANSWER, match="*")
    position = answer.json()["position"]
    assert await shown(desk, "/silences", position) == [{"service": "voirie", "dossiers": 1}]


@pytest.mark.parametrize(
    ("path", "closed"),
    [
        ("/messages", ["evaluator", "caretaker", "mediator", "administrator"]),
        ("/services/voirie/lapses", ["caretaker", "mediator"]),
        ("/services/voirie/without-next-date", ["evaluator", "caretaker", "mediator"]),
        ("/silences", ["caretaker", "mediator"]),
    ],
)
async def test_the_lists_refuse(
    http: httpx.AsyncClient, desk: Client, as_role: As, path: str, closed: list[str]
) -> None:
    assert (await Client(http, "x").get(path)).status_code == 401
    for role in closed:
        assert (await as_role(role).get(path)).status_code == 403, role
    wrong = await desk.get(f"{path}?min_position=x")
    assert (wrong.status_code, wrong.json()["pointer"]) == (400, "/min_position")


async def test_what_is_asked_for_must_exist(desk: Client, as_role: As) -> None:
    for query, pointer in [
        ("/messages?state=withdrawn", "/state"),
        ("/messages?means=pigeon", "/means"),
        ("/messages?limit=501", "/limit"),
        ("/services/voirie/lapses?kind=lune", "/kind"),
        ("/services/voirie/without-next-date?limit=0", "/limit"),
    ]:
        answer = await desk.get(query)
        assert (answer.status_code, answer.json()["pointer"]) == (400, pointer), answer.text
    for query in (
        "/messages?service=lune",
        "/services/lune/lapses",
        "/services/lune/without-next-date",
    ):
        assert (await desk.get(query)).json()["type"] == "/problems/service-unknown"
    elsewhere = as_role("service_agent", "proprete")
    for query in ("/services/voirie/lapses", "/services/voirie/without-next-date"):
        assert (await elsewhere.get(query)).status_code == 403
