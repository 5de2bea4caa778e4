"""From a row to facts: what is taken, what is flagged, what is rejected and why."""

from datetime import UTC, datetime

import pytest

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
    ),
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
