"""What silence accepted is attested, and nothing else."""

from datetime import date

from domain.attesting import IssueAttestation, NotAccepted
from domain.dossier import DossierUnknown
from domain.dossier_events import SilenceTookEffect
from domain.telling import AttestationIssued, Signatory
from tests.domain.course import Course
from tests.domain.samples import SIGNED, answered, closed, opened

issue = IssueAttestation(signatory=SIGNED)
accepted = SilenceTookEffect(effect="acceptance", on=date(2026, 5, 3), source="CRPA L231-1")
refused = SilenceTookEffect(effect="refusal", on=date(2026, 5, 3), source="CRPA L231-4")
attested = AttestationIssued(
    accepted_on=date(2026, 5, 3),
    source="CRPA L231-1",
    signatory=Signatory(name=SIGNED.name, quality=SIGNED.quality),
)


def test_an_acceptance_by_silence_is_attested_as_often_as_it_is_asked_for() -> None:
    course = Course(opened, accepted)
    assert course.carry(issue) == [attested]
    assert course.carry(issue) == [attested]


def test_what_was_answered_or_closed_since_changes_nothing_of_it() -> None:
    assert Course(opened, accepted, answered, closed).carry(issue) == [attested]


def test_neither_a_refusal_nor_a_running_clock_is_attested() -> None:
    assert Course(opened).refuses(issue) is NotAccepted
    assert Course(opened, refused).refuses(issue) is NotAccepted
    assert Course().refuses(issue) is DossierUnknown
