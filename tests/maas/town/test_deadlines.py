"""Until when one may book, and when the vehicle runs on a day with breaks and runs."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.calendar import holiday_name
from maas.town.calendars import (
    DayRules,
    Refused,
    check_hours,
    check_time,
    days_words,
    latest_call_s,
    rules_on,
    soonest_s,
)
from maas.town.deadlines import Deadline
from maas.town.rules import AreaRules, BookingRule, Hours, seconds
from tests.maas.town.test_calendars import BOOKING, HOURS, RULES, TARIFF

DAY_S = 86_400
DAY_BEFORE = Deadline(days_before=1, at="17:00")
WEDNESDAY = date(2026, 11, 25)


def on(day: date, hours: Hours = HOURS, /, **booking: object) -> DayRules:
    rule = msgspec.structs.replace(BOOKING, **booking)
    found = rules_on(AreaRules("town", (hours,), (rule,), (TARIFF,)), day)
    assert isinstance(found, DayRules)
    return found


def until(day: date, pickup: str, /, **booking: object) -> str:
    """Return until when a ride can be booked, like "Tue 17:00"."""
    back_days, at_s = divmod(latest_call_s(on(day, HOURS, **booking), seconds(pickup)), DAY_S)
    return f"{day + timedelta(days=back_days):%a} {at_s // 3600:02d}:{at_s % 3600 // 60:02d}"


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (WEDNESDAY, "Tue 17:00"),
        (date(2026, 11, 24), "Fri 17:00"),  # Monday is a holiday
        (date(2026, 11, 30), "Fri 17:00"),  # a Monday
        (date(2027, 1, 5), "Fri 17:00"),  # 27 December to 4 January is closed: the 25th
    ],
)
def test_the_working_day_before_is_one_the_office_works_on(day: date, last: str) -> None:
    assert until(day, "10:00", deadlines=(DAY_BEFORE,)) == last


def test_the_office_may_work_on_saturdays_and_close_when_it_likes() -> None:
    week = ("mon", "tue", "wed", "thu", "fri", "sat")
    rule: dict[str, object] = {"deadlines": (DAY_BEFORE,), "office_days": week}
    monday = date(2026, 11, 30)
    assert until(monday, "10:00", **rule) == "Sat 17:00"
    assert until(monday, "10:00", **rule, office_closed=("11-28/11-28",)) == "Fri 17:00"
    calendar = msgspec.structs.replace(DAY_BEFORE, working_days=False)
    assert until(monday, "10:00", deadlines=(calendar,)) == "Sun 17:00"


def test_an_office_that_never_works_does_not_search_for_ever() -> None:
    rule: dict[str, object] = {"deadlines": (DAY_BEFORE,), "office_closed": ("01-01/12-31",)}

    refused = check_time(on(WEDNESDAY, **rule), seconds("10:00"), 0)

    assert refused is not None
    assert refused.rule == "booking.deadlines"


def test_the_first_deadline_for_the_channel_and_the_hour_counts() -> None:
    deadlines = (
        Deadline(channels=("web",), minutes=5),
        Deadline(rides_from="12:00", days_before=0, at="10:00"),
        Deadline(rides_to="09:00", days_before=1, at="17:00"),
    )
    rules = on(WEDNESDAY, deadlines=deadlines)
    web = msgspec.structs.replace(BOOKING, deadlines=deadlines)
    on_web = DayRules(WEDNESDAY, HOURS, web, TARIFF, channel="web")

    assert latest_call_s(on_web, seconds("13:00")) == seconds("12:55")
    assert latest_call_s(rules, seconds("12:00")) == seconds("10:00")
    assert latest_call_s(rules, seconds("11:59")) == seconds("11:29")  # deadline_min = 30
    assert latest_call_s(rules, seconds("09:00")) == seconds("08:30")
    assert latest_call_s(rules, seconds("08:59")) == seconds("17:00") - DAY_S


@pytest.mark.parametrize(
    ("deadline", "now", "says"),
    [
        (DAY_BEFORE, "17:00:01", "その便の予約は11月24日(火)の17:00までです。"),
        (DAY_BEFORE, "17:00:00", None),
        (Deadline(minutes=60), None, "予約は出発の60分前までにお願いします。"),
    ],
)
def test_who_is_too_late_is_told_until_when(
    deadline: Deadline, now: str | None, says: str | None
) -> None:
    now_s = seconds("09:01")
    if now is not None:
        now_s = seconds(now[:5]) + int(now[6:]) - DAY_S

    refused = check_time(on(WEDNESDAY, deadlines=(deadline,)), seconds("10:00"), now_s)

    assert (refused.text.ja if refused else None) == says
    assert refused is None or (refused.reason, refused.rule) == ("too_late", "booking.deadlines")


@given(
    offset=st.integers(0, 1500), back=st.integers(0, 4), working=st.booleans(),
    office=st.sets(st.sampled_from(range(7)), min_size=1, max_size=7),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_day_of_a_deadline_is_that_many_working_days_back(
    *, offset: int, back: int, working: bool, office: set[int]
) -> None:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    day = date(2024, 1, 1) + timedelta(days=offset)
    deadline = Deadline(days_before=back, at="12:00", working_days=working)
    every = msgspec.structs.replace(
        BOOKING, deadlines=(deadline,), office_days=tuple(names[n] for n in sorted(office))
    )
    found = latest_call_s(DayRules(day, HOURS, every, TARIFF), seconds("10:00"))

    last = day + timedelta(days=(found - seconds("12:00")) // DAY_S)
    between = [last + timedelta(days=n) for n in range((day - last).days)]
    closed = [
        d for d in between
        if working and (
            d.weekday() not in office or holiday_name(d)
            or (d.month, d.day) >= (12, 27) or (d.month, d.day) <= (1, 4)
        )
    ]  # fmt: skip
    assert len(between) - len(closed) == back
    assert last not in closed


NOON_BREAK = msgspec.structs.replace(HOURS, breaks=("12:00/13:00",))
RUNS = msgspec.structs.replace(HOURS, runs=("08:30", "10:00"), run_min=20)


@pytest.mark.parametrize(
    ("hours", "at", "rule"),
    [
        (NOON_BREAK, "11:59", None),
        (NOON_BREAK, "12:00", "hours.breaks"),
        (NOON_BREAK, "13:00", None),
        (RUNS, "08:29", "hours.runs"),
        (RUNS, "08:30", None),
        (RUNS, "08:49", None),
        (RUNS, "08:50", "hours.runs"),
        (RUNS, "10:19", None),
    ],
)
def test_nobody_is_carried_in_a_break_or_between_runs(
    hours: Hours, at: str, rule: str | None
) -> None:
    refused = check_hours(on(WEDNESDAY, hours), seconds(at))

    assert (refused.rule if refused else None) == rule


def test_who_asks_between_runs_is_told_them_in_order() -> None:
    late = msgspec.structs.replace(RUNS, runs=("10:00", "08:30"))
    refused = check_hours(on(WEDNESDAY, late), seconds("09:30"))

    assert refused is not None
    assert refused.text.ja == "その時刻の便はありません。8:30、10:00の便があります。"


def test_a_time_of_arrival_need_not_be_that_of_a_run() -> None:
    rules = on(WEDNESDAY, RUNS)
    arriving = DayRules(rules.day, RUNS, rules.booking, TARIFF, rules.runs, arrives=True)

    assert check_hours(arriving, seconds("09:30")) is None


@st.composite
def days_with_rules(draw: st.DrawFn) -> DayRules:
    """Days with any of breaks, runs and deadlines, all on whole minutes."""

    def clock(minute: int) -> str:
        return f"{minute // 60:02d}:{minute % 60:02d}"

    minute = st.integers(8 * 60, 10 * 60)
    rests = draw(st.lists(st.tuples(minute, st.integers(1, 90)), max_size=2))
    hours = msgspec.structs.replace(
        HOURS, closes="10:00", breaks=tuple(f"{clock(a)}/{clock(a + n)}" for a, n in rests),
        runs=tuple(map(clock, draw(st.lists(minute, max_size=3)))),
        run_min=draw(st.integers(1, 30)),
    )  # fmt: skip
    borders = st.none() | st.just(clock(draw(minute)))
    deadlines = st.lists(
        st.builds(Deadline, minutes=st.integers(0, 90), rides_from=borders)
        | st.builds(
            Deadline, days_before=st.integers(0, 1), at=minute.map(clock),
            rides_from=borders,
        ),
        max_size=2,
    )  # fmt: skip
    booking = msgspec.structs.replace(
        BOOKING, deadline_min=draw(st.integers(0, 60)), deadlines=tuple(draw(deadlines))
    )
    return DayRules(WEDNESDAY, hours, booking, TARIFF, hours.runs)


@given(days_with_rules(), st.integers(-60, 11 * 60))
@settings(max_examples=150, deadline=None)
def test_as_soon_as_possible_is_the_first_minute_that_may_be_asked_for(
    rules: DayRules, now_min: int
) -> None:
    now_s = now_min * 60
    allowed = [m * 60 for m in range(48 * 60) if check_time(rules, m * 60, now_s) is None]

    found = soonest_s(rules, now_s)

    if allowed:
        assert found == allowed[0]
    else:
        assert check_time(rules, found, now_s) is not None


HOLIDAY = date(2026, 11, 23)  # a Monday


def test_holidays_have_hours_of_their_own_when_the_town_says_so() -> None:
    special = msgspec.structs.replace(HOURS, days=["sun", "hol"], opens="10:00", closes="15:00")
    rules = AreaRules("town", (HOURS, special), (BOOKING,), (TARIFF,))

    found = rules_on(rules, HOLIDAY)

    assert isinstance(found, DayRules)
    assert found.hours.opens == "10:00"


def test_a_day_is_closed_or_open_for_once() -> None:
    once = msgspec.structs.replace(
        HOURS, closed_on=(WEDNESDAY,), open_on=(HOLIDAY, date(2026, 12, 28), date(2026, 11, 28))
    )
    rules = AreaRules("town", (once,), (BOOKING,), (TARIFF,))

    closed = rules_on(rules, WEDNESDAY)
    assert isinstance(closed, Refused)
    assert (closed.reason, closed.rule) == ("closed_date", "hours.closed_on")
    assert closed.text.ja == "11月25日(水)は運休日です。"
    for day in once.open_on:  # a holiday, the closed season, a Saturday
        assert isinstance(rules_on(rules, day), DayRules)
        assert isinstance(rules_on(RULES, day), Refused)


def test_weekdays_are_said_in_order_whatever_order_they_are_written_in() -> None:
    assert days_words(["hol", "fri", "mon"]).ja == "月金祝"


def test_a_booking_rule_means_the_same_as_before_when_nothing_new_is_said() -> None:
    old = BookingRule(
        area="a", valid_from=WEDNESDAY, deadline_min=30, horizon_days=1, window_min=1,
        ride_max_factor=1.0, ride_max_extra_min=0, max_party=1, boarding_s=0,
        wheelchair_boarding_s=0, alighting_s=0, no_show_wait_min=0, divert_until_s=0,
    )  # fmt: skip
    rules = DayRules(WEDNESDAY, HOURS, old, TARIFF)

    assert soonest_s(rules, seconds("09:00")) == seconds("09:30")
    assert soonest_s(rules, seconds("06:00")) == seconds("08:00")
    assert soonest_s(rules, seconds("16:45")) == seconds("17:15")  # and that is refused
