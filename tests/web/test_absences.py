"""Absences of agents, through their doors."""

from datetime import date, timedelta
from typing import Any

import pytest

from domain.absences import AbsenceAnnounced, AbsenceEnded
from guichet.house import House
from tests.projections.lamps import TODAY
from tests.web.conftest import As, Client


def absence(account: str = "a7", first: date = TODAY, days: int = 7) -> dict[str, Any]:
    last = first + timedelta(days=days)
    return {"account": account, "first": first.isoformat(), "last": last.isoformat()}


async def listed(client: Client, position: int) -> list[dict[str, Any]]:
    answer = await client.get(f"/absences?min_position={position}")
    assert answer.status_code == 200, answer.text
    assert "Warning" not in answer.headers
    return answer.json()["items"]


async def test_an_absence_is_announced_moved_and_ended(house: House, as_role: As) -> None:
    head = as_role("service_head", "voirie")
    first = await head.post("/absences", absence())
    assert first.status_code == 201, first.text
    assert first.json() == {"account": "a7", "position": first.json()["position"]}
    later = absence("a7", TODAY + timedelta(days=3))
    moved = await as_role("administrator").post("/absences", later)
    coming = await head.post("/absences", absence("b_2", TODAY + timedelta(days=1)))
    shown = await listed(head, coming.json()["position"])
    assert [(one["account"], one["first"]) for one in shown] == [
        ("b_2", (TODAY + timedelta(days=1)).isoformat()),
        ("a7", later["first"]),
    ]
    ended = await head.post("/absences/a7/end", {})
    assert ended.status_code == 201, ended.text
    assert moved.json()["position"] < ended.json()["position"]
    assert [one["account"] for one in await listed(head, ended.json()["position"])] == ["b_2"]
    facts: list[type[Any]] = [
        type(fact.event) for fact in await house.desk.past("absence.a7", upto_date=True)
    ]
    assert facts == [AbsenceAnnounced, AbsenceAnnounced, AbsenceEnded]


async def test_a_retry_is_the_same_absence(house: House, as_role: As) -> None:
    head = as_role("service_head", "voirie")
    first = await head.post("/absences", absence(), key="k")
    assert (await head.post("/absences", absence(), key="k")).json() == first.json()
    assert (await head.post("/absences", absence(days=9), key="k")).status_code == 422
    assert (await head.post("/absences", absence(), key=None)).status_code == 400
    assert len(await house.desk.past("absence.a7", upto_date=True)) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (absence("../voirie"), "/account"),
        (absence("a.b"), "/account"),
        (absence("a*"), "/account"),
        (absence("é"), "/account"),
        (absence("a\n"), "/account"),
        (absence(""), "/account"),
        (absence("a" * 61), "/account"),
        (absence(days=-1), "/last"),
        (absence(first=TODAY - timedelta(days=30)), "/last"),
        ({**absence(), "reason": "malade"}, "/reason"),
        ({**absence(), "first": "demain"}, "/first"),
    ],
)
async def test_what_is_no_absence_is_named(as_role: As, body: Any, pointer: str) -> None:
    answer = await as_role("administrator").post("/absences", body)
    assert (answer.status_code, answer.json()["pointer"]) == (400, pointer), answer.text


async def test_who_is_not_away_does_not_come_back(as_role: As) -> None:
    head = as_role("service_head", "voirie")
    nobody = await head.post("/absences/a7/end", {})
    assert (nobody.status_code, nobody.json()["type"]) == (409, "/problems/not-absent")
    assert (await head.post("/absences/a.7/end", {})).status_code == 400
    assert (await head.post("/absences/a7/return", {})).status_code == 404


async def test_absences_concern_those_who_lead_and_nobody_else(desk: Client, as_role: As) -> None:
    agent = as_role("service_agent", "voirie")
    for somebody, status in ((desk, 403), (agent, 403), (Client(desk.http, "gui_x"), 401)):
        assert (await somebody.get("/absences")).status_code == status
        assert (await somebody.post("/absences", absence())).status_code == status
        assert (await somebody.post("/absences/a7/end", {})).status_code == status
