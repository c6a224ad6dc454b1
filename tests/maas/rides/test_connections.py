"""Rides that meet a bus: the bus is late, the ride is late, the bus does not run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import msgspec
import pytest
from sqlalchemy import select

from maas.rides.connections import Bus, Connections, Sighted
from maas.rides.keeper import Keeper
from maas.rides.views import AskIn, BookingView, NotFound, NotNow
from maas.store.links import LinkRow, Toward
from maas.store.tables import alerts
from maas.town.messages import Text
from tests.maas.line_town import LAT, LON, STEP, HandClock, at, of_day
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY
from tests.maas.rides.test_disruption import ledger, messages


@dataclass
class Timetable:
    """Buses that call at p8 on the hour; `seen_s` and `off` are what is known of them."""

    seen_s: dict[str, int] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)

    def bus(self, trip_id: str, stop_id: str, day: date, toward: Toward) -> Bus | None:
        del day, toward
        if stop_id != "p8" or not trip_id.startswith("t"):
            return None
        name = Text(f"{trip_id}便", f"bus {trip_id}")
        return Bus(trip_id, stop_id, int(trip_id[1:]) * 3600, name, LAT, LON + 8 * STEP)

    def sighted(self, bus: Bus, day: date, toward: Toward, now: float) -> Sighted:
        del day, toward, now
        return Sighted(self.seen_s.get(bus.trip_id), bus.trip_id in self.off)

    def after(self, bus: Bus, day: date, toward: Toward, at_s: int) -> Bus | None:
        hours = [
            hour for hour in range(8, 18) if hour * 3600 >= at_s and f"t{hour}" not in self.off
        ]
        return self.bus(f"t{hours[0]}", bus.stop_id, day, toward) if hours else None


@pytest.fixture
def buses() -> Timetable:
    return Timetable()


@pytest.fixture
def connections(keeper: Keeper, buses: Timetable) -> Connections:
    return Connections(keeper, buses)


async def tie(
    connections: Connections, booking: BookingView, trip: str, toward: Toward
) -> BookingView:
    answer = await connections.tie(booking.id, trip, "p8", toward, key=trip, actor="yuki")
    assert isinstance(answer, BookingView), answer
    return answer


async def link(connections: Connections) -> LinkRow:
    found = await connections.on()
    assert len(found) == 1
    return found[0]


def arriving(origin: int, destination: int, clock: str) -> AskIn:
    return ask(origin, destination, clock, anchor="arrive")


async def test_a_ride_to_a_bus_has_to_be_there_in_time(
    keeper: Keeper, connections: Connections
) -> None:
    late = await booked(keeper, arriving(2, 8, "11:00"), "a")
    early = await booked(keeper, arriving(2, 8, "11:57"), "b")

    missed = await connections.tie(late.id, "t11", "p8", "to_bus", key="1", actor="yuki")
    met = await tie(connections, early, "t12", "to_bus")

    assert isinstance(missed, NotNow)
    assert "10:58" in missed.sentence.ja  # two minutes before the bus
    assert met.arrive_by <= at("11:58")
    known = await link(connections)
    assert (known.booking_id, known.planned_s, known.margin_s) == (early.id, of_day("12:00"), 120)
    day = await keeper.day_of(TODAY)
    assert day.bookings[early.id].transfer
    request = keeper._plan(day).requests[early.id]
    assert request.connection is not None
    assert request.connection.bus_s == of_day("12:00")
    assert await keeper.check() == []


async def test_what_no_bus_can_meet_is_refused(keeper: Keeper, connections: Connections) -> None:
    booking = await booked(keeper, arriving(2, 5, "11:50"), "a")

    far = await connections.tie(booking.id, "t17", "p8", "to_bus", key="1", actor="yuki")
    none = await connections.tie(booking.id, "t12", "p7", "to_bus", key="2", actor="yuki")
    nobody = await connections.tie("x", "t12", "p8", "to_bus", key="3", actor="yuki")
    loose = await connections.untie(booking.id, key="4", actor="yuki")

    assert isinstance(far, NotNow)
    assert all(isinstance(each, NotFound) for each in (none, nobody, loose))
    assert await connections.on() == []


async def test_a_ride_that_was_cancelled_is_tied_to_no_bus(
    keeper: Keeper, connections: Connections
) -> None:
    booking = await booked(keeper, arriving(2, 8, "11:50"), "a")
    await keeper.cancel(booking.id, reason="", key="c", actor="yuki")

    over = await connections.tie(booking.id, "t12", "p8", "to_bus", key="1", actor="yuki")

    assert isinstance(over, NotNow)
    assert over.state == "cancelled"
    assert await connections.on() == []


async def test_a_pickup_waits_within_its_window_for_a_bus_that_is_a_little_late(
    keeper: Keeper, connections: Connections, buses: Timetable
) -> None:
    booking = await booked(keeper, ask(8, 2, "10:02"), "a")
    await tie(connections, booking, "t10", "from_bus")
    buses.seen_s["t10"] = of_day("10:08")

    assert await connections.follow() == 1

    assert (await link(connections)).bus_s == of_day("10:08")
    assert len(await ledger(keeper, booking.id)) == 1
    assert await messages(keeper.database) == []
    plan = keeper._plan(await keeper.day_of(TODAY))
    assert plan.requests[booking.id].earliest_pickup_s == of_day("10:10")
    assert await keeper.check() == []
    assert await connections.follow() == 0  # nothing new


async def test_a_promise_moves_with_a_bus_that_is_very_late_and_the_rider_is_told(
    keeper: Keeper, connections: Connections, buses: Timetable
) -> None:
    booking = await booked(keeper, ask(8, 2, "10:02"), "a")
    await tie(connections, booking, "t10", "from_bus")
    buses.seen_s["t10"] = of_day("10:40")

    assert await connections.follow() == 1

    why, from_s, to_s = (await ledger(keeper, booking.id))[-1]
    assert (why, from_s) == ("bus_late", of_day("10:42"))
    assert to_s - from_s == booking.pickup_to - booking.pickup_from
    occasion, who, due_at = (await messages(keeper.database))[-1]
    assert (occasion, who) == ("moved", booking.id)
    assert due_at <= booking.pickup_from
    assert await keeper.check() == []
    assert await connections.follow() == 0


async def test_others_who_ride_meanwhile_keep_their_promises_or_are_told(
    keeper: Keeper, connections: Connections, buses: Timetable
) -> None:
    waiting = await booked(keeper, ask(8, 2, "10:02"), "a")
    other = await booked(keeper, ask(9, 3, "10:00"), "b")
    await tie(connections, waiting, "t10", "from_bus")
    buses.seen_s["t10"] = of_day("10:40")

    await connections.follow()

    now = await keeper.booking(other.id)
    assert isinstance(now, BookingView)
    rows = await ledger(keeper, other.id)
    moved = (now.pickup_to, now.arrive_by) != (other.pickup_to, other.arrive_by)
    assert moved == (len(rows) > 1)
    assert await keeper.check() == []


async def test_a_bus_is_asked_to_wait_for_a_ride_that_is_late(
    keeper: Keeper, connections: Connections, buses: Timetable, clock: HandClock
) -> None:
    booking = await booked(keeper, arriving(2, 8, "11:57"), "a")
    await tie(connections, booking, "t12", "to_bus")
    clock.epoch = at("11:54") - 60  # still at the depot, two minutes from p2, six more to p8

    assert await connections.follow() == 1

    assert (await link(connections)).state == "waiting"
    async with keeper.database.reading() as connection:
        shown = (await connection.execute(select(alerts.c.stops, alerts.c.starts_at))).all()
    assert [tuple(row) for row in shown] == [(["p8"], clock())]
    # The keeper may have told the rider of the late pickup meanwhile.
    assert "connection" not in {occasion for occasion, *_ in await messages(keeper.database)}
    assert await connections.follow() == 0
    buses.seen_s["t12"] = of_day("12:20")
    assert await connections.follow() == 1
    assert (await link(connections)).state == "linked"  # the bus is later still


async def test_the_next_bus_is_proposed_before_the_first_has_left(
    keeper: Keeper, connections: Connections, buses: Timetable, clock: HandClock
) -> None:
    booking = await booked(keeper, arriving(2, 8, "11:57"), "a")
    await tie(connections, booking, "t12", "to_bus")
    clock.epoch = at("11:59")

    assert await connections.follow() == 1

    known = await link(connections)
    assert (known.state, known.next_trip_id) == ("missed", "t13")
    occasion, who, due_at = (await messages(keeper.database))[-1]
    assert (occasion, who) == ("connection", booking.id)
    assert due_at <= at("12:00")
    assert await connections.follow() == 0


async def test_a_bus_that_does_not_run_is_replaced_by_the_next(
    keeper: Keeper, connections: Connections, buses: Timetable
) -> None:
    booking = await booked(keeper, ask(8, 2, "10:02"), "a")
    await tie(connections, booking, "t10", "from_bus")
    buses.off.add("t10")

    assert await connections.follow() == 1

    known = await link(connections)
    assert (known.state, known.next_trip_id) == ("missed", "t11")
    assert [row[0] for row in await messages(keeper.database)] == ["connection"]


async def test_a_link_is_loosened_by_hand_and_by_another_promise(
    keeper: Keeper, connections: Connections
) -> None:
    booking = await booked(keeper, arriving(2, 8, "11:57"), "a")
    await tie(connections, booking, "t12", "to_bus")

    loose = await connections.untie(booking.id, key="u", actor="yuki")

    assert isinstance(loose, BookingView)
    assert await connections.on() == []
    assert not (await keeper.day_of(TODAY)).bookings[booking.id].transfer
    await connections.tie(booking.id, "t12", "p8", "to_bus", key="again", actor="yuki")
    quote = await keeper.quote(replace(arriving(2, 8, "14:00"), instead_of=booking.id))
    token = quote.offers[0].token  # type: ignore[union-attr]
    await keeper.change(booking.id, token, key="c", actor="yuki")
    assert await connections.follow() == 1
    assert await connections.on() == []
    assert await keeper.check() == []


async def test_a_day_read_anew_knows_its_links(
    keeper: Keeper, connections: Connections, buses: Timetable, new_keeper: NewKeeper
) -> None:
    booking = await booked(keeper, ask(8, 2, "10:02"), "a")
    await tie(connections, booking, "t10", "from_bus")
    buses.seen_s["t10"] = of_day("10:08")
    await connections.follow()

    fresh = new_keeper()
    await fresh.refresh()

    assert await fresh.day_of(TODAY) == await keeper.day_of(TODAY)


@pytest.mark.parametrize(("linked", "yen"), [(True, 100), (False, 500)])
async def test_a_change_to_a_bus_that_has_to_be_proven_is_proven_by_the_link(
    linked: bool,  # noqa: FBT001
    yen: int,
    keeper: Keeper,
    connections: Connections,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tariff = keeper.here.names.tariff_on(TODAY)
    assert tariff is not None
    strict = msgspec.structs.replace(tariff, transfer_proof="linked")
    here = keeper.here
    monkeypatch.setattr(
        keeper, "_standing", replace(here, names=replace(here.names, tariff_on=lambda _: strict))
    )
    booking = await booked(keeper, replace(arriving(2, 8, "11:57"), transfer=True), "a")
    if linked:
        await tie(connections, booking, "t12", "to_bus")
    clock.epoch = booking.pickup_planned
    await keeper.step("van-1", booking.id, "aboard", at=None, key="1", actor="d")
    clock.epoch = booking.arrive_planned
    await keeper.step("van-1", booking.id, "dropped", at=None, key="2", actor="d")

    rides = await keeper.rides()
    assert [ride.fare_yen for ride in rides] == [yen]


async def test_the_next_bus_is_tied_to_the_ride_when_the_rider_takes_it(
    keeper: Keeper, connections: Connections, clock: HandClock
) -> None:
    booking = await booked(keeper, arriving(2, 8, "11:57"), "a")
    await tie(connections, booking, "t12", "to_bus")
    early = await connections.take_next(booking.id, key="n", actor="yuki")
    assert isinstance(early, NotNow)
    assert early.sentence.ja == "乗り継ぐバスには間に合う見込みです。"
    clock.epoch = at("11:59")
    await connections.follow()

    taken = await connections.take_next(booking.id, key="o", actor="yuki")

    assert isinstance(taken, BookingView)
    known = await link(connections)
    assert (known.trip_id, known.planned_s, known.state) == ("t13", of_day("13:00"), "linked")
    assert known.next_trip_id is None
    assert (await keeper.day_of(TODAY)).bookings[booking.id].transfer
    assert await connections.follow() == 0
    clock.epoch = at("12:53")  # and the next is looked after like the first
    assert await connections.follow() == 1
    assert (await link(connections)).state == "waiting"


async def test_the_pickup_follows_the_next_bus_that_was_taken(
    keeper: Keeper, connections: Connections, buses: Timetable
) -> None:
    booking = await booked(keeper, ask(8, 2, "10:02"), "a")
    await tie(connections, booking, "t10", "from_bus")
    buses.off.add("t10")
    await connections.follow()

    taken = await connections.take_next(booking.id, key="n", actor="yuki")

    assert isinstance(taken, BookingView)
    assert taken.pickup_from == at("11:02")
    assert (await ledger(keeper, booking.id))[-1][:2] == ("bus_late", of_day("11:02"))
    assert await keeper.check() == []


async def test_there_is_no_next_bus_to_take_when_none_runs_or_it_cannot_be_reached(
    keeper: Keeper, connections: Connections, buses: Timetable, clock: HandClock
) -> None:
    booking = await booked(keeper, arriving(2, 8, "11:57"), "a")
    nobody = await connections.take_next("x", key="1", actor="yuki")
    loose = await connections.take_next(booking.id, key="2", actor="yuki")
    await tie(connections, booking, "t12", "to_bus")
    clock.epoch = at("11:59")
    await connections.follow()
    clock.epoch = at("12:59")  # nobody has come for an hour

    missed = await connections.take_next(booking.id, key="3", actor="yuki")
    buses.off.add("t13")
    off = await connections.take_next(booking.id, key="4", actor="yuki")

    assert all(isinstance(each, NotFound) for each in (nobody, loose, off))
    assert isinstance(missed, NotNow)
    assert (await link(connections)).state == "missed"


async def test_who_does_not_ride_any_more_takes_no_bus(
    keeper: Keeper, connections: Connections, clock: HandClock
) -> None:
    booking = await booked(keeper, arriving(2, 8, "11:57"), "a")
    await tie(connections, booking, "t12", "to_bus")
    clock.epoch = at("11:59")
    await connections.follow()
    await keeper.cancel(booking.id, reason="体調", key="c", actor="yuki")

    over = await connections.take_next(booking.id, key="n", actor="yuki")

    assert isinstance(over, NotNow)
    assert over.state == "cancelled"
    assert (await link(connections)).trip_id == "t12"


async def test_a_ride_that_is_loosened_waits_for_its_bus_no_longer(
    keeper: Keeper, connections: Connections, buses: Timetable
) -> None:
    booking = await booked(keeper, ask(8, 2, "10:02"), "a")
    await tie(connections, booking, "t10", "from_bus")
    buses.seen_s["t10"] = of_day("10:08")
    await connections.follow()
    waiting = await keeper.booking(booking.id)
    assert isinstance(waiting, BookingView)
    assert waiting.pickup_planned == at("10:10")

    loose = await connections.untie(booking.id, key="u", actor="yuki")

    assert isinstance(loose, BookingView)
    assert loose.pickup_planned == booking.pickup_planned


async def test_where_the_bus_was_is_no_news_to_who_has_changed_from_it(
    keeper: Keeper, connections: Connections, buses: Timetable, clock: HandClock
) -> None:
    booking = await booked(keeper, ask(8, 2, "10:02"), "a")
    await tie(connections, booking, "t10", "from_bus")
    clock.epoch = booking.pickup_to
    await keeper.step("van-1", booking.id, "aboard", at=None, key="1", actor="d")
    buses.seen_s["t10"] = of_day("10:20")

    assert await connections.follow() == 0


async def test_half_a_minute_is_no_news_and_a_bus_before_its_time_leaves_by_the_timetable(
    keeper: Keeper, connections: Connections, buses: Timetable
) -> None:
    booking = await booked(keeper, ask(8, 2, "10:02"), "a")
    await tie(connections, booking, "t10", "from_bus")

    for seen in ("10:00:59", "09:50"):
        buses.seen_s["t10"] = of_day(seen)
        assert await connections.follow() == 0
    assert (await link(connections)).bus_s == of_day("10:00")


async def test_who_is_on_board_keeps_the_bus_that_proves_the_transfer(
    keeper: Keeper, connections: Connections, clock: HandClock
) -> None:
    booking = await booked(keeper, arriving(2, 8, "11:57"), "a")
    await tie(connections, booking, "t12", "to_bus")
    clock.epoch = booking.pickup_to
    await keeper.step("van-1", booking.id, "aboard", at=None, key="1", actor="d")

    loose = await connections.untie(booking.id, key="u", actor="yuki")

    assert isinstance(loose, NotNow)
    assert (await link(connections)).state == "linked"
    assert (await keeper.day_of(TODAY)).bookings[booking.id].transfer
