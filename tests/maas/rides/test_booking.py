"""What a caller is offered, and what becomes of it, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import msgspec
import pytest
from sqlalchemy import func, select

from dispatcher.check import check
from maas.rides.keeper import Keeper
from maas.rides.views import (
    BadOffer,
    BookingView,
    KeyConflict,
    NotFound,
    NotNow,
    OfferGone,
    Quote,
    RefusalAnswer,
)
from maas.store import bookings, commits, rides
from maas.store.database import Database
from maas.store.tables import audit, idempotency
from maas.store.tables import bookings as bookings_table
from tests.maas.line_town import HandClock, Van, at
from tests.maas.rides.conftest import NewKeeper, ask, booked

TODAY = date(2026, 11, 25)


async def test_the_offer_says_when_with_which_vehicle_and_for_how_much(keeper: Keeper) -> None:
    quote = await keeper.quote(ask(3, 8))

    assert isinstance(quote, Quote)
    offer = quote.offers[0]
    assert (offer.kind, offer.vehicle.id) == ("asked", "van-1")
    assert (offer.pickup_from, offer.pickup_to) == (at("10:00"), at("10:15"))
    assert (offer.pickup_planned, offer.arrive_planned) == (at("10:00"), at("10:06"))
    assert (offer.direct_s, offer.ride_s, offer.detour_s) == (300, 300, 0)
    assert (offer.fare.yen, offer.fare.shared_yen) == (500, 300)
    assert offer.fare.sentence.ja == "運賃は500円、相乗りなら300円です。"


async def test_a_booking_is_what_was_offered_and_is_on_disk(
    keeper: Keeper, database: Database
) -> None:
    booking = await booked(keeper, ask(3, 8), "key", rider_id=1)

    assert (booking.state, booking.date) == ("booked", TODAY)
    assert booking.pickup_to == at("10:15")
    assert booking.rider is not None
    assert booking.rider.number == "1001"
    assert booking.fare.yen == 250  # the member's card gives half fare without being asked
    assert booking.reference in booking.read_back.ja
    async with database.reading() as connection:
        kept = await bookings.booking(connection, booking.id)
        told = await bookings.promises_of(connection, booking.id)
        assert await commits.audit_break(connection) is None
    assert kept is not None
    assert (kept.state, kept.member_id, kept.reference) == ("booked", 1, booking.reference)
    assert [(row.no, row.why, row.arrive_by_s) for row in told] == [
        (1, "booked", booking.arrive_by - at("00:00"))
    ]


async def test_the_same_key_gives_the_same_answer_and_one_row(
    keeper: Keeper, database: Database
) -> None:
    quote = await keeper.quote(ask(3, 8))
    assert isinstance(quote, Quote)
    token = quote.offers[0].token

    answers = await asyncio.gather(
        *(keeper.book(token, rider_id=None, key="key", actor="yuki") for _ in range(200))
    )

    assert len({msgspec.json.encode(answer) for answer in answers}) == 1
    async with database.reading() as connection:
        for table in (bookings_table, idempotency, audit):
            assert await connection.scalar(select(func.count()).select_from(table)) == 1


async def test_the_same_key_for_something_else_is_refused(keeper: Keeper) -> None:
    first = await booked(keeper, ask(3, 8), "key")
    quote = await keeper.quote(ask(5, 6, "14:00"))
    assert isinstance(quote, Quote)

    other = await keeper.book(quote.offers[0].token, rider_id=None, key="key", actor="yuki")
    cancelled = await keeper.cancel(first.id, reason="", key="key", actor="yuki")

    assert isinstance(other, KeyConflict)
    assert isinstance(cancelled, KeyConflict)
    assert [row.id for row in await keeper.bookings()] == [first.id]


async def test_the_same_key_of_somebody_else_is_another_key(keeper: Keeper) -> None:
    first = await booked(keeper, ask(3, 8), "key", actor="yuki")
    second = await booked(keeper, ask(5, 6, "14:00"), "key", actor="ken")

    assert first.id != second.id


@pytest.mark.parametrize("keepers", [1, 2])
async def test_the_last_seat_is_sold_once_however_many_ask(
    keepers: int,
    town: Callable[..., Awaitable[None]],
    new_keeper: NewKeeper,
    database: Database,
    clock: HandClock,
) -> None:
    await town([Van(seats=2)])
    team = [new_keeper() for _ in range(keepers)]
    for each in team:
        await each.start()
    # From one end to the other at the same time: whoever rides, rides along with all others.
    quotes = [await team[0].quote(ask(1, 12, "10:00")) for _ in range(40)]
    tokens = [quote.offers[0].token for quote in quotes if isinstance(quote, Quote)]

    answers = await asyncio.gather(
        *(
            team[i % keepers].book(token, rider_id=None, key=f"key-{i}", actor="yuki")
            for i, token in enumerate(tokens)
        )
    )

    sold = [answer for answer in answers if isinstance(answer, BookingView)]
    gone = [answer for answer in answers if isinstance(answer, OfferGone)]
    assert (len(sold), len(gone)) == (2, 38)
    assert all(answer.alternatives for answer in gone)
    fresh = new_keeper()
    await fresh.start()
    assert await fresh.check() == []
    assert len(await fresh.bookings()) == 2
    for each in [*team, fresh]:
        await each.stop()


async def test_a_damaged_or_old_offer_is_not_taken(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = await keeper.quote(ask(3, 8))
    assert isinstance(quote, Quote)
    token = quote.offers[0].token

    damaged = await keeper.book("x" + token, rider_id=None, key="a", actor="yuki")
    later = at("10:00") + 10**9
    monkeypatch.setattr("maas.rides.asking.time.time", lambda: later)
    old = await keeper.book(token, rider_id=None, key="b", actor="yuki")

    assert isinstance(damaged, BadOffer)
    assert isinstance(old, BadOffer)
    assert damaged.sentence != old.sentence


async def test_a_promise_that_time_has_made_impossible_is_gone(
    keeper: Keeper, clock: HandClock
) -> None:
    quote = await keeper.quote(ask(11, 12, "09:10"))
    assert isinstance(quote, Quote)
    clock.set("09:20")  # the van stands at p0, eleven minutes from a pick-up due by 9:25

    answer = await keeper.book(quote.offers[0].token, rider_id=None, key="a", actor="yuki")

    assert isinstance(answer, OfferGone)
    assert answer.alternatives
    assert await keeper.bookings() == []


@pytest.mark.parametrize(
    ("asked", "reason", "said"),
    [
        (ask(3, 3), "same_place", "同じ"),
        (ask(3, 99), "unknown_place", "登録"),
        (ask(3, 8, "17:30"), "outside_hours", "8:00から17:00"),
        (ask(3, 8, "09:05"), "too_late", "10分前"),
        (ask(3, 8, "08:30"), "in_the_past", "過ぎ"),
        (ask(3, 8, day=date(2026, 11, 28)), "closed_day", "月火水木金"),
        (ask(3, 8, day=date(2026, 11, 23)), "closed_holiday", "勤労感謝の日"),
        (ask(3, 8, day=date(2026, 12, 28)), "closed_season", "12月27日から1月4日まで"),
        (ask(3, 8, day=date(2026, 12, 18)), "too_far_ahead", "14日先"),
        (ask(3, 8, riders=7), "party_too_large", "6人"),
        (ask(3, 8, infants=1), "party_unclear", "内訳"),
        (ask(3, 8, rider_id=77), "unknown_rider", "利用者"),
        (ask(3, 8, riders=5), "party_too_large", "いちばん大きい車で4人"),
        (ask(3, 8, wheelchairs=1), "party_too_large", "車いす"),
    ],
)
async def test_a_refusal_names_its_reason_in_words_and_is_logged(
    keeper: Keeper, database: Database, asked: object, reason: str, said: str
) -> None:
    answer = await keeper.quote(asked)  # type: ignore[arg-type]

    assert isinstance(answer, RefusalAnswer)
    assert answer.refusal.reason == reason
    assert said in answer.refusal.sentence.ja
    async with database.reading() as connection:
        day = getattr(asked, "day", None) or TODAY
        assert [row.reason for row in await rides.refusals_on(connection, day)] == [reason]


async def test_a_cancelled_seat_can_be_sold_again(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town([Van(seats=1)])
    keeper = new_keeper()
    await keeper.start()
    first = await booked(keeper, ask(1, 12), "a")
    refused = await keeper.quote(ask(2, 11))

    cancelled = await keeper.cancel(first.id, reason="体調不良", key="b", actor="yuki")
    again = await keeper.cancel(first.id, reason="体調不良", key="b", actor="yuki")
    twice = await keeper.cancel(first.id, reason="", key="c", actor="ken")
    second = await booked(keeper, ask(2, 11), "d")

    assert isinstance(refused, RefusalAnswer)
    assert isinstance(cancelled, BookingView)
    assert cancelled.state == "cancelled"
    assert again == twice == cancelled
    assert second.pickup_planned >= at("10:00")
    assert isinstance(await keeper.cancel("no such", reason="", key="e", actor="yuki"), NotFound)
    await keeper.stop()


async def test_a_change_keeps_the_reference_and_adds_to_the_ledger(
    keeper: Keeper, database: Database
) -> None:
    first = await booked(keeper, ask(3, 8), "a")
    quote = await keeper.quote(ask(3, 9, "14:00", instead_of=first.id))
    assert isinstance(quote, Quote)

    changed = await keeper.change(first.id, quote.offers[0].token, key="b", actor="ken")
    again = await keeper.change(first.id, quote.offers[0].token, key="b", actor="ken")

    assert isinstance(changed, BookingView)
    assert (changed.id, changed.reference) == (first.id, first.reference)
    assert (changed.pickup_from, changed.destination.name) == (at("14:00"), "場所9")
    assert again == changed
    async with database.reading() as connection:
        told = await bookings.promises_of(connection, first.id)
    assert [(row.no, row.why, row.told_by) for row in told] == [
        (1, "booked", "yuki"),
        (2, "changed", "ken"),
    ]
    view = await keeper.vehicle_view("van-1")
    assert view is not None
    assert [stop.booking_id for stop in view.stops] == [first.id, first.id]


async def test_a_change_to_another_day_leaves_the_old_one_free(
    keeper: Keeper, new_keeper: NewKeeper
) -> None:
    tomorrow = date(2026, 11, 26)
    first = await booked(keeper, ask(3, 8), "a")
    quote = await keeper.quote(ask(3, 8, day=tomorrow, instead_of=first.id))
    assert isinstance(quote, Quote)

    changed = await keeper.change(first.id, quote.offers[0].token, key="b", actor="yuki")

    assert isinstance(changed, BookingView)
    assert changed.date == tomorrow
    for each in (keeper, new_keeper()):
        await each.refresh()
        assert await each.bookings() == []
        assert await each.bookings(tomorrow) == [changed]
        plan = await each.plan_view(tomorrow)
        assert [len(vehicle.stops) for vehicle in plan.vehicles] == [2]
        assert [len(vehicle.stops) for vehicle in (await each.plan_view()).vehicles] == [0]


async def test_a_new_promise_is_followed_even_when_every_stop_stays_where_it_was(
    keeper: Keeper, new_keeper: NewKeeper
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    for number, time in enumerate(("10:05", "10:10", "10:15")):
        quote = await keeper.quote(ask(3, 8, time, instead_of=mine.id))
        assert isinstance(quote, Quote)
        token = quote.offers[0].token
        changed = await keeper.change(mine.id, token, key=f"c{number}", actor="yuki")
        assert isinstance(changed, BookingView)
        assert changed.pickup_from == at(time)

    fresh = new_keeper()
    await fresh.refresh()
    assert await fresh.bookings() == await keeper.bookings() == [changed]


async def test_a_booking_that_cannot_move_keeps_its_promise(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town([Van(seats=1)])
    keeper = new_keeper()
    await keeper.start()
    mine = await booked(keeper, ask(1, 12), "a")
    quote = await keeper.quote(ask(1, 12, "14:00", instead_of=mine.id))
    assert isinstance(quote, Quote)
    await booked(keeper, ask(2, 11, "14:05"), "b")

    answer = await keeper.change(mine.id, quote.offers[0].token, key="c", actor="yuki")

    assert isinstance(answer, OfferGone)
    assert await keeper.booking(mine.id) == mine
    await keeper.stop()


async def test_nobody_is_moved_from_a_vehicle_that_is_there(
    keeper: Keeper, clock: HandClock
) -> None:
    mine = await booked(keeper, ask(3, 8), "a")
    quote = await keeper.quote(ask(3, 8, "14:00", instead_of=mine.id))
    assert isinstance(quote, Quote)
    clock.set("10:00")
    await keeper.step("van-1", mine.id, "arrived", at=None, key="b", actor="van-1")

    answer = await keeper.change(mine.id, quote.offers[0].token, key="c", actor="yuki")

    assert isinstance(answer, NotNow)
    assert answer.state == "arrived"


async def test_references_are_four_digits_and_never_given_twice_a_day(keeper: Keeper) -> None:
    times = [f"{hour:02d}:{minute:02d}" for hour in range(10, 16) for minute in (0, 30)]
    made = [await booked(keeper, ask(3, 5, time), time) for time in times]

    references = [booking.reference for booking in made]
    assert len(set(references)) == len(references)
    assert all(len(reference) == 4 and reference.isdigit() for reference in references)


async def test_the_live_plan_and_the_one_read_anew_are_the_same(
    keeper: Keeper, new_keeper: NewKeeper, clock: HandClock
) -> None:
    first = await booked(keeper, ask(3, 8), "a")
    await booked(keeper, ask(4, 7, "10:02"), "b")
    third = await booked(keeper, ask(9, 2, "11:00"), "c")
    clock.set("10:02")
    await keeper.step("van-1", first.id, "aboard", at=None, key="d", actor="van-1")
    await keeper.cancel(third.id, reason="", key="e", actor="yuki")

    fresh = new_keeper()
    await fresh.start()

    assert fresh._days == keeper._days
    assert await fresh.plan_view() == await keeper.plan_view()
    assert await fresh.bookings() == await keeper.bookings()
    day = fresh._days[TODAY]
    assert check(fresh._plan(day), fresh.here.travel) == []
    await fresh.stop()


async def test_what_another_process_booked_is_seen_within_a_look(
    keeper: Keeper, new_keeper: NewKeeper
) -> None:
    other = new_keeper()
    await other.start()
    made = await booked(other, ask(3, 8), "a")
    await other.stop()
    assert await keeper.bookings() == []

    await keeper._look()

    assert await keeper.bookings() == [made]
