"""Random days on which things go wrong: nobody on board is lost, and no promise moves silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from maas.rides.closures import Closures
from maas.rides.disruption import Disruption, Upset, retry
from maas.rides.keeper import Keeper
from maas.rides.outcome import Kind, Outcome
from maas.store import bookings, commits, plans
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.database import Database
from maas.store.tables import notifications, outages
from tests.maas.line_town import DAY0, LAT, LON, STEP, HandClock, Van
from tests.maas.rides.conftest import NewKeeper
from tests.maas.rides.test_booking import TODAY
from tests.maas.rides.test_disruption import ClosableLine
from tests.maas.rides.test_invariants import World

SEATS = {"van-1": 3, "van-2": 2}
OURS = ("vehicle_out", "driver_off", "back", "road_closed", "road_slow", "road_open", "placed",
        "rest", "rest_off")  # fmt: skip


class Upsets(World):
    """A world in which vehicles break down, drivers go home and roads close."""

    def __init__(self, keeper: Keeper, clock: HandClock, seed: int) -> None:
        super().__init__(keeper, clock, seed)
        self.disruption = Disruption(keeper, Closures(keeper.database, keeper.roads, keeper.clock))
        self.closed: list[str] = []
        self.rests: list[str] = []
        self.done = Counter[str]()

    async def upset(self, kind: Kind, **more: object) -> Outcome | None:
        upset = Upset(kind, **more)  # type: ignore[arg-type]
        key = next(self.keys)
        preview = await self.disruption.report(upset, key=key, actor="yuki", preview=True)
        done = await self.disruption.report(upset, key=key, actor="yuki")
        if not isinstance(done, Outcome):
            assert type(preview) is type(done)
            return None
        assert isinstance(preview, Outcome)
        assert [(one.booking_id, one.what) for one in preview.riders] == [
            (one.booking_id, one.what) for one in done.riders
        ]
        self.done.update(one.what for one in done.riders)
        return done

    async def out(self) -> None:
        await self.upset("vehicle_out", vehicles=(self.choose.choice(list(SEATS)),))

    async def off(self) -> None:
        at_s = int(self.clock() - DAY0) + self.choose.randrange(0, 7200)
        await self.upset("driver_off", vehicles=(self.choose.choice(list(SEATS)),), at_s=at_s)

    async def rest(self) -> None:
        at_s = int(self.clock() - DAY0) + self.choose.randrange(0, 3600)
        van, minutes = self.choose.choice(list(SEATS)), self.choose.randrange(5, 60)
        done = await self.upset("rest", vehicles=(van,), at_s=at_s, minutes=minutes)
        if done is not None and done.rest is not None:
            self.rests.append(done.rest.id)
            assert done.rest.until - done.rest.since == 60 * minutes

    async def rest_off(self) -> None:
        if self.rests:
            await self.upset("rest_off", rest=self.choose.choice(self.rests))

    async def back(self) -> None:
        await self.upset("back", vehicles=(self.choose.choice(list(SEATS)),))

    async def close(self) -> None:
        point = (LAT, LON + (self.choose.randrange(0, 12) + 0.5) * STEP)
        done = await self.upset("road_closed", points=(point,))
        if done is not None and done.closure is not None:
            self.closed.append(done.closure)

    async def slow(self) -> None:
        done = await self.upset("road_slow", factor=self.choose.choice([0.5, 0.8]))
        if done is not None and done.closure is not None:
            self.closed.append(done.closure)

    async def open_roads(self) -> None:
        while self.closed:
            await self.upset("road_open", closure=self.closed.pop())

    async def again(self) -> None:
        await retry(self.keeper)

    async def seen(self) -> None:
        """Hear where a vehicle is; nothing drives through a closed road."""
        if self.closed:
            return
        minutes = self.choose.uniform(0, 12)
        vehicle = self.choose.choice(list(SEATS))
        self.keeper.on_position(vehicle, LAT, LON + minutes * STEP, self.clock())


class Ledger:
    """What the ledger said at every look: the oracle of silent moves."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], PromiseRow] = {}
        self.aboard: set[str] = set()

    async def wrong(self, database: Database) -> list[str]:
        """Return what is wrong with the rows as they are now, by their plain meaning."""
        async with database.reading() as connection:
            rows = {row.id: row for row in await bookings.bookings_on(connection, TODAY)}
            planned = await plans.plans_on(connection, "line", TODAY)
            told = [row for id_ in rows for row in await bookings.promises_of(connection, id_)]
            query = select(notifications.c.booking_id, notifications.c.due_at)
            sent = [tuple(row) for row in await connection.execute(query)]
            out = list(await connection.execute(select(outages).order_by(outages.c.id)))
        found = self._changed(told)
        found += self._silent(told, rows, sent)
        found += _stops(rows, planned)
        found += self._lost(rows)
        last = {row.vehicle_id: row.kind for row in out}
        stopped = [plan for plan in planned if last.get(plan.vehicle_id) == "out" and plan.stops]
        return found + [f"{plan.vehicle_id} is out and drives" for plan in stopped]

    def _changed(self, told: list[PromiseRow]) -> list[str]:
        now = {(row.booking_id, row.no): row for row in told}
        changed = [key for key, row in self.rows.items() if now.get(key) != row]
        self.rows = now
        return [f"the promise {key} was rewritten" for key in changed]

    def _silent(
        self,
        told: list[PromiseRow],
        rows: dict[str, BookingRow],
        sent: list[tuple[str, float]],
    ) -> list[str]:
        found = []
        for row in told:
            before = self.rows.get((row.booking_id, row.no - 1))
            if row.why not in OURS or before is None:
                continue
            times = [(r.pickup_from_s, r.pickup_to_s, r.arrive_by_s) for r in (before, row)]
            passes = max(row.told_at, DAY0 + before.pickup_to_s)
            heard = [due for id_, due in sent if id_ == row.booking_id and due <= passes]
            if times[0] != times[1] and not heard:
                found.append(f"{row.booking_id} was moved silently to {times[1]}")
        known = {id_ for id_, _ in sent}
        waits = [row.id for row in rows.values() if row.unplaced_since and row.id not in known]
        return found + [f"{id_} waits and nobody was told" for id_ in waits]

    def _lost(self, rows: dict[str, BookingRow]) -> list[str]:
        lost = [
            id_
            for id_ in self.aboard
            if rows[id_].state not in {"aboard", "done"} and rows[id_].boards_at_id is None
        ]
        self.aboard = {id_ for id_, row in rows.items() if row.state == "aboard"}
        return [f"{id_} was on board and is nowhere" for id_ in lost]


