"""What drivers report, and the ride record with its fare, on both databases."""

from __future__ import annotations

import pytest

from maas.rides.keeper import Keeper
from maas.rides.trips import Trips
from maas.rides.views import BookingView, JobView, KeyConflict, NotFound, NotNow, Quote, Step
from maas.store import rides
from maas.store.database import Database
from tests.maas.line_town import METRES, HandClock, at
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY


class Driver:
    """Taps what happens at the times it happens."""

    def __init__(self, keeper: Keeper, clock: HandClock) -> None:
        self.keeper, self.clock, self.taps = keeper, clock, 0

    async def tap(self, clock: str, booking: BookingView, step: Step) -> JobView:
        self.clock.set(clock)
        self.taps += 1
        answer = await self.keeper.step(
            "van-1", booking.id, step, at=None, key=f"tap-{self.taps}", actor="device:van-1"
        )
        assert isinstance(answer, JobView), answer
        return answer


@pytest.fixture
def driver(keeper: Keeper, clock: HandClock) -> Driver:
    return Driver(keeper, clock)


async def test_a_ride_alone_costs_the_base_fare_and_is_recorded(
    keeper: Keeper, driver: Driver, database: Database
) -> None:
    mine = await booked(keeper, ask(3, 8), "a", rider_id=2)

    first = await driver.tap("10:00", mine, "arrived")
    on_board = await driver.tap("10:01", mine, "aboard")
    done = await driver.tap("10:07", mine, "dropped")

    assert first.next is not None
    assert (first.next.kind, first.next.state, first.vehicle.on_board) == ("pickup", "arrived", 0)
    assert on_board.next is not None
    assert (on_board.next.kind, on_board.next.fare_yen) == ("dropoff", 500)
    assert (on_board.vehicle.on_board, len(on_board.on_board)) == (1, 1)
    assert (done.next, done.vehicle.on_board) == (None, 0)
    assert done.ride is not None
    assert (done.ride.fare_yen, done.ride.shared, done.ride.tariff) == (500, False, "line-2021")
    assert (done.ride.picked_up, done.ride.dropped_off) == (at("10:01"), at("10:07"))
    assert done.ride.distance_m == 5 * METRES
    assert await keeper.rides() == [done.ride]
    async with database.reading() as connection:
        kept = await rides.ride(connection, mine.id)
    assert kept is not None
    known = kept.fare_inputs
    assert (known["tariff"], known["riders"], known["words"]) == ("line-2021", 1, [[]])
    assert (known["shared"], known["transfer"]) == (False, "no")
    assert len(known["version"]) == 12


async def test_two_who_meet_on_board_both_pay_the_shared_fare(
    keeper: Keeper, driver: Driver
) -> None:
    a = await booked(keeper, ask(3, 8), "a")
    b = await booked(keeper, ask(5, 10, "10:02"), "b")

    await driver.tap("10:01", a, "aboard")
    await driver.tap("10:04", b, "aboard")
    first = await driver.tap("10:08", a, "dropped")
    second = await driver.tap("10:11", b, "dropped")

    assert first.ride is not None
    assert second.ride is not None
    assert (first.ride.fare_yen, second.ride.fare_yen) == (300, 300)
    assert first.ride.distance_m == 5 * METRES
    assert [reason.ja for reason in first.ride.fare_reasons] == ["1人 相乗り 1人300円"]


async def test_who_gets_in_where_another_got_out_rides_alone(
    keeper: Keeper, driver: Driver
) -> None:
    a = await booked(keeper, ask(3, 6), "a")
    b = await booked(keeper, ask(6, 9, "10:05"), "b")

    await driver.tap("10:01", a, "aboard")
    first = await driver.tap("10:06", a, "dropped")
    await driver.tap("10:06", b, "aboard")
    second = await driver.tap("10:10", b, "dropped")

    assert first.ride is not None
    assert second.ride is not None
    assert (first.ride.fare_yen, second.ride.fare_yen) == (500, 500)


async def test_a_partner_who_does_not_come_changes_nothing(keeper: Keeper, driver: Driver) -> None:
    a = await booked(keeper, ask(3, 8), "a")
    b = await booked(keeper, ask(5, 10, "10:02"), "b")

    await driver.tap("10:01", a, "aboard")
    await driver.tap("10:04", b, "arrived")
    early = await keeper.step("van-1", b.id, "no_show", at=None, key="early", actor="device:van-1")
    gone = await driver.tap("10:09", b, "no_show")
    done = await driver.tap("10:13", a, "dropped")

    assert isinstance(early, NotNow)
    assert early.sentence.ja == "10:09まではお待ちください。"
    assert [stop.booking_id for stop in gone.vehicle.stops] == [a.id]
    assert done.ride is not None
    assert done.ride.fare_yen == 500
    assert [view.state for view in await keeper.bookings()] == ["done", "no_show"]


