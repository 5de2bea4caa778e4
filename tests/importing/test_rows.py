"""From a row to facts: what is taken, what is flagged, what is rejected and why."""

from datetime import UTC, datetime

import pytest
from msgspec import structs

from domain.grammar import replay
from domain.organisation import Organisation
from domain.procedures import ProcedurePublished, Procedures
from guichet.importing.row import Row
from guichet.importing.rows import Reader, Rejected, Taken
from guichet.importing.sources import Columns, Mapping, Source
from tests.domain.scenario import ORGANISATION, SINCE

PROCEDURES = replay(
    Procedures(),
    [ProcedurePublished(id="arbre", version=4, name="Arbre", service="voirie", since=SINCE)],
)
MAPPING = Mapping(
    source="old",
    zone="America/New_York",
    dates=("%Y-%m-%d %H:%M:%S", "iso"),
    columns=Columns(
        number="n",
        opened="o",
        due="d",
        closed="c",
        procedure="type",
        channel="by",
        place=Source(template="{street}  {city}"),
        latitude="lat",
        longitude="lon",
        status="state",
        summary="words",
        service="at",
    ),
    closed_values=("Closed",),
    open_values=("Open",),
    values={"procedure": {"Tree  Emergencies": "arbre"}, "channel": {"Call": "phone"}},
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROW = {"n": "1", "o": "2011-07-01 01:32:33", "type": "Tree  Emergencies", "by": "Call"}


def reader(mapping: Mapping = MAPPING, organisation: Organisation = ORGANISATION) -> Reader:
    return Reader(mapping, "ville", organisation, PROCEDURES, NOW)


def taken(**changes: str) -> Taken:
    return reader().take(Row(2, {**ROW, **changes}))


def test_local_times_are_read_in_the_zone_of_the_origin() -> None:
    assert taken().opened_at == datetime(2011, 7, 1, 5, 32, 33, tzinfo=UTC)
    assert taken(o="2011-07-01T01:32:33+02:00").opened_at == datetime(
        2011, 6, 30, 23, 32, 33, tzinfo=UTC
    )


def test_a_dossier_keeps_the_version_of_the_procedure_it_comes_under() -> None:
    opening = taken().opening
    assert (opening.procedure, opening.procedure_version, opening.service) == ("arbre", 4, "voirie")
    assert (opening.channel, opening.summary) == ("phone", "Arbre")


def test_an_hour_that_came_twice_takes_the_first_and_is_flagged() -> None:
    twice = taken(o="2011-11-06 01:30:00")
    assert twice.opened_at == datetime(2011, 11, 6, 5, 30, tzinfo=UTC)
    assert twice.opening.flags == ("ambiguous_time",)


def test_a_target_before_the_opening_is_kept_and_flagged() -> None:
    early = taken(d="2011-06-30 00:00:00").opening
    assert early.flags == ("target_before_opening",)
    assert early.due_at_origin == "2011-06-30T04:00:00+00:00"


def test_a_closing_equal_to_the_opening_is_valid() -> None:
    assert taken(c=ROW["o"]).closed_at == taken().opened_at


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"c": "2011-06-30 00:00:00"}, "clos avant d'être ouvert"),
        ({"o": ""}, "sans date d'ouverture"),
        ({"o": "hier"}, "date illisible"),
        ({"o": "2011-03-13 02:30:00"}, "n'a pas existé"),
        ({"n": " "}, "sans numéro"),
        ({"type": "Unicorn"}, "ne nomme pas"),
        ({"by": "Pigeon"}, "ne nomme pas"),
        ({"lat": "x", "lon": "1"}, "coordonnées illisibles"),
        ({"lat": "99", "lon": "1"}, "hors de la Terre"),
        ({"lat": "1_0", "lon": "1"}, "coordonnées illisibles"),
        ({"lat": "nan", "lon": "1"}, "coordonnées illisibles"),
        ({"o": "1900-01-01 00:00:00"}, "hors du calendrier"),
        ({"c": "0000-00-00 00:00:00"}, "closed : date illisible"),
        ({"o": "x" * 5000}, "date illisible .x{79}…"),
        ({"n": "x" * 301}, "numéro de plus de 300"),
        ({"state": "Closed"}, "clos sans date"),
        ({"state": "x" * 301, "c": "2011-07-02 00:00:00"}, "état de plus de 300"),
        ({"words": "x" * 10_001}, "10 000"),
        ({"by": "fax"}, "canal|ne nomme pas"),
        ({"at": "nowhere"}, "service inconnu du catalogue .nowhere."),
    ],
)
def test_what_cannot_be_taken_is_rejected_with_its_reason(
    changes: dict[str, str], reason: str
) -> None:
    with pytest.raises(Rejected, match=reason):
        taken(**changes)


