"""Random days: whatever is booked, changed, cancelled, driven or restarted, the rules hold."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Literal

import pytest

from maas.rides.keeper import Keeper
from maas.rides.views import AskIn, BookingView, JobView, Quote
from maas.store import bookings, commits, plans
from maas.store.database import Database
from tests.maas.line_town import DAY0, HandClock, Van
from tests.maas.rides.conftest import NewKeeper
from tests.maas.rides.test_booking import TODAY

SEATS = {"van-1": 3, "van-2": 2}


class World:
    """Callers and drivers who do something at random; `told` is every promise anybody heard."""

    def __init__(self, keeper: Keeper, clock: HandClock, seed: int) -> None:
        self.keeper, self.clock = keeper, clock
        self.choose = random.Random(seed)  # noqa: S311
        self.keys = (f"{seed}-{n}" for n in count())
        self.told: dict[str, list[tuple[int, int, int]]] = {}

    def ask(self, instead_of: str | None = None) -> AskIn:
        origin, destination = self.choose.sample(range(1, 14), 2)
        now_s = int(self.clock() - DAY0)
        time_s = now_s + 600 + self.choose.randrange(0, 3600)
        riders = self.choose.choice([1, 1, 1, 2])
        return AskIn(origin, destination, time=time_s, riders=riders, instead_of=instead_of)

    async def open(self, *states: str) -> BookingView | None:
        found = [view for view in await self.keeper.bookings() if view.state in states]
        return self.choose.choice(found) if found else None

    def hear(self, answer: object) -> None:
        if isinstance(answer, BookingView):
            told = (answer.pickup_from, answer.pickup_to, answer.arrive_by)
            self.told.setdefault(answer.id, []).append(told)

    async def book(self) -> None:
        quote = await self.keeper.quote(self.ask())
        if isinstance(quote, Quote):
            token = self.choose.choice(quote.offers).token
            key = next(self.keys)
            for _ in range(self.choose.choice([1, 2])):
                answer = await self.keeper.book(token, rider_id=None, key=key, actor="yuki")
            self.hear(answer)

    async def change(self) -> None:
        mine = await self.open("booked")
        if mine is None:
            return
        quote = await self.keeper.quote(self.ask(instead_of=mine.id))
        if isinstance(quote, Quote):
            token = quote.offers[0].token
            answer = await self.keeper.change(mine.id, token, key=next(self.keys), actor="yuki")
            self.hear(answer)

    async def cancel(self) -> None:
        mine = await self.open("booked", "arrived", "done")
        if mine is not None:
            await self.keeper.cancel(mine.id, reason="", key=next(self.keys), actor="yuki")

    async def drive(self) -> None:
        """Do the next stop of a van when it is due."""
        vehicle_id = self.choose.choice(list(SEATS))
        job = await self.keeper.job(vehicle_id)
        if job is None or job.next is None:
            return
        self.clock.epoch = max(self.clock.epoch, job.next.planned)
        steps: dict[str, list[Literal["arrived", "aboard", "dropped", "no_show"]]] = {
            "pickup": ["arrived", "aboard", "aboard", "no_show"],
            "dropoff": ["dropped"],
        }
        step = self.choose.choice(steps[job.next.kind])
        answer = await self.keeper.step(
            vehicle_id, job.next.booking_id, step, at=None, key=next(self.keys), actor=vehicle_id
        )
        assert isinstance(answer, JobView) or step == "no_show"

    async def wait(self) -> None:
        self.clock.epoch += self.choose.randrange(0, 300)


async def problems(database: Database, world: World) -> list[str]:
    """Read the database and return what is wrong with it, by the plain meaning of its rows."""
    async with database.reading() as connection:
        rows = {row.id: row for row in await bookings.bookings_on(connection, TODAY)}
        planned = await plans.plans_on(connection, "line", TODAY)
        ledger = {id_: await bookings.promises_of(connection, id_) for id_ in rows}
    stops = Counter((kind, who) for plan in planned for kind, who in plan.stops)
    wanted = {
        "booked": {"pickup", "dropoff"},
        "arrived": {"pickup", "dropoff"},
        "aboard": {"dropoff"},
    }
    expected = Counter((k, row.id) for row in rows.values() for k in wanted.get(row.state, set()))
    found = [] if stops == expected else [f"planned {stops - expected}, not {expected - stops}"]
    for plan in planned:
        load = sum(
            row.riders
            for row in rows.values()
            if row.state == "aboard" and row.vehicle_id == plan.vehicle_id
        )
        for kind, who in plan.stops:
            load += rows[who].riders if kind == "pickup" else -rows[who].riders
            if load > SEATS[plan.vehicle_id]:
                found.append(f"{plan.vehicle_id} carries {load}")
    for id_, told in world.told.items():
        kept = [
            (DAY0 + row.pickup_from_s, DAY0 + row.pickup_to_s, DAY0 + row.arrive_by_s)
            for row in ledger[id_]
        ]
        if kept != told:
            found.append(f"{id_} was told {told}, the ledger says {kept}")
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_day_breaks_no_rule(
    seed: int,
    town: Callable[..., Awaitable[None]],
    new_keeper: NewKeeper,
    database: Database,
    clock: HandClock,
) -> None:
    await town([Van(id_, seats) for id_, seats in SEATS.items()])
    keeper = new_keeper()
    await keeper.refresh()
    world = World(keeper, clock, seed)
    acts = [world.book] * 5 + [world.change, world.cancel] + [world.drive] * 4 + [world.wait]

    for _ in range(60):
        await world.choose.choice(acts)()
        assert await problems(database, world) == []
        assert await keeper.check() == []

    fresh = new_keeper()
    await fresh.refresh()
    assert await fresh.bookings() == await keeper.bookings()
    assert fresh._days == keeper._days
    assert len(await keeper.rides()) == sum(v.state == "done" for v in await keeper.bookings())
    async with database.reading() as connection:
        assert await commits.audit_break(connection) is None
