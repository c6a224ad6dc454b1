"""A vehicle was out of reach while the office went on: what becomes of what its driver tapped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from maas.rides.keeper import Keeper
from maas.rides.merge import Tap
from maas.rides.trips import Trips
from maas.rides.views import BookingView, JobView, NotFound, NotNow, Step, TapResult
from maas.store import commits, duty, outages, takings
from maas.store.database import Database
from maas.store.duty import ReportRow
from maas.store.outages import DisruptionRow, OutageRow
from tests.maas.line_town import DAY0, HandClock, Van, at
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY
from tests.ports import PATIENCE_S

Town = Callable[[Sequence[Van]], Awaitable[None]]


@dataclass(slots=True)
class Cab:
    """A device that keeps what its driver taps and sends it later."""

    trips: Trips
    vehicle: str = "van-1"
    count: int = 0

    def tap(self, booking: BookingView, step: Step, clock: str, **more: Any) -> Tap:  # noqa: ANN401
        self.count += 1
        event, number = f"{self.vehicle}-{self.count}", self.count
        return Tap(event, booking.id, step, at(clock), seq=number, **more)

    async def send(self, *taps: Tap, sent_at: float | None = None) -> list[TapResult]:
        found = await self.trips.merge(
            self.vehicle, taps, sent_at=sent_at, actor=f"device:{self.vehicle}"
        )
        return list(found)


@pytest.fixture
async def two(town: Town, new_keeper: NewKeeper) -> Keeper:
    """A keeper of two vans."""
    await town([Van("van-1"), Van("van-2")])
    keeper = new_keeper()
    await keeper.start()
    return keeper


@pytest.fixture
def cab(keeper: Keeper) -> Cab:
    return Cab(Trips(keeper))


async def kept(database: Database) -> list[ReportRow]:
    async with database.reading() as connection:
        return await duty.reports_on(connection, TODAY)


async def is_whole(keeper: Keeper, database: Database) -> bool:
    """Whether audit chain and plan are as they should be."""
    async with database.reading() as connection:
        broken = await commits.audit_break(connection)
    return broken is None and await keeper.check() == []


async def state(keeper: Keeper, booking: BookingView) -> str:
    found = await keeper.booking(booking.id)
    assert isinstance(found, BookingView)
    return found.state


async def test_half_an_hour_without_signal_is_written_as_it_was(
    keeper: Keeper, cab: Cab, clock: HandClock, database: Database
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:30")

    results = await cab.send(
        cab.tap(mine, "arrived", "10:00", lat=34.85, lon=133.63),
        cab.tap(mine, "aboard", "10:01"),
        cab.tap(mine, "dropped", "10:07", cash_yen=500, paid=True),
    )

    assert [each.outcome for each in results] == ["taken"] * 3
    ride = results[2].ride
    assert ride is not None
    assert (ride.picked_up, ride.dropped_off, ride.fare_yen) == (at("10:01"), at("10:07"), 500)
    rows = await kept(database)
    assert [(row.step, row.said_at, row.received_at) for row in rows] == [
        ("arrived", at("10:00"), at("10:30")),
        ("aboard", at("10:01"), at("10:30")),
        ("dropped", at("10:07"), at("10:30")),
    ]
    assert (rows[0].lat, rows[0].lon) == (34.85, 133.63)
    assert await is_whole(keeper, database)


async def test_the_same_events_sent_again_are_answered_the_same_and_written_once(
    keeper: Keeper, cab: Cab, clock: HandClock, database: Database
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    taps = cab.tap(mine, "aboard", "10:01"), cab.tap(mine, "dropped", "10:07")
    clock.set("10:30")

    first = await cab.send(*taps)
    again = await cab.send(*taps)
    by_another = await cab.trips.merge("van-1", taps, sent_at=None, actor="ken")
    other = await cab.send(replace(taps[0], step="no_show"))

    assert again == first == list(by_another)
    wrong = replace(taps[0], step="no_show")
    [not_so] = await cab.trips.merge("van-1", [wrong], sent_at=None, actor="ken")
    assert (other[0].outcome, not_so.outcome, len(await kept(database))) == (
        "refused",
        "refused",
        2,
    )
    assert len(await keeper.rides()) == 1


async def test_one_lost_in_the_middle_does_not_keep_back_the_others(
    keeper: Keeper, cab: Cab, clock: HandClock
) -> None:
    mine, other = await booked(keeper, ask(3, 8), "a"), await booked(keeper, ask(5, 9), "b")
    clock.set("10:30")
    nobody = replace(mine, id="0" * 32)

    results = await cab.send(
        cab.tap(nobody, "aboard", "10:00"),
        cab.tap(mine, "aboard", "10:01"),
        cab.tap(other, "aboard", "10:03"),
    )

    assert [(each.outcome, each.codes) for each in results] == [
        ("asked", ("unknown_booking",)),
        ("taken", ("no_roll_call",)),
        ("taken", ()),
    ]


async def test_cancelled_by_the_office_but_boarded_is_a_ride(
    keeper: Keeper, cab: Cab, clock: HandClock, database: Database
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:05")
    await keeper.cancel(mine.id, reason="rang", key="c", actor="yuki")
    clock.set("10:30")

    [boarded] = await cab.send(cab.tap(mine, "aboard", "10:01"))
    job = await cab.trips.job("van-1")
    assert await keeper.check() == []
    assert job is not None
    assert [stop.booking_id for stop in job.on_board] == [mine.id]
    [done] = await cab.send(cab.tap(mine, "dropped", "10:07"))

    assert "cancelled_but_rode" in boarded.codes
    assert (await keeper.day_of(TODAY)).bookings[mine.id].cancel_reason is None
    assert done.ride is not None
    assert (done.ride.fare_yen, await state(keeper, mine)) == (500, "done")
    assert await is_whole(keeper, database)


async def test_a_ride_nobody_reported_the_beginning_of_is_still_a_ride(
    keeper: Keeper, cab: Cab, clock: HandClock
) -> None:
    """Five minutes' drive: without an arrival boarding is five minutes before the drop-off."""
    mine = await booked(keeper, ask(3, 8), "a")
    other = await booked(keeper, ask(3, 8, "11:00"), "b")
    clock.set("11:30")

    [alone] = await cab.send(cab.tap(mine, "dropped", "10:07"))
    _, after_arrival = await cab.send(
        cab.tap(other, "arrived", "11:00"), cab.tap(other, "dropped", "11:08")
    )

    assert "boarding_missing" in alone.codes
    assert alone.ride is not None
    assert (alone.ride.picked_up, alone.ride.dropped_off) == (at("10:02"), at("10:07"))
    assert after_arrival.ride is not None
    assert after_arrival.ride.picked_up == at("11:00")


