"""The rules from acknowledgement to closing."""

from datetime import date
from uuid import UUID

from domain.closing import AnswerNotSent, CloseDossier, ReopenDossier
from domain.dossier import DossierIsClosed, DossierIsOpen, DossierUnknown
from domain.dossier_events import (
    AssignmentRefused,
    ClosedAtOrigin,
    DossierAssigned,
    DossierClosed,
    DossierLinked,
    DossierOpened,
    DossierReopened,
    DossierTaken,
    DossierUnlinked,
    EntryCorrected,
    NoteAdded,
)
from domain.grammar import Invalid
from domain.handling import (
    AcknowledgeReceipt,
    AddNote,
    AlreadyAcknowledged,
    AlreadyThere,
    AssignDossier,
    CorrectEntry,
    NothingToRefuse,
    RefuseAssignment,
    ReportProgress,
    SendAnswer,
)
from domain.linking import LinkDossier, NotLinked, UnlinkDossier
from domain.procedures import Delay
from domain.telling import AnswerSent, ProgressReported, ReceiptAcknowledged
from tests.domain.scenario import given

OTHER = UUID(int=9)
opened = DossierOpened(
    procedure="lampadaire",
    procedure_version=1,
    service="voirie",
    nature="report",
    channel="counter",
    summary="Lampadaire éteint devant l'école",
    answer_within=Delay(months=1),
)
answered = AnswerSent(text="Réparé.", means="email", addressee="usager")
closed = DossierClosed(outcome="done", reason="Réparé")
assigned = DossierAssigned(service="proprete", reason="Déchets", transferred_from="voirie")


def test_a_dossier_is_not_closed_without_an_answer() -> None:
    given(opened).when(CloseDossier(outcome="done", reason="Réparé")).refused(AnswerNotSent)


def test_a_dossier_that_was_answered_may_be_closed() -> None:
    given(opened, answered).when(CloseDossier(outcome="done", reason="Réparé")).then(closed)


def test_an_answer_given_before_the_reopening_no_longer_counts() -> None:
    past = (opened, answered, closed, DossierReopened(reason="Encore en panne"))
    given(*past).when(CloseDossier(outcome="done", reason="Réparé")).refused(AnswerNotSent)


def test_receipt_is_acknowledged_once() -> None:
    given(opened, ReceiptAcknowledged(means="email")).when(AcknowledgeReceipt()).refused(
        AlreadyAcknowledged
    )


def test_a_transfer_remembers_where_it_came_from() -> None:
    given(opened).when(AssignDossier(service="proprete", reason="Déchets")).then(assigned)


def test_a_transfer_to_the_same_service_is_refused() -> None:
    given(opened).when(AssignDossier(service="voirie", reason="?")).refused(AlreadyThere)


def test_a_transfer_to_an_unknown_service_is_refused() -> None:
    refusal = given(opened).when(AssignDossier(service="lune", reason="?")).refused(Invalid)
    assert refusal.pointer == "/service"


def test_the_receiving_service_may_send_a_transfer_back() -> None:
    given(opened, assigned).when(RefuseAssignment(reason="Pas pour nous")).then(
        AssignmentRefused(service="voirie", reason="Pas pour nous")
    )


def test_a_transfer_that_was_taken_can_no_longer_be_refused() -> None:
    given(opened, assigned, DossierTaken()).when(RefuseAssignment(reason="Non")).refused(
        NothingToRefuse
    )


def test_a_closed_dossier_takes_notes_but_no_answer() -> None:
    past = (opened, answered, closed)
    given(*past).when(AddNote(text="Vu sur place")).then(NoteAdded(text="Vu sur place"))
    given(*past).when(SendAnswer(text="Encore", means="email", addressee="usager")).refused(
        DossierIsClosed
    )


def test_what_was_closed_at_its_origin_can_be_reopened() -> None:
    past = (opened, ClosedAtOrigin(status="Closed"))
    given(*past).when(ReopenDossier(reason="Revenu")).then(DossierReopened(reason="Revenu"))


def test_an_open_dossier_is_not_reopened() -> None:
    given(opened).when(ReopenDossier(reason="?")).refused(DossierIsOpen)


def test_nothing_is_noted_on_a_dossier_that_was_never_opened() -> None:
    given().when(AddNote(text="?")).refused(DossierUnknown)


def test_progress_promises_a_day_to_come() -> None:
    late = ReportProgress(text="Bientôt", next_date=date(2026, 3, 1))
    assert given(opened).when(late).refused(Invalid).pointer == "/next_date"


def test_an_answer_is_announced_for_a_day_to_come_and_kept_with_the_news() -> None:
    day = date(2026, 3, 20)
    late = ReportProgress(text="Bientôt", next_date=day, answer_by=date(2026, 3, 1))
    assert given(opened).when(late).refused(Invalid).pointer == "/answer_by"
    told = ReportProgress(text="Bientôt", next_date=day, answer_by=date(2026, 3, 2))
    given(opened).when(told).then(
        ProgressReported(text="Bientôt", next_date=day, answer_by=date(2026, 3, 2))
    )


def test_linking_is_undone_by_one_more_fact() -> None:
    given(opened).when(LinkDossier(dossier=OTHER)).then(DossierLinked(dossier=OTHER))
    given(opened, DossierLinked(dossier=OTHER)).when(UnlinkDossier(dossier=OTHER)).then(
        DossierUnlinked(dossier=OTHER)
    )
    given(opened).when(UnlinkDossier(dossier=OTHER)).refused(NotLinked)


def test_a_note_is_corrected_and_a_taking_is_not() -> None:
    past = (opened, NoteAdded(text="Rue du Moulin"), DossierTaken())
    given(*past).when(CorrectEntry(entry=2, text="Rue du Foulon", reason="Faute")).then(
        EntryCorrected(entry=2, text="Rue du Foulon", reason="Faute")
    )
    given(*past).when(CorrectEntry(entry=3, text="x", reason="y")).refused(Invalid)


def test_nothing_is_promised_for_a_day_nobody_will_live_to_see() -> None:
    far = ReportProgress(text="Un jour", next_date=date(2027, 4, 2))
    assert given(opened).when(far).refused(Invalid).pointer == "/next_date"
    answer = ReportProgress(text="X", next_date=date(2026, 4, 2), answer_by=date(9000, 1, 1))
    assert given(opened).when(answer).refused(Invalid).pointer == "/answer_by"
