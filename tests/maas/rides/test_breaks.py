"""A break of the town: nobody is picked up in it, and where the town says so nobody is driven."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from maas.rides.keeper import Keeper
from maas.rides.views import OfferView, Quote, RefusalView
from tests.maas.line_town import DAY0, HandClock, Van, of_day
from tests.maas.rides.conftest import NewKeeper, ask, booked

NewTown = Callable[..., Awaitable[Keeper]]
HOURS = """
[[hours]]
area = "line"
valid_from = 2026-01-01
days = ["mon", "tue", "wed", "thu", "fri"]
from = "08:00"
to = "17:00"
breaks = ["12:00/13:00"]
break_rides = "{rides}"
"""
NOON, ONE = of_day("12:00"), of_day("13:00")


@pytest.fixture
async def with_break(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> AsyncIterator[NewTown]:
    """Starts a keeper of the line town whose rides in the break are as said."""
    started: list[Keeper] = []

    async def start(rides: str) -> Keeper:
        await town((Van(seats=1),), HOURS.format(rides=rides))
        started.append(new_keeper())
        await started[0].start()
        return started[0]

    yield start
    for keeper in started:
        await keeper.stop()


async def offered(keeper: Keeper, *trip: object, **more: object) -> tuple[OfferView, ...]:
    answer = await keeper.quote(ask(*trip, **more))  # type: ignore[arg-type]
    assert isinstance(answer, Quote), answer
    return answer.offers


async def refused(keeper: Keeper, *trip: object) -> RefusalView:
    answer = await keeper.quote(ask(*trip))  # type: ignore[arg-type]
    assert not isinstance(answer, Quote)
    return answer.refusal


def is_clear(offer: OfferView, *, rides: bool) -> bool:
    """Whether an offer promises no pick-up in the break, and with `rides` no second on board."""
    ends_s = (offer.arrive_by + 30 if rides else offer.pickup_to) - DAY0
    return ends_s <= NOON or offer.pickup_from - DAY0 >= ONE


async def test_a_window_ends_before_the_break_and_the_ride_is_finished(
    with_break: NewTown,
) -> None:
    keeper = await with_break("finish")

    found = await offered(keeper, 1, 9, "11:55")

    assert all(is_clear(offer, rides=False) for offer in found)
    first = found[0]
    assert first.pickup_to - DAY0 == NOON - 60
    assert first.arrive_by - DAY0 > NOON
    made = await booked(keeper, ask(1, 9, "11:55"), "a")
    assert made.pickup_to == first.pickup_to


async def test_where_nobody_is_driven_in_the_break_one_has_arrived_before_it(
    with_break: NewTown,
) -> None:
    keeper = await with_break("none")

    found = await offered(keeper, 1, 9, "11:45")  # eight minutes' drive, a minute to board

    assert all(is_clear(offer, rides=True) for offer in found)
    first = found[0]
    assert first.arrive_by - DAY0 == NOON - 30
    assert first.pickup_to - DAY0 <= NOON - 30 - 8 * 60 - 60
    made = await booked(keeper, ask(1, 9, "11:45"), "a")
    assert made.arrive_by == first.arrive_by


async def test_a_ride_that_would_run_into_the_break_is_refused_with_one_after_it(
    with_break: NewTown, clock: HandClock
) -> None:
    keeper = await with_break("none")
    clock.set("11:45")  # too late to be fetched earlier

    said = await refused(keeper, 1, 9, "11:55")

    assert said.binding == "hours.breaks"
    assert said.sentence.ja.startswith("12:00から13:00までは休憩です。その前にはお送りできません。")
    assert said.sentence.en.startswith("There is a break from 12:00 to 13:00")
    assert said.alternatives
    assert all(is_clear(offer, rides=True) for offer in said.alternatives)
    assert min(offer.pickup_from for offer in said.alternatives) - DAY0 == ONE


async def test_who_is_ready_now_before_the_break_hears_of_the_time_after_it(
    with_break: NewTown, clock: HandClock
) -> None:
    keeper = await with_break("none")
    clock.set("11:45")

    said = await refused(keeper, 1, 9, None)

    assert said.binding == "hours.breaks"
    assert said.alternatives[0].pickup_from - DAY0 >= ONE


async def test_nobody_who_cannot_be_fetched_before_closing_gets_an_error(
    with_break: NewTown, clock: HandClock
) -> None:
    keeper = await with_break("finish")
    await booked(keeper, ask(1, 12, "16:50"), "a")  # the only seat is taken until two past five
    clock.set("16:49")

    said = await refused(keeper, 2, 0, "17:00")

    assert said.binding == "hours"
    assert said.sentence.ja == "8:00から17:00までの間に、お迎えできる車がありません。"
