"""Where a vehicle is taken to be: where it was seen this day, else where its day begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from maas.rides.keeper import Keeper
from maas.rides.travel import vehicle_place
from maas.rides.views import AskIn, Quote
from maas.store.positions import PositionRow, add_positions
from tests.maas.line_town import LAT, LON, STEP, HandClock, Van
from tests.maas.rides.conftest import NewKeeper, ask, booked


async def starts_at(keeper: Keeper) -> int:
    day = await keeper.day_of(keeper.today)
    return keeper._plan(day).routes["van-1"].vehicle.start


async def test_where_a_van_was_seen_yesterday_says_nothing_of_today(
    keeper: Keeper, clock: HandClock
) -> None:
    depot = keeper.here.names.vehicles["van-1"].depot_place_id
    keeper.on_position("van-1", LAT, LON + 12 * STEP, clock() - 86_400)

    assert await starts_at(keeper) == depot
    made = await booked(keeper, ask(1, 3, None), "a")  # from p12 it would be there at 9:11

    assert made.pickup_planned <= clock() + 10 * 60
    keeper.on_position("van-1", LAT, LON + 2 * STEP, clock())
    row = keeper.here.names.vehicles["van-1"].row
    assert await starts_at(keeper) == vehicle_place(row)


async def test_a_fix_dated_ahead_does_not_stand_against_what_is_said_after_it(
    keeper: Keeper, clock: HandClock
) -> None:
    keeper.on_position("van-1", LAT, LON + 3 * STEP, clock() + 25)
    keeper.on_position("van-1", LAT, LON + 8 * STEP, clock() + 1)

    seen = keeper.position_of("van-1")

    assert seen is not None
    assert (seen.lon, seen.ts) == (LON + 8 * STEP, clock())


async def test_a_van_that_is_heard_and_not_seen_is_out_of_sight(
    keeper: Keeper, clock: HandClock
) -> None:
    assert keeper.out_of_sight() == frozenset()  # without a device it is where the plan has it
    keeper.on_heard("van-1", clock())
    assert keeper.out_of_sight() == {"van-1"}
    keeper.on_position("van-1", LAT, LON, clock())
    assert keeper.out_of_sight() == frozenset()
    clock.epoch += 301
    assert keeper.out_of_sight() == {"van-1"}
    clock.epoch += 86_400
    assert keeper.out_of_sight() == frozenset()


async def test_who_begins_anew_knows_where_others_saw_the_vehicles_today(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, clock: HandClock
) -> None:
    await town([Van("van-1"), Van("van-2"), Van("van-3")])
    now = clock()
    fixes = [
        PositionRow("van-1", "d1", "boot", 0, now - 290, now, LAT, LON + STEP),
        PositionRow("van-1", "d1", "boot", 1, now - 200, now, LAT, LON + 6 * STEP),
        PositionRow("van-2", "d2", "boot", 0, now - 86_400, now, LAT, LON + 6 * STEP),
        PositionRow("van-3", "d3", "boot", 0, now + 3_600, now, LAT, LON + 6 * STEP),
    ]
    keeper = new_keeper()
    async with keeper.database.writing() as db:
        await add_positions(db, fixes)

    await keeper.start()

    seen = keeper.position_of("van-1")
    assert seen is not None
    assert (seen.lon, seen.ts) == (LON + 6 * STEP, now - 200)
    assert await starts_at(keeper) == vehicle_place(keeper.here.names.vehicles["van-1"].row)
    assert keeper.position_of("van-2") is None
    assert keeper.position_of("van-3") is None
    clock.epoch += 101  # nobody has heard of it for five minutes, whoever it was
    assert keeper.out_of_sight() == {"van-1"}
    await keeper.stop()


async def test_a_ride_soon_is_promised_on_a_van_that_is_known_to_be_there_if_one_can(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, clock: HandClock
) -> None:
    await town([Van("van-1"), Van("van-2")])
    keeper = new_keeper()
    await keeper.start()
    soon, later = ask(3, 8, "09:40"), ask(3, 8, "14:00")
    first, *_ = await vehicles_for(keeper, soon)
    other = {"van-1": "van-2", "van-2": "van-1"}[first]

    keeper.on_heard(first, clock())

    assert await vehicles_for(keeper, soon) == {other}
    assert first in await vehicles_for(keeper, later)
    keeper.on_heard(other, clock())
    assert first in await vehicles_for(keeper, soon)  # rather than nobody
    await keeper.stop()


async def vehicles_for(keeper: Keeper, asked: AskIn) -> set[str]:
    quote = await keeper.quote(asked)
    assert isinstance(quote, Quote)
    return {offer.vehicle.id for offer in quote.offers}
