"""Dates and points as other software writes them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from guichet.importing.moments import Moments, Unreadable
from guichet.importing.points import NoPoint, point_in

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2016, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("way", "text"),
    [
        ("iso", "2016-01-15T13:00:00"),
        ("iso", "2016-01-15 12:00:00.000Z"),
        ("iso", "2016-01-15T07:00:00-0500"),
        ("iso", "20160115T130000"),
        ("epoch", "1452859200"),
        ("epoch", "1452859200.0"),
        ("epoch", "1.4528592e9"),
        ("epoch_ms", "1452859200000"),
        ("%m/%d/%Y %I:%M:%S %p", "01/15/2016 01:00:00 PM"),
        ("%d/%m/%y %Hh%M", "15/01/16 13h00"),
        ("%Y-%m-%d %H:%M:%S", "2016-01-15 13:00:00"),
        ("%Y-%m-%d %H:%M:%S", "2016-1-15 13:0:0"),
        ("%Y-%m-%dT%H:%M:%S%z", "2016-01-15T12:00:00+0000"),
    ],
)
def test_a_moment_in_many_ways(way: str, text: str) -> None:
    assert Moments((way,), PARIS).read(text) == (NOON, False)


@pytest.mark.parametrize(
    ("way", "text"),
    [
        ("iso", "1310000000000"),
        ("iso", "2011070110000"),
        ("iso", "01/02/2016"),
        ("epoch", "nan"),
        ("epoch", "1_000"),
        ("epoch", "9" * 400),
        ("epoch", "1e99"),
        ("epoch", "1e400"),
        ("epoch_ms", "1e15"),
        ("epoch_ms", "2016-01-15"),
        ("%Y-%m-%d %H:%M:%S", "2016-02-30 00:00:00"),
        ("%Y-%m-%d", "0000-00-00"),
        ("%Y-%m-%d", "9999-12-31"),
        ("iso", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_what_tells_no_moment(way: str, text: str) -> None:
    with pytest.raises(Unreadable):
        Moments((way,), PARIS).read(text)


@pytest.mark.parametrize(("way", "text"), [("iso", "2016-01-15"), ("%d/%m/%Y", "15/01/2016")])
def test_a_date_alone_is_its_first_or_its_last_second(way: str, text: str) -> None:
    moments = Moments(("epoch", way), PARIS)
    assert moments.read(text)[0] == datetime(2016, 1, 14, 23, tzinfo=UTC)
    assert moments.read(text, end_of_day=True)[0] == datetime(2016, 1, 15, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("(48.85, 2.35)", "lat,lon"),
        ("48.85;2.35", "lat,lon"),
        ("48.850 +2.35", "lat,lon"),
        ("POINT (2.35 48.85)", "lon,lat"),
        ("SRID=4326;POINT Z (2.35 48.85 12.5)", "lon,lat"),
        ('["2.35", "48.85"]', "lon,lat"),
        ("[2.35,48.85,0]", "lon,lat"),
        ("1 rue X Paris, FR (48.85, 2.35)", "lat,lon"),
    ],
)
def test_a_point_in_one_text(text: str, order: str) -> None:
    assert point_in(text, "lat,lon" if order == "lat,lon" else "lon,lat") == "48.85,2.35"


@pytest.mark.parametrize(
    "text",
    ["", "48.85", "48,85, 2,35", "(1, 2, 3, 4)", "POLYGON ((1 2, 3 4))", "(95, 2)", "nowhere"],
)
def test_what_is_no_point(text: str) -> None:
    with pytest.raises(NoPoint):
        point_in(text, "lat,lon")
