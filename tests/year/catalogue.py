"""The simulated town as its catalogue describes it, and the year it is simulated for.

The holidays are written down here by hand, so that nothing but the calendar of the law is believed.
"""

from datetime import date

from domain.calendars import CalendarPublished
from domain.organisation import PoleDefined, ServiceDefined, TownDescribed
from domain.procedures import Delay, ProcedurePublished, Silence

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
SINCE = date(2024, 1, 1)

HOLIDAYS = tuple(
    date(year, month, day)
    for year, days in {
        2024: "1-1 4-1 5-1 5-8 5-9 5-20 7-14 8-15 11-1 11-11 12-25",
        2025: "1-1 4-21 5-1 5-8 5-29 6-9 7-14 8-15 11-1 11-11 12-25",
        2026: "1-1 4-6 5-1 5-8 5-14 5-25 7-14 8-15 11-1 11-11 12-25",
    }.items()
    for month, day in (map(int, one.split("-")) for one in days.split())
)
BRIDGES = (date(2025, 5, 30), date(2025, 12, 26))
"""Days on which the town closes, announced on the day `ANNOUNCED`."""
ANNOUNCED = date(2025, 4, 8)

TOWN = TownDescribed(
    name="Ville de Sainte-Aurore",
    address=("1 place de l'Hôtel-de-Ville", "77990 SAINTE-AURORE"),
    since=SINCE,
    sender="guichet@ville.example",
    url="https://guichet.ville.example/suivi",
    evaluation_email="evaluation@ville.example",
)
HEAD_AFTER, EVALUATION_AFTER = 2, 10
"""Working days after which a lapse goes up, as a town that says nothing has them."""

SERVICES = (
    "voirie",
    "proprete",
    "espaces-verts",
    "etat-civil",
    "urbanisme",
    "ecoles",
    "sports",
    "action-sociale",
)


def organisation() -> list[TownDescribed | PoleDefined | ServiceDefined]:
    """The town, one pôle and its eight services."""
    services = [
        ServiceDefined(
            id=id,
            name=id.capitalize(),
            pole="ville",
            since=SINCE,
            address="14 rue des Tilleuls, 77990 SAINTE-AURORE",
            email=f"{id}@ville.example",
            phone="01 99 00 12 34",
        )
        for id in SERVICES
    ]
    return [TOWN, PoleDefined(id="ville", name="La ville", since=SINCE), *services]


TWO_MONTHS = Delay(months=2)


def procedure(
    id: str,
    service: str,
    answer_within: Delay,
    silence: Silence = "refusal",
    silence_after: Delay = TWO_MONTHS,
) -> ProcedurePublished:
    """A procedure that asks nothing."""
    source = {"acceptance": "CRPA L231-1", "refusal": "CRPA L231-4", "none": "sans objet"}[silence]
    return ProcedurePublished(
        id=id,
        version=1,
        name=id.replace("-", " ").capitalize(),
        service=service,
        since=SINCE,
        answer_within=answer_within,
        silence=silence,
        silence_after=silence_after,
        source=source,
    )


PROCEDURES = (
    procedure("nid-de-poule", "voirie", Delay(working_days=15), "none"),
    procedure("lampadaire", "voirie", Delay(months=1)),
    procedure("depot-sauvage", "proprete", Delay(working_days=10), "none"),
    procedure("arbre", "espaces-verts", Delay(months=2, to_working_day=True)),
    procedure("livret", "etat-civil", Delay(days=10), "refusal", Delay(months=1)),
    procedure("terrasse", "urbanisme", Delay(months=1), "acceptance", Delay(months=2)),
    procedure(
        "cloture", "urbanisme", Delay(months=1, working_days=3), "acceptance", Delay(months=1)
    ),
    procedure("cantine", "ecoles", Delay(working_days=20)),
    procedure("gymnase", "sports", Delay(days=21, to_working_day=True), "acceptance"),
    procedure("aide", "action-sociale", Delay(months=1), "refusal", Delay(months=2)),
)
CALENDAR = CalendarPublished(
    version=1,
    region="metropole",
    since=date(2024, 1, 1),
    until=date(2026, 12, 31),
    holidays=HOLIDAYS,
    source="écrit à la main",
)
STOPPED = {
    "voirie": (date(2025, 2, 10), date(2025, 3, 26)),
    "urbanisme": (date(2025, 5, 5), date(2025, 7, 3)),
    "action-sociale": (date(2025, 9, 8), date(2025, 10, 1)),
}
"""The services that stop working, from the first day to the last, both included."""
