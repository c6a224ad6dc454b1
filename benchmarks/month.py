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
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.booking import AREA, Ground, lay
from benchmarks.month_people import People
from benchmarks.month_world import STEP_S, ZONE, Cab, LateBuses, World, stop_places
from gtfs import read_feed
from gtfs.calendar import day_start_epoch
from maas.rides.connections import Connections
from maas.rides.keeper import Keeper
from maas.rides.late import LATE, watch
from maas.rides.returns import OpenReturns
from maas.store import bookings, links, members, open_returns, rides
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.database import open_database, upgrade
from maas.store.links import LinkRow
from maas.store.open_returns import OpenReturnRow
from maas.town.calendars import DayRules, rules_on
from maas.town.imports import import_town
from maas.town.rules import BookingRule

FIRST = date(2026, 10, 1)
ROLLS_S, CLOSES_S = 27_900, 18 * 3600
"""From the start of the first shift until the last one is over."""
OPEN_RETURN_MIN = 30
"""The town's rule: fetched within so many minutes of the press of the button."""
BUS_WAITS_S = 300
LOOKED_S = 180
"""The service looks at returns and buses more often; each look takes as long as a quote."""
SOFT = frozenset({"held", "expected"})
"""Why a promise was written that nobody was told."""


async def drive_day(world: World, people: People, cabs: Sequence[Cab], midnight: int) -> None:
    """Let a day pass."""
    for now_s in range(ROLLS_S, CLOSES_S, STEP_S):
        await people.until(midnight + now_s)
        if now_s % LOOKED_S == 0:
            await OpenReturns(world.keeper).go_on()
        if now_s % LOOKED_S == 0:
            await Connections(world.keeper, people.buses).follow()
        if now_s % 30 == 0:
            await watch(world.keeper)
        for cab in cabs:
            await cab.act(now_s)


def cabs_of(world: World, ground: Ground, rules: DayRules, people: People) -> list[Cab]:
    """Return the vehicles at their depots."""
    here, rule, made = world.keeper.here, rules.booking, []
    for row in here.taxis:
        depot = here.names.places[row.depot_place_id or 0]
        cab = Cab(
            world, row.id, ground.roads[row.profile], day_start_epoch(rules.day, ZONE),
            rule.boarding_s, rule.wheelchair_boarding_s, rule.alighting_s,
            60 * rule.no_show_wait_min, people.absent, people.ready_s,
            (depot.lat, depot.lon), row.shift_from_s,
        )  # fmt: skip
        made.append(cab)
    return made


async def live(
    world: World, ground: Ground, buses: LateBuses, days: int, seed: int, absent_share: float
) -> list[date]:
    """Live through the month; return its service days."""
    async with world.database.reading() as connection:
        everybody = await members.all_members(connection)
    choose = random.Random(seed)
    riders = [row for row in everybody if row.home_place_id and row.favourites]
    stops = stop_places(buses.feed, world.keeper.here.names.places.values())
    people = People(world, choose, riders, set(), absent_share, buses, stops, {})
    served = [
        (day, found)
        for day in (FIRST + timedelta(days=n) for n in range(2 * days + 10))
        if isinstance(found := rules_on(world.keeper.here.rules, day), DayRules)
    ][:days]
    for day, _ in served:
        people.plan_day(day)
    for day, found in served:
        midnight = day_start_epoch(day, ZONE)
        await drive_day(world, people, cabs_of(world, ground, found, people), midnight)
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
    broken: list[str] = field(default_factory=list)
    told_late: int = 0
    """How often somebody heard that a vehicle runs late."""
    told_in_time: int = 0
    """Of those before the time they had been told."""
    silent: int = 0
    """Rides later than told by what has to be told, and no word of it."""

    def see(self, row: BookingRow, promises: Sequence[PromiseRow], rule: BookingRule) -> None:
        """Judge one booking by the promise told last."""
        if row.state == "booked":
            self.standing += 1
        self._hear(row, promises)
        if row.state != "done" or row.arrived_s is None or row.dropped_s is None:
            return
        told = told_last(row, promises)
        late_s = max(
            row.arrived_s - told.pickup_to_s, row.dropped_s - rule.alighting_s - told.arrive_by_s
        )
        # On board they see it; a word is owed to who still waits at the door.
        waited_s = row.arrived_s - told.pickup_to_s
        self.silent += waited_s >= 60 * rule.late_told_min > 0
        self.rides += 1
        self.kept += late_s <= 0
        if late_s > 0:
            self.broken.append(
                f"{row.service_date} {row.vehicle_id} {row.reference}: {late_s} s, {told.why}"
            )
        self.worst_s = max(self.worst_s, late_s)
        self.moved += (
            sum(each.why not in SOFT for each in promises if each.booking_id == row.id) > 1
        )

    def _hear(self, row: BookingRow, promises: Sequence[PromiseRow]) -> None:
        """Look when somebody heard of a late vehicle."""
        midnight = day_start_epoch(row.service_date, ZONE)
        for before, after in pairwise(sorted(promises, key=lambda each: each.no)):
            if after.why == LATE:
                passes_s = max(before.pickup_to_s, before.arrive_by_s)
                if after.pickup_to_s > before.pickup_to_s:
                    passes_s = before.pickup_to_s
                self.told_late += 1
                self.told_in_time += after.told_at <= midnight + passes_s


