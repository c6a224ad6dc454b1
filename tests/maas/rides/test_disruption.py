"""Vehicles break down, drivers fall ill, roads close: who is carried then, and who is told."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from weakref import WeakKeyDictionary

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

from dispatcher.roads import Anchor
from maas.rides.booking import Caller, Live
from maas.rides.closures import Closures
from maas.rides.day import is_out
from maas.rides.disruption import Disruption, Upset, closed_of, retry
from maas.rides.holds import Holds
from maas.rides.keeper import Keeper
from maas.rides.merge import Tap
from maas.rides.outages import Reported
from maas.rides.outcome import Outcome
from maas.rides.trips import Trips
from maas.rides.views import BookingView, JobView, NotFound, NotNow, Quote
from maas.store import bookings, rides
from maas.store.bookings import Leg
from maas.store.database import Database
from maas.store.outages import DisruptionRow, OutageRow
from maas.store.tables import notifications, outages
from tests.maas.line_town import DAY0, LAT, LON, STEP, HandClock, LineRoads, Van, at, of_day
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY

CLOSURES: WeakKeyDictionary[Keeper, Closures] = WeakKeyDictionary()

Vans = Callable[..., Awaitable[Keeper]]


class ClosableLine(LineRoads):
    """The one road; closing it at an anchor parts what lies on either side."""

    def __init__(self) -> None:
        self.closed: frozenset[int] = frozenset()
        self.factor = 1.0
        self.version = 1

    @property
    def closed_until_s(self) -> frozenset[int]:
        return self.closed

    def close(self, what: list[Anchor], until_s: float | None = None) -> int:
        del until_s
        self.closed |= {anchor.edge for anchor in what}
        return self._changed()

    def slow(self, what: list[Anchor], factor: float) -> int:
        del what
        self.factor = factor
        return self._changed()

    def reopen(self, what: object = None) -> int:
        del what
        self.closed, self.factor = frozenset(), 1.0
        return self._changed()

    def _changed(self) -> int:
        self.version += 1
        return self.version

    def table(
        self, origins: Sequence[Anchor], destinations: Sequence[Anchor], band: str = "day"
    ) -> NDArray[np.int32]:
        found = np.rint(super().table(origins, destinations, band) / self.factor).astype(np.int32)
        for row, origin in enumerate(origins):
            for column, destination in enumerate(destinations):
                ends = sorted(
                    [origin.edge + origin.fraction, destination.edge + destination.fraction]
                )
                if any(ends[0] < edge + 0.5 < ends[1] for edge in self.closed):
                    found[row, column] = 2**30
        return found


@pytest.fixture
def roads() -> ClosableLine:
    return ClosableLine()


@pytest.fixture
async def vans(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, roads: ClosableLine
) -> Vans:
    """A keeper of the vans asked for."""

    async def make(*those: Van) -> Keeper:
        await town(those)
        keeper = new_keeper(roads={"car": roads})
        await keeper.refresh()
        return keeper

    return make


def disruption(keeper: Keeper) -> Disruption:
    known = CLOSURES.get(keeper)
    if known is None:
        known = CLOSURES[keeper] = Closures(keeper.database, keeper.roads, keeper.clock)
    return Disruption(keeper, known)


async def report(keeper: Keeper, upset: Upset, key: str = "d", **more: bool) -> Outcome:
    answer = await disruption(keeper).report(upset, key=key, actor="yuki", **more)
    assert isinstance(answer, Outcome), answer
    return answer


async def ledger(keeper: Keeper, booking_id: str) -> list[tuple[str, int, int]]:
    async with keeper.database.reading() as connection:
        rows = await bookings.promises_of(connection, booking_id)
    return [(row.why, row.pickup_from_s, row.pickup_to_s) for row in rows]


async def messages(database: Database) -> list[tuple[str, str, float]]:
    async with database.reading() as connection:
        rows = await connection.execute(
            select(
                notifications.c.occasion, notifications.c.booking_id, notifications.c.due_at
            ).order_by(notifications.c.due_at)
        )
        return [tuple(row) for row in rows]


OUT = Upset("vehicle_out", vehicles=("van-1",), reason="パンク")


async def test_another_van_takes_over_and_nobody_has_to_be_told(vans: Vans) -> None:
    keeper = await vans(Van("van-1"), Van("van-2"))
    booking = await booked(keeper, ask(3, 8), "a")
    other = "van-2" if booking.vehicle.id == "van-1" else "van-1"

    outcome = await report(keeper, replace(OUT, vehicles=(booking.vehicle.id,)))

    now = await keeper.booking(booking.id)
    assert isinstance(now, BookingView)
    assert now.vehicle.id == other
    assert (now.pickup_from, now.pickup_to) == (booking.pickup_from, booking.pickup_to)
    assert [(one.what, one.call_first) for one in outcome.riders] == [("shifted", None)]
    assert [row[0] for row in await ledger(keeper, booking.id)] == ["booked"]
    assert await messages(keeper.database) == []
    assert await keeper.check() == []


async def test_nobody_can_take_over_so_the_party_waits_and_is_rung_up(
    vans: Vans, new_keeper: NewKeeper, roads: ClosableLine
) -> None:
    keeper = await vans(Van("van-1"))
    booking = await booked(keeper, ask(3, 8), "a")

    outcome = await report(keeper, OUT)

    one = outcome.riders[0]
    assert (one.what, one.after, one.call_first) == ("unplaced", None, 1)
    assert one.call_by == booking.pickup_from - 300
    assert [(o, id_) for o, id_, _ in await messages(keeper.database)] == [
        ("vehicle_out", booking.id)
    ]
    assert (await ledger(keeper, booking.id))[-1][0] == "booked"  # no other promise was given
    day = await keeper.day_of(TODAY)
    assert [row.id for row in day.unplaced] == [booking.id]
    fresh = new_keeper(roads={"car": roads})
    await fresh.refresh()
    assert await fresh.day_of(TODAY) == day
    assert await keeper.check() == []


async def test_who_waits_is_carried_as_soon_as_the_van_is_back(vans: Vans) -> None:
    keeper = await vans(Van("van-1"))
    booking = await booked(keeper, ask(3, 8), "a")
    await report(keeper, OUT)

    outcome = await report(keeper, Upset("back", vehicles=("van-1",)), "b")

    now = await keeper.booking(booking.id)
    assert isinstance(now, BookingView)
    assert (now.pickup_from, now.pickup_to) == (booking.pickup_from, booking.pickup_to)
    assert [one.what for one in outcome.riders] == ["moved"]
    assert [row[0] for row in await ledger(keeper, booking.id)] == ["booked", "back"]
    assert not (await keeper.day_of(TODAY)).unplaced
    assert await keeper.check() == []


async def test_a_party_that_must_be_later_gets_another_promise_before_the_old_one_passes(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1", seats=1), Van("van-2", seats=1))
    first = await booked(keeper, ask(1, 12), "a")
    second = await booked(keeper, ask(1, 12), "b")
    assert first.vehicle.id != second.vehicle.id
    clock.set("09:30")

    outcome = await report(keeper, replace(OUT, vehicles=(second.vehicle.id,)))

    told = [one for one in outcome.riders if one.call_first is not None]
    one = told[0]
    assert (len(told), one.what, one.call_first) == (1, "moved", 1)
    late, kept = (first, second) if one.booking_id == first.id else (second, first)
    assert one.after is not None
    # Whoever comes second is fetched when the van has been at p12 and come back to p1.
    assert one.after.pickup_to > late.pickup_to
    assert one.later_s == max(
        one.after.pickup_to - late.pickup_to, one.after.arrive_by - late.arrive_by
    )
    why, _, to_s = (await ledger(keeper, late.id))[-1]
    assert (why, DAY0 + to_s) == ("vehicle_out", one.after.pickup_to)
    occasion, who, due_at = (await messages(keeper.database))[-1]
    assert (occasion, who) == ("moved", late.id)
    assert due_at <= late.pickup_from
    now = await keeper.booking(kept.id)
    assert isinstance(now, BookingView)
    assert (now.pickup_from, now.pickup_to) == (kept.pickup_from, kept.pickup_to)
    assert len(await ledger(keeper, kept.id)) == 1
    assert await keeper.check() == []


async def test_a_seat_only_held_is_given_up_when_it_would_have_to_be_later(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1", seats=1), Van("van-2", seats=1))
    kept = await booked(keeper, ask(1, 12), "a")
    quote = await keeper.quote(ask(1, 12))
    assert isinstance(quote, Quote)
    held = await Holds(keeper).hold(quote.offers[0].token, Caller(None), key="b", actor="yuki")
    assert isinstance(held, BookingView)
    assert held.vehicle.id != kept.vehicle.id

    outcome = await report(keeper, replace(OUT, vehicles=(held.vehicle.id,)))

    assert [(one.booking_id, one.what, one.call_first) for one in outcome.riders] == [
        (held.id, "released", None)
    ]
    assert (await keeper.day_of(TODAY)).bookings[held.id].state == "lapsed"
    assert [row[0] for row in await ledger(keeper, held.id)] == ["held"]
    assert await messages(keeper.database) == []
    assert await keeper.check() == []


async def test_riders_on_board_change_vehicles_where_the_first_one_stands(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"), Van("van-2"))
    booking = await booked(keeper, ask(2, 10), "a")
    van = booking.vehicle.id
    other = "van-2" if van == "van-1" else "van-1"
    clock.epoch = booking.pickup_planned
    await keeper.step(van, booking.id, "aboard", at=None, key="tap", actor="device")
    clock.epoch += 180
    keeper.on_position(van, LAT, LON + 5 * STEP, clock())

    outcome = await report(keeper, replace(OUT, vehicles=(van,)))

    one = outcome.riders[0]
    assert (one.what, one.state, one.call_first) == ("transfer", "booked", 1)
    assert one.call_by == clock()
    day = await keeper.day_of(TODAY)
    row = day.bookings[booking.id]
    spot = keeper.here.names.places[row.pickup_id]
    assert (spot.kind, round(spot.lon, 4)) == ("spot", round(LON + 5 * STEP, 4))
    assert row.vehicle_id == other
    assert row.origin_id == 3
    view = await keeper.vehicle_view(other)
    assert view is not None
    assert [(stop.kind, stop.booking_id) for stop in view.stops] == [
        ("pickup", booking.id), ("dropoff", booking.id),
    ]  # fmt: skip
    assert view.stops[0].place.id == row.pickup_id
    assert await keeper.check() == []
    clock.epoch = view.stops[0].planned
    await keeper.step(other, booking.id, "aboard", at=None, key="tap2", actor="device")
    assert (await keeper.day_of(TODAY)).plans[other].at_place_id == row.pickup_id


@pytest.mark.parametrize(
    ("waited_s", "told"), [(0, ("refused", ())), (600, ("stands", ("another_comes",)))]
)
async def test_a_van_that_is_out_waits_for_nobody_whom_no_vehicle_can_carry(
    vans: Vans, clock: HandClock, waited_s: int, told: tuple[str, tuple[str, ...]]
) -> None:
    keeper = await vans(Van("van-1"))
    booking = await booked(keeper, ask(2, 10), "a")
    clock.epoch = booking.pickup_planned
    await report(keeper, OUT)
    tap = Tap("e", booking.id, "arrived", clock())
    clock.epoch += waited_s

    [late] = await Trips(keeper).merge("van-1", [tap], sent_at=clock(), actor="device")
    now = await keeper.step("van-1", booking.id, "arrived", at=None, key="t", actor="device")

    assert (late.outcome, late.codes) == told
    assert isinstance(now, NotFound)
    day = await keeper.day_of(TODAY)
    assert (day.bookings[booking.id].state, len(day.unplaced)) == ("booked", 1)
    assert await keeper.check() == []


async def test_whom_a_broken_van_turns_out_to_have_on_board_is_brought_when_it_goes_again(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"), Van("van-2"))
    booking = await booked(keeper, ask(2, 10), "a")
    van = booking.vehicle.id
    clock.epoch = booking.pickup_planned + 300
    await report(keeper, replace(OUT, vehicles=(van,)))
    tap = Tap("e", booking.id, "aboard", booking.pickup_planned + 10)

    [late] = await Trips(keeper).merge(van, [tap], sent_at=clock(), actor="device")
    await report(keeper, Upset("road_slow", factor=0.9), "snow")  # replans every vehicle

    assert (late.outcome, "out_of_service" in late.codes) == ("taken", True)
    assert (await keeper.day_of(TODAY)).plans[van].stops == (("dropoff", booking.id),)
    await report(keeper, Upset("back", vehicles=(van,)), "back")
    view = await keeper.vehicle_view(van)
    assert view is not None
    assert [(stop.kind, stop.booking_id) for stop in view.stops] == [("dropoff", booking.id)]
    assert await keeper.check() == []


async def test_whoever_waits_beside_a_broken_van_is_cancelled_only_when_they_get_on(
    vans: Vans, clock: HandClock
) -> None:
    """A cancelled booking is fetched by nobody, and one that moves is fetched at its origin."""
    keeper = await vans(Van("van-1"), Van("van-2"))
    booking = await booked(keeper, ask(2, 10), "a")
    clock.epoch = booking.pickup_planned
    await keeper.step(booking.vehicle.id, booking.id, "aboard", at=None, key="tap", actor="device")
    clock.epoch += 180
    keeper.on_position(booking.vehicle.id, LAT, LON + 5 * STEP, clock())
    await report(keeper, replace(OUT, vehicles=(booking.vehicle.id,)))
    quote = await keeper.quote(ask(2, 10, "14:00", instead_of=booking.id))
    assert isinstance(quote, Quote)

    no = await keeper.cancel(booking.id, reason="その他", key="c1", actor="yuki")
    nor = await keeper.change(booking.id, quote.offers[0].token, key="c2", actor="yuki")

    assert isinstance(no, NotNow)
    assert (no.state, nor) == ("stranded", no)
    assert (await keeper.day_of(TODAY)).bookings[booking.id].state == "booked"
    gone = await keeper.cancel(
        booking.id, reason="その他", key="c3", actor="yuki", brought_otherwise=True
    )
    assert isinstance(gone, BookingView)
    assert gone.state == "cancelled"
    assert await keeper.check() == []


async def test_nobody_fetches_those_on_board_so_they_are_called_first(
    vans: Vans, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    falling = itertools.count(9, -1)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=next(falling)))
    keeper = await vans(Van("van-1"))
    aboard = await booked(keeper, ask(2, 10), "a")
    waits = await booked(keeper, ask(3, 9, "10:05"), "b")
    assert waits.id < aboard.id
    clock.epoch = aboard.pickup_planned
    await keeper.step("van-1", aboard.id, "aboard", at=None, key="tap", actor="device")
    clock.epoch += 120

    outcome = await report(keeper, OUT)

    assert [one.what for one in outcome.riders] == ["unplaced", "unplaced"]
    assert {one.call_by for one in outcome.riders} == {clock()}
    assert [one.booking_id for one in outcome.riders] == [aboard.id, waits.id]
    row = (await keeper.day_of(TODAY)).bookings[aboard.id]
    assert (row.state, row.boards_at_id) == ("booked", 3)  # last seen nowhere: where it got in
    await report(keeper, Upset("back", vehicles=("van-1",)), "back")
    assert not (await keeper.day_of(TODAY)).unplaced
    assert await keeper.check() == []


async def test_a_preview_says_the_same_and_writes_nothing(vans: Vans) -> None:
    keeper = await vans(Van("van-1", seats=1), Van("van-2", seats=1))
    for key in ("a", "b"):
        await booked(keeper, ask(1, 12), key)
    before = await keeper.day_of(TODAY)

    seen = await report(keeper, OUT, preview=True)

    assert seen.preview
    assert await keeper.day_of(TODAY) == before
    assert await messages(keeper.database) == []
    assert await disruption(keeper).on() == []
    done = await report(keeper, OUT)
    assert replace(done, preview=True) == seen
    assert await disruption(keeper).on() == [done]


async def test_a_preview_with_riders_on_board_makes_no_place(vans: Vans, clock: HandClock) -> None:
    keeper = await vans(Van("van-1"), Van("van-2"))
    booking = await booked(keeper, ask(2, 10), "a")
    clock.epoch = booking.pickup_planned
    await keeper.step(booking.vehicle.id, booking.id, "aboard", at=None, key="t", actor="device")
    keeper.on_position(booking.vehicle.id, LAT, LON + 4 * STEP, clock())
    places = dict(keeper.here.names.places)

    seen = await report(keeper, replace(OUT, vehicles=(booking.vehicle.id,)), preview=True)

    assert seen.riders[0].what == "transfer"
    assert keeper.here.names.places == places


async def test_the_same_command_twice_is_one(vans: Vans) -> None:
    keeper = await vans(Van("van-1"))
    booking = await booked(keeper, ask(3, 8), "a")

    first = await report(keeper, OUT)
    again = await report(keeper, OUT)

    assert first == again
    assert len(await messages(keeper.database)) == 1
    assert len(await disruption(keeper).on()) == 1
    assert (await keeper.day_of(TODAY)).bookings[booking.id].unplaced_since is not None


async def test_a_driver_who_leaves_early_sets_down_who_is_on_board(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"))
    aboard = await booked(keeper, ask(2, 10), "a")
    later = await booked(keeper, ask(3, 9, "11:00"), "b")
    clock.epoch = aboard.pickup_planned
    await keeper.step("van-1", aboard.id, "aboard", at=None, key="tap", actor="device")

    outcome = await report(keeper, Upset("driver_off", vehicles=("van-1",), reason="体調不良"))

    assert [(one.booking_id, one.what) for one in outcome.riders] == [(later.id, "unplaced")]
    view = await keeper.vehicle_view("van-1")
    assert view is not None
    assert [(stop.kind, stop.booking_id) for stop in view.stops] == [("dropoff", aboard.id)]
    ends_s = (await keeper.day_of(TODAY)).outages["van-1"].at_s
    assert DAY0 + ends_s >= view.stops[0].planned > clock()
    assert await keeper.check() == []
    refused = await keeper.quote(ask(3, 9, "14:00"))
    assert not hasattr(refused, "offers")


async def test_a_driver_who_has_to_bring_somebody_after_the_shift_is_written_down_once(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"))
    aboard = await booked(keeper, ask(2, 10, "16:55"), "a")
    clock.epoch = at("17:58")
    await keeper.step("van-1", aboard.id, "aboard", at=None, key="tap", actor="device")

    await report(keeper, Upset("driver_off", vehicles=("van-1",)))

    async with keeper.database.reading() as connection:
        rows = (await connection.execute(select(outages.c.kind, outages.c.at_s))).all()
    [(kind, at_s)] = rows
    assert kind == "off"
    assert at_s > of_day("18:00")


async def test_a_shift_cannot_have_ended_before_it_is_reported(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"))
    clock.set("09:30")

    await report(keeper, Upset("driver_off", vehicles=("van-1",), at_s=of_day("08:30")))

    assert (await keeper.day_of(TODAY)).outages["van-1"].at_s == of_day("09:30")


async def test_a_driver_ill_tomorrow_is_away_the_whole_day(vans: Vans) -> None:
    keeper = await vans(Van("van-1"), Van("van-2"))
    tomorrow = TODAY.replace(day=TODAY.day + 1)
    booking = await booked(keeper, replace(ask(3, 8), day=tomorrow), "a")

    away = Upset("driver_off", day=tomorrow, vehicles=(booking.vehicle.id,))
    outcome = await report(keeper, away)

    assert [one.what for one in outcome.riders] == ["shifted"]
    now = await keeper.booking(booking.id)
    assert isinstance(now, BookingView)
    assert now.vehicle.id != booking.vehicle.id
    assert await keeper.check() == []


async def test_a_closed_road_parts_the_town_until_it_is_open_again(
    vans: Vans, roads: ClosableLine, new_keeper: NewKeeper
) -> None:
    keeper = await vans(Van("van-1"))
    far = await booked(keeper, ask(2, 10), "a")
    near = await booked(keeper, ask(1, 3, "11:00"), "b")
    point = (LAT, LON + 6.5 * STEP)

    outcome = await report(keeper, Upset("road_closed", points=(point,), reason="土砂崩れ"))

    assert [(one.booking_id, one.what) for one in outcome.riders] == [(far.id, "unplaced")]
    assert roads.closed == {6}
    kept = await keeper.booking(near.id)
    assert isinstance(kept, BookingView)
    assert kept.pickup_to == near.pickup_to
    again = ClosableLine()
    heir = new_keeper(roads={"car": again})
    await Closures(heir.database, heir.roads, heir.clock).follow()
    assert again.closed == {6}  # a closure survives a restart
    opened = await report(keeper, Upset("road_open", closure=outcome.closure), "open")
    assert roads.closed == frozenset()
    assert [(one.booking_id, one.what) for one in opened.riders] == [(far.id, "moved")]
    assert await keeper.check() == []


async def test_a_closure_ends_by_itself(vans: Vans, roads: ClosableLine, clock: HandClock) -> None:
    keeper = await vans(Van("van-1"))
    closures = Closures(keeper.database, keeper.roads, keeper.clock)
    point = (LAT, LON + 6.5 * STEP)
    closed = Upset("road_closed", points=(point,), until=at("12:00"))
    await Disruption(keeper, closures).report(closed, key="d", actor="yuki")
    assert roads.closed == {6}

    clock.set("12:00")

    assert await closures.follow()
    assert roads.closed == frozenset()
    assert not await closures.follow()


async def test_a_preview_of_a_closed_road_closes_nothing(vans: Vans, roads: ClosableLine) -> None:
    keeper = await vans(Van("van-1"))
    await booked(keeper, ask(2, 10), "a")
    point = (LAT, LON + 6.5 * STEP)

    seen = await report(keeper, Upset("road_closed", points=(point,)), preview=True)

    assert [one.what for one in seen.riders] == ["unplaced"]
    assert roads.closed == frozenset()


async def test_snow_makes_everybody_slower_and_tells_whom_it_makes_late(
    vans: Vans, roads: ClosableLine
) -> None:
    keeper = await vans(Van("van-1"))
    booking = await booked(keeper, ask(2, 12), "a")

    version = (await keeper.day_of(TODAY)).plans["van-1"].version

    outcome = await report(keeper, Upset("road_slow", factor=0.15, reason="積雪"))

    assert roads.factor == 0.15
    # Every stop stays where it was; the plan's version guards the new promise all the same.
    assert (await keeper.day_of(TODAY)).plans["van-1"].version == version + 1
    assert [one.what for one in outcome.riders] == ["moved"]
    now = await keeper.booking(booking.id)
    assert isinstance(now, BookingView)
    assert now.arrive_by > booking.arrive_by
    assert await keeper.check() == []


async def test_what_cannot_be_is_refused(vans: Vans) -> None:
    keeper = await vans(Van("van-1"))
    made = disruption(keeper)

    unknown = await made.report(Upset("vehicle_out", vehicles=("x",)), key="1", actor="yuki")
    not_out = await made.report(Upset("back", vehicles=("van-1",)), key="2", actor="yuki")
    await report(keeper, OUT, "3")
    twice = await made.report(OUT, key="4", actor="yuki")
    off = await made.report(Upset("driver_off", vehicles=("van-1",)), key="6", actor="yuki")
    shut = await made.report(Upset("road_open", closure="no"), key="5", actor="yuki")
    yesterday = TODAY.replace(day=TODAY.day - 1)
    over = await made.report(replace(OUT, day=yesterday), key="7", actor="yuki")
    await report(keeper, Upset("back", vehicles=("van-1",)), "8")
    back = await made.report(Upset("back", vehicles=("van-1",)), key="9", actor="yuki")

    assert isinstance(unknown, NotFound)
    assert isinstance(shut, NotFound)
    assert all(isinstance(each, NotNow) for each in (not_out, twice, off, over, back))


async def test_a_ride_that_gets_longer_within_the_told_times_needs_no_call(
    vans: Vans, roads: ClosableLine
) -> None:
    keeper = await vans(Van("van-1"))
    booking = await booked(keeper, ask(2, 12), "a")

    outcome = await report(keeper, Upset("road_slow", factor=0.3))

    assert [(one.what, one.call_first) for one in outcome.riders] in ([], [("shifted", None)])
    now = await keeper.booking(booking.id)
    assert isinstance(now, BookingView)
    assert (now.pickup_to, now.arrive_by) == (booking.pickup_to, booking.arrive_by)
    assert await messages(keeper.database) == []
    assert await keeper.check() == []


async def test_who_waits_is_tried_again_when_somebody_cancels(vans: Vans) -> None:
    keeper = await vans(Van("van-1", seats=1), Van("van-2", seats=1))
    first = await booked(keeper, ask(1, 12), "a")
    second = await booked(keeper, ask(1, 12), "b")
    await report(keeper, replace(OUT, vehicles=(second.vehicle.id,)))
    early = Upset("driver_off", vehicles=(first.vehicle.id,), at_s=of_day("10:35"))
    outcome = await report(keeper, early, "off")
    waits = [one.booking_id for one in outcome.riders if one.what == "unplaced"]
    assert len(waits) == 1
    assert not await retry(keeper)
    other = second if waits == [first.id] else first
    await keeper.cancel(other.id, reason="", key="c", actor="yuki")

    assert await retry(keeper)
    assert not (await keeper.day_of(TODAY)).unplaced
    assert (await ledger(keeper, waits[0]))[-1][0] == "placed"
    assert (await messages(keeper.database))[-1][:2] == ("moved", waits[0])
    assert await keeper.check() == []


async def test_who_waits_can_cancel_and_is_not_carried_by_another_process_then(
    vans: Vans, new_keeper: NewKeeper, roads: ClosableLine
) -> None:
    keeper = await vans(Van("van-1"))
    booking = await booked(keeper, ask(3, 8), "a")
    await report(keeper, OUT)
    other = new_keeper(roads={"car": roads})
    await other.refresh()
    assert (await other.day_of(TODAY)).unplaced

    await keeper.cancel(booking.id, reason="", key="c", actor="yuki")
    await report(other, Upset("back", vehicles=("van-1",)), "b")

    for each in (keeper, other):
        each._doubtful.add(TODAY)
        day = await each.day_of(TODAY)
        assert day.bookings[booking.id].state == "cancelled"
        assert day.plans["van-1"].stops == ()


async def test_who_waits_can_be_given_another_time(vans: Vans) -> None:
    keeper = await vans(Van("van-1"), Van("van-2"))
    booking = await booked(keeper, ask(3, 8), "a")
    both = replace(OUT, vehicles=("van-1", "van-2"))
    await report(keeper, both)
    await report(keeper, Upset("back", vehicles=("van-2",), at_s=of_day("12:00")), "b")
    quote = await keeper.quote(replace(ask(3, 8, "13:00"), instead_of=booking.id))
    token = quote.offers[0].token  # type: ignore[union-attr]

    changed = await keeper.change(booking.id, token, key="c", actor="yuki")

    assert isinstance(changed, BookingView)
    assert not (await keeper.day_of(TODAY)).unplaced
    assert await keeper.check() == []


async def aboard_since(keeper: Keeper, booking: BookingView, van: str) -> None:
    now = f"{keeper.clock()}"
    done = await keeper.step(
        van, booking.id, "aboard", at=None, key=f"on {booking.id} {now}", actor=van
    )
    assert isinstance(done, JobView), done


async def fare_of(keeper: Keeper, booking: BookingView, van: str) -> int:
    """Bring somebody, and return what the record says they paid."""
    done = await keeper.step(
        van, booking.id, "dropped", at=None, key=f"off {booking.id}", actor=van
    )
    assert isinstance(done, JobView), done
    async with keeper.database.reading() as connection:
        ride = await rides.ride(connection, booking.id)
    assert ride is not None
    return ride.fare_yen


async def test_who_shared_the_vehicle_that_broke_down_pays_the_shared_fare(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"))
    first = await booked(keeper, ask(2, 10), "a")
    second = await booked(keeper, ask(3, 5), "b")
    clock.epoch = first.pickup_planned
    await aboard_since(keeper, first, "van-1")
    clock.epoch = max(clock(), second.pickup_planned)
    await aboard_since(keeper, second, "van-1")
    clock.epoch += 120
    assert await fare_of(keeper, second, "van-1") == 300
    keeper.on_position("van-1", LAT, LON + 6 * STEP, clock())
    await report(keeper, OUT)
    row = (await keeper.day_of(TODAY)).bookings[first.id]
    assert row.legs == (Leg("van-1", row.aboard_s or 0, int(clock()) - DAY0),)

    # Alone in the vehicle that comes instead, after it was shared before.
    await report(keeper, Upset("back", vehicles=("van-1",)), "back")
    clock.epoch += 300
    await aboard_since(keeper, first, "van-1")
    assert await fare_of(keeper, first, "van-1") == 300


async def test_who_waits_beside_the_road_does_not_sit_in_the_vehicle_that_comes(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"), Van("van-2"))
    stranded = await booked(keeper, ask(2, 10), "a")
    van = stranded.vehicle.id
    other = "van-2" if van == "van-1" else "van-1"
    clock.epoch = stranded.pickup_planned
    await aboard_since(keeper, stranded, van)
    clock.epoch += 60
    keeper.on_position(van, LAT, LON + 3 * STEP, clock())
    await report(keeper, replace(OUT, vehicles=(van,)))
    rider = await booked(keeper, ask(0, 2, None), "b")
    assert rider.vehicle.id == other

    clock.epoch = max(clock(), rider.pickup_planned)
    await aboard_since(keeper, rider, other)
    clock.epoch += 120
    # The stranded one is on this vehicle's list and was on board of the other since before.
    assert await fare_of(keeper, rider, other) == 500


async def test_two_who_sat_together_when_the_van_broke_down_both_pay_the_shared_fare(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"))
    first = await booked(keeper, ask(2, 10), "a")
    second = await booked(keeper, ask(3, 11), "b")
    for one in (first, second):
        clock.epoch = max(clock(), one.pickup_planned)
        await aboard_since(keeper, one, "van-1")
    clock.epoch += 60
    keeper.on_position("van-1", LAT, LON + 5 * STEP, clock())
    await report(keeper, OUT)
    await report(keeper, Upset("back", vehicles=("van-1",)), "back")

    # One after the other, each alone: what they shared is the ride before.
    for one in (first, second):
        clock.epoch += 300
        await aboard_since(keeper, one, "van-1")
        clock.epoch += 300
        assert await fare_of(keeper, one, "van-1") == 300


async def test_where_a_van_stands_tomorrow_is_not_where_it_is_today(vans: Vans) -> None:
    keeper = await vans(Van("van-1"))
    where = (LAT, LON + 5 * STEP)
    await report(keeper, replace(OUT, day=TODAY + timedelta(1), where=where))
    assert keeper.position_of("van-1") is None

    await report(keeper, replace(OUT, where=where), "today")

    seen = keeper.position_of("van-1")
    assert seen is not None
    assert (seen.lat, seen.lon) == where


async def test_an_outage_is_of_its_own_day_and_of_no_other(vans: Vans) -> None:
    keeper = await vans(Van("van-1"))
    told = DisruptionRow("d", "line", TODAY, "vehicle_out", "", 0.0, "yuki", {})
    reported = Reported(told, (OutageRow("van-1", TODAY, "out", 0, "d"),))
    today = await keeper.day_of(TODAY)
    tomorrow = await keeper.day_of(TODAY + timedelta(1))

    assert is_out(reported.on(today), "van-1")
    assert not is_out(reported.on(tomorrow), "van-1")


async def test_who_works_overtime_may_be_asked_for_more_and_who_stops_early_may_not(
    vans: Vans,
) -> None:
    keeper = await vans(Van("van-1"))
    live = await keeper.live_of(TODAY)

    def stopping(clock: str) -> Live:
        row = OutageRow("van-1", TODAY, "off", of_day(clock), "d")
        return replace(live, day=replace(live.day, outages={"van-1": row}))

    assert closed_of(stopping("18:30")) == frozenset()  # the shift ends at six
    assert closed_of(stopping("16:00")) == {"van-1"}


async def test_whom_the_broken_van_stood_in_front_of_waits_for_another(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"), Van("van-2"))
    booking = await booked(keeper, ask(2, 10), "a")
    van = booking.vehicle.id
    clock.epoch = booking.pickup_planned
    await keeper.step(van, booking.id, "arrived", at=None, key="tap", actor="device")

    await report(keeper, replace(OUT, vehicles=(van,)))

    row = (await keeper.day_of(TODAY)).bookings[booking.id]
    assert row.vehicle_id != van
    assert (row.state, row.arrived_s) == ("booked", None)


async def test_who_waits_longest_stays_first_whatever_happens_next(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans(Van("van-1"))
    booking = await booked(keeper, ask(2, 10), "a")
    await report(keeper, OUT)
    since = clock()
    clock.epoch += 600

    await report(keeper, Upset("road_slow", factor=0.5, reason="積雪"), "snow")

    [waiting] = (await keeper.day_of(TODAY)).unplaced
    assert (waiting.id, waiting.unplaced_since) == (booking.id, since)
