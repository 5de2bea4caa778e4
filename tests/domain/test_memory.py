"""What a dossier remembers of each fact, and that it remembers nothing else of it."""

from datetime import date
from typing import Any, get_args
from uuid import UUID

import pytest
from msgspec.structs import asdict

from domain.dossier import Dossier
from domain.dossier_events import (
    AssignmentRefused,
    ClosedAtOrigin,
    DocumentAttached,
    DossierAssigned,
    DossierClosed,
    DossierEvent,
    DossierLinked,
    DossierReleased,
    DossierReopened,
    DossierTaken,
    DossierUnlinked,
    EntryCorrected,
    NoteAdded,
    PlannedWorkDone,
    SilenceTookEffect,
    WordsErased,
)
from domain.forwarding import DossierForwarded, HandOverAccepted, PartnerAnswered
from domain.lapses import LapseEscalated, LapseFound, LapseRepaired
from domain.telling import (
    AnswerSent,
    AttestationIssued,
    MessageQueued,
    MessageRefused,
    MessageSent,
    MessageWithdrawn,
    ProgressReported,
    ReceiptAcknowledged,
    Signatory,
)
from domain.waits import (
    DocumentsReceived,
    DocumentsRequested,
    ReceivedByCompetent,
    WaitingBegan,
    WaitingEnded,
)
from tests.domain.samples import answered, closed, opened, queued_answer, to_acknowledge

DAY = date(2026, 4, 1)
THERE, ELSEWHERE = UUID(int=2), UUID(int=3)
registration = MessageQueued(kind="registration", means="email")

BUSY = Dossier(
    state="open",
    version=9,
    service="voirie",
    came_from="proprete",
    answered=True,
    taken=True,
    links=frozenset({THERE}),
    correctable=frozenset({1}),
    awaited=frozenset({"documents", "usager"}),
    reached_by="email",
    queued={3: to_acknowledge, 4: registration, 5: queued_answer()},
    lapses={"answer_late": "service_head", "silence": "service"},
    authority="Région",
    watched=True,
    planned=DAY,
)
"""A dossier to which everything has happened, so that whatever is forgotten is seen."""

BOTH = {"answer_late": "service_head", "silence": "service"}
CASES: list[tuple[DossierEvent, dict[str, Any]]] = [
    (opened, {"state": "open", "correctable": frozenset({10})}),
    (
        DossierAssigned(service="ecoles", reason="X", transferred_from="voirie"),
        {"service": "ecoles", "came_from": "voirie", "taken": False},
    ),
    (
        AssignmentRefused(service="proprete", reason="X"),
        {"service": "proprete", "came_from": None, "taken": False},
    ),
    (DossierTaken(), {"came_from": None}),
    (DossierReleased(), {"taken": False}),
    (NoteAdded(text="X"), {"correctable": frozenset({1, 10})}),
    (ProgressReported(text="X", next_date=DAY), {"correctable": frozenset({1, 10})}),
    (DocumentAttached(name="X", media_type="image/png", digest="0" * 64, size=1), {}),
    (answered, {}),
    (closed, {"state": "closed", "planned": None}),
    (
        DossierClosed(outcome="planned", reason="X", planned_for=date(2027, 1, 1)),
        {"state": "closed", "planned": date(2027, 1, 1)},
    ),
    (ClosedAtOrigin(status="X"), {"state": "closed"}),
    (
        DossierReopened(reason="X"),
        {"answered": False, "planned": None, "awaited": frozenset()},
    ),
    (PlannedWorkDone(), {"planned": None}),
    (SilenceTookEffect(effect="refusal", on=DAY, source="X"), {"silent": True}),
    (DossierLinked(dossier=ELSEWHERE), {"links": frozenset({THERE, ELSEWHERE})}),
    (DossierUnlinked(dossier=THERE), {"links": frozenset()}),
    (EntryCorrected(entry=1, text="X", reason="Y"), {}),
    (WordsErased(keys=(THERE,), ground="X"), {}),
    (ReceiptAcknowledged(means="email"), {"acknowledged": True, "queued": {5: queued_answer()}}),
    (
        registration,
        {
            "queued": {
                3: to_acknowledge,
                4: registration,
                5: queued_answer(),
                10: registration,
            }
        },
    ),
    (
        MessageSent(message=4, kind="registration", means="email", message_id="x"),
        {"queued": {3: to_acknowledge, 5: queued_answer()}},
    ),
    (
        MessageRefused(message=5, kind="answer", means="email", reason="X"),
        {"queued": {3: to_acknowledge, 4: registration}},
    ),
    (
        MessageWithdrawn(message=3, reason="X"),
        {"queued": {4: registration, 5: queued_answer()}},
    ),
    (
        AttestationIssued(
            accepted_on=DAY, source="CRPA L231-1", signatory=Signatory(name="X", quality="Y")
        ),
        {},
    ),
    (DocumentsRequested(documents=("X",), until=DAY), {}),
    (DocumentsReceived(), {"awaited": frozenset({"usager"})}),
    (WaitingBegan(until=DAY, reason="X"), {}),
    (WaitingEnded(), {"awaited": frozenset({"documents"})}),
    (ReceivedByCompetent(), {"competent": True}),
    (DossierForwarded(authority="Département"), {"authority": "Département"}),
    (PartnerAnswered(authority="Région", text="X"), {"watched": False}),
    (HandOverAccepted(), {"watched": False}),
    (
        LapseFound(kind="planned_late", since=DAY, service="voirie"),
        {"lapses": {**BOTH, "planned_late": "service"}},
    ),
    (
        LapseEscalated(kind="silence", to="evaluation"),
        {"lapses": {**BOTH, "silence": "evaluation"}},
    ),
    (LapseRepaired(kind="silence"), {"lapses": {"answer_late": "service_head"}}),
]


@pytest.mark.parametrize(
    ("event", "changes"), CASES, ids=lambda one: type(one).__name__ if one else "-"
)
def test_a_fact_changes_what_it_is_about_and_nothing_else(
    event: DossierEvent, changes: dict[str, Any]
) -> None:
    assert asdict(BUSY.evolve(event)) == {**asdict(BUSY), "version": 10, **changes}


def test_what_had_not_happened_before_is_remembered() -> None:
    fresh = Dossier(state="open", version=1, service="voirie")
    assert fresh.evolve(answered).answered
    assert fresh.evolve(DossierTaken()).taken
    assert fresh.evolve(DossierForwarded(authority="Région")).watched
    assert fresh.evolve(WaitingBegan(until=DAY, reason="X")).awaited == {"usager"}
    assert fresh.evolve(DocumentsRequested(documents=(), until=DAY)).awaited == {"documents"}
    assert fresh.evolve(closed).evolve(DossierReopened(reason="X")).state == "open"
    assert Dossier().evolve(opened).reached_by == "email"


def test_every_fact_of_a_dossier_is_told_here() -> None:
    assert {type(event) for event, _ in CASES} == set(get_args(DossierEvent))
    assert isinstance(answered, AnswerSent)
