"""Breaks that the office puts into a vehicle's plan: when, where, and what becomes of riders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from maas.rides.disruption import Upset
from maas.rides.keeper import Keeper
from maas.rides.outcome import Outcome
from maas.rides.views import JobView, NotFound, NotNow, Quote, RestView
from tests.maas.line_town import HandClock, Van, at, of_day
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY
from tests.maas.rides.test_disruption import disruption, ledger, messages, report

Vans = Callable[..., Awaitable[Keeper]]


@pytest.fixture
def vans(town: Callable[..., Awaitable[None]], new_keeper: NewKeeper) -> Vans:
    """A keeper of the vans asked for."""

    async def make(*ids: str) -> Keeper:
        await town([Van(id_) for id_ in ids])
        keeper = new_keeper()
        await keeper.refresh()
        return keeper

    return make


def rest(time: str, minutes: int = 30, vehicle_id: str = "van-1") -> Upset:
    return Upset("rest", vehicles=(vehicle_id,), at_s=of_day(time), minutes=minutes)


async def rests(keeper: Keeper, vehicle_id: str = "van-1") -> tuple[RestView, ...]:
    view = await keeper.vehicle_view(vehicle_id)
    assert view is not None
    return view.rests


async def stops(keeper: Keeper) -> list[str]:
    row = (await keeper.day_of(TODAY)).plan_row("van-1")
    return [kind for kind, _ in row.stops]


async def test_a_break_is_in_the_plan_and_nobody_is_promised_a_ride_in_it(
    vans: Vans, new_keeper: NewKeeper
) -> None:
    keeper = await vans("van-1")

    outcome = await report(keeper, rest("10:00"))

    assert outcome.sentence.ja == "van-1号が休憩します。影響0件、連絡が必要0件、車なし0件。"
    [planned] = await rests(keeper)
    assert (planned.since, planned.until) == (at("10:00"), at("10:30"))
    assert outcome.rest == planned
    assert [vehicle.id for vehicle in outcome.vehicles] == ["van-1"]
    quote = await keeper.quote(ask(3, 8, "10:00"))
    assert isinstance(quote, Quote)
    for offer in quote.offers:
        assert offer.arrive_planned <= at("10:15") or offer.pickup_planned >= at("10:30")
    assert await keeper.check() == []
    fresh = new_keeper()
    await fresh.refresh()
    assert await fresh.day_of(TODAY) == await keeper.day_of(TODAY)


async def test_a_preview_of_a_break_says_the_same_and_writes_nothing(vans: Vans) -> None:
    keeper = await vans("van-1")
    before = await keeper.day_of(TODAY)

    preview = await disruption(keeper).report(rest("10:00"), key="p", actor="yuki", preview=True)

    assert isinstance(preview, Outcome)
    assert preview.preview
    assert await keeper.day_of(TODAY) == before
    done = await report(keeper, rest("10:00"))
    assert preview.rest is not None
    assert done.rest is not None
    assert (preview.rest.since, preview.rest.place) == (done.rest.since, done.rest.place)
    assert await report(keeper, rest("10:00")) == done  # the same call again
    assert len(await rests(keeper)) == 1


async def test_who_cannot_be_carried_in_a_break_rides_with_another_vehicle_or_is_told(
    vans: Vans,
) -> None:
    keeper = await vans("van-1")
    booking = await booked(keeper, ask(3, 8, "10:30"), "a")

    outcome = await report(keeper, rest("10:00", 60))

    [one] = outcome.riders
    assert (one.booking_id, one.what, one.call_first) == (booking.id, "moved", 1)
    assert one.after is not None
    [planned] = await rests(keeper)
    assert not planned.since < one.after.pickup_planned < planned.until
    assert [why for why, *_ in await ledger(keeper, booking.id)] == ["booked", "rest"]
    assert len(await messages(keeper.database)) == 1
    assert await keeper.check() == []


async def test_with_another_vehicle_a_break_moves_no_promise(vans: Vans) -> None:
    keeper = await vans("van-1", "van-2")
    booking = await booked(keeper, ask(3, 8, "10:30"), "a")

    outcome = await report(keeper, rest("10:00", 60, booking.vehicle.id))

    [one] = outcome.riders
    assert (one.what, one.call_first) == ("shifted", None)
    assert one.after is not None
    assert one.after.vehicle.id != booking.vehicle.id
    assert await messages(keeper.database) == []


async def test_a_break_that_lasts_ends_when_it_was_to_end(vans: Vans, clock: HandClock) -> None:
    keeper = await vans("van-1")
    await report(keeper, rest("10:00"))

    clock.set("10:20")
    [lasting] = await rests(keeper)
    assert (lasting.since, lasting.until) == (at("10:00"), at("10:30"))
    quote = await keeper.quote(ask(0, 8, None))
    assert isinstance(quote, Quote)
    assert quote.offers[0].pickup_planned >= at("10:30")
    assert await keeper.check() == []

    clock.set("10:30")
    assert await rests(keeper) == ()
    await booked(keeper, ask(3, 8, "11:00"), "b")
    assert await stops(keeper) == ["pickup", "dropoff"]
    assert await keeper.check() == []


async def test_a_break_lasts_as_long_as_it_was_to_although_the_ride_before_it_was_late(
    vans: Vans, clock: HandClock
) -> None:
    keeper = await vans("van-1")
    booking = await booked(keeper, ask(3, 8, "09:40"), "a")
    await report(keeper, rest("10:00"))
    clock.set("09:45")
    await keeper.step("van-1", booking.id, "aboard", at=None, key="in", actor="device")
    clock.set("10:10")
    await keeper.step("van-1", booking.id, "dropped", at=None, key="out", actor="device")

    [planned] = await rests(keeper)
    # From 8 back to the depot in eight minutes, unless it is taken where the rider got out.
    assert planned.until - planned.since == 1800
    assert planned.since in {at("10:10"), at("10:18")}
    clock.set("10:35")
    assert [one.until for one in await rests(keeper)] == [planned.until]


async def test_who_drives_on_to_a_rider_has_had_the_break(vans: Vans, clock: HandClock) -> None:
    keeper = await vans("van-1")
    booking = await booked(keeper, ask(3, 8, "11:00"), "a")
    await report(keeper, rest("10:30"))
    assert await stops(keeper) == ["break", "pickup", "dropoff"]
    clock.set("10:40")

    job = await keeper.step("van-1", booking.id, "arrived", at=None, key="in", actor="device")

    assert isinstance(job, JobView)
    assert await stops(keeper) == ["pickup", "dropoff"]
    assert await rests(keeper) == ()
    assert await keeper.check() == []


async def test_a_break_taken_out_leaves_room(vans: Vans) -> None:
    keeper = await vans("van-1")
    done = await report(keeper, rest("10:00", 60))
    assert done.rest is not None
    asked = ask(3, 8, "10:15")

    off = await report(keeper, Upset("rest_off", rest=done.rest.id), "off")

    assert off.rest == done.rest
    assert off.sentence.ja == "van-1号の休憩を取りやめます。影響0件、連絡が必要0件、車なし0件。"
    assert [vehicle.id for vehicle in off.vehicles] == ["van-1"]
    assert await rests(keeper) == ()
    quote = await keeper.quote(asked)
    assert isinstance(quote, Quote)
    assert at("10:00") <= quote.offers[0].pickup_planned <= at("10:30")
    again = await disruption(keeper).report(
        Upset("rest_off", rest=done.rest.id), key="again", actor="yuki"
    )
    assert isinstance(again, NotFound)


async def test_a_break_goes_with_a_vehicle_that_breaks_down(vans: Vans) -> None:
    keeper = await vans("van-1")
    await report(keeper, rest("10:00"))

    await report(keeper, Upset("vehicle_out", vehicles=("van-1",)), "out")
    refused = await disruption(keeper).report(rest("11:00"), key="r", actor="yuki")
    await report(keeper, Upset("back", vehicles=("van-1",)), "back")

    assert isinstance(refused, NotNow)
    assert await rests(keeper) == ()
    assert await keeper.check() == []


@pytest.mark.parametrize("upset", [rest("17:50"), rest("12:00", 361)])
async def test_a_break_that_the_shift_has_no_room_for_is_refused_with_a_sentence(
    vans: Vans, upset: Upset
) -> None:
    keeper = await vans("van-1")

    answer = await disruption(keeper).report(upset, key="r", actor="yuki")

    assert isinstance(answer, NotNow)
    assert "乗務の終わり" in answer.sentence.ja
    assert await stops(keeper) == []


async def test_a_driver_and_the_map_see_the_break(vans: Vans) -> None:
    keeper = await vans("van-1")
    await booked(keeper, ask(3, 8, "11:00"), "a")
    await report(keeper, rest("09:00"))

    job = await keeper.job("van-1")

    assert job is not None
    assert job.next is not None
    assert [one.since for one in job.vehicle.rests] == [at("09:00")]
    assert await keeper.ahead_m("van-1") > 0
