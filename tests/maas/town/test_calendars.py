"""When the town's taxis run, and what may be asked for."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas.town.calendars import (
    DayRules,
    Party,
    Refused,
    check_day,
    check_party,
    check_time,
    rules_on,
)
from maas.town.rules import AreaRules, BookingRule, Hours
from maas.town.tariffs import ShortTariff

OLD_HOURS = Hours(
    area="town", valid_from=date(2018, 4, 1), days=["mon", "wed", "fri"], opens="09:00",
    closes="15:00",
)  # fmt: skip
HOURS = Hours(
    area="town", valid_from=date(2021, 10, 1), days=["mon", "tue", "wed", "thu", "fri"],
    opens="08:00", closes="17:00", closed=("12-27/01-04",),
)  # fmt: skip
BOOKING = BookingRule(
    area="town", valid_from=date(2018, 4, 1), deadline_min=30, horizon_days=14, window_min=15,
    ride_max_factor=1.5, ride_max_extra_min=10, max_party=4, boarding_s=60,
    wheelchair_boarding_s=180, alighting_s=30, no_show_wait_min=5, divert_until_s=120,
)  # fmt: skip
TARIFF = ShortTariff(
    id="page", area="town", valid_from=date(2018, 4, 1), base_yen=500, shared_yen=300,
    transfer_yen=100,
).spelled_out()  # fmt: skip
RULES = AreaRules("town", (OLD_HOURS, HOURS), (BOOKING,), (TARIFF,))


def said(day: date) -> str:
    found = rules_on(RULES, day)
    return found.reason if isinstance(found, Refused) else found.hours.opens


@pytest.mark.parametrize(
    ("day", "answer"),
    [
        (date(2018, 3, 30), "no_rules"),
        (date(2020, 7, 1), "09:00"),
        (date(2020, 7, 2), "closed_day"),  # a Thursday before the rules of 2021
        (date(2021, 9, 30), "closed_day"),
        (date(2021, 10, 1), "08:00"),
        (date(2026, 11, 21), "closed_day"),
        (date(2026, 11, 23), "closed_holiday"),
        (date(2026, 12, 25), "08:00"),
        (date(2026, 12, 28), "closed_season"),
        (date(2026, 12, 31), "closed_season"),
        (date(2027, 1, 4), "closed_season"),
        (date(2027, 1, 5), "08:00"),
    ],
)
def test_each_day_has_the_rules_that_were_valid_then(day: date, answer: str) -> None:
    assert said(day) == answer


def test_a_service_that_runs_on_holidays_does() -> None:
    daily = msgspec.structs.replace(HOURS, holidays=True)
    rules = AreaRules("town", (daily,), (BOOKING,), (TARIFF,))

    assert isinstance(rules_on(rules, date(2026, 11, 23)), DayRules)


def test_other_hours_on_other_weekdays_stand_side_by_side() -> None:
    saturday = msgspec.structs.replace(HOURS, days=["sat"], opens="09:00", closes="12:00")
    rules = AreaRules("town", (HOURS, saturday), (BOOKING,), (TARIFF,))

    found = rules_on(rules, date(2026, 11, 21))
    assert isinstance(found, DayRules)
    assert found.hours.closes_s == 12 * 3600


@given(st.integers(0, 3000))
def test_the_closed_season_is_the_days_from_its_first_to_its_last(days: int) -> None:
    day = date(2022, 1, 1) + timedelta(days=days)
    first_year = day.year if day.month == 12 else day.year - 1
    inside = date(first_year, 12, 27) <= day <= date(first_year + 1, 1, 4)

    assert (HOURS.season_of(day) is not None) == inside


def on_wednesday() -> DayRules:
    found = rules_on(RULES, date(2026, 11, 25))
    assert isinstance(found, DayRules)
    return found


@pytest.mark.parametrize(
    ("desired", "now", "reason"),
    [
        ("08:00", "07:30", None),
        ("08:00", "07:31", "too_late"),
        ("07:59", "07:00", "outside_hours"),
        ("17:00", "12:00", None),
        ("17:01", "12:00", "outside_hours"),
        ("11:59", "12:00", "in_the_past"),
        ("12:30", "12:00", None),
        ("12:29", "12:00", "too_late"),
    ],
)
def test_a_time_is_inside_the_hours_and_before_the_deadline(
    desired: str, now: str, reason: str | None
) -> None:
    def seconds(clock: str) -> int:
        return int(clock[:2]) * 3600 + int(clock[3:]) * 60

    refused = check_time(on_wednesday(), seconds(desired), seconds(now))
    assert (refused.reason if refused else None) == reason


@pytest.mark.parametrize(
    ("ahead", "reason"),
    [(-1, "in_the_past"), (0, None), (14, None), (15, "too_far_ahead")],
)
def test_a_day_is_from_today_to_the_horizon(ahead: int, reason: str | None) -> None:
    today = date(2026, 11, 25)
    refused = check_day(BOOKING, today + timedelta(days=ahead), today)
    assert (refused.reason if refused else None) == reason


@pytest.mark.parametrize(
    ("party", "reason"),
    [
        (Party(1), None),
        (Party(4), None),
        (Party(5), "party_too_large"),
        (Party(0), "party_unclear"),
        (Party(1, wheelchairs=1), None),
        (Party(1, wheelchairs=2), "party_unclear"),
        (Party(2, half_fares=1, infants=1), None),
        (Party(2, half_fares=2, infants=1), "party_unclear"),
        (Party(2, infants=2), "party_unclear"),
        (Party(2, half_fares=-1), "party_unclear"),
    ],
)
def test_a_party_adds_up_and_fits(party: Party, reason: str | None) -> None:
    refused = check_party(BOOKING, party)
    assert (refused.reason if refused else None) == reason
