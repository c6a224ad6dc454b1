"""How many rides one person may have, which vehicles are kept, and what refusals teach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from maas.rides.keeper import Keeper
from maas.rides.refused import Refusals
from maas.rides.views import BadOffer, Barred, BookingView, Quote, RefusalAnswer
from tests.maas.line_town import HandClock, Van, of_day
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY

Town = Callable[..., Awaitable[None]]


async def started(town: Town, new_keeper: NewKeeper, vans: list[Van], rules: str) -> Keeper:
    await town(vans, rules=rules)
    keeper = new_keeper()
    await keeper.refresh()
    return keeper


async def test_one_person_rides_so_many_times_a_day(town: Town, new_keeper: NewKeeper) -> None:
    keeper = await started(town, new_keeper, [Van()], "max_rides_a_day = 2")
    first = await booked(keeper, ask(3, 8), "a", rider_id=1)
    await booked(keeper, ask(8, 3, "12:00"), "b", rider_id=1)
    quote = await keeper.quote(ask(3, 8, "14:00"))
    assert isinstance(quote, Quote)

    refused = await keeper.quote(ask(3, 8, "14:00", rider_id=1))
    barred = await keeper.book(quote.offers[0].token, rider_id=1, key="c", actor="yuki")
    await keeper.cancel(first.id, reason="", key="d", actor="yuki")
    third = await keeper.book(quote.offers[0].token, rider_id=1, key="c", actor="yuki")

    assert isinstance(refused, RefusalAnswer)
    assert refused.refusal.binding == "booking.max_rides_a_day"
    assert refused.refusal.alternatives == ()
    assert "一日2回" in refused.refusal.sentence.ja
    assert isinstance(barred, Barred)
    assert isinstance(third, BookingView)


async def test_a_town_may_allow_rides_at_once(town: Town, new_keeper: NewKeeper) -> None:
    keeper = await started(town, new_keeper, [Van()], "overlap_allowed = true")
    await booked(keeper, ask(3, 8), "a", rider_id=1)

    await booked(keeper, ask(4, 9, "10:05"), "b", rider_id=1)


async def test_a_free_vehicle_is_kept_for_who_asks_at_once(
    town: Town, new_keeper: NewKeeper, clock: HandClock
) -> None:
    rules = "immediate_percent = 50\nimmediate_until_min = 60"
    keeper = await started(town, new_keeper, [Van("van-1", 1), Van("van-2", 1)], rules)
    await booked(keeper, ask(1, 12, "13:00"), "a")

    refused = await keeper.quote(ask(1, 12, "13:00"))
    other_time = await keeper.quote(ask(1, 12, "15:00"))
    clock.set("12:00")
    at_once = await keeper.quote(ask(1, 12, "13:00"))

    assert isinstance(refused, RefusalAnswer)
    assert refused.refusal.binding == "booking.immediate_percent"
    assert "60分前から" in refused.refusal.sentence.ja
    assert isinstance(other_time, Quote)
    assert isinstance(at_once, Quote)
    assert at_once.offers[0].vehicle.id == "van-2"


async def test_an_offer_made_before_the_other_was_booked_does_not_take_what_is_kept(
    town: Town, new_keeper: NewKeeper
) -> None:
    rules = "immediate_percent = 50\nimmediate_until_min = 60"
    keeper = await started(town, new_keeper, [Van("van-1", 1), Van("van-2", 1)], rules)
    quote = await keeper.quote(ask(1, 12, "13:00"))
    assert isinstance(quote, Quote)
    await booked(keeper, ask(1, 12, "13:00"), "a")

    answer = await keeper.book(quote.offers[0].token, rider_id=None, key="b", actor="yuki")

    assert not isinstance(answer, BookingView)


async def test_the_operator_hears_how_often_nobody_was_there(
    town: Town, new_keeper: NewKeeper, clock: HandClock
) -> None:
    keeper = await started(town, new_keeper, [Van()], "no_show_limit = 2")
    for n, time in enumerate(("09:20", "10:30")):
        row = await booked(keeper, ask(1, 2, time), f"a{n}", rider_id=1)
        quote = await keeper.quote(ask(3, 8, "14:00", rider_id=1))
        assert isinstance(quote, Quote)
        assert quote.advice == ()
        clock.epoch = row.pickup_to + 600
        await keeper.step("van-1", row.id, "no_show", at=None, key=f"n{n}", actor="van-1")

    known = await keeper.quote(ask(3, 8, "14:00", rider_id=1))
    other = await keeper.quote(ask(3, 8, "14:00", rider_id=2))

    assert isinstance(known, Quote)
    assert "90日間に2回" in known.advice[0].ja
    assert isinstance(other, Quote)
    assert other.advice == ()


async def test_one_more_vehicle_would_have_saved_those_it_could_have_carried(
    town: Town, new_keeper: NewKeeper
) -> None:
    keeper = await started(town, new_keeper, [Van(seats=1)], "")
    await booked(keeper, ask(1, 12, "10:00"), "a")
    for asked in (
        ask(2, 11, "10:00"),
        ask(2, 11, "10:00"),  # the same caller once more
        ask(3, 12, "10:00", rider_id=1),
        ask(3, 12, "10:05", rider_id=1),  # again, at another time
        ask(3, 12, "10:00", rider_id=2),  # who gets a ride at last
        ask(1, 12, "18:00"),  # no vehicle helps after hours
    ):
        assert isinstance(await keeper.quote(asked), RefusalAnswer), asked
    await booked(keeper, ask(3, 12, "14:00", rider_id=2), "b", rider_id=2)
    refusals = Refusals(keeper)

    day = await refusals.saved(TODAY, of_day("08:00"), of_day("17:00"), None)
    late = await refusals.saved(TODAY, of_day("10:20"), of_day("12:00"), "van-1")
    none = await refusals.saved(TODAY, of_day("08:00"), of_day("17:00"), "van-9")

    # From p2 at ten to p11, and p3 to p12 at ten: one seat, so only the first of the two.
    assert day is not None
    assert (day.saved, day.lost) == (1, 2)
    assert [asked.origin for asked in day.asks] == [3]
    assert "2件のうち少なくとも1件" in day.sentence.ja
    assert late is not None
    assert late.saved == 0
    assert none is None
    assert len(await refusals.on(TODAY)) == 6


async def test_a_declined_offer_is_kept_with_its_times(keeper: Keeper) -> None:
    quote = await keeper.quote(ask(3, 8, rider_id=1))
    assert isinstance(quote, Quote)
    tokens = [offer.token for offer in quote.offers]
    refusals = Refusals(keeper)

    bad = await refusals.decline(["x", *tokens], reason="", rider_id=1, actor="yuki")
    count = await refusals.decline(tokens, reason="遅すぎる", rider_id=1, actor="yuki")

    assert isinstance(bad, BadOffer)
    assert count == len(tokens)
    (row,) = await refusals.on(TODAY)
    assert (row.declined, row.reason, row.actor) == (True, "遅すぎる", "yuki")
    assert row.rider is not None
    assert row.rider.id == 1
    saved = await refusals.saved(TODAY, of_day("08:00"), of_day("17:00"), None)
    assert saved is not None
    assert saved.lost == 0  # it was the caller who said no
