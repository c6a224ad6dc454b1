"""Where a vehicle is taken to be: where it was seen this day, else where its day begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from maas.rides.keeper import Keeper
from maas.rides.travel import vehicle_place
from maas.rides.views import AskIn, Quote
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
