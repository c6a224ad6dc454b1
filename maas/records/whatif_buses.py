"""Rides to and from buses under another timetable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from gtfs import Feed
from maas.records.whatif_asks import Asked, BusTie

WITHIN_S: Final = 90 * 60
"""Whose bus runs so much earlier or later than before still takes it."""
WEEKS: Final = 60


def retimed(asked: Iterable[Asked], feed: Feed) -> list[Asked]:
    """Return what would be asked for if a timetable were in force.

    Whoever goes to a bus, or comes from one, asks for the nearest one at that stop; where none is
    left within an hour and a half there is no bus for them.
    """
    return [each if each.bus is None else _moved(each, each.bus, feed) for each in asked]


def _moved(each: Asked, bus: BusTie, feed: Feed) -> Asked:
    day = _like(each.day, feed)
    times_s = [
        at_s
        for _, call in feed.calls_at(bus.stop_id, day)
        if (at_s := call.departure_s if bus.toward == "to_bus" else call.arrival_s) is not None
    ]
    nearest_s = min(times_s, key=lambda at_s: abs(at_s - bus.bus_s), default=None)
    if nearest_s is None or abs(nearest_s - bus.bus_s) > WITHIN_S:
        return replace(each, bus=replace(bus, runs=False))
    by_s = nearest_s - bus.bus_s
    wanted_s = None if each.wanted_s is None else each.wanted_s + by_s
    return replace(
        each, wanted_s=wanted_s, called_s=each.called_s + by_s, bus=replace(bus, bus_s=nearest_s)
    )


def _like(day: date, feed: Feed) -> date:
    """Return the first such weekday on which the timetable runs; the day itself if it never does.

    A timetable that is only planned holds for no day of the past.
    """
    later = (day + timedelta(weeks=n) for n in range(WEEKS))
    return next((each for each in later if feed.trips_on(each)), day)
