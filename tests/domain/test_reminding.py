"""Services are reminded once a day and level; nothing leaves before the town has said so."""

from datetime import date, timedelta

import pytest

from domain.grammar import replay
from domain.leaving import Leaving, SendingAllowed, SendingStopped
from domain.reminding import AlreadyReminded, Reminded, ServiceReminded, decide, stream_of

TODAY = date(2026, 3, 2)


def reminder(day: date) -> ServiceReminded:
    return ServiceReminded(
        service="voirie",
        level="service",
        on=day,
        late=1,
        today=0,
        soon=2,
        lapses=1,
        message_id="<1@ville.fr>",
    )


def test_a_service_is_reminded_once_a_day() -> None:
    known = replay(Reminded(), decide(Reminded(), reminder(TODAY)))
    assert known == Reminded(version=1, on=TODAY)
    for day in (TODAY, TODAY - timedelta(days=1)):
        with pytest.raises(AlreadyReminded):
            decide(known, reminder(day))
    tomorrow = reminder(TODAY + timedelta(days=1))
    assert decide(known, tomorrow) == [tomorrow]
    assert known.evolve(tomorrow) == Reminded(version=2, on=TODAY + timedelta(days=1))


def test_each_service_and_each_level_has_a_stream_of_its_own() -> None:
    names = {
        stream_of(service, level)
        for service in ("voirie", "ecoles")
        for level in ("service", "service_head", "evaluation")
    }
    assert len(names) == 6
    assert stream_of("voirie", "service_head") == "reminders.voirie_service_head"


def test_nothing_leaves_before_the_town_says_so_nor_after_it_says_no() -> None:
    allowed, stopped = SendingAllowed(ground="Arrêté 12"), SendingStopped(ground="Restauration")
    assert not Leaving().allowed
    assert replay(Leaving(), [allowed]) == Leaving(version=1, allowed=True)
    assert replay(Leaving(), [allowed, stopped]) == Leaving(version=2, allowed=False)
    assert replay(Leaving(), [allowed, stopped, allowed]).allowed
    assert not replay(Leaving(), [stopped]).allowed