async def test_no_show_waits_from_the_promised_window_not_from_an_early_arrival(
    keeper: Keeper, driver: Driver
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    await driver.tap("09:50", mine, "arrived")
    driver.clock.set("10:04:59")

    early = await keeper.step("van-1", mine.id, "no_show", at=None, key="x", actor="device:van-1")
    assert isinstance(early, NotNow)
    await driver.tap("10:05", mine, "no_show")


async def test_a_tap_sent_again_changes_nothing(
    keeper: Keeper, driver: Driver, clock: HandClock
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:01")

    async def tap(step: Step, key: str) -> object:
        return await keeper.step(
            "van-1", mine.id, step, at=at("10:01"), key=key, actor="device:van-1"
        )

    first = await tap("aboard", "k")
    same_key = await tap("aboard", "k")
    other_key = await tap("aboard", "other")
    late = await tap("arrived", "late")
    other_step = await tap("dropped", "k")

    assert same_key == first
    assert isinstance(other_key, JobView)
    assert isinstance(first, JobView)
    assert other_key.vehicle.version == first.vehicle.version
    assert isinstance(late, JobView)
    assert isinstance(other_step, KeyConflict)
    done = await driver.tap("10:07", mine, "dropped")
    again = await keeper.step("van-1", mine.id, "dropped", at=None, key="z", actor="device:van-1")
    assert isinstance(again, JobView)
    assert again.ride == done.ride
    assert len(await keeper.rides()) == 1


async def test_a_step_that_cannot_have_happened_is_refused(keeper: Keeper, driver: Driver) -> None:
    mine = await booked(keeper, ask(3, 8), "a")

    async def refused(step: Step) -> object:
        return await keeper.step(
            "van-1", mine.id, step, at=None, key=f"no-{step}", actor="device:van-1"
        )

    assert isinstance(await refused("dropped"), NotNow)
    await driver.tap("10:01", mine, "aboard")
    assert isinstance(await refused("no_show"), NotNow)
    assert isinstance(await keeper.cancel(mine.id, reason="", key="cancel", actor="yuki"), NotNow)
    elsewhere = await keeper.step("van-9", mine.id, "dropped", at=None, key="x", actor="d")
    assert isinstance(elsewhere, NotFound)


async def test_a_step_reported_late_happened_when_the_device_says_but_not_in_the_future(
    keeper: Keeper, driver: Driver, clock: HandClock
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:30")

    await keeper.step("van-1", mine.id, "aboard", at=at("10:01"), key="b", actor="device:van-1")
    answer = await keeper.step(
        "van-1", mine.id, "dropped", at=at("11:00"), key="c", actor="device:van-1"
    )

    assert isinstance(answer, JobView)
    assert answer.ride is not None
    assert (answer.ride.picked_up, answer.ride.dropped_off) == (at("10:01"), at("10:30"))


async def test_a_rider_on_board_stays_in_the_plan_of_a_keeper_that_starts_anew(
    keeper: Keeper, driver: Driver, new_keeper: NewKeeper
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    job = await driver.tap("10:01", mine, "aboard")

    fresh = new_keeper()
    await fresh.start()

    assert await Trips(fresh).job("van-1") == job
    await fresh.stop()


async def test_a_late_vehicle_keeps_its_riders_and_still_takes_others(
    keeper: Keeper, clock: HandClock
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    clock.set("10:40")  # promised for 10:15 at the latest, and nobody has set out

    later = await booked(keeper, ask(9, 11, "11:30"), "b")

    job = await keeper.job("van-1")
    assert job is not None
    assert job.next is not None
    assert (job.next.booking_id, job.next.planned) == (mine.id, at("10:43"))
    assert job.next.slack_s == -28 * 60
    assert (job.next.window_from, job.next.window_to) == (mine.pickup_from, mine.pickup_to)
    assert later.pickup_from == at("11:30")
    assert await keeper.check() == []


async def test_a_vehicle_is_where_it_was_last_seen(keeper: Keeper, clock: HandClock) -> None:
    far = await keeper.quote(ask(12, 5, None))
    keeper.on_position("van-1", 34.85, 133.60 + 0.12, at("08:59"), bearing=90)

    near = await keeper.quote(ask(12, 5, None))
    keeper.on_position("van-1", 34.85, 133.60, at("08:00"))  # an older fix comes late

    assert isinstance(far, Quote)
    assert isinstance(near, Quote)
    assert near.offers[0].pickup_planned == at("09:10")
    assert far.offers[0].pickup_planned == at("09:12")
    assert await keeper.quote(ask(12, 5, None)) is not None
    view = await keeper.vehicle_view("van-1")
    assert view is not None
    assert view.position is not None
    assert (view.position.ts, view.position.bearing) == (at("08:59"), 90)


async def test_nothing_comes_before_a_stop_that_is_about_to_happen(
    keeper: Keeper, clock: HandClock
) -> None:
    mine = await booked(keeper, ask(6, 8, "09:15"), "a")
    keeper.on_position("van-1", 34.85, 133.60 + 0.05, at("09:13"))
    clock.set("09:14")  # a minute from p6, where it is due from 9:15: less than divert_until_s

    day = await keeper._day(TODAY)
    route = keeper._plan(day).routes["van-1"]

    assert route.locked == 1
    assert route.stops[0].request_id == mine.id
    clock.set("09:12")
    assert keeper._plan(day).routes["van-1"].locked == 0
