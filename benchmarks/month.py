"""Whether the service keeps its word for a month: a simulated one of the demo town.

The real keeper, with its rules, transactions and ledger on SQLite, under a clock that jumps.
Members telephone, the day before or now, go to their usual places and come back, at a time or when
they are done; some cancel, some are not there; buses they change to or from are late.  Vehicles
drive exactly as the road network says and their drivers tap what happens.  Nothing searches beside
the calls, so that a seed always gives the same month.

What is printed comes from the rows at the end: promises kept, refusals without a limit, how soon
open returns were fetched, and what became of the links to buses that were late.

    python -m benchmarks.month --days 20 --seed 1 --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import random
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.booking import AREA, Ground, lay
from dispatcher.roads import RoadPath, Roads
from gtfs.calendar import day_start_epoch
from maas.rides.keeper import Keeper
from maas.rides.returns import OpenReturns
from maas.rides.views import (
    AskIn,
    BookingView,
    JobView,
    OfferView,
    OpenReturnView,
    PlanStopView,
    Quote,
    RefusalAnswer,
)
from maas.store import bookings, members, open_returns, rides
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.database import Database, open_database, upgrade
from maas.store.members import MemberRow
from maas.store.open_returns import OpenReturnRow
from maas.town.calendars import DayRules, rules_on
from maas.town.imports import import_town

ZONE = ZoneInfo("Asia/Tokyo")
FIRST = date(2026, 10, 1)
OPENS_S, CLOSES_S = 8 * 3600, 18 * 3600
ROLLS_S = 27_900
"""The first shift begins before the office opens."""
STEP_S = 10
EARLY_S = 90
OPEN_RETURN_MIN = 30
"""The town's rule: fetched within so many minutes of the press of the button."""
SOFT = frozenset({"held", "expected"})
"""Why a promise was written that nobody was told."""
CALLS_A_DAY = 36
"""Outward rides asked for on a day, half of which have a way back."""


@dataclass(slots=True)
class World:
    """A keeper and its clock."""

    keeper: Keeper
    database: Database
    clock: list[float]
    counted: dict[str, int] = field(default_factory=dict)
    pressed: dict[str, float] = field(default_factory=dict)
    """When the button of each open return was pressed."""
    keys: Any = field(default_factory=count)

    @property
    def now(self) -> float:
        """The epoch second it is."""
        return self.clock[0]

    def pass_to(self, epoch: float) -> None:
        """Let time pass; it never goes back."""
        self.clock[0] = max(self.now, epoch)

    def count(self, what: str) -> None:
        """Note that something happened."""
        self.counted[what] = self.counted.get(what, 0) + 1

    def key(self) -> str:
        """Return an idempotency key nobody has used."""
        return f"month-{next(self.keys)}"


# Vehicles


