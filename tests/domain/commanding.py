"""Whatever may be asked of a dossier on a day, drawn by hypothesis."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, get_args
from uuid import UUID

from hypothesis import strategies as st

from domain import (
    attesting,
    closing,
    handling,
    linking,
    partners,
    sending,
    sharing,
    waiting,
    watching,
)
from domain.dossier import Dossier
from domain.intake import OpenDossier, PersonEntry
from domain.intention import Intention
from domain.lapses import LapseKind, Level
from domain.terms import Channel, Means
from tests.domain.course import Command
from tests.domain.samples import SIGNED

KINDS: tuple[LapseKind, ...] = get_args(LapseKind)
LEVELS: tuple[Level, ...] = get_args(Level)
OTHERS = (UUID(int=8), UUID(int=9))
SERVICES = ("voirie", "proprete", "lune")


@st.composite
def openings(draw: st.DrawFn) -> OpenDossier:
    """Any channel, and somebody who left one address, several or none."""
    person = st.builds(
        PersonEntry,
        name=st.just("Mme Diallo"),
        email=st.sampled_from((None, "m.diallo@example.org")),
        phone=st.sampled_from((None, "0102030405")),
        address=st.sampled_from((None, "1 rue Haute")),
    )
    usager = draw(st.one_of(person, person, st.none()))
    ways: list[Any] = [None]
    if usager is not None:
        ways += ["counter"]
        ways += ["email"] * bool(usager.email) + ["letter"] * bool(usager.address)
        ways += ["sms"] * bool(usager.phone)
    return OpenDossier(
        procedure="cantine",
        channel=draw(st.sampled_from(get_args(Channel))),
        summary="Une place",
        usager=usager,
        acknowledge_by=draw(st.sampled_from(ways)),
    )


@st.composite
def commands(draw: st.DrawFn, dossier: Dossier, today: date) -> Command:
    """An intention of any module, right or wrong at that moment."""
    return draw(st.sampled_from(MAKERS + COMMON * 2))(draw, dossier, today)


def to_come(draw: st.DrawFn, today: date, most: int = 45) -> date:
    return today + timedelta(days=draw(st.integers(-1, most)))


def gone_by(draw: st.DrawFn, today: date) -> date | None:
    back = draw(st.sampled_from((None, None, 0, 1, 5, 20)))
    return None if back is None else today - timedelta(days=back)


def number(draw: st.DrawFn, dossier: Dossier) -> int:
    """Mostly that of a message that waits."""
    return draw(st.sampled_from([*dossier.queued, *dossier.queued, dossier.version]))


def progress(draw: st.DrawFn, dossier: Dossier, today: date) -> Command:
    return handling.ReportProgress(
        text="Commandé",
        next_date=to_come(draw, today),
        means=draw(st.sampled_from((None, None, "email", "letter"))),
    )


def closure(draw: st.DrawFn, today: date) -> dict[str, Any]:
    """An outcome with its date where it has one, mostly."""
    outcome = draw(st.sampled_from(("done", "planned", "planned", "refused", "forwarded")))
    planned = outcome == "planned" and draw(st.integers(0, 9)) > 0
    return {
        "outcome": outcome,
        "reason": "Fait",
        "planned_for": to_come(draw, today) if planned else None,
    }


def said(draw: st.DrawFn) -> dict[str, Any]:
    """An answer given by whoever records it."""
    means: Means = draw(st.sampled_from(("email", "counter", "public_notice")))
    public = (means == "public_notice") == (draw(st.integers(0, 9)) > 0)
    return {"text": "Oui", "means": means, "addressee": "public" if public else "usager"}


def queued(draw: st.DrawFn, dossier: Dossier, today: date) -> Command:
    return sending.QueueAnswer(
        text="Oui",
        signatory=SIGNED,
        means=draw(st.sampled_from((None, "email", "letter", "counter"))),
        addressee=draw(st.sampled_from(("usager", "usager", "public"))),
        with_linked=draw(st.booleans()),
        **closure(draw, today),
    )


Maker = Callable[[st.DrawFn, Dossier, date], Command]
MAKERS: tuple[Maker, ...] = (
    lambda draw, dossier, today: handling.AcknowledgeReceipt(),
    lambda draw, dossier, today: handling.AssignDossier(
        service=draw(st.sampled_from(SERVICES)), reason="Erreur"
    ),
    lambda draw, dossier, today: handling.RefuseAssignment(reason="Non"),
    lambda draw, dossier, today: handling.TakeDossier(),
    lambda draw, dossier, today: handling.AddNote(text="Vu"),
    progress,
    lambda draw, dossier, today: handling.RequestDocuments(
        documents=("Bail",), until=to_come(draw, today)
    ),
    lambda draw, dossier, today: handling.AttachDocument(
        name="bail.pdf", media_type="application/pdf", digest="0" * 64, size=1
    ),
    lambda draw, dossier, today: handling.SendAnswer(**said(draw)),
    lambda draw, dossier, today: handling.CorrectEntry(
        entry=draw(st.integers(1, dossier.version + 1)), text="Y", reason="Faute"
    ),
    lambda draw, dossier, today: waiting.ReceiveDocuments(received_on=gone_by(draw, today)),
    lambda draw, dossier, today: waiting.AwaitUsager(until=to_come(draw, today), reason="X"),
    lambda draw, dossier, today: waiting.EndWaiting(),
    lambda draw, dossier, today: waiting.RecordCompetentReceipt(received_on=gone_by(draw, today)),
    lambda draw, dossier, today: linking.LinkDossier(dossier=draw(st.sampled_from(OTHERS))),
    lambda draw, dossier, today: linking.UnlinkDossier(dossier=draw(st.sampled_from(OTHERS))),
    lambda draw, dossier, today: attesting.IssueAttestation(signatory=SIGNED),
    lambda draw, dossier, today: sharing.AnswerAlike(
        linked=draw(st.sampled_from(OTHERS)),
        answer=handling.SendAnswer(text="Oui", means="email", addressee="usager"),
    ),
    lambda draw, dossier, today: closing.CloseDossier(**closure(draw, today)),
    lambda draw, dossier, today: closing.ReopenDossier(reason="Revenu"),
    lambda draw, dossier, today: closing.ContestClosing(reason="Non"),
    lambda draw, dossier, today: closing.ConfirmPlannedWork(),
    lambda draw, dossier, today: partners.ForwardDossier(
        authority=draw(st.sampled_from(("Région", "Département"))),
        told=draw(st.sampled_from((None, None, "Transmis."))),
    ),
    lambda draw, dossier, today: partners.RecordPartnerAnswer(text="Non"),
    lambda draw, dossier, today: partners.AcceptHandOver(),
    lambda draw, dossier, today: sending.PrepareAcknowledgement(
        means=draw(st.sampled_from((None, None, None, "letter")))
    ),
    queued,
    lambda draw, dossier, today: sending.RecordSending(
        message=number(draw, dossier), message_id="x"
    ),
    lambda draw, dossier, today: sending.RecordRefusal(
        message=number(draw, dossier), reason="Inconnu"
    ),
    lambda draw, dossier, today: sending.RecordLackingMention(
        message=number(draw, dossier), lacking="Téléphone"
    ),
    lambda draw, dossier, today: sending.WithdrawMessage(
        message=number(draw, dossier), reason="Faux"
    ),
    lambda draw, dossier, today: watching.FindLapse(kind=draw(st.sampled_from(KINDS))),
    lambda draw, dossier, today: watching.EscalateLapse(
        kind=draw(st.sampled_from(KINDS)), to=draw(st.sampled_from(LEVELS))
    ),
    lambda draw, dossier, today: watching.RecordSilence(),
    lambda draw, dossier, today: watching.ReleaseDossier(),
)


COMMON: tuple[Maker, ...] = (
    queued,
    lambda draw, dossier, today: handling.SendAnswer(
        text="Oui", means="counter", addressee="usager"
    ),
    lambda draw, dossier, today: closing.CloseDossier(**closure(draw, today)),
    lambda draw, dossier, today: closing.ContestClosing(reason="Non"),
    lambda draw, dossier, today: sending.RecordSending(
        message=number(draw, dossier), message_id="x"
    ),
)
"""What leads a dossier to its end, drawn more often than chance would."""


def all_intentions() -> set[type[Intention]]:
    """Every intention on a dossier that the domain has."""
    found: set[type[Intention]] = set()
    left = [Intention]
    while left:
        for one in left.pop().__subclasses__():
            found.add(one)
            left.append(one)
    return {one for one in found if one.__module__.startswith("domain.")}
