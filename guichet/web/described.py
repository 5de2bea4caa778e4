"""What each address takes and answers: the tables the description of the API is made from."""

from typing import Any

from msgspec import Struct

from domain.absences import AnnounceAbsence
from domain.intake import OpenDossier
from domain.mailing import PostMailing, PrintMailing
from domain.organisation import PoleDefined, ServiceDefined, SiteDefined
from domain.procedures import ProcedurePublished
from domain.simulation import Policy
from domain.texts import TextPublished
from guichet.absences import Away
from guichet.desk import Outcome
from guichet.simulating import Simulation
from guichet.web.absences import AbsenceNoted, Return
from guichet.web.handling import COMMANDS
from guichet.web.mailings import MailingNoted, MailingShown
from guichet.web.messages import Owed, Silent
from guichet.web.sending import Leave, Switch
from projections.dossiers import DossierRow
from projections.lapses import Undated
from projections.messages import MessageRow
from projections.queues import QueueRow
from projections.timelines import TimelineRow

PREFIX = "/api/v1"
BODIES: dict[str, type[Any]] = {
    f"{PREFIX}/dossiers": OpenDossier,
    f"{PREFIX}/simulations": Policy,
    f"{PREFIX}/sending": Switch,
    f"{PREFIX}/absences": AnnounceAbsence,
    f"{PREFIX}/mailings": PrintMailing,
    f"{PREFIX}/mailings/{{id}}/posting": PostMailing,
    f"{PREFIX}/absences/{{account}}/end": Return,
    **{f"{PREFIX}/dossiers/{{id}}/{name}": body for name, (body, _, _) in COMMANDS.items()},
}


class Problem(Struct):
    """Why the answer is no (RFC 9457). `type` never changes, `pointer` names the field
    (RFC 6901)."""

    type: str
    title: str
    status: int
    detail: str = ""
    pointer: str = ""


ELSEWHERE: dict[str, tuple[str, type[Any]]] = {
    f"{PREFIX}/simulations": ("200", Simulation),
    f"{PREFIX}/sending": ("200", Leave),
    f"{PREFIX}/absences": ("201", AbsenceNoted),
    f"{PREFIX}/absences/{{account}}/end": ("201", AbsenceNoted),
    f"{PREFIX}/mailings": ("201", MailingNoted),
    f"{PREFIX}/mailings/{{id}}/posting": ("201", MailingNoted),
}
"""What is answered to a command that is on no dossier."""
LISTS: dict[str, type[Any]] = {
    f"{PREFIX}/dossiers": DossierRow,
    f"{PREFIX}/dossiers/{{id}}/timeline": TimelineRow,
    f"{PREFIX}/services/{{service}}/queue": QueueRow,
    f"{PREFIX}/absences": Away,
    f"{PREFIX}/messages": MessageRow,
    f"{PREFIX}/services/{{service}}/lapses": Owed,
    f"{PREFIX}/services/{{service}}/without-next-date": Undated,
    f"{PREFIX}/silences": Silent,
}
"""What is read of the tables, as a list and with the position it was read at."""
ROWS: dict[str, type[Any]] = {
    f"{PREFIX}/dossiers/{{id}}": DossierRow,
}
"""The same, alone."""
OF_THE_LOG: dict[str, type[Any]] = {
    f"{PREFIX}/sending": Leave,
    f"{PREFIX}/mailings/{{id}}": MailingShown,
}
"""What is read of the log itself, and waits for no table."""
PAPERS = (
    f"{PREFIX}/dossiers/{{id}}/ticket.pdf",
    f"{PREFIX}/dossiers/{{id}}/messages/{{number}}/letter.pdf",
    f"{PREFIX}/dossiers/{{id}}/attestation.pdf",
    f"{PREFIX}/mailings/{{id}}/letters.pdf",
    f"{PREFIX}/mailings/{{id}}/sheet.pdf",
)
"""What is read as a PDF."""

TYPES: tuple[type[Any], ...] = (
    *BODIES.values(),
    Outcome,
    Simulation,
    DossierRow,
    TimelineRow,
    QueueRow,
    ProcedurePublished,
    ServiceDefined,
    PoleDefined,
    SiteDefined,
    TextPublished,
    Leave,
    Away,
    AbsenceNoted,
    MessageRow,
    Owed,
    Undated,
    Silent,
    MailingNoted,
    MailingShown,
    Problem,
)

EXAMPLES: dict[str, dict[str, Any]] = {
    "documents-request": {"documents": ["Bail", "Livret de famille"], "until": "2026-04-02"},
    "documents-receipt": {"received_on": "2026-03-09"},
    "waiting": {"until": "2026-04-02", "reason": "Il mesure la haie avec son voisin"},
    "waiting-end": {},
    "competent-receipt": {"received_on": "2026-03-09"},
    "simulations": {
        "procedures": {
            "lampadaire-eteint": {"answer_within": {"working_days": 5}},
            "*": {"answer_within": {"months": 1, "to_working_day": True}},
        }
    },
}
"""What a body looks like, by the last part of the address."""
