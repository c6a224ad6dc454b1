"""What was asked for, out of bookings, promises and refusals; and under another timetable."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import cast

from gtfs import Feed
from gtfs.calendar import day_start_epoch
from maas.records.whatif_asks import Asked, BusTie, asked_of
from maas.records.whatif_buses import retimed
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.links import Toward
from maas.store.rides import RefusalRow

DAY, ZONE = date(2026, 6, 3), "Asia/Tokyo"
MIDNIGHT = day_start_epoch(DAY, ZONE)


def booking(id_: str, member: int, state: str = "done") -> BookingRow:
    return BookingRow(
        id=id_, area_id="a", service_date=DAY, reference=id_, state=state, member_id=member,
        contact_name="", contact_phone="", origin_id=1, destination_id=2, riders=1,
        wheelchairs=0, half_fares=0, infants=0, transfer=False, vehicle_id="v", promise_no=1,
        pickup_planned_s=0, arrive_planned_s=0, direct_s=0, booked_at=0.0, booked_by="",
    )  # fmt: skip


def promise(id_: str, no: int, from_s: int, *, arrives_from_s: int = 0) -> PromiseRow:
    request = {"earliest_dropoff_s": arrives_from_s}
    at = MIDNIGHT - 3600.0
    return PromiseRow(id_, no, "v", from_s, from_s + 900, from_s + 3600, request, at, "", "booked")


def refusal(member: int | None, time: int) -> RefusalRow:
    ask = {"origin": 1, "destination": 2, "time": time, "rider_id": member}
    return RefusalRow("a", MIDNIGHT + 28_800.0, DAY, "busy", None, ask, 0)


def test_a_booking_asked_for_what_it_was_first_promised() -> None:
    told = [promise("b", 1, 32_400), promise("b", 2, 36_000)]

    [found] = asked_of(ZONE, {DAY: [(booking("b", 7), told)]}, [], {})

    assert (found.wanted_s, found.anchor, found.called_s) == (32_400, "depart", -3600)
    assert found.came


def test_who_had_to_arrive_asked_for_the_time_of_arrival() -> None:
    told = [promise("b", 1, 32_400, arrives_from_s=35_000)]

    [found] = asked_of(ZONE, {DAY: [(booking("b", 7, "no_show"), told)]}, [], {})

    assert (found.wanted_s, found.anchor) == (36_000, "arrive")
    assert not found.came


def test_who_was_refused_and_asked_again_is_one_trip() -> None:
    ledger = {DAY: [(booking("b", 7), [promise("b", 1, 32_400)])]}
    refused = [refusal(7, 30_000), refusal(8, 30_000), refusal(8, 33_000), refusal(None, 30_000)]

    found = asked_of(ZONE, ledger, refused, {})

    assert [(each.member_id, each.wanted_s) for each in found] == [
        (7, 32_400), (8, 30_000), (None, 30_000),
    ]  # fmt: skip


def test_the_callers_no_and_what_was_cancelled_or_only_held_are_no_asks() -> None:
    rows = [booking("c", 1, "cancelled"), booking("h", 2, "held"), booking("l", 3, "lapsed")]
    ledger = {DAY: [(row, [promise(row.id, 1, 32_400)]) for row in rows]}
    declined = refusal(9, 30_000)
    declined = RefusalRow(
        **{n: getattr(declined, n) for n in RefusalRow.__slots__} | {"declined": []}
    )

    assert asked_of(ZONE, ledger, [declined], {}) == []


class Buses:
    """A timetable with one stop at which buses leave at these seconds on Wednesdays of July."""

    def __init__(self, *times_s: int) -> None:
        self.times_s = times_s

    def trips_on(self, day: date) -> list[object]:
        return [object()] if day.month == 7 else []

    def calls_at(self, stop_id: str, day: date) -> list[tuple[object, object]]:
        if stop_id != "S" or day.month != 7 or day.weekday() != DAY.weekday():
            return []
        calls = (SimpleNamespace(departure_s=s, arrival_s=s - 60) for s in self.times_s)
        return [(object(), call) for call in calls]


def tied(toward: Toward, stop: str = "S") -> Asked:
    tie = BusTie(stop, toward, 36_000)
    return Asked("x", DAY, 20_000, 1, 2, 35_400, "arrive", bus=tie)


def test_a_ride_to_a_bus_moves_with_the_nearest_bus_of_a_planned_timetable() -> None:
    feed = cast("Feed", Buses(30_000, 37_800, 50_000))

    [to_bus] = retimed([tied("to_bus")], feed)
    [from_bus] = retimed([tied("from_bus")], feed)

    assert (to_bus.wanted_s, to_bus.called_s) == (35_400 + 1800, 20_000 + 1800)
    assert from_bus.wanted_s == 35_400 + 1740
    assert to_bus.bus is not None
    assert (to_bus.bus.bus_s, to_bus.bus.runs) == (37_800, True)


def test_where_no_bus_runs_within_an_hour_and_a_half_there_is_none() -> None:
    [gone] = retimed([tied("to_bus")], cast("Feed", Buses(36_000 + 5401)))
    [elsewhere] = retimed([tied("to_bus", stop="T")], cast("Feed", Buses(36_000)))

    assert gone.bus is not None
    assert elsewhere.bus is not None
    assert not gone.bus.runs
    assert not elsewhere.bus.runs
