"""Whole days without signal: whatever the office did meanwhile, the rides are what the driver saw.

The oracle knows only the taps: who got in and out when, and who shared the vehicle by that.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from maas.rides.keeper import Keeper
from maas.rides.merge import Tap
from maas.rides.trips import Trips
from maas.rides.views import BookingView, Quote
from maas.store import commits
from maas.store.database import Database
from tests.maas.line_town import HandClock, at, of_day
from tests.maas.rides.conftest import ask
from tests.maas.rides.test_booking import TODAY


@dataclass(frozen=True, slots=True)
class Seen:
    """What the driver saw of one booking; seconds of the day, `None` when they did not come."""

    booking: BookingView
    aboard_s: int
    dropped_s: int | None


def saw(draw: random.Random, bookings: list[BookingView]) -> list[Seen]:
    found = []
    for each in bookings:
        aboard_s = of_day("09:50") + 60 * draw.randrange(100)
        gone = draw.random() < 0.25
        found.append(Seen(each, aboard_s, None if gone else aboard_s + 60 * draw.randrange(1, 20)))
    return found


def taps_of(draw: random.Random, seen: list[Seen], off_s: int) -> list[Tap]:
    """Return the taps in the order they were made, by a clock that is off."""
    made: list[tuple[int, str, str]] = []
    for each in seen:
        id_ = each.booking.id
        if draw.random() < 0.7:
            made.append((each.aboard_s - 60, "arrived", id_))
        if each.dropped_s is None:
            made.append((each.aboard_s + 600, "no_show", id_))
        else:
            made += [(each.aboard_s, "aboard", id_), (each.dropped_s, "dropped", id_)]
    made.sort(key=lambda tap: tap[0])
    midnight = at("00:00")
    return [
        Tap(f"e{n}", id_, step, midnight + when_s + off_s, boot="b", seq=n)  # type: ignore[arg-type]
        for n, (when_s, step, id_) in enumerate(made)
    ]


def shared(mine: Seen, seen: list[Seen]) -> bool:
    """Whether anybody else was on board in the same minute, minute by minute."""
    minutes = range(mine.aboard_s, mine.dropped_s or 0, 60)
    return any(
        other.aboard_s <= minute < (other.dropped_s or 0)
        for other in seen
        if other is not mine and other.dropped_s is not None
        for minute in minutes
    )


@pytest.mark.parametrize("seed", range(8))
async def test_the_rides_of_a_day_without_signal_are_what_the_driver_saw(
    keeper: Keeper, clock: HandClock, database: Database, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 -- a test
    bookings = []
    for n in range(5):
        origin, destination = draw.sample(range(13), 2)
        quote = await keeper.quote(ask(origin, destination, f"10:{draw.randrange(10, 59)}"))
        if isinstance(quote, Quote):
            token = draw.choice(quote.offers).token
            made = await keeper.book(token, rider_id=None, key=f"book-{n}", actor="yuki")
            assert isinstance(made, BookingView)
            bookings.append(made)
    seen = saw(draw, bookings)
    clock.set("12:00")
    cancelled = draw.sample(bookings, draw.randrange(len(bookings) + 1))
    for gone in cancelled:
        await keeper.cancel(gone.id, reason="", key=f"cancel-{gone.id}", actor="yuki")
    off_s = draw.choice([0, 0, -5400, 1800])
    taps = taps_of(draw, seen, off_s)

    cut = draw.randrange(len(taps) + 1)
    trips, sent_at = Trips(keeper), clock() + off_s
    for part in (taps[:cut], taps[cut:], draw.sample(taps, len(taps) // 2)):
        shuffled = draw.sample(part, len(part))
        await trips.merge("van-1", shuffled, sent_at=sent_at, actor="device:van-1")

    day = await keeper.day_of(TODAY)
    rides = {ride.booking_id: ride for ride in await keeper.rides()}
    for each in seen:
        row = day.bookings[each.booking.id]
        if each.dropped_s is None:
            assert row.state == ("cancelled" if each.booking in cancelled else "no_show")
            assert row.id not in rides
            continue
        ride = rides[row.id]
        assert row.state == "done"
        assert ride.picked_up - at("00:00") == each.aboard_s
        assert ride.dropped_off - at("00:00") == each.dropped_s
        before = [other for other in seen if other.aboard_s < each.dropped_s]
        assert ride.shared is shared(each, before)
        assert ride.fare_yen == (300 if ride.shared else 500)
    assert day.plan_row("van-1").stops == ()
    assert await keeper.check() == []
    async with database.reading() as connection:
        assert await commits.audit_break(connection) is None
