"""When a bus is to begin its next trip, from what is seen of it at the end of the one before."""

from __future__ import annotations

import pytest

from busloc.live import LiveMap
from tests.busloc.test_live import board, live_map, send
from tests.busloc.towns import at, back, feed_of, hourly, ping

IN_S = 8 * 3600 + 600
"""The trip back is due to start at 08:10:00, and flagged from 08:12:50 on."""


def town() -> LiveMap:
    feed = feed_of(hourly("out", 8, block="b"), back("in", IN_S, block="b"))
    live, _, _ = live_map(feed)
    live.tick(at("08:00:00"))
    return live


def stands(live: LiveMap, clock: str, *, metres: float = 5000, vehicle: str = "bus") -> None:
    send(live, ping(metres, at(clock), vehicle=vehicle, trip="out"))


def state(live: LiveMap, clock: str) -> str:
    return board(live, "s5", clock, 1)[0][1]


def test_a_bus_that_stands_on_where_it_ended_should_have_begun_a_minute_after_it_came() -> None:
    live = town()
    for clock in ("08:12:00", "08:12:30", "08:13:00"):
        stands(live, clock)

    assert state(live, "08:13:20") == "running"
    assert state(live, "08:13:22") == "unconfirmed"


@pytest.mark.parametrize(("metres", "vehicle"), [(4900, "bus"), (5000, "bus2")])
def test_the_minute_begins_when_this_very_bus_has_come_to_the_end(
    metres: float, vehicle: str
) -> None:
    live = town()
    stands(live, "08:12:00", metres=metres, vehicle=vehicle)
    stands(live, "08:13:00")

    assert state(live, "08:14:20") == "running"
    assert state(live, "08:14:22") == "unconfirmed"


def test_a_bus_that_ended_long_before_its_next_trip_is_not_expected_early() -> None:
    live = town()
    for clock in ("08:07:00", "08:08:00", "08:09:00"):
        stands(live, clock)

    assert board(live, "s5", "08:09:10", 1)[0] == ("in", "running", 600, 0)