@dataclass(slots=True)
class Cab:
    """A vehicle that does what its job says, at the second it is due."""

    world: World
    name: str
    roads: Roads
    midnight: int
    boarding_s: int
    wheelchair_s: int
    alighting_s: int
    wait_s: int
    absent: set[str]
    here: tuple[float, float]
    free_s: float
    spot: tuple[float, float] | None = None
    way: RoadPath | None = None
    began_s: float = 0.0
    told: tuple[str, float] = ("", 0.0)
    version: int = -1
    job: JobView | None = None

    async def act(self, now_s: float) -> None:
        """Do everything due by `now_s`, in its order."""
        while await self._goes_on(now_s):
            pass

    async def _goes_on(self, now_s: float) -> bool:
        """Drive, turn, set off or tap; whether there may be more to do by now."""
        on_the_way = self._roll(now_s)
        job = await self._present()
        stop = None if job is None else job.next
        if job is None or stop is None:
            return False
        key = f"{stop.kind} {stop.booking_id}"
        if self.told[0] != key:
            self.told = key, max(self.free_s, now_s - STEP_S)
        spot = stop.place.lat, stop.place.lon
        if on_the_way:
            if spot != self.spot:
                self._set_off(spot, now_s)
            return False
        if spot != self.spot:
            return self._head_for(stop, now_s, empty=not job.on_board)
        return await self._serve(stop, now_s)

    async def _present(self) -> JobView | None:
        """Return the job, asked for anew when the vehicle's plan has changed."""
        day = await self.world.keeper.day_of(self.world.keeper.today)
        version = day.plans[self.name].version if self.name in day.plans else 0
        if self.version != version:
            self.version, self.job = version, await self.world.keeper.job(self.name)
        return self.job

    def _roll(self, now_s: float) -> bool:
        """Drive on; whether the vehicle is still on its way."""
        if self.way is None:
            return False
        end_s = self.began_s + self.way.duration_s
        self.here = self._along(min(now_s, end_s) - self.began_s)
        self.world.keeper.on_position(self.name, *self.here, self.midnight + min(now_s, end_s))
        if now_s < end_s:
            return True
        self.free_s, self.way = end_s, None
        return False

    def _along(self, gone_s: float) -> tuple[float, float]:
        assert self.way is not None  # noqa: S101 -- it is on its way
        times_s, spots = self.way.times_s, self.way.lonlats
        i = min(max(bisect_right(times_s, gone_s), 1), len(times_s) - 1)
        span_s = times_s[i] - times_s[i - 1]
        share = min(1.0, (gone_s - times_s[i - 1]) / span_s) if span_s > 0 else 1.0
        (lon0, lat0), (lon1, lat1) = spots[i - 1], spots[i]
        return lat0 + share * (lat1 - lat0), lon0 + share * (lon1 - lon0)

    def _head_for(self, stop: PlanStopView, now_s: float, *, empty: bool) -> bool:
        """Set off, with nobody on board only in time for the pick-up; whether it did."""
        spot = stop.place.lat, stop.place.lon
        start_s = max(self.free_s, self.told[1])
        if stop.kind == "pickup" and empty:
            planned_s = stop.planned - self.midnight
            start_s = max(start_s, planned_s - self._path(spot).duration_s - EARLY_S)
        if start_s > now_s:
            return False
        self._set_off(spot, start_s)
        return True

    def _set_off(self, spot: tuple[float, float], at_s: float) -> None:
        self.spot, self.way, self.began_s = spot, self._path(spot), at_s

    def _path(self, spot: tuple[float, float]) -> RoadPath:
        found = self.roads.path(self.roads.snap(*self.here).anchor, self.roads.snap(*spot).anchor)
        if found is None:
            raise RuntimeError(f"no road from {self.here} to {spot}")
        return found

    async def _serve(self, stop: PlanStopView, now_s: float) -> bool:
        step, due_s = self._due(stop)
        if due_s > now_s:
            return False
        answer = await self.world.keeper.step(
            self.name, stop.booking_id, step, at=self.midnight + due_s,  # type: ignore[arg-type]
            key=self.world.key(), actor=self.name,
        )  # fmt: skip
        self.free_s = due_s
        if not isinstance(answer, JobView):
            raise TypeError(f"{step} of {stop.reference} refused: {answer}")
        self.world.count(step)
        return True

    def _due(self, stop: PlanStopView) -> tuple[str, float]:
        if stop.kind == "dropoff":
            return "dropped", self.free_s + self.alighting_s
        if stop.state == "planned":
            return "arrived", max(self.free_s, self.told[1])
        ready_s = max(self.free_s, (stop.window_from or self.midnight) - self.midnight)
        if stop.booking_id in self.absent:
            return "no_show", ready_s + self.wait_s
        return "aboard", ready_s + (self.wheelchair_s if stop.wheelchairs else self.boarding_s)


# People


