"""What ridership adds up to, in a town one can count by hand, and against a plain loop."""

from __future__ import annotations

import doctest
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from maas.records import ridership, ridership_charts
from maas.records.ridership import FEW, Chosen, Gone, No, Trip, lost, people, shown, totals
from maas.records.ridership_charts import (
    Cell,
    Flow,
    Stop,
    Use,
    flows,
    groups,
    heat,
    lateness,
    saved_by,
    stops,
    trend,
    vehicle_use,
)
from maas.records.ridership_rows import Marks, Town, ends
from maas.records.ridership_words import FIGURES
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.entries import Outcome, Ride
from maas.store.ridership import Ground, Person

MONDAY = date(2026, 11, 23)
EIGHT_S = 8 * 3600


def ride(member: int | None = 1, **change: Any) -> Ride:  # noqa: ANN401
    """Return a ride from home 1 to clinic 2 at eight, in time for its promise."""
    plain = Ride(
        booking_id="b", service_date=MONDAY, dated=MONDAY, area_id="tiny", vehicle_id="van-1",
        member_id=member, origin_id=1, destination_id=2, riders=1, wheelchairs=0, half_fares=0,
        infants=0, channel="phone", booked_at=0.0, direct_s=300, pickup_from_s=EIGHT_S,
        pickup_to_s=EIGHT_S + 600, arrive_by_s=EIGHT_S + 1800, came_s=EIGHT_S + 300,
        picked_up_s=EIGHT_S + 360, dropped_off_s=EIGHT_S + 960, distance_m=2000, shared=False,
        fare_yen=500, tariff="t", birth_year=1945, oaza="東",
    )  # fmt: skip
    change.setdefault("dated", change.get("service_date", MONDAY))
    return plain._replace(**change)


