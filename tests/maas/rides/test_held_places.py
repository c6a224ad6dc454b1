"""Where a vehicle is taken to be: where it was seen this day, else where its day begins."""

from __future__ import annotations

from maas.rides.keeper import Keeper
from maas.rides.travel import vehicle_place
from tests.maas.line_town import LAT, LON, STEP, HandClock
from tests.maas.rides.conftest import ask, booked


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
