"""A sign counts minutes for buses that are seen, and shows every other bus as what it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from busloc.publish import Departure
from signage.departures import Freshness, Row, Wait, clock_time, freshness, line_code, rows
from signage.words import Text
from tests.signage.stops import NOW, TZ, planned, running


def row(departure: Departure, known: Freshness = Freshness.LIVE, now: float = NOW) -> Row:
    [only] = rows([departure], now=now, tz=TZ, known=known, limit=5)
    return only


def shown(*departures: Departure, known: Freshness = Freshness.LIVE, limit: int = 9) -> list[str]:
    found = rows(departures, now=NOW, tz=TZ, known=known, limit=limit)
    return [found_row.time for found_row in found]


@pytest.mark.parametrize(
    ("age_s", "state"),
    [
        (0, Freshness.LIVE),
        (90, Freshness.LIVE),
        (90.1, Freshness.STALE),
        (300, Freshness.STALE),
        (300.1, Freshness.TIMETABLE),
        (None, Freshness.TIMETABLE),
    ],
)
def test_data_grows_stale_and_then_only_the_timetable_counts(
    age_s: float | None, state: Freshness
) -> None:
    assert freshness(age_s) is state


@pytest.mark.parametrize(
    ("in_s", "wait", "minutes"),
    [
        (-20, Wait.SOON, None),
        (60, Wait.SOON, None),
        (61, Wait.MINUTES, 1),
        (119, Wait.MINUTES, 1),
        (120, Wait.MINUTES, 2),
        (299, Wait.MINUTES, 4),
        (3599, Wait.MINUTES, 59),
        (3600, Wait.AROUND, None),
    ],
)
def test_minutes_of_a_running_bus_are_rounded_down(
    in_s: int, wait: Wait, minutes: int | None
) -> None:
    found = row(running(in_s))

    assert (found.wait, found.minutes) == (wait, minutes)


def test_a_bus_that_is_not_seen_has_its_planned_time_and_never_minutes() -> None:
    assert row(planned(600)).wait is Wait.PLANNED
    assert row(planned(600)).time == "11:10"
    assert row(planned(600)).be_there_by is None
    assert not row(planned(600)).unconfirmed


def test_a_bus_nobody_runs_says_so_and_lingers_like_an_unconfirmed_one() -> None:
    ghost = row(planned(600, state="not_running"))
    lingering = [planned(in_s, state="not_running") for in_s in (-300, -301)]

    assert (ghost.wait, ghost.not_running, ghost.unconfirmed) == (Wait.PLANNED, True, False)
    assert shown(*lingering) == ["10:55"]
    assert not row(planned(600, state="not_running"), known=Freshness.TIMETABLE).not_running


def test_a_bus_on_a_detour_comes_around_a_time() -> None:
    diverted = row(running(600, delay_s=240, state="diverted"))

    assert (diverted.wait, diverted.time, diverted.minutes) == (Wait.AROUND, "11:10", None)
    assert (diverted.diverted, diverted.late_min) == (True, 4)
    unsure = row(running(600, state="diverted"), known=Freshness.TIMETABLE)
    assert (unsure.wait, unsure.diverted) == (Wait.PLANNED, False)


def test_an_unconfirmed_bus_says_so_and_keeps_its_planned_time() -> None:
    found = row(running(600, delay_s=240, state="unconfirmed"))

    assert (found.wait, found.time, found.unconfirmed) == (Wait.PLANNED, "11:06", True)
    assert (found.minutes, found.late_min, found.be_there_by) == (None, 0, None)


def test_a_running_bus_says_how_late_it_is_and_when_to_be_there() -> None:
    found = row(running(600, delay_s=200))

    assert (found.late_min, found.be_there_by, found.time) == (3, "11:09", "11:10")


@pytest.mark.parametrize(
    ("delay_s", "late_min"), [(0, 0), (59, 0), (60, 1), (-59, 0), (-60, -1), (-119, -1), (600, 10)]
)
def test_less_than_a_minute_is_on_time(delay_s: int, late_min: int) -> None:
    assert row(running(900, delay_s=delay_s)).late_min == late_min


def test_nobody_is_told_to_be_there_in_the_past() -> None:
    assert row(running(120, be_there_by=NOW)).be_there_by == "11:00"
    assert row(running(120, be_there_by=NOW - 1)).be_there_by is None
    assert row(running(50)).be_there_by is None


def test_a_cancelled_bus_is_shown_at_its_time_until_that_has_passed() -> None:
    assert row(planned(300, state="cancelled")).wait is Wait.CANCELLED
    assert row(running(300, state="cancelled"), known=Freshness.TIMETABLE).wait is Wait.CANCELLED
    assert shown(planned(-31, state="cancelled")) == []


def test_without_fresh_positions_there_are_planned_times_only() -> None:
    late = running(600, delay_s=240)

    found = row(late, known=Freshness.TIMETABLE)

    assert (found.wait, found.time, found.late_min) == (Wait.PLANNED, "11:06", 0)
    assert row(late, known=Freshness.STALE).wait is Wait.MINUTES
    unsure = row(running(600, state="unconfirmed"), known=Freshness.TIMETABLE)
    assert not unsure.unconfirmed


def test_minutes_keep_counting_while_data_is_stale() -> None:
    bus = running(600)

    assert row(bus, Freshness.STALE, now=NOW).minutes == 10
    assert row(bus, Freshness.STALE, now=NOW + 61).minutes == 8


def test_a_bus_that_has_left_is_gone_and_one_nobody_saw_stays_a_little() -> None:
    assert shown(planned(-30), planned(-31)) == ["10:59"]
    assert shown(running(-30), running(-31)) == ["10:59"]
    unseen = [planned(in_s, state="unconfirmed") for in_s in (-300, -301)]
    assert shown(*unseen) == ["10:55"]
    assert shown(*unseen, known=Freshness.TIMETABLE) == []


def test_rows_come_in_the_order_the_buses_leave() -> None:
    late = running(900, delay_s=800)

    assert shown(late, planned(600), running(300)) == ["11:05", "11:10", "11:15"]
    assert shown(late, planned(600), running(300), limit=2) == ["11:05", "11:10"]
    assert shown(late, planned(600), known=Freshness.TIMETABLE) == ["11:01", "11:10"]


DEPARTURES = st.lists(
    st.builds(
        lambda in_s, delay_s, state, seen: (
            running(in_s, delay_s=delay_s, state=state) if seen else planned(in_s, state=state)
        ),
        st.integers(-900, 7200),
        st.integers(-600, 1200),
        st.sampled_from(
            ["scheduled", "running", "unconfirmed", "not_running", "diverted", "cancelled"]
        ),
        st.booleans(),
    ),
    max_size=8,
)


@given(DEPARTURES, st.sampled_from(Freshness))
def test_only_a_bus_seen_running_ever_has_minutes(
    departures: list[Departure], known: Freshness
) -> None:
    for departure in departures:
        for found in rows([departure], now=NOW, tz=TZ, known=known, limit=9):
            under_way = departure.state in {"running", "diverted"}
            seen = under_way and departure.expected is not None
            live = found.wait in {Wait.SOON, Wait.MINUTES, Wait.AROUND}
            assert live == (seen and known is not Freshness.TIMETABLE)
            assert departure.state == "running" or found.wait not in {Wait.SOON, Wait.MINUTES}
            assert (found.minutes is not None) == (found.wait is Wait.MINUTES)
            assert (found.wait is Wait.CANCELLED) == (departure.state == "cancelled")


def test_the_clock_shows_the_towns_time_also_after_midnight() -> None:
    assert clock_time(NOW, TZ) == "11:00"
    assert clock_time(NOW + 13 * 3600 + 7 * 60, TZ) == "0:07"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("A1 西大寺→東山・天満屋→岡山駅", "A1"),
        ("315 岡山駅→東区役所前", "315"),
        ("E11_倉敷駅→岡山駅", "E11"),
        ("F01　妹尾・北長瀬線", "F01"),
        ("西大寺→牛窓", "西大寺→牛窓"),
        ("2026年の臨時便", "2026年の臨時便"),
        ("12", "12"),
        ("", ""),
    ],
)
def test_the_badge_of_a_line_is_its_number_where_it_has_one(name: str, code: str) -> None:
    assert line_code(name) == code
    assert row(planned(600, route_name=name, route_name_en=name)).line == Text(code, code)