def _stops(rows: dict[str, BookingRow], planned: list[plans.PlanRow]) -> list[str]:
    stops = Counter((kind, who) for plan in planned for kind, who in plan.stops if kind != "break")
    wanted = {"booked": ("pickup", "dropoff"), "arrived": ("pickup", "dropoff"),
              "aboard": ("dropoff",)}  # fmt: skip
    expected = Counter(
        (kind, row.id)
        for row in rows.values()
        if row.unplaced_since is None or row.state == "aboard"
        for kind in wanted.get(row.state, ())
    )
    return [] if stops == expected else [f"planned {stops - expected}, not {expected - stops}"]


@pytest.mark.parametrize("seed", range(6))
async def test_a_random_day_of_disruptions_loses_nobody_and_moves_nothing_silently(
    seed: int,
    town: Callable[..., Awaitable[None]],
    new_keeper: NewKeeper,
    database: Database,
    clock: HandClock,
) -> None:
    await town([Van(id_, seats) for id_, seats in SEATS.items()])
    roads = ClosableLine()
    keeper = new_keeper(roads={"car": roads})
    await keeper.refresh()
    world, ledger = Upsets(keeper, clock, seed), Ledger()
    acts = [world.book] * 8 + [world.cancel, world.change] + [world.drive] * 5 + [world.wait]
    acts += [world.out, world.off, world.back, world.back, world.close, world.open_roads]
    acts += [world.rest, world.rest, world.rest_off]
    acts += [world.slow, world.again, world.again, world.seen, world.seen]

    for _ in range(50):
        act = world.choose.choice(acts)
        await act()
        assert await ledger.wrong(database) == [], act
        assert await keeper.check() == [], act

    fresh = new_keeper(roads={"car": roads})
    await fresh.refresh()
    assert await fresh.day_of(TODAY) == await keeper.day_of(TODAY)
    async with database.reading() as connection:
        assert await commits.audit_break(connection) is None
