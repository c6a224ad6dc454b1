"""Nobody is rung at night, unless it is happening now or cannot wait for the morning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maas.notify.manners import Manners
from maas.notify.occasions import Occasion
from maas.town.rules import BookingRule
from tests.maas.line_town import DAY0
from tests.maas.notify.test_compose import ROW

TOKYO = "Asia/Tokyo"
MANNERS = Manners(TOKYO)


def hour(value: float) -> float:
    return DAY0 + value * 3600


@pytest.mark.parametrize(
    ("now", "quiet"), [(6.99, True), (7, False), (19.99, False), (20, True), (23, True)]
)
def test_the_night_is_quiet(now: float, quiet: bool) -> None:  # noqa: FBT001 -- a table's column
    assert MANNERS.is_quiet(hour(now)) is quiet


def test_hours_that_are_no_span_are_never_quiet() -> None:
    always = Manners(TOKYO, quiet_from_s=0, quiet_to_s=0)

    assert not any(always.is_quiet(hour(each)) for each in range(24))


def test_a_midday_rest_is_quiet_too() -> None:
    rest = Manners(TOKYO, quiet_from_s=12 * 3600, quiet_to_s=13 * 3600)

    assert [each for each in range(24) if rest.is_quiet(hour(each))] == [12]
    assert rest.quiet_ends(hour(12.5)) == hour(13)


@given(st.integers(0, 86_399), st.integers(0, 86_399), st.floats(0, 86_399.0, allow_nan=False))
def test_the_end_of_the_quiet_is_the_next_moment_with_that_time(
    from_s: int, to_s: int, now_s: float
) -> None:
    manners = Manners(TOKYO, quiet_from_s=from_s, quiet_to_s=to_s)
    now = DAY0 + now_s
    end = manners.quiet_ends(now)

    there = datetime.fromtimestamp(end, UTC) + timedelta(hours=9)
    assert there.hour * 3600 + there.minute * 60 + there.second == to_s
    assert 0 < end - now <= 86_400
    if manners.is_quiet(now):
        assert not manners.is_quiet(end) or from_s == to_s


@pytest.mark.parametrize(
    ("occasion", "channel", "due", "at"),
    [
        (Occasion.CANCELLED, "sms", 22, 31),
        (Occasion.CANCELLED, "email", 22, 21),
        (Occasion.COMING, "sms", 22, 21),
        (Occasion.VEHICLE_OUT, "voice", 40, 21),
        (Occasion.MOVED, "sms", 30.9, 21),
        (Occasion.MOVED, "sms", 31, 31),
        (Occasion.MOVED, "phone", 40, 31),
    ],
)
def test_what_cannot_wait_is_told_at_night(
    occasion: Occasion, channel: str, due: float, at: float
) -> None:
    row = replace(ROW, occasion=occasion.value, channel=channel, due_at=hour(due))

    assert MANNERS.speak_at(row, hour(21)) == hour(at)


def test_a_town_says_its_own_hours() -> None:
    rule = BookingRule(
        area="a", valid_from=datetime(2021, 1, 1, tzinfo=UTC).date(), deadline_min=0,
        horizon_days=14, window_min=15, ride_max_factor=1.5, ride_max_extra_min=10, max_party=4,
        boarding_s=60, wheelchair_boarding_s=180, alighting_s=30, no_show_wait_min=5,
        divert_until_s=120, quiet_from="21:30", quiet_to="06:00", remind_at="17:00", coming_min=5,
    )  # fmt: skip

    assert Manners.of(rule, TOKYO) == Manners(TOKYO, 77_400, 21_600, 61_200, 300)
    assert Manners.of(None, TOKYO) == MANNERS
