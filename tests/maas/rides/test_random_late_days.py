"""Random days on which riders keep vehicles waiting: nobody still waiting is left silently late."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from sqlalchemy import select

from maas.rides.keeper import Keeper
from maas.rides.late import watch
from maas.rides.views import JobView, PlanStopView
from maas.store import bookings
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.database import Database
from maas.store.tables import notifications
from tests.maas.line_town import DAY0, LAT, LON, STEP, HandClock, Van
from tests.maas.rides.conftest import NewKeeper
from tests.maas.rides.test_booking import TODAY
from tests.maas.rides.test_invariants import SEATS, World

TICK_S, THRESHOLD_S, LAST_S = 30, 300, 60


@dataclass(slots=True)
class Driver:
    """A van on the road: where it is in minutes along it, and the stop it drives to."""

    id: str
    at: float = 0.0
    leaves: float = 0.0
    stop: tuple[str, str] = ("", "")
    due_s: float = 0.0


class LateDays(World):
    """A world whose time passes tick by tick, with riders who are late or do not come."""

    def __init__(self, keeper: Keeper, clock: HandClock, seed: int) -> None:
        super().__init__(keeper, clock, seed)
        self.drivers = [Driver(id_) for id_ in SEATS]
        self.ready_s: dict[str, float | None] = {}

    async def tick(self) -> None:
        """Let half a minute pass: everybody drives and serves, and the watch looks."""
        self.clock.epoch += TICK_S
        for driver in self.drivers:
            await self.go_on(driver)
        await watch(self.keeper)

    async def go_on(self, driver: Driver) -> None:
        job = await self.keeper.job(driver.id)
        if job is None or job.next is None:
            return
        now, stop = self.clock(), job.next
        there = (stop.place.lon - LON) / STEP
        if driver.stop != (stop.kind, stop.booking_id):
            driver.stop = stop.kind, stop.booking_id
            driver.due_s = max(now + 60 * abs(there - driver.at), stop.planned)
        left_s = driver.due_s - now
        if left_s > 0:
            if left_s < 60 * abs(there - driver.at):
                towards = 1 if there > driver.at else -1
                driver.at = there - towards * left_s / 60
                self.keeper.on_position(driver.id, LAT, LON + driver.at * STEP, now)
            return
        driver.at = there
        await self.serve(driver, stop)

    async def serve(self, driver: Driver, stop: PlanStopView) -> None:
        now, step = self.clock(), "dropped"
        if stop.kind == "pickup" and stop.state == "planned":
            step = "arrived"
            late_s = self.choose.choice([60, 60, 60, 240, None])
            from_s = max(now, stop.window_from or 0)
            self.ready_s[stop.booking_id] = None if late_s is None else from_s + late_s
        elif stop.kind == "pickup":
            ready_s = self.ready_s[stop.booking_id]
            step = "no_show" if ready_s is None else "aboard"
            if ready_s is not None and ready_s > now:
                return
        done = await self.keeper.step(
            driver.id,
            stop.booking_id,
            step,  # type: ignore[arg-type]
            at=None,
            key=next(self.keys),
            actor=driver.id,
        )
        assert isinstance(done, JobView) or step == "no_show", done


async def silently_late(database: Database, now: float) -> list[str]:
    """Return who was left late without a word, by the plain meaning of the rows."""
    async with database.reading() as connection:
        rows = await bookings.bookings_on(connection, TODAY)
        told = {row.id: await bookings.promises_of(connection, row.id) for row in rows}
        query = select(
            notifications.c.booking_id, notifications.c.created_at, notifications.c.due_at
        ).where(notifications.c.occasion == "moved")
        sent = {(row[0], row[1]) for row in await connection.execute(query) if row[1] == row[2]}
    found = []
    for row in rows:
        found += _unsaid(row, told[row.id], now)
        for before, after in pairwise(told[row.id]):
            if after.why == "late" and (row.id, after.told_at) not in sent:
                found.append(f"{row.id} was moved at {after.told_at} and got no message")
            if after.why == "late" and _too_late(row, before, after, rows):
                found.append(f"{row.id} heard it at {after.told_at - DAY0}: {before}")
    return found


def _unsaid(row: BookingRow, told: Sequence[PromiseRow], now: float) -> list[str]:
    """Return whether a rider waits, or waited, longer than told by the threshold and a tick."""
    if row.state not in {"booked", "arrived", "aboard", "done"}:
        return []
    fetched = now - DAY0 if row.arrived_s is None else row.arrived_s
    heard = [each for each in told if each.told_at < DAY0 + fetched + 1]
    late_s = fetched - heard[-1].pickup_to_s
    return [f"{row.id} waits {late_s} s"] if late_s >= THRESHOLD_S + TICK_S else []


def _too_late(
    row: BookingRow, before: PromiseRow, after: PromiseRow, rows: Sequence[BookingRow]
) -> bool:
    """Whether somebody heard after the old time, though no later stop held the vehicle up."""
    if after.pickup_to_s == before.pickup_to_s or after.told_at <= DAY0 + before.pickup_to_s:
        return False
    return not any(
        other.id != row.id
        and other.vehicle_id == row.vehicle_id
        and other.arrived_s is not None
        and other.arrived_s > before.pickup_to_s - LAST_S - TICK_S
        for other in rows
    )


@pytest.mark.parametrize("seed", range(3))
async def test_nobody_who_still_waits_is_late_without_a_word(
    seed: int,
    town: Callable[..., Awaitable[None]],
    new_keeper: NewKeeper,
    database: Database,
    clock: HandClock,
) -> None:
    await town([Van(id_, seats) for id_, seats in SEATS.items()])
    keeper = new_keeper()
    await keeper.refresh()
    world = LateDays(keeper, clock, seed)

    for n in range(150):
        if n % 5 == 0:
            await world.choose.choice([world.book, world.book, world.book, world.cancel])()
        await world.tick()
        if n % 3 == 0:
            assert await silently_late(database, clock()) == []
    assert await keeper.check() == []