Do = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class People:
    """Everybody who telephones, and when; `due` is a heap of what will happen."""

    world: World
    choose: random.Random
    riders: Sequence[MemberRow]
    absent: set[str]
    absent_share: float
    due: list[tuple[float, int, Do]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=count)

    def at(self, epoch: float, do: Do) -> None:
        """Have something happen at an instant."""
        heappush(self.due, (epoch, next(self.order), do))

    async def until(self, epoch: float) -> None:
        """Let everything happen that is due, each at its time."""
        while self.due and self.due[0][0] <= epoch:
            at, _, do = heappop(self.due)
            self.world.pass_to(at)
            await do()
        self.world.pass_to(epoch)

    def plan_day(self, day: date) -> None:
        """Decide who will ride on a day, and when each of them calls."""
        midnight = day_start_epoch(day, ZONE)
        for rider in self.choose.sample(self.riders, CALLS_A_DAY):
            wished_s = 300 * self.choose.randrange(8 * 12 + 6, 15 * 12)
            early = self.choose.random() < 0.4
            called = midnight + (
                wished_s - 86_400 if early else wished_s - 60 * self.choose.randrange(120)
            )
            self.at(max(called, midnight - 86_400 + OPENS_S), self._outward(rider, day, wished_s))

    def _outward(self, rider: MemberRow, day: date, wished_s: int) -> Do:
        async def call() -> None:
            to = self.choose.choice(rider.favourites)
            assert rider.home_place_id is not None  # noqa: S101 -- chosen so
            arrive = self.choose.random() < 0.35
            ask = AskIn(
                rider.home_place_id, to, day, wished_s, "arrive" if arrive else "depart",
                rider_id=rider.id, wheelchairs=int("wheelchair" in rider.tags),
            )  # fmt: skip
            booked = await self._asked(ask, rider)
            if booked is not None:
                self._fate(booked, rider, day)

        return call

    def _fate(self, booked: BookingView, rider: MemberRow, day: date) -> None:
        midnight, chance = day_start_epoch(day, ZONE), self.choose.random()
        if chance < 0.06:
            due = booked.pickup_from
            self.at(self.world.now + 0.6 * max(0.0, due - self.world.now), self._cancel(booked))
        elif chance < 0.06 + self.absent_share:
            self.absent.add(booked.id)
        elif chance < 0.55:
            self.at(self.world.now, self._open_return(booked))
        elif chance < 0.8:
            stay_s = 60 * self.choose.randrange(40, 150)
            back = AskIn(
                booked.destination.id, booked.origin.id, day, booked.arrive_by - midnight + stay_s,
                rider_id=rider.id, wheelchairs=booked.wheelchairs,
            )  # fmt: skip
            self.at(self.world.now, self._back(back, rider))

    async def _asked(self, ask: AskIn, rider: MemberRow) -> BookingView | None:
        """Ask, and take the first offer, or the first of those named with a refusal."""
        world = self.world
        answer = await world.keeper.quote(ask)
        offers: Sequence[OfferView]
        if isinstance(answer, RefusalAnswer):
            world.count(f"refused: {answer.refusal.reason}")
            offers = answer.refusal.alternatives
        else:
            assert isinstance(answer, Quote)  # noqa: S101 -- the other answer there is
            offers = answer.offers
        if not offers:
            return None
        made = await world.keeper.book(
            offers[0].token, rider_id=rider.id, key=world.key(), actor="operator"
        )
        world.count("booked" if isinstance(made, BookingView) else f"not: {type(made).__name__}")
        return made if isinstance(made, BookingView) else None

    def _back(self, ask: AskIn, rider: MemberRow) -> Do:
        async def call() -> None:
            await self._asked(ask, rider)

        return call

    def _cancel(self, booked: BookingView) -> Do:
        async def call() -> None:
            made = await self.world.keeper.cancel(
                booked.id, reason="体調", key=self.world.key(), actor="operator"
            )
            self.world.count("cancelled" if isinstance(made, BookingView) else "not cancelled")

        return call

    def _open_return(self, booked: BookingView) -> Do:
        async def call() -> None:
            returns = OpenReturns(self.world.keeper)
            made = await returns.open(booked.id, key=self.world.key(), actor="operator")
            if isinstance(made, OpenReturnView):
                self.world.count("open returns")
                stay_s = 60 * self.choose.randrange(30, 140)
                self.at(booked.arrive_by + stay_s, self._press(made.id, booked.id))
            else:
                self.world.count(f"no open return: {made}")

        return call

    def _press(self, return_id: str, outward_id: str) -> Do:
        async def call() -> None:
            outward = await self.world.keeper.booking(outward_id)
            if not isinstance(outward, BookingView) or outward.state != "done":
                self.world.count("never went out")
                return
            told = await OpenReturns(self.world.keeper).press(
                return_id, key=self.world.key(), actor="operator"
            )
            if isinstance(told, OpenReturnView):
                self.world.pressed[return_id] = self.world.now
            self.world.count(f"pressed: {getattr(told, 'state', told)}")

        return call


