"""Old facts never die: every shape ever written is kept as a sample, and still reads.

`tests/events/NAME.SHAPE.json` is the content of the fact as it was written the first time. A new
fact without its sample, or a sample that no longer reads, fails here.
"""

import json
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from domain.history import EVENTS, UPCASTS, FactUnknown, present
from domain.procedures import Delay, ProcedurePublished

SAMPLES = Path(__file__).parent.parent / "events"


def sample(topic: str) -> Path:
    return SAMPLES / f"{topic.replace(':', '.')}.json"


@pytest.mark.parametrize("topic", sorted(EVENTS | UPCASTS))
def test_every_fact_ever_written_still_reads(topic: str) -> None:
    content = json.loads(sample(topic).read_text())
    event_type, shaped = present(topic, content)
    event = msgspec.convert(shaped, event_type)
    if topic in EVENTS:
        written = msgspec.json.decode(msgspec.json.encode(event))
        assert {name: written[name] for name in content} == content


def test_every_sample_is_of_a_known_fact() -> None:
    known = {sample(topic).name for topic in EVENTS | UPCASTS}
    assert {path.name for path in SAMPLES.glob("*.json")} == known


def test_a_fact_from_the_future_is_named_and_not_guessed() -> None:
    with pytest.raises(FactUnknown, match="DossierTeleported:1"):
        present("DossierTeleported:1", {})


def test_a_procedure_that_says_nothing_new_is_written_as_old_readers_know_it() -> None:
    content = json.loads(sample("ProcedurePublished:1").read_text())
    event = msgspec.convert(content, ProcedurePublished)
    assert msgspec.json.decode(msgspec.json.encode(event)) == content
    rolled = replace(event, answer_within=Delay(months=1, to_working_day=True))
    written = msgspec.json.decode(msgspec.json.encode(rolled))
    assert written["answer_within"]["to_working_day"] is True
    assert msgspec.convert(written, ProcedurePublished) == rolled