def trip(member: int | None = 1, **change: Any) -> Trip:  # noqa: ANN401
    one = ride(member, **change)
    day = one.service_date
    return Trip(one, day.weekday(), one.picked_up_s // 3600, "75-84", one.oaza or "", "medical")


def no(member: int | None = 1, **change: Any) -> No:  # noqa: ANN401
    plain = No(
        dated=MONDAY, day=MONDAY, weekday=0, hour=8, declined=False, reason="busy", member=member,
        age="75-84", hamlet="東", purpose="medical", origin=1, destination=2, riders=1, saves=(),
    )  # fmt: skip
    return plain._replace(**change)


def gone(state: str) -> Gone:
    outcome = Outcome(
        "c", MONDAY, MONDAY, "tiny", "van-1", 1, 1, 2, 1, "phone", EIGHT_S, state, None, 1945, "東"
    )
    return Gone(outcome, 0, 8, "75-84", "東", "medical")


def test_doctests_hold() -> None:
    assert doctest.testmod(ridership).failed == 0


def test_a_period_adds_up_to_its_rides() -> None:
    late = trip(2, riders=2, shared=True, came_s=EIGHT_S + 601, fare_yen=600, distance_m=1000)

    found = totals([trip(), trip(), late], [gone("no_show"), gone("booked")], [no(5)], [no(5)])

    assert (found.rides, found.riders, found.members, found.shared) == (3, 4, 2, 1)
    assert (found.kept, found.late, found.not_carried) == (2, 1, 1)
    assert (found.no_show, found.cancelled, found.lost, found.refused) == (1, 0, 1, 1)
    assert (found.fare_yen, found.distance_m) == (1600, 5000)


def test_what_a_late_correction_takes_back_is_not_counted_twice() -> None:
    later = date(2026, 12, 1)
    taken_back = trip(dated=later, sign=-1)
    put_right = trip(dated=later, fare_yen=300)

    whole = totals([trip(), taken_back, put_right], [], [], [])
    entries = [trip(), taken_back, put_right]
    november, december, _ = trend(MONDAY, date(2027, 1, 30), entries, [], [], [])

    assert (whole.rides, whole.riders, whole.members, whole.fare_yen) == (1, 1, 1, 300)
    assert november.totals.fare_yen == 500
    assert (december.totals.rides, december.totals.fare_yen) == (0, -200)


def test_a_ride_that_never_happened_has_no_rider() -> None:
    void = trip(sign=-1)
    assert totals([trip(), void], [], [], []).members == 0
    assert heat([trip(), void]) == [Cell(0, 8, 0)]


def test_who_asks_again_or_is_carried_after_all_has_lost_one_journey_or_none() -> None:
    nos = [no(), no(), no(2), no(3, reason="too_late"), no(4, declined=True)]

    assert [row.member for row in lost(nos, [trip(2)], {"busy"})] == [1]
    assert len(lost([no(None), no(None), no(None, hour=9)], [], {"busy"})) == 2


def test_two_riders_together_use_the_vehicle_once() -> None:
    over_nine = trip(picked_up_s=EIGHT_S + 3000, dropped_off_s=EIGHT_S + 4200)
    beside = trip(picked_up_s=EIGHT_S + 3300, dropped_off_s=EIGHT_S + 3900)
    next_day = trip(
        service_date=MONDAY + timedelta(1), picked_up_s=EIGHT_S, dropped_off_s=EIGHT_S + 60
    )

    assert vehicle_use([over_nine, beside, next_day]) == [
        Use("van-1", 8, 660, 2), Use("van-1", 9, 600, 2),
    ]  # fmt: skip


def test_a_promise_is_kept_up_to_its_last_second() -> None:
    def late_by(late_s: int) -> Trip:
        return trip(came_s=EIGHT_S + 600 + late_s, dropped_off_s=EIGHT_S)

    rows = [late_by(late_s) for late_s in (-601, -600, 0, 1, 300, 901)]
    assert lateness(rows) == [2, 0, 1, 2, 0, 0, 1]
    assert totals(rows, [], [], []).kept == 3


def test_late_here_is_late_on_the_page_of_promises() -> None:
    from maas.rides.ledger import kept_on

    for late_s in (-1, 0, 1):
        one = ride(came_s=EIGHT_S + 600 + late_s)
        booking = BookingRow(
            id="b", area_id="tiny", service_date=MONDAY, reference="1", state="done", member_id=1,
            contact_name="", contact_phone="", origin_id=1, destination_id=2, riders=1,
            wheelchairs=0, half_fares=0, infants=0, transfer=False, vehicle_id="van-1",
            promise_no=1, pickup_planned_s=0, arrive_planned_s=0, direct_s=0, booked_at=0.0,
            booked_by="x", arrived_s=one.came_s, aboard_s=one.picked_up_s,
            dropped_s=one.dropped_off_s,
        )  # fmt: skip
        promise = PromiseRow(
            booking_id="b", no=1, vehicle_id="van-1", pickup_from_s=one.pickup_from_s,
            pickup_to_s=one.pickup_to_s, arrive_by_s=one.arrive_by_s, request={}, told_at=0.0,
            told_by="x", why="booked",
        )  # fmt: skip
        kept = kept_on(MONDAY, [(booking, [promise])], 10**6)
        assert totals([trip(came_s=one.came_s)], [], [], []).kept == kept.kept


def test_few_people_are_kept_back_and_cannot_be_worked_out() -> None:
    ends_of = {1: "h:東", 2: "p:2", 3: "p:3"}
    many = [trip(member) for member in range(FEW)]
    few = [trip(member, destination_id=3) for member in range(FEW - 1)]

    assert flows(many + few, ends_of) == [Flow("h:東", "p:2", None), Flow("h:東", "p:3", None)]
    assert flows(many, ends_of) == [Flow("h:東", "p:2", FEW)]
    assert stops(many + few, ends_of) == [
        Stop("p:2", 0, 5), Stop("h:東", None, None), Stop("p:3", None, None),
    ]  # fmt: skip


def test_one_busy_rider_is_still_one_person() -> None:
    rows = [trip(1) for _ in range(40)]
    assert flows(rows, {1: "h:東", 2: "p:2"}) == [Flow("h:東", "p:2", None)]


def test_a_hamlet_nobody_rides_from_is_listed_too() -> None:
    rows = [trip(member) for member in range(6)]

    east, west = groups(rows, [], lambda row: row.hamlet, {"東": 12, "西": 7})

    assert (east.key, east.members, east.active, east.rides, east.late) == ("東", 12, 6, 6, 0)
    assert (west.key, west.members, west.active, west.rides) == ("西", 7, 0, 0)


def test_the_least_asking_change_is_what_would_have_saved() -> None:
    rows = [
        no(saves=(("desired_s", -900), ("origin", 300))), no(saves=(("desired_s", 901),)),
        no(saves=(("destination", 300),)), no(saves=()), no(saves=(("ride_max_s", 60),)),
    ]  # fmt: skip
    assert dict(saved_by(rows)) == {
        "shift_15": 1, "shift_60": 1, "shift_more": 0, "walk": 1, "longer": 1, "fewer": 0,
        "wish": 0, "nothing": 1,
    }  # fmt: skip


def test_homes_are_only_named_by_their_hamlet() -> None:
    home = Ground(1, "仮野さん宅", "", "home", "東", 34.86121, 133.69121)
    clinic = Ground(2, "病院", "Clinic", "clinic", "東", 34.86009, 133.69009)

    found = ends([home, clinic])

    assert found.key_of == {1: "h:東", 2: "p:2"}
    assert "仮野" not in str(found.by_key)
    assert (found.by_key["h:東"].lat, found.by_key["h:東"].lon) == (34.86, 133.69)


def test_a_way_home_is_for_what_it_comes_from() -> None:
    town = Town({}, {
        1: Ground(1, "", "", "home", "東", 0, 0), 2: Ground(2, "", "", "clinic", "西", 0, 0),
    })  # fmt: skip
    marks = Marks(town)
    back = marks.trip(ride(origin_id=2, destination_id=1))
    assert (back.purpose, back.age, back.hamlet, back.hour) == ("medical", "75-84", "東", 8)
    assert Person(1, 1945, "東").oaza == back.hamlet


def test_every_figure_is_explained_in_both_languages() -> None:
    for key, figure in FIGURES.items():
        texts = (figure.name, figure.unit, figure.meaning, figure.source)
        assert all(text.ja for text in texts), key
        assert all(text.en for text in texts), key


trips = st.lists(
    st.builds(
        trip,
        st.one_of(st.none(), st.integers(1, 8)),
        service_date=st.integers(0, 9).map(lambda n: MONDAY + timedelta(n)),
        riders=st.integers(1, 3),
        vehicle_id=st.sampled_from(["van-1", "van-2"]),
        origin_id=st.integers(1, 3),
        destination_id=st.integers(1, 3),
        came_s=st.integers(EIGHT_S, EIGHT_S + 1200),
        picked_up_s=st.integers(EIGHT_S, EIGHT_S + 7200),
        dropped_off_s=st.integers(EIGHT_S + 7200, EIGHT_S + 9000),
        shared=st.booleans(),
        fare_yen=st.sampled_from([0, 300, 500]),
        oaza=st.sampled_from(["東", "西", None]),
        sign=st.sampled_from([1, 1, 1, -1]),
    ),
    max_size=40,
)


@given(
    rows=trips, hours=st.tuples(st.integers(8, 10), st.integers(8, 10)), weekday=st.integers(0, 7)
)
@settings(max_examples=60, deadline=None)
def test_every_chart_counts_what_a_plain_loop_counts(
    rows: list[Trip], hours: tuple[int, int], weekday: int
) -> None:
    chosen = Chosen(hours=hours, weekdays=frozenset({weekday} if weekday < 7 else ()))
    picked = chosen.trips(rows)
    count = {"rides": 0, "riders": 0, "fare_yen": 0, "shared": 0, "late": 0}
    cells: dict[tuple[int, int], int] = {}
    used: dict[tuple[str, int], set[tuple[date, int]]] = {}
    for row in rows:
        one = row.ride
        hour = one.picked_up_s // 3600
        if not hours[0] <= hour <= hours[1]:
            continue
        if weekday < 7 and one.service_date.isoweekday() != weekday + 1:
            continue
        late = one.came_s > one.pickup_to_s or one.dropped_off_s > one.arrive_by_s
        count["rides"] += one.sign
        count["riders"] += one.sign * one.riders
        count["fare_yen"] += one.sign * one.fare_yen
        count["shared"] += one.sign * one.shared
        count["late"] += one.sign * late
        cell = one.service_date.weekday(), hour
        cells[cell] = cells.get(cell, 0) + one.sign * one.riders
        if one.sign == 1:
            for second in range(one.picked_up_s, one.dropped_off_s):
                used.setdefault((one.vehicle_id, second // 3600), set()).add(
                    (one.service_date, second)
                )

    found = asdict(totals(picked, [], [], []))
    assert {key: found[key] for key in count} == count
    assert {(cell.weekday, cell.hour): cell.riders for cell in heat(picked)} == cells
    seconds = {key: len(each) for key, each in used.items()}
    assert {(use.vehicle, use.hour): use.aboard_s for use in vehicle_use(picked)} == seconds
    by_day = trend(MONDAY, MONDAY + timedelta(9), picked, [], [], [])
    assert sum(point.totals.riders for point in by_day) == count["riders"]
    assert sum(lateness(picked)) == count["rides"]


@given(rows=trips)
@settings(max_examples=60, deadline=None)
def test_no_count_of_few_people_is_ever_shown(rows: list[Trip]) -> None:
    ends_of = {1: "h:東", 2: "p:2", 3: "p:3"}
    for flow in flows(rows, ends_of):
        theirs = [
            row
            for row in rows
            if (ends_of[row.ride.origin_id], ends_of[row.ride.destination_id])
            == (flow.origin, flow.destination)
        ]
        assert flow.riders is None or not 0 < people(theirs) < FEW
    for group in groups(rows, [], lambda row: row.hamlet, {}):
        assert group.active is None or not 0 < group.active < FEW


@given(counts=st.lists(st.integers(0, 12), max_size=8))
def test_never_is_exactly_one_count_kept_back(counts: list[int]) -> None:
    may = shown(counts, counts)
    assert all(may[at] or counts[at] > 0 for at in range(len(counts)))
    assert may.count(False) != 1 or sum(count > 0 for count in counts) == 1


def test_a_short_period_is_drawn_by_day_and_a_long_one_by_month() -> None:
    week = ridership_charts.beginnings(MONDAY, MONDAY + timedelta(6))
    year = ridership_charts.beginnings(date(2025, 12, 15), date(2026, 11, 26))
    assert (len(week), week[0]) == (7, MONDAY)
    assert (len(year), year[0], year[-1]) == (12, date(2025, 12, 1), date(2026, 11, 1))
