"""Why a booking rides where it does, and a dispatcher's own decision."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from maas.rides.keeper import Keeper
from maas.rides.views import BookingView, ExplanationView, NotFound, NotNow, Quote
from maas.store.database import Database
from tests.maas.line_town import Van
from tests.maas.rides.conftest import NewKeeper, ask, booked


@pytest.fixture
async def two(town: Callable[..., Awaitable[None]], new_keeper: NewKeeper) -> AsyncIterator[Keeper]:
    """A keeper of a van and of a car that holds one."""
    await town([Van("van-1"), Van("van-2", seats=1)])
    keeper = new_keeper()
    await keeper.start()
    yield keeper
    await keeper.stop()


async def test_the_dispatcher_hears_why_and_why_not(two: Keeper) -> None:
    booking = await booked(two, ask(3, 8, riders=2), "a")

    why = await two.explain(booking.id)
    why_not = await two.explain(booking.id, "van-2")

    assert isinstance(why, ExplanationView)
    assert isinstance(why_not, ExplanationView)
    assert why.code == "why.only_one"
    assert [option.vehicle.id for option in why.options] == ["van-2"]
    assert "van-2号" in why_not.sentence.ja
    assert "van-2" in why_not.sentence.en


async def test_a_booking_stays_in_the_vehicle_it_was_given(
    two: Keeper, new_keeper: NewKeeper
) -> None:
    booking = await booked(two, ask(3, 8), "a")
    assert booking.vehicle.id == "van-1"

    given = await two.pin(booking.id, "van-2", key="b", actor="ken")
    again = await two.pin(booking.id, "van-2", key="b", actor="ken")
    heir = new_keeper()
    await heir.start()
    kept = await heir.booking(booking.id)
    plan = heir._plan(await heir._day(heir.today))
    await heir.stop()

    assert isinstance(given, BookingView)
    assert given == again == kept
    assert (given.vehicle.id, given.pinned) == ("van-2", True)
    assert (given.pickup_from, given.pickup_to) == (booking.pickup_from, booking.pickup_to)
    assert plan.requests[booking.id].pinned == "van-2"
    assert await two.check() == []


async def test_a_decision_can_be_taken_back(two: Keeper) -> None:
    booking = await booked(two, ask(3, 8), "a")
    await two.pin(booking.id, "van-2", key="b", actor="ken")

    free = await two.pin(booking.id, None, key="c", actor="ken")

    assert isinstance(free, BookingView)
    assert (free.vehicle.id, free.pinned) == ("van-2", False)


async def test_a_new_ride_is_free_of_the_decision_on_the_old_one(two: Keeper) -> None:
    booking = await booked(two, ask(3, 8), "a")
    await two.pin(booking.id, "van-2", key="b", actor="ken")
    quote = await two.quote(ask(3, 8, "14:00", riders=2, instead_of=booking.id))
    assert isinstance(quote, Quote)

    changed = await two.change(booking.id, quote.offers[0].token, key="c", actor="yuki")

    assert isinstance(changed, BookingView)
    assert (changed.vehicle.id, changed.pinned) == ("van-1", False)
    assert await two.check() == []


async def test_a_vehicle_that_cannot_keep_the_promise_is_not_given(
    two: Keeper, database: Database
) -> None:
    booking = await booked(two, ask(3, 8, riders=2), "a")

    answer = await two.pin(booking.id, "van-2", key="b", actor="ken")

    assert isinstance(answer, NotNow)
    assert "van-2号" in answer.sentence.ja
    kept = await two.booking(booking.id)
    assert isinstance(kept, BookingView)
    assert (kept.vehicle.id, kept.pinned) == ("van-1", False)


@pytest.mark.parametrize(("booking_id", "vehicle_id"), [("nobody", "van-1"), ("", "van-9")])
async def test_what_does_not_exist_is_said_so(
    two: Keeper, booking_id: str, vehicle_id: str
) -> None:
    booking = await booked(two, ask(3, 8), "a")
    asked = booking_id or booking.id

    assert isinstance(await two.explain(asked, vehicle_id), NotFound)
    assert isinstance(await two.pin(asked, vehicle_id, key="b", actor="ken"), NotFound)


async def test_a_ride_that_is_over_or_under_way_is_not_decided_on(two: Keeper) -> None:
    booking = await booked(two, ask(3, 8), "a")
    await two.step("van-1", booking.id, "aboard", at=None, key="b", actor="d")
    aboard = await two.pin(booking.id, "van-2", key="c", actor="ken")
    await two.step("van-1", booking.id, "dropped", at=None, key="d", actor="d")
    over = await two.pin(booking.id, "van-2", key="e", actor="ken")

    assert isinstance(aboard, NotNow)
    assert isinstance(over, NotNow)
    assert isinstance(await two.explain(booking.id), NotNow)
