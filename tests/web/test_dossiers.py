"""A request taken in at the desk, and everything that can be done with it, through the doors."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import httpx

from guichet.town_calendar import today_in
from tests.web.conftest import REQUEST, As, Client

SOON = (today_in("Europe/Paris") + timedelta(days=9)).isoformat()

CLOSED = {"outcome": "done", "reason": "Fait"}
REFUSED = {"outcome": "refused", "reason": "Non"}


async def test_a_request_taken_in_is_in_the_queue_at_once(desk: Client) -> None:
    answer = await desk.opened(usager={"name": "Sigismonde Aubépin"}, place="rue du Foulon")
    body = answer.json()
    assert set(body) == {"id", "usager_id", "version", "position"}
    assert answer.headers["location"] == f"/api/v1/dossiers/{body['id']}"
    assert answer.headers["etag"] == f'"{body["id"]}.1"'
    assert answer.headers["x-event-position"] == str(body["position"])
    queue = await desk.get(f"/services/voirie/queue?min_position={body['position']}")
    assert [item["id"] for item in queue.json()["items"]] == [body["id"]]
    assert queue.json()["position"] >= body["position"]
    assert "warning" not in queue.headers


async def test_a_dossier_is_read_with_its_timeline_and_found(desk: Client) -> None:
    made = (await desk.opened(usager={"name": "Sigismonde Aubépin"})).json()
    wait = f"min_position={made['position']}"
    read = await desk.get(f"/dossiers/{made['id']}?{wait}")
    assert read.json()["usager_id"] == made["usager_id"]
    assert read.json()["usager_name"] == "Sigismonde Aubépin"
    assert read.headers["etag"] == f'"{made["id"]}.1"'
    timeline = (await desk.get(f"/dossiers/{made['id']}/timeline")).json()
    assert [(i["type"], i["label"]) for i in timeline["items"]] == [
        ("DossierOpened", "Demande enregistrée")
    ]
    found = (await desk.get("/dossiers?q=sigismnde")).json()
    assert [item["id"] for item in found["items"]] == [made["id"]]


async def test_the_whole_way_from_taking_in_to_closing(desk: Client) -> None:
    made = (await desk.opened()).json()
    path, position = f"/dossiers/{made['id']}", made["position"]
    version = 1
    for name, body in [
        ("acknowledgement", {"means": "email"}),
        ("assignment", {"service": "proprete", "reason": "Déchets"}),
        ("assignment-refusal", {"reason": "Pas pour nous"}),
        ("taking", {}),
        ("note", {"text": "Vu sur place"}),
        ("progress", {"text": "Pièce commandée", "next_date": SOON}),
        ("documents-request", {"documents": ["Photo"], "until": SOON}),
        ("documents-receipt", {}),
        ("waiting", {"until": SOON, "reason": "Il mesure la haie"}),
        ("waiting-end", {}),
        ("competent-receipt", {"received_on": "2026-03-09"}),
        ("forwarding", {"authority": "Département"}),
        ("answer", {"text": "Réparé", "means": "email", "addressee": "usager"}),
        ("closure", CLOSED),
        ("reopening", {"reason": "Revenu"}),
        ("correction", {"entry": 1, "text": "Il fait nuit", "reason": "Faute"}),
    ]:
        answer = await desk.post(f"{path}/{name}", body, match=f'"{made["id"]}.{version}"')
        assert answer.status_code == 201, (name, answer.text)
        version += 1
        assert answer.json()["version"] == version
        position = answer.json()["position"]
    read = (await desk.get(f"{path}?min_position={position}")).json()
    assert (read["state"], read["summary"], read["version"]) == ("open", "Il fait nuit", 17)


async def test_a_wait_moves_the_due_date_in_the_dossier_and_in_the_queue(desk: Client) -> None:
    made = (await desk.opened()).json()
    path = f"/dossiers/{made['id']}"
    first = (await desk.get(f"{path}?min_position={made['position']}")).json()
    waits = (await desk.post(f"{path}/waiting", {"until": SOON, "reason": "X"}, match="*")).json()
    read = (await desk.get(f"{path}?min_position={waits['position']}")).json()
    moved = date.fromisoformat(read["due"]) - date.fromisoformat(first["due"])
    assert moved == timedelta(days=9)
    queue = (await desk.get("/services/voirie/queue")).json()["items"]
    [row] = [row for row in queue if row["id"] == made["id"]]
    assert (row["due"], row["state"]) == (read["due"], "awaiting_usager")
    assert not {"clock", "clocks", "keys"} & (set(row) | set(read))
    back = (await desk.post(f"{path}/waiting-end", {}, match="*")).json()
    again = (await desk.get(f"{path}?min_position={back['position']}")).json()
    assert again["due"] == first["due"]
    shown = (await desk.get(f"{path}?as_of={waits['position']}")).json()
    assert shown["due"] == read["due"]


async def test_a_dossier_is_not_closed_without_an_answer(desk: Client) -> None:
    made = (await desk.opened()).json()
    answer = await desk.post(f"/dossiers/{made['id']}/closure", CLOSED, match="*")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/answer-not-sent")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_dossier_is_shown_as_it_was(desk: Client) -> None:
    made = (await desk.opened()).json()
    path = f"/dossiers/{made['id']}"
    between = datetime.now(UTC).isoformat()
    taken = (await desk.post(f"{path}/taking", {}, match="*")).json()
    for as_of, version in [
        (str(made["position"]), 1),
        (between.replace("+", "%2B"), 1),
        (str(taken["position"]), 2),
    ]:
        assert (await desk.get(f"{path}?as_of={as_of}")).json()["version"] == version
    assert (await desk.get(f"{path}?as_of=2001-01-01T00:00:00Z")).status_code == 404
    assert (await desk.get(f"{path}?as_of=hier")).status_code == 400


async def test_the_same_key_has_the_same_answer_and_one_effect(desk: Client) -> None:
    body = {**REQUEST, "usager": {"name": "Sigismonde"}}
    first = await desk.post("/dossiers", body, key="k")
    again = await desk.post("/dossiers", body, key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    path = f"/dossiers/{first.json()['id']}"
    tag = first.headers["etag"]
    noted = await desk.post(f"{path}/note", {"text": "Vu"}, key="n", match=tag)
    late = await desk.post(f"{path}/note", {"text": "Vu"}, key="n", match=tag)
    assert (noted.content, late.status_code) == (late.content, 201)


async def test_the_same_key_with_another_body_is_422(desk: Client) -> None:
    await desk.post("/dossiers", REQUEST, key="k")
    other = await desk.post("/dossiers", {**REQUEST, "summary": "Autre"}, key="k")
    moved = await desk.post("/dossiers", {**REQUEST, "id": str(uuid4())}, key="k")
    assert (other.status_code, moved.status_code) == (422, 422)
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_one_key_never_opens_two_dossiers_even_at_once(desk: Client) -> None:
    bodies = [{**REQUEST, "id": str(uuid4())} for _ in range(5)]
    answers = await asyncio.gather(*(desk.post("/dossiers", body, key="k") for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422, 422]
    [won] = [body for body, answer in zip(bodies, answers, strict=True) if answer.is_success]
    assert (await desk.post("/dossiers", won, key="k")).status_code == 201


async def test_a_key_is_free_again_when_its_command_was_refused(desk: Client) -> None:
    made = (await desk.opened()).json()
    path = f"/dossiers/{made['id']}"
    refused = await desk.post(f"{path}/closure", CLOSED, key="k", match="*")
    assert refused.status_code == 409
    await desk.post(
        f"{path}/answer", {"text": "Fait", "means": "email", "addressee": "usager"}, match="*"
    )
    closed = await desk.post(f"{path}/closure", REFUSED, key="k", match="*")
    assert closed.status_code == 201


async def test_an_identifier_of_the_device_is_kept_and_taken_once(desk: Client) -> None:
    id = str(uuid4())
    assert (await desk.opened(id=id)).json()["id"] == id
    again = await desk.post("/dossiers", {**REQUEST, "id": id})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/dossier-exists")


async def test_who_comes_late_is_told_what_changed(desk: Client) -> None:
    made = await desk.opened()
    path, tag = f"/dossiers/{made.json()['id']}", made.headers["etag"]
    await desk.post(f"{path}/note", {"text": "Vu"}, match=tag)
    late = await desk.post(f"{path}/taking", {}, match=tag)
    assert late.status_code == 412
    assert [(c["version"], c["type"]) for c in late.json()["changes"]] == [(2, "NoteAdded")]
    other = await desk.opened()
    foreign = await desk.post(f"{path}/taking", {}, match=other.headers["etag"])
    assert foreign.status_code == 412


async def test_a_queue_is_read_page_by_page(desk: Client) -> None:
    made = [(await desk.opened()).json() for _ in range(3)]
    path = f"/services/voirie/queue?limit=2&min_position={made[-1]['position']}"
    first = await desk.get(path)
    assert 'rel="next"' in first.headers["link"]
    link = first.headers["link"].split(">")[0].removeprefix("</api/v1")
    second = await desk.get(link)
    ids = [item["id"] for item in first.json()["items"] + second.json()["items"]]
    assert sorted(ids) == sorted(one["id"] for one in made)
    assert "link" not in second.headers


async def test_a_queue_is_read_newest_first_and_in_one_state(desk: Client) -> None:
    made = [(await desk.opened()).json()["id"] for _ in range(5)]
    taken = [await desk.post(f"/dossiers/{id}/taking", {}, match="*") for id in made[1:4]]
    wait = f"min_position={taken[-1].json()['position']}"
    whole = await all_pages(desk, f"/services/voirie/queue?limit=2&order=newest&{wait}")
    assert whole == made[::-1]
    for order, expected in (("newest", made[3:0:-1]), ("due", sorted(made[1:4]))):
        asked = f"/services/voirie/queue?limit=2&state=taken&order={order}&{wait}"
        assert await all_pages(desk, asked) == expected
    assert (await desk.get("/services/voirie/queue?state=lost")).status_code == 400
    assert (
        await desk.get("/services/voirie/queue?order=newest&after=2026-01-01")
    ).status_code == 400


async def all_pages(desk: Client, path: str) -> list[str]:
    """The identifiers of a queue, page after page."""
    page = await desk.get(path)
    ids = [item["id"] for item in page.json()["items"]]
    if link := page.headers.get("link"):
        ids += await all_pages(desk, link.split(">")[0].removeprefix("</api/v1"))
    return ids


async def test_a_read_that_waits_in_vain_says_so(desk: Client) -> None:
    made = (await desk.opened()).json()
    read = await desk.get(f"/services/voirie/queue?min_position={made['position'] + 1000}")
    assert read.status_code == 200
    assert read.headers["warning"].startswith("110 ")


async def test_agents_see_and_handle_what_is_their_service_s(as_role: As, desk: Client) -> None:
    voirie = as_role("service_agent", "voirie")
    proprete = as_role("service_agent", "proprete")
    made = (await desk.opened()).json()
    path = f"/dossiers/{made['id']}"
    wait = f"?min_position={made['position']}"
    assert (await voirie.get(f"{path}{wait}")).status_code == 200
    assert (await proprete.get(f"{path}{wait}")).status_code == 403
    assert (await proprete.post(f"{path}/taking", {}, match="*")).status_code == 403
    assert (await voirie.post(f"{path}/taking", {}, match="*")).status_code == 201
    assert (await proprete.get("/services/voirie/queue")).status_code == 403


async def test_field_staff_see_what_they_reported(as_role: As, desk: Client) -> None:
    caretaker = as_role("caretaker")
    own, other = (await caretaker.opened()).json(), (await desk.opened()).json()
    wait = f"?min_position={other['position']}"
    assert (await caretaker.get(f"/dossiers/{own['id']}{wait}")).status_code == 200
    assert (await caretaker.get(f"/dossiers/{other['id']}{wait}")).status_code == 403
    assert [i["id"] for i in (await caretaker.get("/dossiers?q=lampadaire")).json()["items"]] == [
        own["id"]
    ]


async def test_the_catalogue_is_told(as_role: As) -> None:
    told = (await as_role("councillor").get("/catalogue")).json()
    assert [(p["id"], p["service"]) for p in told["procedures"]] == [("lampadaire", "voirie")]
    assert {s["id"] for s in told["services"]} == {"voirie", "proprete"}
    assert [p["id"] for p in told["poles"]] == ["cadre-de-vie"]
    assert [s["id"] for s in told["sites"]] == ["ecole-jaures"]


async def test_the_house_says_how_it_is(http: httpx.AsyncClient, desk: Client) -> None:
    made = (await desk.opened()).json()
    await desk.get(f"/services/voirie/queue?min_position={made['position']}")
    assert (await http.get("/health/live")).status_code == 200
    ready = await http.get("/health/ready")
    assert (ready.status_code, ready.json()["reasons"]) == (200, [])
    metrics = (await http.get("/metrics")).text
    assert f"guichet_projected_position {made['position']}" in metrics


async def test_the_api_describes_itself(http: httpx.AsyncClient, desk: Client) -> None:
    described = (await desk.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    opening = described["paths"]["/api/v1/dossiers"]["post"]
    assert "OpenDossier" in str(opening["requestBody"])
    assert "/api/v1/dossiers/{id}/closure" in described["paths"]
    assert (await http.get("/api/v1/schema/swagger")).status_code == 404
