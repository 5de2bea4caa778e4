"""The library's holidays against Easter reckoned here and the days the law names, 2020 to 2040."""

from datetime import date, timedelta

import pytest

from adapters.holiday_calendar import REGIONS, holidays_of

YEARS = range(2020, 2041)

EVERYWHERE = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
AFTER_EASTER = (1, 39, 50)
"""Easter Monday, Ascension, Whit Monday."""

OF_ITS_OWN = {
    "metropole": (),
    "alsace": ((12, 26),),
    "moselle": ((12, 26),),
    "guadeloupe": ((5, 27),),
    "martinique": ((5, 22),),
    "guyane": ((6, 10),),
    "reunion": ((12, 20),),
    "mayotte": ((4, 27),),
    "saint-barthelemy": ((10, 9),),
    "saint-martin": ((5, 28),),
    "saint-pierre-et-miquelon": (),
    "nouvelle-caledonie": ((9, 24),),
    "wallis-et-futuna": ((4, 28), (6, 29), (7, 29)),
    "polynesie": ((3, 5),),
}
GOOD_FRIDAY = ("alsace", "moselle", "polynesie")


def easter(year: int) -> date:
    """Easter Sunday (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    x = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * x) // 451
    month, day = divmod(h + x - 7 * m + 114, 31)
    return date(year, month, day + 1)


def reckoned(region: str, year: int) -> set[date]:
    """The holidays of a year, by nothing but arithmetic."""
    days = {date(year, month, day) for month, day in EVERYWHERE + OF_ITS_OWN[region]}
    days |= {easter(year) + timedelta(days=after) for after in AFTER_EASTER}
    if region in GOOD_FRIDAY:
        days.add(easter(year) - timedelta(days=2))
    if region == "polynesie":  # autonomy until 2024, Matari'i since (loi du pays 2024)
        days.add(date(year, 6, 29) if year < 2025 else date(year, 11, 20))
    return days


def test_easter_is_where_it_was() -> None:
    known = {2020: (4, 12), 2024: (3, 31), 2026: (4, 5), 2035: (3, 25), 2038: (4, 25)}
    for year, (month, day) in known.items():
        assert easter(year) == date(year, month, day)


@pytest.mark.parametrize("region", REGIONS)
def test_twenty_one_years_of_holidays(region: str) -> None:
    for year in YEARS:
        assert set(holidays_of(region, year, year)) == reckoned(region, year), (region, year)


def test_several_years_come_in_their_order() -> None:
    found = holidays_of("metropole", 2026, 2028)
    assert list(found) == sorted(set(found))
    assert {day.year for day in found} == {2026, 2027, 2028}


def test_a_region_nobody_knows_has_no_calendar() -> None:
    with pytest.raises(KeyError):
        holidays_of("atlantide", 2026, 2026)
