"""Nothing closes a dossier but an answer: no command, no option, no import, no passing of time.

Read off the source, so that whoever adds another way to a closing meets this page.
"""

from typing import get_args

import pytest

from domain import watching
from domain.closing import CloseDossier
from domain.grammar import name_of
from domain.history import EVENTS
from domain.intention import Intention
from domain.policies import Asked
from domain.sending import RecordSending
from guichet.candidates import Candidate
from tests.domain.commanding import all_intentions
from tests.domain.makers import MODULE, Place, reaching, users, uses, uses_under

EVENTS_OF = "domain.dossier_events"
CLOSED: Place = (EVENTS_OF, "DossierClosed")
AT_ORIGIN: Place = (EVENTS_OF, "ClosedAtOrigin")
EVERYTHING = ("domain", "guichet", "projections", "adapters", "bench", "bootstrap.py")
OF_TIME = ("guichet/reminders.py", "guichet/candidates.py", "guichet/cli", "guichet/importing")


def test_one_function_makes_a_closing_and_one_the_closing_of_an_old_system() -> None:
    graph = uses_under(EVERYTHING)
    assert users(graph, CLOSED) == {("domain.closing", "closed")}
    assert users(graph, AT_ORIGIN) == {("guichet.importing.rows", "Reader")}


def test_two_intentions_close_and_each_rests_on_an_answer() -> None:
    """`CloseDossier` needs one that was sent, `RecordSending` says that one has left."""
    reach = reaching(uses_under(("domain",)), CLOSED)
    closing = {one for one in all_intentions() if (one.__module__, one.__name__) in reach}
    assert closing == {CloseDossier, RecordSending}


def test_nothing_that_time_or_an_import_starts_leads_to_a_closing() -> None:
    graph = uses_under(("domain", *OF_TIME))
    of_time = {place for place in graph if not place[0].startswith("domain.")}
    assert len(of_time) > 50
    assert reaching(graph, CLOSED) & of_time == set()
    importers = reaching(graph, AT_ORIGIN) & of_time
    assert importers
    for module, _ in importers:
        assert module.startswith(("guichet.importing.", "guichet.cli."))


def test_no_rule_of_the_watch_leads_to_a_closing_or_an_answer() -> None:
    graph = uses_under(("domain",))
    watch = {place for place in graph if place[0] == "domain.watching"}
    assert len(watch) > 10
    for fact in (CLOSED, AT_ORIGIN, ("domain.telling", "AnswerSent")):
        assert reaching(graph, fact) & watch == set()


def test_what_time_may_ask_for_is_of_the_watch_and_says_something_only() -> None:
    asked: tuple[type[Intention], ...] = get_args(Candidate.__annotations__["command"])
    assert {one.__module__ for one in asked} == {watching.__name__}
    assert not set(asked) & {CloseDossier, RecordSending}


def test_policies_close_only_by_what_has_left() -> None:
    assert CloseDossier not in get_args(Asked)
    assert RecordSending in get_args(Asked)


def test_the_closings_have_the_names_that_are_looked_for() -> None:
    closings = {name for name in EVENTS if "Closed" in name}
    assert closings == {f"{name}:1" for _, name in (CLOSED, AT_ORIGIN)}
    assert {name_of(EVENTS[name]) for name in closings} == closings


@pytest.mark.parametrize(
    "source",
    [
        "from domain.dossier_events import DossierClosed\ndef f():\n    return [DossierClosed()]",
        "from domain.dossier_events import DossierClosed as C\ndef f():\n    return C()",
        "from domain import dossier_events as e\ndef f():\n    return e.DossierClosed()",
        "import domain.dossier_events\ndef f():\n    return domain.dossier_events.DossierClosed()",
        "from domain.dossier_events import DossierClosed\ndef f():\n    g = DossierClosed\n",
        "from domain.dossier_events import DossierClosed\nclass f:\n    def g(self):\n"
        "        return map(DossierClosed, ())",
        "from domain.history import EVENTS\ndef f():\n    return EVENTS['DossierClosed:1']()",
    ],
)
def test_another_maker_would_be_seen(source: str) -> None:
    assert users(uses(source, "guichet.nightly"), CLOSED) == {("guichet.nightly", "f")}


def test_a_maker_behind_another_function_would_be_seen() -> None:
    graph = uses_under(("domain",)) | uses(
        "from domain.closing import closed\n"
        "def hidden():\n    return closed('done', 'Trop vieux', None)\n"
        "def nightly():\n    return hidden()",
        "guichet.reminders",
    )
    reach = reaching(graph, CLOSED)
    assert {("guichet.reminders", "hidden"), ("guichet.reminders", "nightly")} <= reach


def test_telling_closings_apart_makes_none() -> None:
    source = (
        "from domain.dossier_events import DossierClosed, DossierOpened\n"
        "Turn = DossierOpened | DossierClosed\n"
        "def f(one: DossierClosed) -> DossierClosed | None:\n"
        "    kept: DossierClosed | None = None\n"
        "    match one:\n        case DossierClosed(outcome=x):\n            pass\n"
        "    return isinstance(one, DossierClosed)"
    )
    assert users(uses(source, "m"), CLOSED) == set()
    assert set(uses(source, "m")) == {("m", MODULE), ("m", "f")}
