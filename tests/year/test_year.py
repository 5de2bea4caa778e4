"""A year of a busy desk: every promise is counted once, every message leaves once, nothing is lost,
and time closes nothing, whoever is killed meanwhile.

By default a small town; `--long` makes it one of 40,000 dossiers.
"""

from collections import Counter

import pytest

from tests.year.acts import REMINDED
from tests.year.catalogue import SERVICES, STOPPED
from tests.year.conftest import HISTORY, Gone
from tests.year.found import differences


def test_every_promise_is_counted_once_and_in_its_state(gone: Gone) -> None:
    assert not differences("promise", gone.expected.promises, gone.shown.promises)
    assert {one.state for one in gone.shown.promises} == {
        "open",
        "kept",
        "renegotiated",
        "broken",
    }


def test_every_dossier_stands_as_it_was_reckoned(gone: Gone) -> None:
    assert not differences("dossier", gone.expected.faces, gone.shown.faces)


def test_every_message_has_left_once(gone: Gone) -> None:
    assert not differences("message", gone.expected.messages, gone.shown.messages)
    assert max(gone.log.queued.values()) == max(gone.log.sent.values()) == 1
    unsent = Counter(one.state for one in gone.expected.messages if one.state != "sent")
    assert set(unsent) == {"queued", "refused"}  # letters of the last days, addresses nobody has
    assert len(gone.log.queued - gone.log.sent) == unsent.total()
    assert not gone.log.sent - gone.log.queued


def test_a_double_is_one_of_a_killed_outbox_and_is_known_by_its_identifier(gone: Gone) -> None:
    mailed = gone.log.mailed + gone.log.digests
    assert set(gone.taken) == set(mailed)
    assert len(mailed) == len(set(mailed))
    doubles = sum(gone.taken[id] - 1 for id in gone.log.mailed)
    assert 0 < doubles <= gone.kills["outbox"]
    assert all(len(heads) == 1 for heads in gone.heads.values())


def test_every_lapse_is_found_once_brought_up_and_repaired(gone: Gone) -> None:
    expected = gone.expected
    assert not differences("lapse", expected.lapses, gone.shown.lapses)
    assert not differences("raised", expected.raised, gone.log.year.raised)
    found = Counter((one.dossier, one.kind, one.since, one.found) for one in expected.lapses)
    told = Counter((one.dossier, one.kind, one.since, one.found) for one in gone.log.year.lapses)
    assert found == told
    repaired = Counter((o.dossier, o.kind) for o in expected.lapses if o.repaired is not None)
    assert repaired == gone.log.repaired


def test_silence_has_its_effect_once_and_closes_nothing(gone: Gone) -> None:
    assert not differences("effect", gone.expected.effects, gone.log.year.effects)
    assert {one.effect for one in gone.log.year.effects} == {"acceptance", "refusal"}
    assert gone.log.complaints == []


@pytest.mark.parametrize("service", STOPPED)
def test_a_service_that_stops_is_told_on(gone: Gone, service: str) -> None:
    first, last = STOPPED[service]
    owners = {one.dossier: one.service for one in gone.shown.lapses}
    levels = {
        one.to
        for one in gone.log.year.raised
        if first <= one.day <= last and owners[one.dossier] == service
    }
    assert levels == {"service_head", "evaluation"}


def test_a_service_is_reminded_once_however_many_look(gone: Gone) -> None:
    assert max(gone.log.reminded.values()) == 1
    days = {day for day, _, _ in gone.log.reminded}
    assert set(REMINDED[1:]) <= days <= set(REMINDED)  # in the first week nothing need be near
    told = {service for _, service, level in gone.log.reminded if level == "service"}
    assert told == set(SERVICES)
    doubles = sum(gone.taken[id] - 1 for id in gone.log.digests)
    assert doubles <= gone.kills["reminders"]


def test_every_act_has_left_its_facts_and_nothing_else_is_there(gone: Gone) -> None:
    done = {f"{act.dossier}/{act.number}" for act in gone.acts}
    assert done <= set(gone.log.acts)
    assert len(done) == len(gone.acts)
    others = {id.split("/")[0].split(" ")[0] for id in set(gone.log.acts) - done}
    known = {"outbox", "reminders", "import"} | {f"dossier.{act.dossier}" for act in gone.acts}
    assert {id for id in others if not id.startswith("mailing.")} <= known


def test_history_is_left_alone(gone: Gone) -> None:
    assert len(gone.history) == HISTORY
    assert all(1 <= gone.log.dossiers[id] <= 2 for id in gone.history)
    year = gone.shown
    touched = {one.dossier for some in (year.promises, year.lapses, year.messages) for one in some}
    assert not touched & set(gone.history)


def test_processes_were_killed(gone: Gone, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(
            f"\n{len(gone.expected.faces)} dossiers, {gone.log.position} facts in "
            f"{gone.seconds:.0f} s; killed: {gone.kills}; "
            f"{sum(n - 1 for n in gone.taken.values())} doubles"
        )
    assert sum(gone.kills.values()) >= 12
    assert all(gone.kills[name] for name in ("reactor", "outbox", "reminders", "projector"))
