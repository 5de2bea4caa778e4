"""What is served while an event is in somebody's way: old pages that say so, and a catalogue that
cannot be read."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.handling import AddNote
from guichet.house import House
from guichet.skipping import skip
from guichet.web.app import create_app
from projections.projector import MODELS
from projections.waiting import Waiter
from tests.faults.poison import answered_too_late, garbled, hand
from tests.web.conftest import REQUEST, As, Client

PATIENCE = 60
GROUND = "Date impossible, décision du 3 mars"


async def ready(client: Client, reached: int) -> dict[str, Any]:
    """What the house says of itself once the projector has passed a position."""
    async with asyncio.timeout(PATIENCE):
        while True:
            body = (await client.http.get("/health/ready")).json()
            if body["position"] >= reached:
                return body


async def test_a_page_of_a_read_model_that_has_stopped_says_how_old_it_is(
    house: House, desk: Client, as_role: As
) -> None:
    agent = as_role("service_agent", "voirie")
    first = await desk.opened()
    poison = await garbled(house, f"dossier.{first.json()['id']}", 2, "DossierTaken:1")
    second = await desk.opened()
    position = second.json()["position"]
    body = await ready(desk, position)
    assert body["ready"] is False
    assert len(body["stopped"]) == len(MODELS)
    assert body["stopped"][0] == {
        "model": "queues",
        "reached": poison - 1,
        "position": poison,
        "stream": f"dossier.{first.json()['id']}",
        "topic": "DossierTaken:1",
        "error": "ValidationError",
    }
    assert "« queues » s'est arrêtée" in " ".join(body["reasons"])
    figures = (await desk.http.get("/metrics")).text
    assert f"guichet_projections_stopped {len(MODELS)}" in figures
    assert f'model="queues",stream="dossier.{first.json()["id"]}",type="DossierTaken:1"' in figures
    old = await agent.get(f"/services/voirie/queue?min_position={position}")
    assert old.headers["warning"] == '110 guichet "La table queues est arretee a la position 1"'
    assert old.headers["x-event-position"] == "1"
    assert [row["id"] for row in old.json()["items"]] == [first.json()["id"]]
    for path in ("", "/timeline"):
        page = await desk.get(f"/dossiers/{first.json()['id']}{path}")
        assert "est arretee a la position 1" in page.headers["warning"]
    unseen = await desk.get(f"/dossiers/{second.json()['id']}")
    assert (unseen.status_code, "est enregistré" in unseen.text) == (503, True)
    nobody = await desk.get(f"/dossiers/{uuid4()}/timeline")
    assert nobody.status_code == 404
    for model in MODELS:
        await skip(house, model.name, poison, GROUND)
    async with asyncio.timeout(PATIENCE):
        while (await desk.http.get("/health/ready")).json()["stopped"]:
            pass  # each of these asks the database
    position = (await desk.opened()).json()["position"]
    new = await agent.get(f"/services/voirie/queue?min_position={position}")
    assert "warning" not in new.headers
    assert len(new.json()["items"]) == 3
    assert (await desk.http.get("/health/ready")).status_code == 200


async def test_a_stopped_model_does_not_make_the_pages_of_the_others_old(
    house: House, desk: Client, as_role: As
) -> None:
    agent = as_role("service_agent", "voirie")
    id = (await desk.opened()).json()["id"]
    await answered_too_late(house, UUID(id))
    outcome = await house.desk.handle(UUID(id), AddNote(text="Vu"), hand(), expected=None)
    body = await ready(desk, outcome.position)
    assert [stop["model"] for stop in body["stopped"]] == ["promises"]
    queue = await agent.get(f"/services/voirie/queue?min_position={outcome.position}")
    assert "warning" not in queue.headers
    assert queue.json()["position"] == outcome.position


async def test_a_catalogue_that_cannot_be_read_refuses_requests_and_not_the_process(
    house: House, desk: Client
) -> None:
    made = await desk.opened()
    await garbled(house, "catalogue.organisation", 1, "ServiceDefined:1")
    settings = house.settings
    async with (
        House.open(settings) as another,
        Waiter.open(settings.postgres["web"], settings.town) as waiter,
    ):
        app: Any = create_app(another, waiter)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://guichet") as http:
            client = Client(http, desk.token["Authorization"].removeprefix("Bearer "))
            assert (await http.get("/health/live")).status_code == 200
            said = await http.get("/health/ready")
            refused = await client.post("/dossiers", REQUEST)
            catalogue = await client.get("/catalogue")
            position = made.json()["position"]
            read = await client.get(f"/dossiers/{made.json()['id']}?min_position={position}")
            figures = (await http.get("/metrics")).text
    sentence = "Le catalogue ne se lit pas (événement 2, ServiceDefined:1) : ValidationError."
    assert said.status_code == 503
    assert sentence in said.json()["reasons"]
    assert (refused.status_code, refused.json()["detail"]) == (503, sentence)
    assert (catalogue.status_code, catalogue.json()["detail"]) == (503, sentence)
    assert read.status_code == 200
    assert "guichet_catalogue_damaged 1" in figures