# A month


async def drive_day(world: World, people: People, cabs: Sequence[Cab], midnight: int) -> None:
    """Let a day pass."""
    for now_s in range(ROLLS_S, CLOSES_S, STEP_S):
        await people.until(midnight + now_s)
        if now_s % 300 == 0:
            await OpenReturns(world.keeper).go_on()
        for cab in cabs:
            await cab.act(now_s)


def cabs_of(world: World, ground: Ground, rules: DayRules, absent: set[str]) -> list[Cab]:
    """Return the vehicles at their depots."""
    here, rule, made = world.keeper.here, rules.booking, []
    for row in here.taxis:
        depot = here.names.places[row.depot_place_id or 0]
        cab = Cab(
            world, row.id, ground.roads[row.profile], day_start_epoch(rules.day, ZONE),
            rule.boarding_s, rule.wheelchair_boarding_s, rule.alighting_s,
            60 * rule.no_show_wait_min, absent, (depot.lat, depot.lon), row.shift_from_s,
        )  # fmt: skip
        made.append(cab)
    return made


async def live(
    world: World, ground: Ground, days: int, seed: int, absent_share: float
) -> list[date]:
    """Live through the month; return its service days."""
    async with world.database.reading() as connection:
        everybody = await members.all_members(connection)
    choose, absent = random.Random(seed), set[str]()
    riders = [row for row in everybody if row.home_place_id and row.favourites]
    people = People(world, choose, riders, absent, absent_share)
    served = [
        (day, found)
        for day in (FIRST + timedelta(days=n) for n in range(2 * days + 10))
        if isinstance(found := rules_on(world.keeper.here.rules, day), DayRules)
    ][:days]
    for day, _ in served:
        people.plan_day(day)
    for day, found in served:
        midnight = day_start_epoch(day, ZONE)
        await drive_day(world, people, cabs_of(world, ground, found, absent), midnight)
        for fault in await world.keeper.check():
            world.count(f"verifier: {fault}")
    return [day for day, _ in served]


# What came of it


def told_last(row: BookingRow, promises: Sequence[PromiseRow]) -> PromiseRow:
    """Return the promise a rider was told last."""
    return max((each for each in promises if each.booking_id == row.id), key=lambda each: each.no)


@dataclass(slots=True)
class Kept:
    """What the rows say of the rides that were driven."""

    rides: int = 0
    kept: int = 0
    worst_s: int = 0
    moved: int = 0
    standing: int = 0
    """Bookings that nobody carried though they were never given back."""

    def see(self, row: BookingRow, promises: Sequence[PromiseRow], alighting_s: int) -> None:
        """Judge one booking by the promise told last."""
        if row.state == "booked":
            self.standing += 1
        if row.state != "done" or row.arrived_s is None or row.dropped_s is None:
            return
        told = told_last(row, promises)
        late_s = max(
            row.arrived_s - told.pickup_to_s, row.dropped_s - alighting_s - told.arrive_by_s
        )
        self.rides += 1
        self.kept += late_s <= 0
        self.worst_s = max(self.worst_s, late_s)
        self.moved += (
            sum(each.why not in SOFT for each in promises if each.booking_id == row.id) > 1
        )


