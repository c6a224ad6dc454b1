"""Forty operators and two keepers after the last seats, round after round."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from maas.rides.keeper import Keeper
from maas.rides.views import BookingView, OfferGone, Quote
from maas.store import bookings
from maas.store.database import Database
from tests.maas.line_town import Van
from tests.maas.rides.conftest import NewKeeper, ask
from tests.maas.rides.test_booking import TODAY

Town = Callable[..., Awaitable[None]]
TIMES = ("08:30", "10:00", "11:30", "13:00", "14:30", "16:00")


async def round_of(team: list[Keeper], day: date, time: str, number: int) -> tuple[int, int]:
    """Let forty book the same offer; returns how many got it and how many another offer."""
    quote = await team[0].quote(ask(1, 12, time, day=day))
    assert isinstance(quote, Quote)
    token = quote.offers[0].token
    answers = await asyncio.gather(
        *(
            team[n % len(team)].book(token, rider_id=None, key=f"{number}/{n}", actor=f"op{n}")
            for n in range(40)
        )
    )
    gone = [answer for answer in answers if isinstance(answer, OfferGone)]
    assert all(answer.alternatives for answer in gone)
    return sum(isinstance(answer, BookingView) for answer in answers), len(gone)


async def rounds(
    count: int, town: Town, new_keeper: NewKeeper, database: Database, seats: int
) -> None:
    await town([Van(seats=seats)])
    team = [new_keeper() for _ in range(2)]
    for each in team:
        await each.refresh()
    days = [TODAY + timedelta(days=n) for n in range(1, 15)]  # as far ahead as one may book
    open_days = [day for day in days if day.weekday() < 5]
    slots = [(day, time) for day in open_days for time in TIMES][:count]
    assert len(slots) == count
    for number, (day, time) in enumerate(slots):
        assert await round_of(team, day, time, number) == (seats, 40 - seats)
    async with database.reading() as connection:
        for day in open_days:
            sold = await bookings.bookings_on(connection, day)
            assert len(sold) == seats * sum(slot[0] == day for slot in slots)


async def test_forty_operators_want_the_last_seats_at_once(
    town: Town, new_keeper: NewKeeper, database: Database
) -> None:
    await rounds(2, town, new_keeper, database, seats=2)


@pytest.mark.heavy
@pytest.mark.timeout(1800)
async def test_forty_operators_want_the_last_seats_sixty_times_on_each_database(
    town: Town, new_keeper: NewKeeper, database: Database
) -> None:
    await rounds(60, town, new_keeper, database, seats=2)
