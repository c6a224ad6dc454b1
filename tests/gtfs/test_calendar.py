"""Service days run past midnight and keep their seconds when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfs.calendar import (
    DayType,
    day_start_epoch,
    day_type,
    format_date,
    format_time,
    holiday_name,
    parse_date,
    parse_time,
    seconds_of,
    service_days_around,
)

TOKYO = "Asia/Tokyo"


@given(st.integers(0, 47), st.integers(0, 59), st.integers(0, 59))
def test_a_time_reads_as_its_digits_say_and_writes_back(h: int, m: int, s: int) -> None:
    text = f"{h:02d}:{m:02d}:{s:02d}"

    assert parse_time(text) == timedelta(hours=h, minutes=m, seconds=s).total_seconds()
    assert format_time(parse_time(text)) == text


def test_hours_may_have_one_digit() -> None:
    assert parse_time("8:05:00") == 8 * 3600 + 300


@pytest.mark.parametrize(
    "text", ["", "8:5:00", "08:60:00", "08:00:60", "-1:00:00", "08:00", "０８:00:00", "08:00:00 "]
)
def test_what_is_not_a_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_time(text)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_date_reads_back(day: date) -> None:
    assert format_date(day) == day.strftime("%Y%m%d")
    assert parse_date(format_date(day)) == day


@pytest.mark.parametrize("text", ["2026-11-25", "20261131", "2026W480", "２０２６1125"])
def test_what_is_not_a_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|day"):
        parse_date(text)


def test_a_trip_at_25_10_runs_at_ten_past_one_the_next_morning() -> None:
    epoch = day_start_epoch(date(2026, 11, 25), TOKYO) + parse_time("25:10:00")

    assert datetime.fromtimestamp(epoch, ZoneInfo(TOKYO)).isoformat() == "2026-11-26T01:10:00+09:00"
    assert seconds_of(epoch + 0.9, date(2026, 11, 25), TOKYO) == 90_600


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        (date(2026, 3, 28), "2026-03-28T00:00:00+01:00"),
        (date(2026, 3, 29), "2026-03-28T23:00:00+01:00"),
        (date(2026, 10, 25), "2026-10-25T01:00:00+02:00"),
    ],
)
def test_a_day_starts_twelve_hours_before_noon_when_clocks_change(day: date, starts: str) -> None:
    epoch = day_start_epoch(day, ZoneInfo("Europe/Andorra"))

    assert datetime.fromtimestamp(epoch, UTC) == datetime.fromisoformat(starts)


def test_yesterdays_service_day_may_still_run() -> None:
    half_past_midnight = datetime(2026, 11, 26, 0, 30, tzinfo=ZoneInfo(TOKYO)).timestamp()

    assert service_days_around(half_past_midnight, TOKYO) == (
        date(2026, 11, 25),
        date(2026, 11, 26),
    )


@pytest.mark.parametrize(
    ("day", "name", "kind"),
    [
        (date(2026, 11, 23), "勤労感謝の日", DayType.HOLIDAY),
        (date(2026, 9, 22), "国民の休日", DayType.HOLIDAY),
        (date(2026, 5, 6), "憲法記念日 振替休日", DayType.HOLIDAY),
        (date(2026, 11, 25), None, DayType.WEEKDAY),
        (date(2026, 11, 28), None, DayType.SATURDAY),
        (date(2026, 11, 29), None, DayType.HOLIDAY),
        (date(2026, 8, 11), "山の日", DayType.HOLIDAY),
    ],
)
def test_days_follow_the_timetable_riders_expect(
    day: date, name: str | None, kind: DayType
) -> None:
    assert holiday_name(day) == name
    assert day_type(day) is kind