async def test_given_to_another_vehicle_but_boarded_here_comes_over(
    two: Keeper, clock: HandClock
) -> None:
    mine = await booked(two, ask(3, 8), "a")
    own = mine.vehicle.id
    away = "van-2" if own == "van-1" else "van-1"
    await two.pin(mine.id, away, key="p", actor="ken")
    clock.set("10:05")
    cab = Cab(Trips(two), own)

    [boarded] = await cab.send(cab.tap(mine, "aboard", "10:01"))

    found = await two.booking(mine.id)
    assert isinstance(found, BookingView)
    assert (boarded.outcome, "another_vehicle" in boarded.codes) == ("taken", True)
    assert (found.vehicle.id, found.state, found.pinned) == (own, "aboard", False)
    left = await two.vehicle_view(away)
    assert left is not None
    assert left.stops == ()
    assert await two.check() == []
    await two.stop()


async def test_a_no_show_of_somebody_who_rode_elsewhere_changes_nothing(
    two: Keeper, clock: HandClock, database: Database
) -> None:
    mine = await booked(two, ask(3, 8), "a")
    own = mine.vehicle.id
    away = "van-2" if own == "van-1" else "van-1"
    await two.pin(mine.id, away, key="p", actor="ken")
    clock.set("10:02")
    await two.step(away, mine.id, "aboard", at=None, key="b", actor=f"device:{away}")
    clock.set("10:30")
    cab = Cab(Trips(two), own)

    [result] = await cab.send(cab.tap(mine, "no_show", "10:10"))
    [boarded] = await cab.send(cab.tap(mine, "aboard", "10:11"))

    assert (result.outcome, result.codes) == ("stands", ("rode_elsewhere",))
    assert (boarded.outcome, boarded.codes) == ("asked", ("two_vehicles",))
    assert await state(two, mine) == "aboard"
    async with database.reading() as connection:
        looked = await duty.reports_to_look_at(connection, ["van-1", "van-2"])
    assert [row.codes for row in looked if row.step != "no_show" and row.vehicle_id == own] == [
        ("two_vehicles",)
    ]
    assert all(row.step != "no_show" for row in looked)
    await two.stop()


