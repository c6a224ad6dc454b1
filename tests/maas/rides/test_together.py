"""Outward and return, and groups, in one commit; and what one person may have at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import msgspec
import pytest
from sqlalchemy import func, select

from maas.rides.booking import Caller
from maas.rides.keeper import Keeper
from maas.rides.together import Together, parts
from maas.rides.tokens import seal, unseal
from maas.rides.views import (
    AskIn,
    Barred,
    BookingView,
    NotFound,
    NotNow,
    OfferGone,
    Quote,
    RefusalAnswer,
    TogetherView,
)
from maas.store import rides
from maas.store.database import Database
from maas.store.tables import bookings as bookings_table
from tests.maas.line_town import HandClock, Van, at
from tests.maas.rides.conftest import NewKeeper, ask, booked
from tests.maas.rides.test_booking import TODAY

TOMORROW = date(2026, 11, 26)


async def there_and_back(keeper: Keeper, *asks: AskIn) -> list[str]:
    answers = await Together(keeper).quote(asks)
    tokens = [answer.offers[0].token for answer in answers if isinstance(answer, Quote)]
    assert len(tokens) == len(asks), answers
    return tokens


async def count(database: Database) -> int:
    async with database.reading() as connection:
        query = select(func.count()).select_from(bookings_table)
        return int(await connection.scalar(query) or 0)


async def test_outward_and_return_are_booked_in_one_call_once_for_its_key(
    keeper: Keeper, database: Database
) -> None:
    tokens = await there_and_back(keeper, ask(3, 8, rider_id=1), ask(8, 3, "13:00", rider_id=1))

    answers = await asyncio.gather(
        *(Together(keeper).book(tokens, Caller(1), key="a", actor="yuki") for _ in range(5))
    )

    first = answers[0]
    assert isinstance(first, TogetherView)
    assert all(answer == first for answer in answers)
    assert [(b.state, b.pickup_from) for b in first.bookings] == [
        ("booked", at("10:00")),
        ("booked", at("13:00")),
    ]
    assert {b.group_id for b in first.bookings} == {first.group_id}
    assert await count(database) == 2
    assert await keeper.bookings() == list(first.bookings)
    assert await keeper.check() == []


async def test_the_return_may_be_on_another_day(keeper: Keeper, new_keeper: NewKeeper) -> None:
    tokens = await there_and_back(keeper, ask(3, 8), ask(8, 3, "09:00", day=TOMORROW))
    made = await Together(keeper).book(tokens, Caller(None, "客"), key="a", actor="yuki")

    assert isinstance(made, TogetherView)
    fresh = new_keeper()
    await fresh.refresh()
    assert await fresh.bookings() == [made.bookings[0]]
    assert await fresh.bookings(TOMORROW) == [made.bookings[1]]


async def test_nothing_is_booked_when_one_of_them_is_gone(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, database: Database
) -> None:
    await town([Van(seats=1)])
    keeper = new_keeper()
    await keeper.refresh()
    tokens = await there_and_back(keeper, ask(1, 12), ask(12, 1, "13:00"))
    other = await booked(keeper, ask(11, 2, "13:00"), "b")

    answer = await Together(keeper).book(tokens, Caller(None, "客"), key="a", actor="yuki")

    assert isinstance(answer, OfferGone)
    assert answer.alternatives
    assert "何も予約していません" in answer.sentence.ja
    assert await keeper.bookings() == [other]
    assert await count(database) == 1


async def test_a_group_too_large_for_a_vehicle_rides_in_several(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper
) -> None:
    await town([Van("van-1", 4), Van("van-2", 4)])
    keeper = new_keeper()
    await keeper.refresh()
    tokens = await there_and_back(keeper, *parts(ask(1, 12, riders=7, rider_id=1, helpers=1), 4))

    made = await Together(keeper).book(tokens, Caller(1), key="a", actor="yuki")

    assert isinstance(made, TogetherView)
    assert [b.riders for b in made.bookings] == [4, 3]
    assert [b.helpers for b in made.bookings] == [1, 0]
    assert {b.vehicle.id for b in made.bookings} == {"van-1", "van-2"}
    assert [b.rider.id if b.rider else b.contact_name for b in made.bookings] == [1, "標本 1"]
    assert await keeper.check() == []


async def test_a_group_nobody_has_room_for_is_refused_in_its_last_part(keeper: Keeper) -> None:
    answers = await Together(keeper).quote(parts(ask(1, 12, riders=7), 4))

    assert isinstance(answers[0], Quote)
    assert isinstance(answers[1], RefusalAnswer)
    assert answers[1].refusal.reason in {"full", "busy"}


async def test_a_group_is_cancelled_whole_unless_somebody_is_on_board(
    keeper: Keeper, clock: HandClock
) -> None:
    tokens = await there_and_back(keeper, ask(3, 8), ask(8, 3, "13:00"))
    made = await Together(keeper).book(tokens, Caller(None, "客"), key="a", actor="yuki")
    assert isinstance(made, TogetherView)
    clock.set("10:00")
    await keeper.step("van-1", made.bookings[0].id, "aboard", at=None, key="b", actor="van-1")

    on_board = await Together(keeper).cancel(made.group_id, reason="", key="c", actor="yuki")
    clock.set("10:06")
    await keeper.step("van-1", made.bookings[0].id, "dropped", at=None, key="d", actor="van-1")
    gone = await Together(keeper).cancel(made.group_id, reason="", key="e", actor="yuki")
    again = await Together(keeper).cancel(made.group_id, reason="", key="f", actor="yuki")
    unknown = await Together(keeper).cancel("nothing", reason="", key="g", actor="yuki")

    assert isinstance(on_board, NotNow)
    assert isinstance(gone, TogetherView)
    assert [b.state for b in gone.bookings] == ["done", "cancelled"]
    assert again == gone
    assert isinstance(unknown, NotFound)


async def test_a_person_does_not_ride_twice_at_once(keeper: Keeper) -> None:
    quote = await keeper.quote(ask(4, 9, "10:05"))
    assert isinstance(quote, Quote)
    mine = await booked(keeper, ask(3, 8), "a", rider_id=1)

    refused = await keeper.quote(ask(4, 9, "10:05", rider_id=1))
    barred = await keeper.book(quote.offers[0].token, rider_id=1, key="b", actor="yuki")
    another = await keeper.book(quote.offers[0].token, rider_id=2, key="c", actor="yuki")

    assert isinstance(refused, RefusalAnswer)
    assert (refused.refusal.reason, refused.refusal.binding) == (
        "overlap",
        "booking.overlap_allowed",
    )
    assert mine.reference in refused.refusal.sentence.ja
    assert isinstance(barred, Barred)
    assert barred.reason == "overlap"
    assert isinstance(another, BookingView)


async def test_a_ride_may_be_changed_to_a_time_it_overlaps_itself(keeper: Keeper) -> None:
    mine = await booked(keeper, ask(3, 8), "a", rider_id=1)
    quote = await keeper.quote(ask(3, 8, "10:05", rider_id=1, instead_of=mine.id))
    assert isinstance(quote, Quote)

    changed = await keeper.change(mine.id, quote.offers[0].token, key="b", actor="yuki")

    assert isinstance(changed, BookingView)


async def test_a_ride_is_not_changed_into_another_ride_of_the_same_person(keeper: Keeper) -> None:
    await booked(keeper, ask(3, 8), "a", rider_id=1)
    later = await booked(keeper, ask(3, 8, "14:00"), "b", rider_id=1)
    quote = await keeper.quote(ask(4, 9, "10:05"))
    assert isinstance(quote, Quote)

    answer = await keeper.change(later.id, quote.offers[0].token, key="c", actor="yuki")

    assert isinstance(answer, Barred)


async def test_two_keepers_do_not_book_one_person_twice_in_two_vehicles(
    town: Callable[..., Awaitable[None]], new_keeper: NewKeeper, database: Database
) -> None:
    await town([Van("van-1", 1), Van("van-2", 1)])
    team = [new_keeper() for _ in range(2)]
    for each in team:
        await each.refresh()
    quote = await team[0].quote(ask(1, 12))
    assert isinstance(quote, Quote)
    offer = unseal(quote.offers[0].token, b"test")
    assert offer is not None
    # The same ride in each of the vehicles, so that no vehicle's version tells of the other.
    tokens = [
        seal(msgspec.structs.replace(offer, vehicle=id_), b"test") for id_ in ("van-1", "van-2")
    ]

    for n in range(3):
        answers = await asyncio.gather(
            *(
                each.book(token, rider_id=1, key=f"k{n}-{at_}", actor="yuki")
                for at_, (each, token) in enumerate(zip(team, tokens, strict=True))
            )
        )
        assert sum(isinstance(answer, BookingView) for answer in answers) == (1 if n == 0 else 0)
    assert await count(database) == 1


async def test_refusals_keep_what_would_have_worked(keeper: Keeper, database: Database) -> None:
    await booked(keeper, ask(1, 12, riders=4), "a")

    answer = await keeper.quote(ask(1, 12, riders=4))

    assert isinstance(answer, RefusalAnswer)
    async with database.reading() as connection:
        (row,) = await rides.refusals_on(connection, TODAY)
    assert row.binding is not None
    assert len(row.relaxations) == len(answer.refusal.relaxations) > 0
    assert row.declined is None


@pytest.mark.parametrize("helpers", [-1, 2, 3])
async def test_helpers_are_some_of_the_riders_but_not_all(keeper: Keeper, helpers: int) -> None:
    answer = await keeper.quote(ask(3, 8, riders=2, helpers=helpers))

    assert isinstance(answer, RefusalAnswer)
    assert answer.refusal.reason == "party_unclear"
