"""Committed events reach their listener at least once, and better plans never hurt a promise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import plan_cost_s
from dispatcher.check import check
from dispatcher.rebase import with_stops_of
from maas.rides.improver import differing, is_better, looked_up, search
from maas.rides.keeper import Keeper
from maas.rides.outbox import Outbox, at_once
from maas.rides.views import BookingView, Event, Quote
from maas.store import commits
from maas.store.database import Database
from tests.maas.line_town import LAT, LON, Van, of_day
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY
from tests.ports import PATIENCE_S


async def test_each_commit_leaves_its_event_until_it_is_delivered(
    keeper: Keeper, database: Database
) -> None:
    booking = await booked(keeper, ask(3, 8), "a")
    await keeper.cancel(booking.id, reason="", key="b", actor="yuki")
    heard: list[Event] = []

    async def deaf_once(event: Event) -> None:
        heard.append(event)
        if len(heard) == 2:
            raise ConnectionError

    outbox = Outbox(database, "line", deaf_once, at_once)
    with pytest.raises(ConnectionError):
        await outbox.hand_on()
    assert await outbox.hand_on() == 1
    assert await outbox.hand_on() == 0
    await outbox.forget()
    assert await Outbox(database, "line", deaf_once, at_once).hand_on() == 0

    assert [event.kind for event in heard] == [
        "booking.booked", "booking.cancelled", "booking.cancelled",
    ]  # fmt: skip
    assert heard[1] == heard[2]
    assert heard[0].booking == booking
    assert heard[0].vehicles == ("van-1",)
    assert heard[0].text is not None
    assert booking.reference in heard[0].text.ja


async def test_a_keeper_delivers_what_one_that_died_left_behind(
    keeper: Keeper, new_keeper: NewKeeper
) -> None:
    await booked(keeper, ask(3, 8), "a")
    heard: asyncio.Queue[Event] = asyncio.Queue()

    heir = new_keeper(deliver=heard.put)
    await heir.start()
    first = await asyncio.wait_for(heard.get(), PATIENCE_S)
    await booked(heir, ask(5, 9, "14:00"), "b")
    second = await asyncio.wait_for(heard.get(), PATIENCE_S)

    assert (first.kind, second.kind) == ("booking.booked", "booking.booked")
    assert first.id < second.id
    await heir.stop()


async def test_an_event_waits_until_others_than_this_process_have_it(
    keeper: Keeper, new_keeper: NewKeeper
) -> None:
    """Delivered is not told: until its next tick a hub has an event in memory alone."""
    heard: list[str] = []
    told = asyncio.Event()

    async def deliver(event: Event) -> None:
        heard.append(event.kind)

    async def wait() -> None:
        await told.wait()

    outbox = Outbox(keeper.database, "line", deliver, wait)
    await booked(keeper, ask(3, 8), "a")
    assert await outbox.hand_on() == 1
    forgetting = asyncio.create_task(outbox.forget())
    await asyncio.sleep(0)
    await booked(keeper, ask(5, 9, "14:00"), "b")
    assert await outbox.hand_on() == 1  # the next one waits for nobody

    died_here = Outbox(keeper.database, "line", deliver, wait)
    assert await died_here.hand_on() == 2
    told.set()
    await forgetting
    assert outbox.given.is_set()
    assert await Outbox(keeper.database, "line", deliver, wait).hand_on() == 1
    await outbox.forget()

    assert not outbox.given.is_set()
    assert await Outbox(keeper.database, "line", deliver, wait).hand_on() == 0
    assert heard == ["booking.booked"] * 5


async def test_a_keeper_forgets_what_it_has_told(
    keeper: Keeper, new_keeper: NewKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await booked(keeper, ask(3, 8), "a")
    heard: asyncio.Queue[Event] = asyncio.Queue()
    never = new_keeper(deliver=heard.put, told=asyncio.Event().wait)
    await never.start()
    first = await asyncio.wait_for(heard.get(), PATIENCE_S)
    await never.stop()
    forgot: asyncio.Queue[Sequence[int]] = asyncio.Queue()

    async def forget(connection: AsyncConnection, ids: Sequence[int]) -> None:
        await commits.forget_events(connection, ids)
        await forgot.put(ids)

    monkeypatch.setattr("maas.rides.outbox.forget_events", forget)
    heir = new_keeper(deliver=heard.put)
    await heir.start()

    assert await asyncio.wait_for(heard.get(), PATIENCE_S) == first
    assert await asyncio.wait_for(forgot.get(), PATIENCE_S) == (first.id,)
    await heir.stop()


@pytest.fixture
async def two_vans(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> Callable[[], Awaitable[Keeper]]:
    """A keeper of two vans who have carelessly been given crossing work."""

    async def make() -> Keeper:
        await town([Van("van-1"), Van("van-2")])
        keeper = new_keeper(improve_s=0.3)
        await keeper.start()
        for number, (origin, destination) in enumerate([(2, 6), (3, 7), (2, 7), (3, 6)]):
            await booked(keeper, ask(origin, destination, f"10:{number:02d}"), f"k{number}")
        await _scatter(keeper)
        return keeper

    return make


async def _scatter(keeper: Keeper) -> None:
    """Give every other booking to the other van: still feasible, but dearer."""
    day = await keeper._day(TODAY)
    plan = keeper._plan(day)
    stops = [stop for route in plan.routes.values() for stop in route.stops]
    order = sorted({stop.request_id for stop in stops})
    for index, vehicle_id in enumerate(("van-1", "van-2")):
        mine = [stop for stop in stops if order.index(stop.request_id) % 2 == index]
        plan = plan.with_route(plan.routes[vehicle_id].with_stops(mine))
    assert check(plan, keeper.here.travel) == []
    async with keeper._writing:
        assert await keeper._write(keeper._improvement(day, plan, ["van-1", "van-2"]), None)


async def test_a_better_plan_is_taken_and_no_promise_moves(
    two_vans: Callable[[], Awaitable[Keeper]], new_keeper: NewKeeper
) -> None:
    keeper = await two_vans()
    before = {view.id: view for view in await keeper.bookings()}

    taken = await keeper.improve_once()

    assert taken
    after = {view.id: view for view in await keeper.bookings()}
    told = [(v.pickup_from, v.pickup_to, v.arrive_by, v.reference) for v in before.values()]
    assert told == [
        (v.pickup_from, v.pickup_to, v.arrive_by, v.reference)
        for v in (after[id_] for id_ in before)
    ]
    for view in after.values():
        assert view.pickup_from <= view.pickup_planned <= view.pickup_to
        assert view.arrive_planned <= view.arrive_by
    assert await keeper.check() == []
    assert not await keeper.improve_once()  # nothing has changed since
    fresh = new_keeper()
    await fresh.start()
    assert fresh._days == keeper._days
    for each in (keeper, fresh):
        await each.stop()


async def test_a_better_plan_found_too_late_is_not_taken(
    two_vans: Callable[[], Awaitable[Keeper]],
) -> None:
    keeper = await two_vans()
    day = await keeper._day(TODAY)
    plan = keeper._plan(day)
    better = search(plan, looked_up(plan, keeper.here.travel), 0.3, 1)
    assert differing(plan, better)

    await booked(keeper, ask(1, 12, "10:05"), "between")

    assert not await keeper.accept(day, plan, better)
    assert len(await keeper.bookings()) == 5
    assert await keeper.check() == []
    await keeper.stop()


async def test_a_better_plan_for_somebody_who_has_got_in_meanwhile_is_not_taken(
    two_vans: Callable[[], Awaitable[Keeper]],
) -> None:
    keeper = await two_vans()
    day = await keeper._day(TODAY)
    plan = keeper._plan(day)
    better = search(plan, looked_up(plan, keeper.here.travel), 0.3, 1)
    first = plan.routes[next(iter(differing(plan, better)))].stops[0].request_id
    vehicle_id = day.bookings[first].vehicle_id

    await keeper.step(vehicle_id, first, "aboard", at=None, key="tap", actor="device")

    assert not await keeper.accept(day, plan, better)
    assert await keeper.check() == []
    await keeper.stop()


async def test_a_better_plan_leaves_a_vehicle_alone_of_which_nobody_knows_where_it_is(
    two_vans: Callable[[], Awaitable[Keeper]],
) -> None:
    """Its driver may be on the way already, by an older plan."""
    keeper = await two_vans()
    day = await keeper._day(TODAY)
    plan = keeper._plan(day)
    better = search(plan, looked_up(plan, keeper.here.travel), 0.3, 1)
    keeper.on_heard("van-1", keeper.clock())

    await keeper.improve_once()

    assert (await keeper._day(TODAY)).plan_row("van-1") == day.plan_row("van-1")
    assert not await keeper.accept(day, plan, better)
    keeper.on_position("van-1", LAT, LON, keeper.clock())
    assert await keeper.accept(day, plan, better)
    await keeper.stop()


async def test_a_stop_that_is_locked_by_now_stays_first(keeper: Keeper) -> None:
    for number, origin in enumerate((2, 3)):
        await booked(keeper, ask(origin, 7), f"k{number}")
    plan = keeper._plan(await keeper._day(TODAY))
    route = plan.routes["van-1"]
    swapped = plan.with_route(route.with_stops((route.stops[1], route.stops[0], *route.stops[2:])))
    near = plan.with_route(replace(route, locked=1))

    assert with_stops_of(plan, {"van-1": swapped.routes["van-1"].stops}) is not None
    assert with_stops_of(near, {"van-1": swapped.routes["van-1"].stops}) is None
    assert with_stops_of(near, {"van-1": plan.routes["van-1"].stops}) is not None


async def test_a_better_plan_must_carry_the_same_parties(keeper: Keeper) -> None:
    first = await booked(keeper, ask(2, 7), "a")
    plan = keeper._plan(await keeper._day(TODAY))

    assert with_stops_of(plan, {"van-1": plan.without(first.id).routes["van-1"].stops}) is None


async def test_a_party_that_has_gone_to_a_third_vehicle_is_not_put_in_two(
    two_vans: Callable[[], Awaitable[Keeper]],
) -> None:
    keeper = await two_vans()
    plan = keeper._plan(await keeper._day(TODAY))
    both = [*plan.routes["van-1"].stops, *plan.routes["van-2"].stops]

    assert with_stops_of(plan, {"van-1": (), "van-2": both}) is not None
    # A search moved them from a vehicle that they have left for van-1 meanwhile.
    assert with_stops_of(plan, {"van-2": both}) is None
    await keeper.stop()


async def test_a_plan_that_breaks_a_promise_is_not_taken_however_cheap(
    two_vans: Callable[[], Awaitable[Keeper]],
) -> None:
    keeper = await two_vans()
    day = await keeper._day(TODAY)
    plan = keeper._plan(day)
    stops = [stop for route in plan.routes.values() for stop in route.stops]
    nested = sorted(stops, key=lambda stop: (stop.kind != "pickup", stop.request_id))
    cheap = plan.with_route(plan.routes["van-2"].with_stops([]))
    cheap = cheap.with_route(plan.routes["van-1"].with_stops([*nested[:4], *reversed(nested[4:])]))
    late = {id_: replace(r, latest_dropoff_s=of_day("10:05")) for id_, r in plan.requests.items()}

    strict = replace(cheap, requests=late)
    assert plan_cost_s(cheap, keeper.here.travel) < plan_cost_s(plan, keeper.here.travel)
    assert is_better(plan, cheap, keeper.here.travel)
    assert not is_better(replace(plan, requests=late), strict, keeper.here.travel)
    await keeper.stop()


class Fault:
    """Raises at the n-th statement (or at the commit after them), once."""

    def __init__(self, at_call: int, error: BaseException) -> None:
        self.at_call, self.error, self.calls, self.armed = at_call, error, 0, True

    def hit(self) -> None:
        self.calls += 1
        if self.armed and self.calls == self.at_call:
            self.armed = False
            raise self.error


@pytest.mark.parametrize(
    "error", [OperationalError("cut", {}, Exception()), asyncio.CancelledError()]
)
@pytest.mark.parametrize("after", [False, True])
async def test_a_fault_at_any_statement_leaves_one_booking_or_none(
    keeper: Keeper,
    new_keeper: NewKeeper,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    after: bool,  # noqa: FBT001
) -> None:
    """Tries every statement of the transaction in turn; `after` raises once it has been done."""
    execute = AsyncConnection.execute
    reached = 0
    for at_call in range(1, 40):
        quote = await keeper.quote(ask(1 + at_call % 5, 7 + at_call % 5, "11:00"))
        if not isinstance(quote, Quote):
            break
        fault = Fault(at_call, error)

        async def faulty(
            self: AsyncConnection, *args: object, _fault: Fault = fault, **kw: object
        ) -> object:
            if not after:
                _fault.hit()
            result = await execute(self, *args, **kw)  # type: ignore[call-overload]
            if after:
                _fault.hit()
            return result

        monkeypatch.setattr(AsyncConnection, "execute", faulty)
        key = f"key-{at_call}"
        token = quote.offers[0].token
        try:
            first = await keeper.book(token, rider_id=None, key=key, actor="yuki")
        except (OperationalError, asyncio.CancelledError):
            first = None
        monkeypatch.setattr(AsyncConnection, "execute", execute)
        again = await keeper.book(token, rider_id=None, key=key, actor="yuki")
        if isinstance(again, BookingView):
            assert first in (None, again)
            await keeper.cancel(again.id, reason="", key=f"free-{at_call}", actor="yuki")
        reached += not fault.armed
        if fault.armed:
            break

    assert reached >= 8
    fresh = new_keeper()
    await fresh.start()
    assert fresh._days == keeper._days
    assert await fresh.check() == []
    async with fresh.database.reading() as connection:
        assert await commits.audit_break(connection) is None
    await fresh.stop()


async def test_an_offer_in_doubt_is_read_from_the_database_not_from_memory(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit is on disk but its answer was lost: the plan in memory must not lag behind."""
    quote = await keeper.quote(ask(3, 8))
    assert isinstance(quote, Quote)
    write = "maas.rides.held.commit"

    async def lost(*args: object) -> bool:
        from maas.rides.commit import commit

        await commit(*args)  # type: ignore[arg-type]
        raise ConnectionError

    monkeypatch.setattr(write, lost)
    with pytest.raises(ConnectionError):
        await keeper.book(quote.offers[0].token, rider_id=None, key="a", actor="yuki")
    monkeypatch.undo()

    assert len(await keeper.bookings()) == 1
    again = await keeper.book(quote.offers[0].token, rider_id=None, key="a", actor="yuki")
    assert isinstance(again, BookingView)
    assert [view.id for view in await keeper.bookings()] == [again.id]
    view = await keeper.vehicle_view("van-1")
    assert view is not None
    assert len(view.stops) == 2
