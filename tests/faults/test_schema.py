"""The API fuzzed from its own description: whatever is sent, it answers as it says it does."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
import schemathesis.checks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.real_town import RealTown, real_town

of_the_library: Any = schemathesis.checks
CHECKS = [
    of_the_library.not_a_server_error,
    of_the_library.status_code_conformance,
    of_the_library.content_type_conformance,
    of_the_library.response_schema_conformance,
]
NEVER_ENDS = "/queue/live"
OPERATIONS = 50
"""Doors that are described, without the one that never ends."""

REQUEST = {"procedure": "lampadaire-eteint", "channel": "counter", "summary": "Il fait noir"}


@pytest.fixture(scope="module")
def town() -> Iterator[RealTown]:
    with real_town() as running:
        yield running


def opened(town: RealTown, key: str) -> str:
    """A dossier to send commands to; without one, every answer would be a 404."""
    headers = {"Authorization": f"Bearer {town.token}", "Idempotency-Key": key}
    reply = httpx.post(f"{town.url}/api/v1/dossiers", json=REQUEST, headers=headers)
    return reply.json()["id"]


def examples(method: str, long: bool) -> int:
    """How many requests a door gets; those that read may each wait two seconds for a position."""
    return (100 if long else 4) if method.upper() == "GET" else (400 if long else 25)


def make_possible(case: Any, id: str) -> None:
    """Let a request pass the first checks, so that what lies behind them is reached too."""
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = id
    if "If-Match" in (case.headers or {}):
        case.headers["If-Match"] = "*"
    body: Any = case.body
    if type(body) is dict and "procedure" in body:
        body["procedure"] = REQUEST["procedure"]


def test_every_door_answers_as_it_is_described(town: RealTown, long: bool) -> None:
    token = {"Authorization": f"Bearer {town.token}"}
    described = httpx.get(f"{town.url}/api/v1/openapi.json").json()
    document: Any = schemathesis.openapi.from_dict(described)
    document.config.update(base_url=town.url)
    known = [opened(town, f"schema {number}") for number in range(3)]
    statuses: dict[str, set[int]] = {}

    def fuzz(operation: Any) -> None:
        @settings(
            max_examples=examples(operation.method, long),
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        )
        @given(case=operation.as_strategy(), id=st.sampled_from([*known, None]))
        def answers(case: Any, id: str | None) -> None:
            if id is not None:
                make_possible(case, id)
            reply = case.call_and_validate(headers=token, checks=CHECKS)
            statuses.setdefault(operation.label, set()).add(reply.status_code)

        answers()

    for found in document.get_all_operations():
        operation = found.ok()
        if not operation.path.endswith(NEVER_ENDS):
            fuzz(operation)
    assert len(statuses) == OPERATIONS
    assert not [name for name, seen in statuses.items() if seen & set(range(500, 600))]
    assert sum(201 in seen or 200 in seen for seen in statuses.values()) > OPERATIONS / 3, statuses