async def test_a_no_show_of_somebody_another_vehicle_will_fetch_is_for_the_office(
    two: Keeper, clock: HandClock
) -> None:
    mine = await booked(two, ask(3, 8), "a")
    own = mine.vehicle.id
    away = "van-2" if own == "van-1" else "van-1"
    await two.pin(mine.id, away, key="p", actor="ken")
    clock.set("10:13")
    cab = Cab(Trips(two), own)

    [result] = await cab.send(cab.tap(mine, "no_show", "10:10"))

    assert (result.outcome, result.codes) == ("asked", ("not_there",))
    assert await state(two, mine) == "booked"
    await two.stop()


async def test_a_no_show_who_came_after_all_rides(
    keeper: Keeper, cab: Cab, clock: HandClock
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:20")
    await keeper.step("van-1", mine.id, "no_show", at=None, key="n", actor="device:van-1")
    clock.set("10:40")

    [result] = await cab.send(cab.tap(mine, "aboard", "10:21"))

    assert "no_show_but_rode" in result.codes
    assert await state(keeper, mine) == "aboard"


async def test_a_no_show_before_the_wait_was_over_is_taken_late_and_seen(
    keeper: Keeper, cab: Cab, clock: HandClock
) -> None:
    """The window begins at 10:00 and five minutes are to be waited."""
    mine = await booked(keeper, ask(3, 8), "a")
    other = await booked(keeper, ask(3, 8, "11:00"), "b")
    clock.set("11:30")

    [early] = await cab.send(cab.tap(mine, "no_show", "10:04"))
    [right] = await cab.send(cab.tap(other, "no_show", "11:05"))

    assert (early.outcome, early.codes) == ("taken", ("left_early",))
    assert (right.outcome, right.codes) == ("taken", ())


async def test_on_board_and_no_show_at_once_is_for_the_office(
    keeper: Keeper, cab: Cab, clock: HandClock
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:40")

    _, result = await cab.send(cab.tap(mine, "aboard", "10:01"), cab.tap(mine, "no_show", "10:20"))

    assert (result.outcome, result.codes) == ("asked", ("rides_already",))
    assert await state(keeper, mine) == "aboard"


async def test_a_clock_an_hour_fast_is_put_right(
    keeper: Keeper, cab: Cab, clock: HandClock, database: Database
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:30")

    results = await cab.send(
        cab.tap(mine, "aboard", "11:01"), cab.tap(mine, "dropped", "11:07"), sent_at=at("11:30")
    )

    ride = results[1].ride
    assert ride is not None
    assert (ride.picked_up, ride.dropped_off) == (at("10:01"), at("10:07"))
    assert all("clock" in each.codes for each in results)
    assert [row.said_at for row in await kept(database)] == [at("11:01"), at("11:07")]


async def test_a_time_that_is_not_on_the_bookings_day_is_the_planned_one(
    keeper: Keeper, cab: Cab, clock: HandClock
) -> None:
    """A booking of today, boarded by a clock of yesterday evening."""
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:30")
    tap = cab.tap(mine, "aboard", "10:01")

    await cab.send(replace(tap, said_at=at("00:00") - 3600))

    found = await keeper.day_of(TODAY)
    assert found.bookings[mine.id].aboard_s == found.bookings[mine.id].pickup_planned_s


async def test_late_arrivals_after_the_ride_move_nothing(
    keeper: Keeper, cab: Cab, clock: HandClock
) -> None:
    """An older stop that comes after a newer one does not take the vehicle back there."""
    first = await booked(keeper, ask(3, 6), "a")
    second = await booked(keeper, ask(8, 10, "10:15"), "b")
    clock.set("10:40")

    await cab.send(cab.tap(second, "aboard", "10:16"), cab.tap(second, "dropped", "10:20"))
    [late] = await cab.send(cab.tap(first, "dropped", "10:07"))

    plan = (await keeper.day_of(TODAY)).plan_row("van-1")
    assert late.outcome == "taken"
    assert (plan.at_place_id, plan.stops) == (11, ())


@pytest.mark.parametrize(("to", "first"), [(5, "mine"), (12, "other")])
async def test_a_rider_who_boards_unplanned_is_brought_without_making_others_late(
    two: Keeper, clock: HandClock, to: int, first: str
) -> None:
    """The drop-off goes where it makes nobody late: on the way, or beyond the other's."""
    other = await booked(two, ask(3, 8), "a")
    own = other.vehicle.id
    cab = Cab(Trips(two), own)
    mine = await booked(two, ask(3, to), "b")
    away = "van-2" if own == "van-1" else "van-1"
    await two.pin(mine.id, away, key="p", actor="ken")
    clock.set("10:04")

    await cab.send(cab.tap(other, "aboard", "10:00"), cab.tap(mine, "aboard", "10:01"))

    view = await two.vehicle_view(own)
    assert view is not None
    wanted = [mine.id, other.id] if first == "mine" else [other.id, mine.id]
    assert [stop.booking_id for stop in view.stops] == wanted
    assert view.on_board == 2
    await two.stop()


async def test_a_rider_who_boards_unplanned_is_out_before_more_come_than_there_are_seats(
    town: Town, new_keeper: NewKeeper, clock: HandClock
) -> None:
    """Going on to the far end after the others would make nobody late, with three on two seats."""
    await town([Van("van-1", seats=2), Van("van-2", seats=2)])
    keeper = new_keeper()
    await keeper.start()
    others = await booked(keeper, ask(3, 8, "10:10", riders=2), "a")
    mine = await booked(keeper, ask(2, 12), "b")
    own = others.vehicle.id
    away = "van-2" if own == "van-1" else "van-1"
    await keeper.pin(mine.id, away, key="p", actor="ken")
    clock.set("10:04")
    cab = Cab(Trips(keeper), own)

    await cab.send(cab.tap(mine, "aboard", "10:01"))

    view = await keeper.vehicle_view(own)
    assert view is not None
    assert [stop.booking_id for stop in view.stops] == [mine.id, others.id, others.id]
    assert await keeper.check() == []
    await keeper.stop()


async def test_a_rider_who_boards_before_their_turn_takes_nobodys_seat(
    town: Town, new_keeper: NewKeeper, clock: HandClock
) -> None:
    """A driver without signal goes by an older plan: in the new one three sat on two seats."""
    await town([Van("van-1", seats=2)])
    keeper = new_keeper()
    await keeper.start()
    others = await booked(keeper, ask(3, 8, "10:10", riders=2), "a")
    mine = await booked(keeper, ask(9, 12, "10:40"), "b")
    clock.set("10:04")

    cab = Cab(Trips(keeper))

    await cab.send(cab.tap(mine, "aboard", "10:01"))

    view = await keeper.vehicle_view("van-1")
    assert view is not None
    assert [stop.booking_id for stop in view.stops] == [mine.id, others.id, others.id]
    assert await keeper.check() == []
    await keeper.stop()


async def test_a_step_is_not_refused_by_what_a_server_knew_before(
    keeper: Keeper, new_keeper: NewKeeper, clock: HandClock
) -> None:
    """A device does not send again what is refused, so its rider would never have got off."""
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:01")
    asleep = new_keeper()
    await asleep.refresh()
    assert (await asleep.day_of(TODAY)).bookings[mine.id].state == "booked"
    cab = Cab(Trips(keeper))
    await cab.send(cab.tap(mine, "aboard", "10:01"))
    clock.set("10:07")

    [got_off] = await Cab(Trips(asleep), count=1).send(cab.tap(mine, "dropped", "10:07"))

    assert got_off.outcome == "taken"
    assert await state(asleep, mine) == "done"


async def test_more_riders_than_seats_are_seen(
    town: Town, new_keeper: NewKeeper, clock: HandClock
) -> None:
    await town([Van("van-1", seats=1), Van("van-2", seats=1)])
    keeper = new_keeper()
    await keeper.start()
    one = await booked(keeper, ask(3, 8), "a")
    other = await booked(keeper, ask(3, 8), "b")
    await keeper.pin(other.id, "van-2", key="p", actor="ken")
    clock.set("10:20")
    cab = Cab(Trips(keeper), "van-1")

    first, second = await cab.send(
        cab.tap(one, "aboard", "10:01"), cab.tap(other, "aboard", "10:02")
    )

    assert "over_full" not in first.codes
    assert "over_full" in second.codes
    await keeper.stop()


async def test_a_voucher_that_is_no_good_ends_the_ride_and_leaves_the_fare_open(
    keeper: Keeper, cab: Cab, clock: HandClock, database: Database
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:30")

    _, done = await cab.send(
        cab.tap(mine, "aboard", "10:01"),
        cab.tap(mine, "dropped", "10:07", vouchers=("no such",), cash_yen=200, paid=True),
    )

    assert "voucher_refused" in done.codes
    assert done.ride is not None
    async with database.reading() as connection:
        rows = await takings.of_booking(connection, mine.id)
    assert [(row.what, row.yen) for row in rows] == [("cash", 200)]


async def test_a_voucher_that_is_no_good_at_once_leaves_the_rider_on_board(
    keeper: Keeper, cab: Cab, clock: HandClock
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:07")

    _, done = await cab.send(
        cab.tap(mine, "aboard", "10:01"),
        cab.tap(mine, "dropped", "10:07", vouchers=("no such",), paid=True),
    )

    assert (done.outcome, done.ride) == ("refused", None)
    assert "no such" in done.said[0].ja
    assert await state(keeper, mine) == "aboard"


async def test_wheelchairs_take_places_and_seats(
    town: Town, new_keeper: NewKeeper, clock: HandClock
) -> None:
    """Two seats and a place for one wheelchair, which takes one of the seats."""
    await town([Van(seats=2, wheelchair_places=1)])
    keeper = new_keeper()
    await keeper.start()
    cab = Cab(Trips(keeper))
    chair = await booked(keeper, ask(3, 8, wheelchairs=1), "a")
    pair = await booked(keeper, ask(3, 8, "10:30", riders=2), "b")
    later = await booked(keeper, ask(3, 8, "11:00", riders=2), "c")
    clock.set("11:30")

    _, over, _, _, fits = await cab.send(
        cab.tap(chair, "aboard", "10:01"),
        cab.tap(pair, "aboard", "10:02"),
        cab.tap(pair, "dropped", "10:05"),
        cab.tap(chair, "dropped", "10:08"),
        cab.tap(later, "aboard", "11:01"),
    )

    assert "over_full" in over.codes
    assert "over_full" not in fits.codes
    await keeper.stop()


async def test_at_once_nothing_of_the_table_holds(
    keeper: Keeper, cab: Cab, clock: HandClock, database: Database
) -> None:
    """A driver with signal is told, and asks the office."""
    mine = await booked(keeper, ask(3, 8), "a")
    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    clock.set("10:02")

    [batch] = await cab.send(cab.tap(mine, "aboard", "10:01"))
    single = await cab.trips.step(
        "van-1", cab.tap(mine, "aboard", "10:01"), key="k", actor="device:van-1"
    )
    unknown = await cab.trips.step(
        "van-1", Tap("x", "0" * 32, "aboard"), key="l", actor="device:van-1"
    )

    assert (batch.outcome, batch.codes) == ("refused", ())
    assert isinstance(single, NotNow)
    assert isinstance(unknown, NotFound)
    assert await kept(database) == []


async def test_a_single_step_sent_again_in_a_batch_is_one_event(
    keeper: Keeper, cab: Cab, clock: HandClock, database: Database
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:01")
    tap = cab.tap(mine, "aboard", "10:01")

    job = await cab.trips.step("van-1", tap, key="k", actor="device:van-1")
    clock.set("10:30")
    [again] = await cab.send(tap)

    assert isinstance(job, JobView)
    assert (again.outcome, len(await kept(database))) == ("taken", 1)


async def test_the_office_hears_of_what_it_should_see(
    town: Town, new_keeper: NewKeeper, clock: HandClock
) -> None:
    heard: list[str] = []

    async def deliver(event: object) -> None:
        text = getattr(event, "text", None)
        heard.append("" if text is None else text.ja)

    await town([Van()])
    keeper = new_keeper(deliver=deliver)
    await keeper.start()
    cab = Cab(Trips(keeper))
    mine = await booked(keeper, ask(3, 8), "a")
    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    clock.set("10:30")

    await cab.send(cab.tap(mine, "aboard", "10:01"))
    async with asyncio.timeout(PATIENCE_S):
        while len(heard) < 5:  # noqa: ASYNC110 -- a keeper tells of it by its own task
            await asyncio.sleep(0.01)

    assert any("予約を戻しました" in text for text in heard)
    await keeper.stop()


async def test_a_rider_waited_for_is_in_the_job_until_the_rule_lets_go(
    keeper: Keeper, cab: Cab, clock: HandClock
) -> None:
    early, late = (
        await booked(keeper, ask(3, 8), "a"),
        await booked(keeper, ask(4, 8, "10:02"), "b"),
    )
    clock.set("09:55")
    first = await keeper.step("van-1", early.id, "arrived", at=None, key="a1", actor="device:van-1")
    clock.set("10:12")
    await keeper.step("van-1", early.id, "aboard", at=None, key="a2", actor="device:van-1")
    clock.set("10:14")
    second = await keeper.step("van-1", late.id, "arrived", at=None, key="b1", actor="device:van-1")

    assert isinstance(first, JobView)
    assert isinstance(second, JobView)
    [one], [other] = first.waits, second.waits
    assert (one.booking_id, one.since, one.until) == (early.id, at("09:55"), at("10:05"))
    assert (other.booking_id, other.since, other.until) == (late.id, at("10:14"), at("10:19"))
    again = await cab.trips.job("van-1")
    assert again is not None
    assert again.waits == second.waits


async def test_a_vehicle_that_is_out_still_reports_who_rode(
    town: Town, new_keeper: NewKeeper, clock: HandClock, database: Database
) -> None:
    """It broke down after it had brought somebody, and nobody knew."""
    await town([Van()])
    keeper = new_keeper()
    await keeper.start()
    mine = await booked(keeper, ask(3, 8), "a")
    async with database.writing() as connection:
        row = DisruptionRow("d", "line", TODAY, "vehicle_out", "故障", at("10:10"), "ken", {})
        await outages.add_disruption(connection, row)
        out = OutageRow("van-1", TODAY, "out", at("10:10") - DAY0, "d")
        await outages.add_outages(connection, [out])
    fresh = new_keeper()
    await fresh.start()
    clock.set("10:30")
    cab = Cab(Trips(fresh))

    aboard, dropped = await cab.send(
        cab.tap(mine, "aboard", "10:01"), cab.tap(mine, "dropped", "10:07")
    )

    assert (aboard.outcome, dropped.outcome) == ("taken", "taken")
    assert await state(fresh, mine) == "done"
    await keeper.stop()
    await fresh.stop()
