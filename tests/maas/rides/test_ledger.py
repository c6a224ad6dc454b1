"""How promises were kept, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from maas.rides.ledger import kept_on
from maas.store.bookings import BookingRow, PromiseRow
from tests.maas.line_town import of_day

DAY = date(2026, 11, 25)
EVENING = of_day("20:00")

RIDE = BookingRow(
    id="a", area_id="line", service_date=DAY, reference="1001", state="done", member_id=None,
    contact_name="", contact_phone="", origin_id=1, destination_id=2, riders=1, wheelchairs=0,
    half_fares=0, infants=0, transfer=False, vehicle_id="van-1", promise_no=1,
    pickup_planned_s=of_day("10:00"), arrive_planned_s=of_day("10:20"), direct_s=600,
    booked_at=0.0, booked_by="yuki", arrived_s=of_day("10:05"), aboard_s=of_day("10:06"),
    dropped_s=of_day("10:25"),
)  # fmt: skip
TOLD = PromiseRow(
    "a", 1, "van-1", of_day("10:00"), of_day("10:10"), of_day("10:30"), {}, 0.0, "yuki", "booked"
)
LATER = replace(
    TOLD, no=2, pickup_from_s=of_day("10:20"), pickup_to_s=of_day("10:30"),
    arrive_by_s=of_day("10:50"), why="vehicle_out",
)  # fmt: skip


def test_a_ride_within_its_window_and_in_time_is_kept() -> None:
    found = kept_on(DAY, [(RIDE, [TOLD])], EVENING)

    assert (found.promised, found.kept, found.kept_as_asked, found.late) == (1, 1, 1, 0)
    assert (found.worst_late_s, found.worst_reference, found.share) == (0, None, 1.0)


def test_the_worse_end_of_a_ride_is_what_was_late() -> None:
    slow = replace(RIDE, id="b", reference="1002", arrived_s=of_day("10:12"))
    slower = replace(RIDE, id="c", reference="1003", dropped_s=of_day("10:37"))

    found = kept_on(DAY, [(RIDE, [TOLD]), (slow, [TOLD]), (slower, [TOLD])], EVENING)

    assert (found.kept, found.late, found.share) == (1, 2, 1 / 3)
    assert (found.worst_late_s, found.worst_reference) == (7 * 60, "1003")


def test_getting_out_is_not_a_late_arrival() -> None:
    told = replace(TOLD, request={"alighting_s": 30})
    in_time, late = (replace(RIDE, dropped_s=told.arrive_by_s + seconds) for seconds in (30, 31))

    found = kept_on(DAY, [(in_time, [told]), (late, [told])], EVENING)

    assert (found.kept, found.late, found.worst_late_s) == (1, 1, 1)


def test_a_promise_we_moved_is_kept_but_not_as_asked() -> None:
    ridden = replace(RIDE, arrived_s=of_day("10:25"), dropped_s=of_day("10:45"), promise_no=2)

    found = kept_on(DAY, [(ridden, [TOLD, LATER])], EVENING)

    assert (found.kept, found.kept_as_asked, found.moved) == (1, 0, {"vehicle_out": 1})


def test_what_the_rider_changed_or_what_says_the_same_was_not_moved_by_us() -> None:
    wished = replace(LATER, why="changed")
    same = replace(TOLD, no=2, why="road_slow")

    found = kept_on(DAY, [(RIDE, [TOLD, same]), (RIDE, [TOLD, wished])], EVENING)

    assert found.moved == {}


def test_seats_that_were_only_held_were_promised_to_nobody() -> None:
    held = replace(TOLD, why="held")
    lapsed = replace(RIDE, state="lapsed")
    booked = replace(TOLD, no=2, why="booked", pickup_to_s=of_day("10:11"))

    found = kept_on(DAY, [(lapsed, [held]), (RIDE, [held, booked])], EVENING)

    assert (found.promised, found.kept, found.moved) == (1, 1, {})


def test_who_was_never_fetched_was_not_carried_once_the_time_has_passed() -> None:
    waits = replace(RIDE, state="booked", arrived_s=None, aboard_s=None, dropped_s=None)

    before = kept_on(DAY, [(waits, [TOLD])], of_day("10:30"))
    after = kept_on(DAY, [(waits, [TOLD])], of_day("10:31"))

    assert (before.open, before.not_carried, before.share) == (1, 0, None)
    assert (after.open, after.not_carried, after.share) == (0, 1, 0.0)


def test_riders_who_cancel_or_are_not_there_count_apart() -> None:
    rows = [replace(RIDE, state=state) for state in ("cancelled", "no_show", "aboard")]

    found = kept_on(DAY, [(row, [TOLD]) for row in rows], EVENING)

    assert (found.cancelled, found.no_show, found.open, found.kept, found.late) == (1, 1, 1, 0, 0)