def test_a_number_seen_twice_in_a_file_is_taken_once() -> None:
    one = reader()
    one.take(Row(2, ROW))
    with pytest.raises(Rejected, match="déjà vu"):
        one.take(Row(3, ROW))


def test_rows_without_a_number_are_numbered_by_content_and_order() -> None:
    columns = Columns(
        number=Source(column="n", derived=True), opened="o", procedure="type", channel="by"
    )
    mapping = Mapping(source="old", zone="UTC", columns=columns, values=MAPPING.values)
    first, second = reader(mapping), reader(mapping)
    rows = [Row(line, {**ROW, "n": "", "o": "2011-07-01T01:00:00"}) for line in (1, 2)]
    numbers = [first.take(row).number for row in rows]
    assert len(set(numbers)) == 2
    assert [second.take(row).number for row in rows] == numbers


def test_a_row_never_becomes_another_dossier() -> None:
    assert taken().id == taken().id
    assert taken().id != taken(n="2").id


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({"state": "Open", "c": "2011-07-02 00:00:00"}, ("closed_but_said_open",)),
        ({"o": "2030-01-01 00:00:00"}, ("opened_in_the_future",)),
        ({"c": "2030-01-01 00:00:00"}, ("closed_in_the_future",)),
        ({"d": "2030-01-01 00:00:00"}, ()),
        ({"lat": "0", "lon": "-0.0"}, ("point_at_zero",)),
        ({"lat": "48,85", "lon": "2,35"}, ()),
        ({"lat": "48.85"}, ("point_incomplete",)),
        ({"street": "x" * 400}, ("place_shortened",)),
    ],
)
def test_what_is_doubted_is_kept_and_flagged(
    changes: dict[str, str], flags: tuple[str, ...]
) -> None:
    assert taken(**changes).opening.flags == flags


def test_a_decimal_comma_is_one() -> None:
    place = taken(lat="48,850", lon="+2,35").opening.place
    assert place is not None
    assert place.point == "48.85,2.35"


def test_texts_that_mean_nothing_are_nothing() -> None:
    absent = structs.replace(MAPPING, absent=("NULL", "1900-01-01  00:00:00", "0"))
    row = {**ROW, "c": " 1900-01-01 00:00:00", "d": "NULL", "lat": "0", "lon": "0", "city": "NULL"}
    one = reader(absent).take(Row(2, row))
    assert (one.closed_at, one.opening.due_at_origin, one.opening.place) == (None, None, None)


def test_a_default_stands_for_what_no_table_names() -> None:
    defaults = {"channel": "form", "summary": "Sans objet"}
    mapping = structs.replace(MAPPING, defaults=defaults)
    opening = reader(mapping).take(Row(2, {**ROW, "by": "Pigeon"})).opening
    assert (opening.channel, opening.summary) == ("form", "Sans objet")
    opening = reader(mapping).take(Row(2, {**ROW, "words": "Un arbre"})).opening
    assert (opening.channel, opening.summary) == ("phone", "Un arbre")