async def judge(world: World, buses: LateBuses, days: Sequence[date]) -> dict[str, Any]:
    """Return the month's figures out of the rows."""
    kept, unbound, refused = Kept(), 0, 0
    fetched_s: list[int] = []
    told, left = 0, 0
    late: Counter[str] = Counter()
    async with world.database.reading() as connection:
        for day in days:
            rows = await bookings.bookings_on(connection, day)
            rule = world.keeper.here.rules.booking_on(day)
            assert rule is not None  # noqa: S101 -- it was a service day
            for row in rows:
                kept.see(row, await bookings.promises_of(connection, row.id), rule)
            tied = await links.links_on(connection, AREA, day)
            late += _late_links(
                buses, tied.values(), {row.id: row for row in rows}, rule.alighting_s
            )
            back = await open_returns.open_returns_on(connection, AREA, day, ended=True)
            fetched_s += _fetched_s(back, {row.id: row for row in rows})
            left += _never_fetched(back, {row.id: row for row in rows})
            for each in back:
                if each.booking_id is not None:
                    promises = await bookings.promises_of(connection, each.booking_id)
                    told += _told_later(each, promises)
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
        "broken": kept.broken,
        "told_of_a_late_vehicle": kept.told_late,
        "told_in_time": kept.told_in_time,
        "left_silently_late": kept.silent,
        "left_standing": kept.standing,
        "refused": refused,
        "refused_without_limit": unbound,
        "open_returns": len(fetched_s),
        "open_returns_in_time_percent": round(100 * within / max(1, len(fetched_s)), 1),
        "open_returns_told_of_a_later_time": told,
        "open_returns_never_fetched": left,
        "links_to_late_buses": sum(late.values()),
        "links_kept": late["kept"],
        "links_offered_the_next_bus": late["offered"],
        "links_broken": late["broken"],
        "verifier": sum(n for what, n in world.counted.items() if what.startswith("verifier")),
    }


def _late_links(
    buses: LateBuses, tied: Iterable[LinkRow], rows: Mapping[str, BookingRow], alighting_s: int
) -> Counter[str]:
    """Say of each link whose bus was late a minute or more what became of it."""
    found: Counter[str] = Counter()
    for link in tied:
        row, late_s = rows[link.booking_id], buses.late_s(link.trip_id, link.service_date)
        if late_s < 60 or link.state == "undone" or row.state == "cancelled":
            continue
        bus_s = link.planned_s + late_s
        if link.state == "missed":
            told_in_time = link.at <= day_start_epoch(link.service_date, ZONE) + bus_s
            found["offered" if told_in_time else "broken"] += 1
        elif link.toward == "to_bus":
            there_s = None if row.dropped_s is None else row.dropped_s - alighting_s
            waits_s = BUS_WAITS_S if link.state == "waiting" else 0
            found["kept" if there_s is not None and there_s <= bus_s + waits_s else "broken"] += 1
        else:
            found["kept" if row.state == "done" else "broken"] += 1
    return found


def _fetched_s(back: Sequence[OpenReturnRow], rows: dict[str, BookingRow]) -> list[int]:
    """Return how long each who pressed the button waited for the vehicle at the door."""
    found = []
    for each in back:
        ride = rows.get(each.booking_id or "")
        if each.called_s is not None and ride is not None and ride.arrived_s is not None:
            found.append(ride.arrived_s - each.called_s)
    return found


def _told_later(back: OpenReturnRow, promises: Sequence[PromiseRow]) -> bool:
    """Whether somebody who pressed the button was told a time later than the town's rule."""
    told = [row for row in promises if row.why not in SOFT]
    if back.called_s is None or not told:
        return False
    return told[0].pickup_to_s > back.called_s + 60 * OPEN_RETURN_MIN


def _never_fetched(back: Sequence[OpenReturnRow], rows: Mapping[str, BookingRow]) -> int:
    """Return how many pressed the button and were left standing."""
    called = [each for each in back if each.called_s is not None]
    rides = [rows.get(each.booking_id or "") for each in called]
    return sum(ride is None or ride.state in {"booked", "held", "lapsed"} for ride in rides)


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
    buses = LateBuses(read_feed(ground.town / "gtfs.zip"), seed)
    served = await live(world, ground, buses, days, seed, absent_share)
    figures = await judge(world, buses, served)
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
