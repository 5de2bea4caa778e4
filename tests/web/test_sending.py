"""The switch of the sendings and the ready words, through their doors."""

from typing import Any, get_args

import pytest

from domain.grammar import Role
from domain.leaving import SendingAllowed, SendingStopped
from domain.texts import TextPublished, TextWithdrawn
from guichet.catalogue import SENDING, TEXTS
from guichet.catalogue_file import record
from guichet.house import House
from tests.web.conftest import As, Client

ALLOW: dict[str, Any] = {"allowed": True, "ground": "Ouverture du service"}
STOP: dict[str, Any] = {"allowed": False, "ground": "Panne de la messagerie"}


async def switches(house: House) -> list[Any]:
    return [fact.event for fact in await house.desk.past(SENDING, upto_date=True)]


async def test_nothing_leaves_until_the_administrator_says_so(house: House, as_role: As) -> None:
    administrator = as_role("administrator")
    assert (await administrator.get("/sending")).json()["allowed"] is False
    done = await administrator.post("/sending", ALLOW)
    assert (done.status_code, done.json()["allowed"]) == (200, True)
    assert done.headers["X-Event-Position"] == str(done.json()["position"])
    assert (await administrator.get("/sending")).json()["allowed"] is True
    assert (await administrator.post("/sending", STOP)).json()["allowed"] is False
    assert (await administrator.get("/sending")).json()["allowed"] is False
    assert await switches(house) == [
        SendingAllowed(ground=ALLOW["ground"]),
        SendingStopped(ground=STOP["ground"]),
    ]


async def test_what_is_so_already_is_answered_and_not_recorded(house: House, as_role: As) -> None:
    administrator = as_role("administrator")
    nothing = await administrator.post("/sending", STOP)
    assert (nothing.status_code, nothing.json()) == (200, {"allowed": False, "position": 0})
    first = await administrator.post("/sending", ALLOW, key="k")
    for again in (
        await administrator.post("/sending", {**ALLOW, "ground": "Encore"}),
        await administrator.post("/sending", ALLOW, key="k"),
    ):
        assert (again.status_code, again.json()) == (200, first.json())
    assert len(await switches(house)) == 1


async def test_everybody_may_ask_and_the_administrator_alone_may_turn(
    house: House, as_role: As
) -> None:
    for role in set(get_args(Role)) - {"usager", "system"}:
        somebody = as_role(role, "voirie" if role.startswith("service_") else None)
        assert (await somebody.get("/sending")).status_code == 200, role
        if role != "administrator":
            assert (await somebody.post("/sending", ALLOW)).status_code == 403, role
    nobody = Client(as_role("administrator").http, "gui_inconnu")
    assert (await nobody.get("/sending")).status_code == 401
    assert (await nobody.post("/sending", ALLOW)).status_code == 401
    assert await switches(house) == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"allowed": True}, "/ground"),
        ({"allowed": True, "ground": "  "}, "/ground"),
        ({"allowed": "oui", "ground": "x"}, "/allowed"),
        ({**ALLOW, "since": "hier"}, "/since"),
    ],
)
async def test_a_switch_without_a_ground_is_refused(
    house: House, as_role: As, body: Any, pointer: str
) -> None:
    answer = await as_role("administrator").post("/sending", body)
    assert (answer.status_code, answer.json()["pointer"]) == (400, pointer), answer.text
    assert await switches(house) == []


async def test_a_key_belongs_to_one_body(as_role: As) -> None:
    administrator = as_role("administrator")
    assert (await administrator.post("/sending", ALLOW, key=None)).status_code == 400
    assert (await administrator.post("/sending", ALLOW, key="k")).status_code == 200
    assert (await administrator.post("/sending", STOP, key="k")).status_code == 422


TEXTS_OF_THE_TOWN = (
    TextPublished(id="formule", name="Formule de politesse", text="Cordialement", kind="module"),
    TextPublished(id="fait", name="C'est fait", text="C'est fait.", outcome="done"),
    TextPublished(id="lampe", name="Lampe", text="Une équipe passera.", procedure="lampadaire"),
    TextPublished(
        id="lampe-faite",
        name="Lampe réparée",
        text="Le lampadaire {reference} éclaire.",
        procedure="lampadaire",
        outcome="done",
    ),
    TextPublished(id="haie", name="Haie", text="Taillée.", procedure="haie", outcome="done"),
    TextPublished(id="vieux", name="Vieux", text="Périmé."),
    TextWithdrawn(id="vieux"),
)


async def test_texts_that_fit_come_the_most_precise_first(
    house: House, desk: Client, as_role: As
) -> None:
    await record(house, TEXTS, TEXTS_OF_THE_TOWN)
    await house.catalogue.load(house.log, house.codec)
    asked = await desk.get("/texts?procedure=lampadaire&outcome=done")
    assert asked.status_code == 200, asked.text
    items = asked.json()["items"]
    assert [item["id"] for item in items] == ["lampe-faite", "lampe", "fait", "formule"]
    assert items[0] == {
        "id": "lampe-faite",
        "name": "Lampe réparée",
        "text": "Le lampadaire {reference} éclaire.",
        "kind": "answer",
        "procedure": "lampadaire",
        "outcome": "done",
    }
    everywhere = (await desk.get("/texts")).json()["items"]
    assert [item["id"] for item in everywhere] == ["formule"]
    assert (await desk.get("/texts?outcome=perdu")).status_code == 400
    assert (await as_role("evaluator").get("/texts")).status_code == 403
    assert (await Client(desk.http, "gui_inconnu").get("/texts")).status_code == 401
