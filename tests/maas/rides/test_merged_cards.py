"""What is booked for a card that has just been merged is booked for the card that stays."""

from __future__ import annotations

import pytest

from maas.people import desk
from maas.rides.booking import Caller
from maas.rides.keeper import Keeper
from maas.rides.returns import OpenReturns
from maas.rides.waitlist import Waitlist
from maas.store.bookings import booking
from maas.store.once import By, Done
from maas.store.tables import open_returns, waitlist
from tests.maas.rides.conftest import ask, booked


@pytest.fixture(autouse=True)
async def _merged(keeper: Keeper) -> None:
    """Member 2 has become member 1; the keeper does not know yet."""
    merged = await desk.merge(keeper.database, 2, 1, By("hana", keeper.clock(), "merge"))
    assert isinstance(merged, Done)


async def owner_of(keeper: Keeper, booking_id: str) -> int | None:
    async with keeper.database.reading() as connection:
        row = await booking(connection, booking_id)
    assert row is not None
    return row.member_id


async def test_a_ride_booked_for_the_old_card_is_at_once_of_the_card_that_stays(
    keeper: Keeper,
) -> None:
    made = await booked(keeper, ask(2, 5, rider_id=2), "a", rider_id=2)

    assert await owner_of(keeper, made.id) == 1
    assert await desk.sweep(keeper.database, keeper.clock()) == 0

    # The day is read again before the next change: the member has one ride, not another card's.
    await booked(keeper, ask(2, 5, "14:00", rider_id=1), "b", rider_id=1)
    day = await keeper.day_of(keeper.today)
    assert {row.member_id for row in day.bookings.values()} == {1}
    assert await keeper.check() == []


async def test_who_waits_or_comes_back_without_a_time_is_of_the_card_that_stays(
    keeper: Keeper,
) -> None:
    out = await booked(keeper, ask(2, 5, rider_id=2), "a", rider_id=2)
    await OpenReturns(keeper).open(out.id, key="b", actor="yuki")
    await Waitlist(keeper).wait(ask(3, 6, "15:00", rider_id=2), Caller(2), key="c", actor="yuki")

    assert await desk.sweep(keeper.database, keeper.clock()) == 0
    async with keeper.database.reading() as connection:
        for table in (open_returns, waitlist):
            rows = (await connection.execute(table.select())).mappings().all()
            assert [row["member_id"] for row in rows] == [1]
