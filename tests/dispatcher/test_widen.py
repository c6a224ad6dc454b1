"""Limits as far as they have to go, and no further."""

from __future__ import annotations

from dataclasses import replace

from dispatcher.model import Connection, Place, Plan, Route
from dispatcher.widen import beginning, least, narrowed, rescue
from tests.dispatcher.test_events import van
from tests.dispatcher.test_schedule import TRAVEL, ride, stops


def test_the_least_that_holds_may_be_the_first() -> None:
    assert least(3, 10, lambda _: True) == 3
    assert least(3, 10, lambda value: value >= 8) == 8
    assert least(3, 10, lambda value: value >= 10) == 10


def test_a_ride_that_begins_later_keeps_what_limits_it_can() -> None:
    a = ride("a", 3, 9, latest_pickup_s=300, latest_dropoff_s=700)

    assert beginning(a, 200) == replace(a, earliest_pickup_s=200)
    assert beginning(a, 690) == replace(
        a, earliest_pickup_s=690, latest_pickup_s=690, latest_dropoff_s=750
    )


def test_who_has_left_the_bus_no_longer_waits_for_it() -> None:
    a = replace(ride("a", 3, 9), connection=Connection("trip", "from_bus", 900, 60))
    to_bus = replace(a, connection=Connection("trip", "to_bus", 9000, 60))

    assert rescue(a, 960, Place(5), 800).request.connection is None
    assert rescue(to_bus, 960, Place(5), 800).request.connection == to_bus.connection


def test_limits_go_no_nearer_to_what_was_told_than_a_ride_that_begins_later_can() -> None:
    told = ride("a", 3, 9, latest_pickup_s=300, latest_dropoff_s=700)
    now = replace(told, earliest_pickup_s=900, latest_pickup_s=1500, latest_dropoff_s=2500)
    route = Route(van("one"), stops("+a -a"))

    nearer = narrowed(route, Plan(1, {"one": route}, {"a": now}), told, TRAVEL)

    # In at 900, a minute to board and six to drive.
    assert nearer == replace(now, latest_pickup_s=900, latest_dropoff_s=1320)
