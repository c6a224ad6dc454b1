"""A seat held while the caller talks, on both databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from maas.rides.booking import Caller
from maas.rides.holds import Holds
from maas.rides.keeper import Keeper
from maas.rides.views import Barred, BookingView, NotFound, NotNow, Quote, RefusalAnswer
from maas.store import bookings
from maas.store.database import Database
from tests.maas.line_town import HandClock, Van, at
from tests.maas.rides.conftest import NewKeeper, ask, booked


async def held(
    keeper: Keeper, key: str, *, call_id: str | None = None, time: str = "10:00"
) -> BookingView:
    quote = await keeper.quote(ask(1, 12, time))
    assert isinstance(quote, Quote), quote
    caller = Caller(None, call_id=call_id)
    answer = await Holds(keeper).hold(quote.offers[0].token, caller, key=key, actor="yuki")
    assert isinstance(answer, BookingView), answer
    return answer


@pytest.fixture
async def small(town: Callable[..., Awaitable[None]], new_keeper: NewKeeper) -> Keeper:
    """A keeper of one van with one seat."""
    await town([Van(seats=1)])
    keeper = new_keeper()
    await keeper.refresh()
    return keeper


async def test_a_held_seat_is_taken_for_everybody_else(small: Keeper, clock: HandClock) -> None:
    mine = await held(small, "a")

    assert (mine.state, mine.held_until) == ("held", clock() + 180)
    assert isinstance(await small.quote(ask(2, 11)), RefusalAnswer)
    job = await small.job("van-1")
    assert job is not None
    assert (job.next, job.then) == (None, ())  # the driver is not sent there


async def test_a_held_seat_is_booked_at_the_times_that_were_offered(
    small: Keeper, database: Database
) -> None:
    mine = await held(small, "a")

    caller = Caller(1)
    made = await Holds(small).book(mine.id, caller, key="b", actor="yuki")
    again = await Holds(small).book(mine.id, caller, key="b", actor="yuki")

    assert isinstance(made, BookingView)
    assert (made.id, made.state, made.held_until) == (mine.id, "booked", None)
    assert (made.pickup_from, made.arrive_by) == (mine.pickup_from, mine.arrive_by)
    assert made.rider is not None
    assert made.rider.id == 1
    assert again == made
    async with database.reading() as connection:
        told = await bookings.promises_of(connection, mine.id)
    assert [(row.no, row.why) for row in told] == [(1, "held"), (2, "booked")]


async def test_a_held_seat_is_free_again_when_its_time_is_over(
    small: Keeper, clock: HandClock
) -> None:
    mine = await held(small, "a")
    clock.set("09:02:59")
    assert await Holds(small).lapse() == 0
    clock.set("09:03")
    late = await Holds(small).book(mine.id, Caller(None, "客"), key="b", actor="yuki")
    assert await Holds(small).lapse() == 1

    assert isinstance(late, NotNow)
    await booked(small, ask(2, 11), "c")
    answer = await Holds(small).book(mine.id, Caller(None, "客"), key="d", actor="yuki")
    assert isinstance(answer, NotNow)
    assert "放され" in answer.sentence.ja


async def test_hanging_up_gives_up_what_was_held_for_the_call(small: Keeper) -> None:
    mine = await held(small, "a", call_id="call-1")
    assert await Holds(small).hang_up("call-2") == 0
    assert isinstance(await small.quote(ask(2, 11)), RefusalAnswer)

    assert await Holds(small).hang_up("call-1") == 1

    view = await small.booking(mine.id)
    assert isinstance(view, BookingView)
    assert view.state == "lapsed"
    await booked(small, ask(2, 11), "b")


async def test_another_seat_for_the_same_call_gives_the_first_one_up(small: Keeper) -> None:
    first = await held(small, "a", call_id="call-1")
    second = await held(small, "b", call_id="call-1", time="14:00")

    states = {view.id: view.state for view in await small.bookings()}
    assert states == {second.id: "held"}
    assert (await small.bookings(state="lapsed"))[0].id == first.id


async def test_a_seat_that_is_only_held_is_neither_cancelled_nor_boarded(small: Keeper) -> None:
    mine = await held(small, "a")

    cancelled = await small.cancel(mine.id, reason="", key="b", actor="yuki")
    aboard = await small.step("van-1", mine.id, "aboard", at=None, key="c", actor="van-1")
    released = await Holds(small).release(mine.id, key="d", actor="yuki")
    twice = await Holds(small).release(mine.id, key="e", actor="yuki")
    unknown = await Holds(small).release("nothing", key="f", actor="yuki")

    assert isinstance(cancelled, NotNow)
    assert isinstance(aboard, NotNow)
    assert isinstance(released, BookingView)
    assert released.state == "lapsed"
    assert twice == released
    assert isinstance(unknown, NotFound)


async def test_a_booking_is_not_held_and_stays_booked(small: Keeper) -> None:
    mine = await booked(small, ask(1, 12), "a")

    assert isinstance(await Holds(small).release(mine.id, key="b", actor="yuki"), NotNow)
    assert isinstance(await Holds(small).book(mine.id, Caller(1), key="c", actor="yuki"), NotNow)
    assert await small.booking(mine.id) == mine


async def test_no_seat_is_held_longer_than_a_quarter_of_an_hour(small: Keeper) -> None:
    quote = await small.quote(ask(1, 12, "10:00"))
    assert isinstance(quote, Quote)

    token = quote.offers[0].token
    answer = await Holds(small).hold(token, Caller(None), key="a", actor="yuki", for_s=10**6)

    assert isinstance(answer, BookingView)
    assert answer.held_until == at("09:15")


async def test_one_person_books_only_one_of_two_seats_held_at_once(keeper: Keeper) -> None:
    first, second = await held(keeper, "a"), await held(keeper, "b")
    holds = Holds(keeper)

    made = await holds.book(first.id, Caller(1), key="c", actor="yuki")
    other = await holds.book(second.id, Caller(1), key="d", actor="yuki")
    somebody = await holds.book(second.id, Caller(2), key="e", actor="yuki")

    assert isinstance(made, BookingView)
    assert isinstance(other, Barred)
    assert other.reason == "overlap"
    assert isinstance(somebody, BookingView)


async def test_a_held_seat_is_not_booked_for_whom_nobody_knows(small: Keeper) -> None:
    mine = await held(small, "a")

    nobody = await Holds(small).book(mine.id, Caller(99), key="b", actor="yuki")

    assert isinstance(nobody, NotFound)
    assert [each.state for each in await small.bookings()] == ["held"]


async def test_no_seat_is_held_for_whom_nobody_knows(small: Keeper) -> None:
    quote = await small.quote(ask(1, 12))
    assert isinstance(quote, Quote)

    nobody = await Holds(small).hold(quote.offers[0].token, Caller(99), key="a", actor="yuki")

    assert isinstance(nobody, NotFound)
    assert await small.bookings() == []


async def test_a_seat_held_for_a_member_counts_the_card(small: Keeper) -> None:
    quote = await small.quote(ask(1, 12))
    assert isinstance(quote, Quote)

    mine = await Holds(small).hold(quote.offers[0].token, Caller(1), key="a", actor="yuki")

    assert isinstance(mine, BookingView)
    assert (await small.day_of(small.today)).bookings[mine.id].half_fares == 1
