"""The evening before and shortly before the vehicle comes, each rider who wants it hears once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from maas.notify.manners import Manners
from maas.notify.reminders import coming, evening_before
from maas.store.bookings import BookingRow, add_booking, add_promise, save_bookings
from maas.store.database import Database
from maas.store.members import save_members
from maas.store.notifications import NotificationRow, notifications_of
from tests.maas.line_town import DAY0, at
from tests.maas.notify.samples import BOOKING, MEMBER, PROMISE

pytestmark = pytest.mark.anyio
MANNERS = Manners("Asia/Tokyo")
EVE = DAY0 - 86_400.0


def evening(hour: float) -> float:
    """Return an hour of the day before the ride."""
    return EVE + hour * 3600


@pytest.fixture
async def db_with_ride(database: Database, town: Callable[[], Awaitable[None]]) -> Database:
    """One booking of a rider who wants text messages."""
    await town()
    async with database.writing() as db:
        await save_members(db, [MEMBER])
        await add_booking(db, BOOKING)
        await add_promise(db, PROMISE)
    return database


async def remind(database: Database, now: float) -> list[NotificationRow]:
    """Look once at `now`, and return what is there then."""
    async with database.writing() as db:
        for notices in await evening_before(db, "line", MANNERS, now):
            await notices.write(db)
        return await notifications_of(db, BOOKING.id)


async def announce(database: Database, now: float, pickup_at: float) -> list[NotificationRow]:
    """Look once at `now` with the live plan, and return what is there then."""
    async with database.writing() as db:
        for notices in await coming(db, MANNERS, now, {BOOKING.id: pickup_at}):
            await notices.write(db)
        return await notifications_of(db, BOOKING.id)


async def changed(database: Database, **changes: object) -> BookingRow:
    row = replace(BOOKING, **changes)  # type: ignore[arg-type]
    async with database.writing() as db:
        await save_bookings(db, [row])
    return row


async def test_a_ride_of_tomorrow_is_told_once_in_the_evening(db_with_ride: Database) -> None:
    assert await remind(db_with_ride, evening(17.99)) == []
    (row,) = await remind(db_with_ride, evening(18))
    assert (row.occasion, row.channel, row.until) == ("reminder", "sms", at("10:15"))

    assert await remind(db_with_ride, evening(18.01)) == [row]


async def test_nobody_is_reminded_in_the_quiet_hours(db_with_ride: Database) -> None:
    assert await remind(db_with_ride, evening(20)) == []


async def test_a_ride_of_another_day_is_not_told(db_with_ride: Database) -> None:
    assert await remind(db_with_ride, evening(18) - 86_400) == []
    assert await remind(db_with_ride, evening(18) + 86_400) == []


@pytest.mark.parametrize("state", ["cancelled", "done"])
async def test_what_is_over_is_not_told(db_with_ride: Database, state: str) -> None:
    await changed(db_with_ride, state=state)

    assert await remind(db_with_ride, evening(18)) == []
    assert await announce(db_with_ride, at("09:58"), at("10:05")) == []


async def test_who_booked_this_evening_has_just_been_told(db_with_ride: Database) -> None:
    await changed(db_with_ride, booked_at=evening(18))
    assert await remind(db_with_ride, evening(18.1)) == []

    await changed(db_with_ride, booked_at=evening(18) - 1)
    assert len(await remind(db_with_ride, evening(18.1))) == 1


async def test_who_wants_to_hear_nothing_is_left_alone(db_with_ride: Database) -> None:
    async with db_with_ride.writing() as db:
        await save_members(db, [replace(MEMBER, confirm_by="none")])

    assert await remind(db_with_ride, evening(18)) == []
    assert await announce(db_with_ride, at("09:58"), at("10:05")) == []


async def test_who_wants_to_be_rung_is_rung_the_evening_before(db_with_ride: Database) -> None:
    async with db_with_ride.writing() as db:
        await save_members(db, [replace(MEMBER, confirm_by="phone")])

    (row,) = await remind(db_with_ride, evening(18))
    assert (row.channel, row.address) == ("phone", "0000001001")


async def test_a_vehicle_ten_minutes_away_is_announced_once(db_with_ride: Database) -> None:
    assert await announce(db_with_ride, at("09:54"), at("10:05")) == []
    (row,) = await announce(db_with_ride, at("09:55"), at("10:05"))
    assert (row.occasion, row.facts["minutes"], row.due_at) == ("coming", 10, at("10:05"))

    assert await announce(db_with_ride, at("09:58"), at("10:05")) == [row]


async def test_minutes_are_rounded_up(db_with_ride: Database) -> None:
    (row,) = await announce(db_with_ride, at("10:00") - 1, at("10:05"))

    assert row.facts["minutes"] == 6


async def test_a_vehicle_that_should_be_there_is_not_announced(db_with_ride: Database) -> None:
    assert await announce(db_with_ride, at("10:05"), at("10:05")) == []
