"""The way back without a time, on both databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from maas.rides.booking import Caller
from maas.rides.finish import expected_s, learn
from maas.rides.holds import Holds
from maas.rides.keeper import Keeper
from maas.rides.returns import OpenReturns
from maas.rides.together import Together
from maas.rides.views import (
    Barred,
    BookingView,
    NotFound,
    NotNow,
    OfferGone,
    OpenReturnView,
    Quote,
    RefusalAnswer,
    TogetherView,
)
from maas.store import bookings
from maas.store.database import Database
from maas.store.tables import notifications
from tests.maas.line_town import LAT, LON, STEP, HandClock, Van, at
from tests.maas.rides.conftest import NewKeeper, ask, booked


async def opened(keeper: Keeper, outward: BookingView) -> OpenReturnView:
    view = await OpenReturns(keeper).open(outward.id, key=f"open {outward.id}", actor="yuki")
    assert isinstance(view, OpenReturnView), view
    return view


async def pressed(keeper: Keeper, opened_: OpenReturnView, key: str = "ready") -> OpenReturnView:
    view = await OpenReturns(keeper).press(opened_.id, key=key, actor="yuki")
    assert isinstance(view, OpenReturnView), view
    return view


async def ridden(
    keeper: Keeper, clock: HandClock, outward: BookingView, until: str, since: str = "10:00"
) -> None:
    for step, time in (("aboard", since), ("dropped", until)):
        clock.set(time)
        await keeper.step(
            outward.vehicle.id, outward.id, step, at=None, key=f"{step} {outward.id}",  # type: ignore[arg-type]
            actor="van-1",
        )  # fmt: skip


async def test_an_open_return_holds_a_seat_for_when_people_usually_leave(keeper: Keeper) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)

    view = await opened(keeper, outward)

    # There at 10:06; nobody has been there before, so an hour is the guess.
    assert (view.state, view.expected, view.seat_held) == ("open", at("11:06"), True)
    assert (view.origin.name, view.destination.name) == ("場所8", "場所3")
    assert "11:06頃" in view.sentence.ja
    assert "30分以内" in view.sentence.ja
    assert [b.state for b in await keeper.bookings()] == ["booked", "held"]


async def test_the_seat_of_an_open_return_is_not_sold_to_others(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town([Van(seats=1)])
    keeper = new_keeper()
    await keeper.refresh()
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    await opened(keeper, outward)

    # Back and forth in a quarter of an hour: two rides fit, and one of them is the held one.
    await booked(keeper, ask(8, 3, "11:06"), "b")
    assert isinstance(await keeper.quote(ask(8, 3, "11:06")), RefusalAnswer)


async def test_one_call_makes_it_a_ride_now(
    keeper: Keeper, clock: HandClock, database: Database
) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")
    clock.set("10:40")

    ready = await pressed(keeper, view)
    again = await pressed(keeper, view)
    later = await pressed(keeper, view, "another key")

    assert ready.booking is not None
    assert (ready.state, ready.late, ready.booking.state) == ("promised", False, "booked")
    assert at("10:40") <= ready.booking.pickup_from
    assert ready.booking.pickup_to <= at("11:10")
    assert again == later == ready
    assert [b.state for b in await keeper.bookings()] == ["done", "booked"]
    async with database.reading() as connection:
        told = await bookings.promises_of(connection, ready.booking.id)
    assert [row.why for row in told] == ["expected", "return_ready"]


async def test_the_button_does_the_same_and_its_secret_is_needed(
    keeper: Keeper, clock: HandClock
) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")
    assert view.button is not None

    wrong = await OpenReturns(keeper).press_button(view.button + "x")
    first = await OpenReturns(keeper).press_button(view.button)
    second = await OpenReturns(keeper).press_button(view.button)

    assert isinstance(wrong, NotFound)
    assert isinstance(first, OpenReturnView)
    assert first.state == "promised"
    assert isinstance(second, OpenReturnView)
    assert second.booking == first.booking


async def test_a_full_van_makes_it_the_earliest_and_somebody_rings(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, clock: HandClock,
    database: Database,
) -> None:  # fmt: skip
    await town([Van(seats=1)], rules="open_return_within_min = 15")
    keeper = new_keeper()
    await keeper.refresh()
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")
    clock.set("10:10")
    other = await booked(keeper, ask(8, 0, "10:20"), "b")
    clock.set("10:20")
    await keeper.step("van-1", other.id, "aboard", at=None, key="c", actor="van-1")
    clock.set("10:21")

    ready = await pressed(keeper, view)  # eight minutes there with the other, eight back

    assert ready.booking is not None
    assert (ready.state, ready.late) == ("promised", True)
    assert ready.booking.pickup_to > at("10:36")
    assert "いちばん早くて" in ready.sentence.ja
    async with database.reading() as connection:
        rows = (await connection.execute(select(notifications))).mappings().all()
    assert [row["booking_id"] for row in rows if row["occasion"] == "open_return_ready"] == [
        ready.booking.id
    ]


async def test_a_return_nobody_can_drive_is_never_lost(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, clock: HandClock,
    database: Database,
) -> None:  # fmt: skip
    await town([Van(seats=1)])
    keeper = new_keeper()
    await keeper.refresh()
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")
    returns = OpenReturns(keeper)
    row = next(b for b in await keeper.bookings() if b.state == "held")
    await Holds(keeper).release(row.id, key="x", actor="yuki")  # its seat has gone
    clock.set("16:30")
    first = await booked(keeper, ask(8, 0, "16:40"), "b")
    second = await booked(keeper, ask(0, 12, "16:50"), "c")
    clock.set("16:40")
    await keeper.step("van-1", first.id, "aboard", at=None, key="d", actor="van-1")

    called = await pressed(keeper, view)
    assert (called.state, called.booking) == ("called", None)
    assert "すぐにお電話します" in called.sentence.ja
    assert [each.id for each in await returns.on()] == [view.id]
    assert await returns.go_on() == 0  # still full
    await keeper.cancel(second.id, reason="", key="e", actor="yuki")
    assert await returns.go_on() == 1

    assert await returns.on() == []
    (found,) = await returns.on(ended=True)
    assert found.booking is not None
    assert found.booking.state == "booked"
    async with database.reading() as connection:
        rows = (await connection.execute(select(notifications))).mappings().all()
    asked = [row["booking_id"] for row in rows if row["occasion"] == "open_return_ready"]
    assert asked == [outward.id, found.booking.id]


async def test_who_has_not_rung_is_told_once_an_hour_before_rides_end(
    keeper: Keeper, clock: HandClock, database: Database
) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")

    async def told(time: str) -> list[str]:
        clock.set(time)
        returns = OpenReturns(keeper)  # as after a restart
        for _ in range(3):
            await returns.go_on()
        async with database.reading() as connection:
            rows = (await connection.execute(select(notifications))).mappings().all()
        return [row["facts"]["text"] for row in rows if row["occasion"] == "return_ends"]

    assert await told("15:59") == []
    (sentence,) = await told("16:00")
    assert "17:00まで" in sentence
    assert await told("16:30") == [sentence]
    (view,) = await OpenReturns(keeper).on()
    assert view.sentence.ja == sentence


async def test_a_return_that_comes_in_time_is_promised_in_time(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, clock: HandClock
) -> None:
    await town([Van()], rules="open_return_within_min = 12")
    keeper = new_keeper()
    await keeper.refresh()
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")
    clock.set("10:40")

    ready = await pressed(keeper, view)

    assert ready.booking is not None
    assert (ready.late, ready.booking.pickup_to) == (False, at("10:52"))
    assert await keeper.check() == []


async def test_a_return_in_time_is_not_at_once_with_another_ride(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, clock: HandClock
) -> None:
    await town([Van(), Van("van-2")], rules="open_return_within_min = 22")
    keeper = new_keeper()
    await keeper.refresh()
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")
    clock.set("10:15")
    before = await booked(keeper, ask(8, 9, "10:25"), "b", rider_id=1)

    clock.set("10:28")

    ready = await pressed(keeper, view)

    assert ready.booking is not None
    # By the rule it would leave by 10:50, when the ride before it need not be over.
    assert ready.booking.pickup_from < at("10:50") < before.arrive_by
    assert before.arrive_by <= ready.booking.pickup_to


async def test_a_seat_held_beside_a_ride_booked_since_is_no_second_ride_at_once(
    keeper: Keeper, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")
    clock.set("10:50")
    await booked(keeper, ask(8, 9, "11:00"), "b", rider_id=1)

    async def no_room(*_: object) -> None:
        """Have nothing left but the seat held for 11:06, when the other ride need not be over."""

    monkeypatch.setattr(OpenReturns, "_room", no_room)
    ready = await pressed(keeper, view)

    assert (ready.state, ready.booking, ready.seat_held) == ("called", None, False)
    assert [one.state for one in await keeper.bookings()].count("booked") == 1


async def test_the_seat_moves_on_while_somebody_stays(keeper: Keeper, clock: HandClock) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")
    returns = OpenReturns(keeper)
    clock.set("10:45")
    assert await returns.go_on() == 0
    clock.set("10:46")
    assert await returns.go_on() == 1

    (moved,) = await returns.on()
    assert (moved.id, moved.seat_held) == (view.id, True)
    assert moved.expected > view.expected
    held = next(b for b in await keeper.bookings() if b.state == "held")
    assert held.pickup_from >= moved.expected
    job = await keeper.job("van-1")
    assert job is not None
    assert job.next is None


async def test_a_seat_held_softly_never_makes_a_promised_ride_late(
    keeper: Keeper, clock: HandClock
) -> None:
    outward = await booked(keeper, ask(3, 12), "a", rider_id=1)
    back = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:10")
    home = await booked(keeper, ask(12, 0, "10:20"), "b")
    await ridden(keeper, clock, home, "10:33", "10:20")
    promised = await booked(keeper, ask(1, 2, "11:45"), "c", rider_id=2)

    # Nobody looks after the seat: at 11:50 it would be 24 minutes by way of p12, and 1 directly.
    for time in ("11:10", "11:30", "11:50", "11:58"):
        clock.set(time)
        job = await keeper.job("van-1")
        assert job is not None
        assert job.next is not None
        assert job.next.booking_id == promised.id
        assert job.next.planned <= promised.pickup_to
        van = await keeper.vehicle_view("van-1")
        assert van is not None
        due = {s.booking_id: s.planned for s in van.stops if s.kind == "pickup"}
        assert due[promised.id] <= promised.pickup_to
        assert await keeper.check() == []
    (view,) = [each for each in await keeper.bookings() if each.id == promised.id]
    assert view.pickup_planned <= promised.pickup_to
    assert await OpenReturns(keeper).go_on() == 1  # it is looked after again
    ready = await pressed(keeper, back)
    assert ready.booking is not None


async def test_a_seat_that_gave_way_is_not_booked_as_if_it_were_there(
    keeper: Keeper, clock: HandClock
) -> None:
    quote = await keeper.quote(ask(0, 3, "09:12"))
    assert isinstance(quote, Quote)
    token = quote.offers[0].token
    held = await Holds(keeper).hold(token, Caller(None), key="a", actor="yuki", for_s=900)
    assert isinstance(held, BookingView)
    assert held.pickup_to == at("09:27")
    clock.set("09:14")
    keeper.on_position("van-1", LAT, LON + 20 * STEP, at("09:14"))  # twenty minutes away

    gone = await Holds(keeper).book(held.id, Caller(1), key="b", actor="yuki")

    assert isinstance(gone, OfferGone)
    assert gone.alternatives
    assert (await keeper.bookings())[0].state == "held"


@pytest.mark.parametrize("how", ["cancelled", "no_show"])
async def test_who_did_not_ride_out_does_not_ride_back(
    keeper: Keeper, clock: HandClock, how: str
) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    if how == "cancelled":
        await keeper.cancel(outward.id, reason="", key="b", actor="yuki")
    else:
        clock.set("10:20")
        await keeper.step("van-1", outward.id, "no_show", at=None, key="b", actor="van-1")

    assert await OpenReturns(keeper).go_on() == 1

    assert await OpenReturns(keeper).on() == []
    assert {b.state for b in await keeper.bookings()} == {how}
    answer = await OpenReturns(keeper).press(view.id, key="c", actor="yuki")
    assert isinstance(answer, NotNow)


async def test_a_rider_who_is_late_does_not_cost_the_others_the_seat_held_for_them(
    keeper: Keeper, clock: HandClock
) -> None:
    late = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, late)
    clock.set("10:20")  # five minutes after the promise, and still nobody has got in

    await keeper.step("van-1", late.id, "aboard", at=None, key="b", actor="van-1")

    held = await keeper.explain((await keeper.bookings(state="held"))[0].id)
    assert not isinstance(held, NotNow)  # it is in the plan
    assert view.seat_held


async def test_a_ride_that_was_cancelled_has_no_return(keeper: Keeper) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    await keeper.cancel(outward.id, reason="", key="b", actor="yuki")

    answer = await OpenReturns(keeper).open(outward.id, key="c", actor="yuki")

    assert isinstance(answer, NotNow)
    assert await OpenReturns(keeper).on() == []


async def test_an_outward_ride_has_one_return_until_it_is_withdrawn(keeper: Keeper) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    returns = OpenReturns(keeper)

    twice = await returns.open(outward.id, key="b", actor="yuki")
    closed = await returns.close(view.id, key="c", actor="yuki")
    again = await returns.open(outward.id, key="d", actor="yuki")
    unknown = await returns.open("nothing", key="e", actor="yuki")

    assert isinstance(twice, NotNow)
    assert isinstance(closed, OpenReturnView)
    assert (closed.state, closed.seat_held) == ("closed", False)
    assert isinstance(again, OpenReturnView)
    assert isinstance(unknown, NotFound)


async def test_outward_and_open_return_are_one_call(keeper: Keeper, new_keeper: NewKeeper) -> None:
    quote = await keeper.quote(ask(3, 8, rider_id=1))
    assert isinstance(quote, Quote)

    made = await Together(keeper).book(
        [quote.offers[0].token], Caller(1), key="a", actor="yuki", open_return=True
    )

    assert isinstance(made, TogetherView)
    assert made.open_return is not None
    assert made.open_return.outward_id == made.bookings[0].id
    fresh = new_keeper()
    await fresh.refresh()
    assert [b.state for b in await fresh.bookings()] == ["booked", "held"]
    assert await fresh.check() == []


async def test_the_stay_is_learnt_from_those_who_were_there_before(
    keeper: Keeper, clock: HandClock
) -> None:
    for hour in (10, 11, 12):
        outward = await booked(keeper, ask(3, 8, f"{hour}:00"), f"a{hour}")
        view = await opened(keeper, outward)
        await ridden(keeper, clock, outward, f"{hour}:06", f"{hour}:00")
        clock.set(f"{hour}:16")
        back = await pressed(keeper, view, f"r{hour}")
        assert back.booking is not None
        await keeper.cancel(back.booking.id, reason="", key=f"c{hour}", actor="yuki")
    outward = await booked(keeper, ask(3, 8, "14:00"), "z", rider_id=1)

    view = await opened(keeper, outward)

    stay = learn([600, 600, 600], "stop")
    assert stay.usual_s < learn([], "stop").usual_s
    assert view.expected == outward.arrive_planned + stay.usual_s


def test_a_guess_gives_way_to_what_was_seen() -> None:
    assert learn([], "clinic").usual_s == 4500
    assert learn([1800] * 3, "clinic").usual_s < 4500
    assert learn([1800] * 40, "clinic").usual_s == 1800
    assert learn([1800] * 40, "clinic").learnt_from == 40


def test_who_is_still_there_is_expected_later_and_never_in_the_past() -> None:
    stay = learn([], "clinic")

    assert expected_s(stay, 36_000, 36_000) == 40_500
    assert expected_s(stay, 36_000, 40_000) == 41_800
    for now_s in range(36_000, 80_000, 500):
        assert expected_s(stay, 36_000, now_s) >= min(40_500, now_s + 1800)


async def test_a_town_without_open_returns_says_so(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town([Van()], rules="open_return_within_min = 0")
    keeper = new_keeper()
    await keeper.refresh()
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)

    answer = await OpenReturns(keeper).open(outward.id, key="b", actor="yuki")

    assert isinstance(answer, Barred)
    assert answer.rule == "booking.open_return_within_min"


async def test_a_ride_that_was_promised_meanwhile_is_not_made_a_held_seat_again(
    keeper: Keeper, clock: HandClock
) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    returns = OpenReturns(keeper)
    seen = await returns._row(view.id)  # what a look at all returns has read
    assert seen is not None
    await ridden(keeper, clock, outward, "10:06")
    ready = await pressed(keeper, view)

    late = await returns._move_on(seen, "on")

    assert isinstance(late, NotNow)
    assert ready.booking is not None
    now = await keeper.booking(ready.booking.id)
    assert isinstance(now, BookingView)
    assert (now.state, now.pickup_to) == ("booked", ready.booking.pickup_to)


async def test_a_return_that_is_a_ride_by_now_is_cancelled_like_one_and_not_withdrawn(
    keeper: Keeper, clock: HandClock
) -> None:
    outward = await booked(keeper, ask(3, 8), "a", rider_id=1)
    view = await opened(keeper, outward)
    await ridden(keeper, clock, outward, "10:06")
    ready = await pressed(keeper, view)

    closed = await OpenReturns(keeper).close(view.id, key="c", actor="yuki")

    assert isinstance(closed, NotNow)
    assert closed.state == "promised"
    assert (await pressed(keeper, view, "again")).booking == ready.booking
