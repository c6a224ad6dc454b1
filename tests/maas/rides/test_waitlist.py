"""Who waits is offered the seat that comes free, one after another, on both databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from maas.rides.booking import Caller, Live
from maas.rides.holds import Holds
from maas.rides.keeper import Keeper
from maas.rides.quote import Wish
from maas.rides.views import (
    Barred,
    BookingView,
    NotFound,
    NotNow,
    Quote,
    RefusalAnswer,
    WaitingView,
)
from maas.rides.waitlist import Waitlist
from maas.store.database import Database
from maas.store.tables import notifications, outbox
from tests.maas.line_town import HandClock, Van, at
from tests.maas.rides.conftest import NewKeeper, ask, booked


@pytest.fixture
async def full(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> tuple[Keeper, BookingView]:
    """A keeper whose one seat is taken at ten."""
    await town([Van(seats=1)])
    keeper = new_keeper()
    await keeper.refresh()
    return keeper, await booked(keeper, ask(1, 12), "mine")


async def waits(waitlist: Waitlist, key: str, rider_id: int | None = None) -> WaitingView:
    asked = ask(2, 11, rider_id=rider_id)
    caller = Caller(rider_id, f"客{key}", "000-000-0009")
    view = await waitlist.wait(asked, caller, key=key, actor="yuki")
    assert isinstance(view, WaitingView), view
    return view


async def states(waitlist: Waitlist) -> list[str]:
    return [view.state for view in await waitlist.on(ended=True)]


async def test_a_cancellation_is_offered_to_who_waited_longest(
    full: tuple[Keeper, BookingView], clock: HandClock, database: Database
) -> None:
    keeper, mine = full
    waitlist = Waitlist(keeper)
    first = await waits(waitlist, "a", rider_id=1)
    clock.set("09:01")
    await waits(waitlist, "b")
    assert await waitlist.go_on() == 0

    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    assert await waitlist.go_on() == 1

    offered, waiting = await waitlist.on()
    assert (offered.id, offered.state, waiting.state) == (first.id, "offered", "waiting")
    assert offered.booking is not None
    assert (offered.booking.state, offered.answer_by) == ("held", at("09:31"))
    assert "9:31までに" in offered.sentence.ja
    assert isinstance(await keeper.quote(ask(2, 11)), RefusalAnswer)  # nobody else gets it
    async with database.reading() as connection:
        rows = (await connection.execute(select(notifications))).mappings().all()
    told = [row for row in rows if row["occasion"] == "waitlist_offer"]
    assert [(row["booking_id"], row["member_id"]) for row in told] == [(offered.booking.id, 1)]
    assert await waitlist.go_on() == 0  # once is enough


async def test_who_takes_the_seat_has_a_booking(full: tuple[Keeper, BookingView]) -> None:
    keeper, mine = full
    waitlist = Waitlist(keeper)
    entry = await waits(waitlist, "a", rider_id=1)
    early = await waitlist.take(entry.id, key="x", actor="yuki")
    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    await waitlist.go_on()

    taken = await waitlist.take(entry.id, key="d", actor="yuki")
    again = await waitlist.take(entry.id, key="e", actor="yuki")

    assert isinstance(early, NotNow)
    assert isinstance(taken, WaitingView)
    assert taken.booking is not None
    assert (taken.state, taken.booking.state, taken.booking.held_until) == ("taken", "booked", None)
    assert again == taken
    assert await waitlist.on() == []
    assert {b.state for b in await keeper.bookings()} == {"cancelled", "booked"}


async def test_who_has_taken_the_seat_cancels_it_like_any_ride_and_does_not_withdraw(
    full: tuple[Keeper, BookingView],
) -> None:
    keeper, mine = full
    waitlist = Waitlist(keeper)
    entry = await waits(waitlist, "a", rider_id=1)
    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    await waitlist.go_on()
    await waitlist.take(entry.id, key="d", actor="yuki")

    late = await waitlist.withdraw(entry.id, key="e", actor="yuki")

    assert isinstance(late, NotNow)
    assert await states(waitlist) == ["taken"]


async def test_who_does_not_answer_gives_it_to_the_next(
    full: tuple[Keeper, BookingView], clock: HandClock
) -> None:
    keeper, mine = full
    waitlist = Waitlist(keeper)
    await waits(waitlist, "a")
    clock.set("09:01")
    second = await waits(waitlist, "b")
    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    await waitlist.go_on()
    clock.set("09:30:59")
    assert await waitlist.go_on() == 0
    clock.set("09:31")

    await Holds(keeper).lapse()
    assert await waitlist.go_on() == 2

    assert await states(waitlist) == ["lapsed", "offered"]
    (offered,) = await waitlist.on()
    assert offered.id == second.id


async def test_who_waits_no_longer_gives_it_to_the_next(full: tuple[Keeper, BookingView]) -> None:
    keeper, mine = full
    waitlist = Waitlist(keeper)
    first, second = [await waits(waitlist, key) for key in "ab"]
    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    await waitlist.go_on()
    offered_to = next(view for view in await waitlist.on() if view.state == "offered")

    gone = await waitlist.withdraw(offered_to.id, key="d", actor="yuki")
    late = await waitlist.take(offered_to.id, key="e", actor="yuki")
    await waitlist.go_on()

    assert isinstance(gone, WaitingView)
    assert gone.state == "withdrawn"
    assert isinstance(late, NotNow)
    (next_one,) = await waitlist.on()
    assert {offered_to.id, next_one.id} == {first.id, second.id}
    assert next_one.state == "offered"
    unknown = await waitlist.withdraw("nothing", key="f", actor="yuki")
    assert isinstance(unknown, NotFound)


async def test_a_seat_given_up_by_a_caller_goes_to_who_waits(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town([Van(seats=1)])
    keeper = new_keeper()
    await keeper.refresh()
    quote = await keeper.quote(ask(1, 12))
    assert isinstance(quote, Quote)
    held = await Holds(keeper).hold(
        quote.offers[0].token, Caller(None, call_id="call"), key="h", actor="yuki"
    )
    assert isinstance(held, BookingView)
    waitlist = Waitlist(keeper)
    await waits(waitlist, "a")
    await waitlist.go_on()
    assert await states(waitlist) == ["waiting"]

    await Holds(keeper).hang_up("call")
    await waitlist.go_on()

    assert await states(waitlist) == ["offered"]


async def test_nobody_waits_for_what_the_rules_forbid_or_where_there_is_no_waitlist(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town([Van()], rules="waitlist = false")
    keeper = new_keeper()
    await keeper.refresh()
    waitlist = Waitlist(keeper)

    none = await waitlist.wait(ask(2, 11), Caller(None, "客"), key="a", actor="yuki")
    late = await waitlist.wait(ask(2, 11, "17:30"), Caller(None, "客"), key="b", actor="yuki")

    assert isinstance(none, Barred)
    assert none.reason == "waitlist_off"
    assert isinstance(late, Barred)
    assert late.reason == "outside_hours"


async def test_nothing_is_searched_for_while_no_plan_has_changed(
    full: tuple[Keeper, BookingView], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, mine = full
    waitlist = Waitlist(keeper)
    searches: list[Wish] = []
    await waits(waitlist, "a")
    found = keeper.found

    async def counted(live: Live, wished: Wish) -> object:
        searches.append(wished)
        return await found(live, wished)

    monkeypatch.setattr(keeper, "found", counted)
    assert await waitlist.go_on() == 0
    first = len(searches)
    for _ in range(3):
        assert await waitlist.go_on() == 0
    assert len(searches) == first > 0

    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    assert await waitlist.go_on() == 1
    assert len(searches) > first


async def test_a_seat_that_comes_free_late_is_kept_until_ten_minutes_before_the_ride(
    full: tuple[Keeper, BookingView], clock: HandClock
) -> None:
    keeper, mine = full
    waitlist = Waitlist(keeper)
    await waits(waitlist, "a", rider_id=1)
    clock.set("09:40")
    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    await waitlist.go_on()

    [offered] = await waitlist.on()
    assert offered.booking is not None
    assert offered.answer_by == offered.booking.pickup_from - 600 == at("09:50")
    day = await keeper.day_of(keeper.today)
    assert day.bookings[offered.booking.id].half_fares == 1  # member 1 has the card


async def test_who_withdraws_after_the_seat_has_lapsed_gives_up_nothing_twice(
    full: tuple[Keeper, BookingView], clock: HandClock, database: Database
) -> None:
    keeper, mine = full
    waitlist = Waitlist(keeper)
    entry = await waits(waitlist, "a")
    await keeper.cancel(mine.id, reason="", key="c", actor="yuki")
    await waitlist.go_on()
    clock.set("09:31")
    assert await Holds(keeper).lapse() == 1

    gone = await waitlist.withdraw(entry.id, key="d", actor="yuki")

    assert isinstance(gone, WaitingView)
    assert gone.state == "withdrawn"
    async with database.reading() as connection:
        bodies = (await connection.execute(select(outbox.c.body))).scalars().all()
    assert sum('"booking.lapsed"' in body for body in bodies) == 1