async def judge(world: World, days: Sequence[date]) -> dict[str, Any]:
    """Return the month's figures out of the rows."""
    kept, unbound, refused = Kept(), 0, 0
    fetched_s: list[int] = []
    async with world.database.reading() as connection:
        for day in days:
            rows = await bookings.bookings_on(connection, day)
            promises = await bookings.promises_on(connection, AREA, day)
            rule = world.keeper.here.rules.booking_on(day)
            assert rule is not None  # noqa: S101 -- it was a service day
            for row in rows:
                kept.see(row, promises, rule.alighting_s)
            back = await open_returns.open_returns_on(connection, AREA, day, ended=True)
            fetched_s += _fetched_s(back, {row.id: row for row in rows})
            nos = [row for row in await rides.refusals_on(connection, day) if row.declined is None]
            refused += len(nos)
            unbound += sum(row.binding is None for row in nos)
    within = sum(s <= 60 * OPEN_RETURN_MIN for s in fetched_s)
    return {
        "days": len(days),
        "rides": kept.rides,
        "promises_kept_percent": round(100 * kept.kept / max(1, kept.rides), 2),
        "worst_late_s": kept.worst_s,
        "moved": kept.moved,
        "left_standing": kept.standing,
        "refused": refused,
        "refused_without_limit": unbound,
        "open_returns": len(fetched_s),
        "open_returns_in_time_percent": round(100 * within / max(1, len(fetched_s)), 1),
        "verifier": sum(n for what, n in world.counted.items() if what.startswith("verifier")),
    }


def _fetched_s(back: Sequence[OpenReturnRow], rows: dict[str, BookingRow]) -> list[int]:
    """Return how long each who pressed the button waited for the vehicle at the door."""
    found = []
    for each in back:
        ride = rows.get(each.booking_id or "")
        if each.called_s is not None and ride is not None and ride.arrived_s is not None:
            found.append(ride.arrived_s - each.called_s)
    return found


async def simulate(
    folder: Path, days: int, seed: int, absent_share: float
) -> tuple[dict[str, Any], dict[str, int]]:
    """Live one month on a new database; return its figures, and what was counted on the way."""
    ground = lay(folder)
    url = f"sqlite+aiosqlite:///{folder / 'month.db'}"
    await upgrade(url)
    database = open_database(url)
    await import_town(database, ground.town, ground.roads["car"], ground.network)
    clock = [float(day_start_epoch(FIRST, ZONE))]
    keeper = Keeper(
        database, area=AREA, roads=ground.roads, network=ground.network, clock=lambda: clock[0],
        signing_key=b"month", improve_s=0,
    )  # fmt: skip
    await keeper.refresh()
    world = World(keeper, database, clock)
    began = time.process_time()
    served = await live(world, ground, days, seed, absent_share)
    figures = await judge(world, served)
    await database.close()
    return figures | {"cpu_s": round(time.process_time() - began, 1)}, world.counted


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, live the month, print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.month",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--days", type=int, default=20, help="service days")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--absent", type=float, default=0.0, help="share of riders not there")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="maas-month-") as name:
        row, counted = asyncio.run(simulate(Path(name), chosen.days, chosen.seed, chosen.absent))
    about = {"python": platform.python_version(), "seed": chosen.seed, "counted": counted}
    text = json.dumps({"rows": [row], "about": about}, indent=2, ensure_ascii=False)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    out = sys.stderr if chosen.json == "-" else sys.stdout
    for name, value in {**row, **dict(sorted(counted.items()))}.items():
        print(f"{name:40} {value}", file=out)


if __name__ == "__main__":
    main()
