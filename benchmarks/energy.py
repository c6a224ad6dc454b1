"""What slopes do to plans for electric vehicles, and what planning with them costs in riders.

Micro-EVs with small batteries serve random parties on the real roads of Andorra with real heights.
The same days are planned party by party as they call: with no battery in the plan (``none``), with
batteries and a table of energy that is the length times the catalogue's figure (``flat``), and with
the energy of slopes, load and the day's forecast (``slope``); each vehicle has one charge at a
fixed time about noon.  With ``--placed`` also with slopes and charges wherever they are needed, as
``dispatcher.tasks`` places them (``placed``; seconds a day).  Every plan is then driven by a
simulator that shares no code with it (``energy_drive``): a battery that runs empty on the road
strands its riders, and the day is broken.

    python -m benchmarks.energy [--days 200] [--seed 1] [--noise 0.1] [--placed] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from benchmarks.energy_days import (
    CHARGERS,
    DEPOT,
    FLEET,
    KINDS,
    RESERVE_SHARE,
    Day,
    Kind,
    day_of,
    empty_plan,
    places_of,
)
from benchmarks.energy_drive import Ground, Walk, after_charge_wh, taken_wh
from dispatcher import Place, Plan, Request, Route, StopKind, Task, TravelTimes, insertions
from dispatcher.check import check
from dispatcher.insert import insert
from dispatcher.placing import Budget
from dispatcher.roads import Anchor, RoadNetwork, Roads
from dispatcher.roads.build import build
from dispatcher.roads.consumption import BODIES, VehicleBody
from dispatcher.roads.energy import RoadEnergy
from dispatcher.tasks import place_charges

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "roads"
MODES = ("none", "flat", "slope")
PLACED = "placed"
PATIENT = Budget(wall_s=60.0)
"""So that a busy machine gives the same answers as a quiet one."""
MARGIN = 0.1
"""By how much more than forecast the slope plan lets every drive take."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Times and watt-hours between all places."""

    seconds: NDArray[np.int32]
    wh: NDArray[np.int32]

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """See ``TravelTimes``."""
        return self.seconds[np.ix_(origins, destinations)]

    def energy(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """See ``EnergyUse``."""
        rows, columns = np.ix_(origins, destinations)
        return self.wh[:, rows, columns]


@dataclass(slots=True)
class Town:
    """The roads, the places, and every drive between them once it has been walked."""

    roads: Roads
    ground: Ground
    places: list[Anchor]
    seconds: NDArray[np.int32]
    walks: dict[tuple[int, int], Walk] = field(default_factory=dict)

    def walk(self, origin: int, destination: int) -> Walk:
        """Return a drive in steps."""
        known = self.walks.get((origin, destination))
        if known is None:
            a, b = self.places[origin], self.places[destination]
            path = self.roads.path(a, b)
            if path is None:
                raise ValueError(f"no way from {a} to {b}")
            known = self.walks[origin, destination] = self.ground.walk(a, b, path)
        return known


@dataclass(slots=True)
class Tally:
    """What became of the days of one mode."""

    asked: int = 0
    served: int = 0
    days: int = 0
    broken_days: int = 0
    below_reserve_days: int = 0
    lowest: float = 1.0
    driven_m: float = 0.0
    taken_wh: float = 0.0
    planned: int = 0
    cpu_s: float = 0.0


def build_town(folder: Path, places: int, seed: int) -> Town:
    """Return Andorra with some places in it."""
    osm, tile = SHARED / "andorra.osm.pbf", SHARED / "N42E001.hgt.zip"
    build(osm, folder / "roads", elevation=[tile])
    network = RoadNetwork.load(folder / "roads")
    roads = Roads(network, "micro_ev")
    anchors = places_of(network, roads, places, seed)
    ground = Ground(network, "micro_ev", osm, tile)
    return Town(roads, ground, anchors, roads.table(anchors, anchors))


def catalogue(kind: Kind) -> VehicleBody:
    """Return a body that takes the catalogue's figure on every kilometre, whatever it carries."""
    newton = 3.6 * kind.catalogue_wh_km
    return VehicleBody(1.0, 0, newton / 9.81, 0, 1.0, 0, 0, driver_kg=0, rider_kg=0)


def flat_tables(town: Town) -> dict[str, Tables]:
    """Return energy as length times the catalogue's figure, for each kind."""
    network = town.roads.network
    level = np.zeros_like(network.climb_m)
    roads = Roads(replace(network, climb_m=level, descent_m=level), town.roads.profile)
    energy = {name: RoadEnergy(roads, catalogue(kind)) for name, kind in KINDS.items()}
    return {
        name: Tables(town.seconds, energy[name].energy(town.places, town.places)) for name in KINDS
    }


def slope_tables(town: Town, day: Day, margin: float) -> dict[str, Tables]:
    """Return energy by slope, load and the day's forecast, for each kind."""
    tables = {}
    for name, kind in KINDS.items():
        energy = RoadEnergy(town.roads, BODIES[kind.body], day.forecast, margin)
        tables[name] = Tables(town.seconds, energy.energy(town.places, town.places))
    return tables


def planned(plan: Plan, asked: Sequence[Request], travel: Mapping[str, TravelTimes]) -> Plan:
    """Return the plan with everybody in it whom it can take as they call, one after the other."""
    for request in asked:
        found = insertions(plan, request, travel)
        if found:
            plan = insert(plan, request, found[0])
    return plan


def planned_with_charges(
    plan: Plan, asked: Sequence[Request], travel: Mapping[str, TravelTimes]
) -> Plan:
    """Return ``planned``, but charge more before a party is refused for a battery's sake."""
    for request in asked:
        found = insertions(plan, request, travel)
        if found:
            plan = insert(plan, request, found[0])
            continue
        for insertion in insertions(_without_batteries(plan), request, travel)[:1]:
            fuller = insert(plan, request, insertion)
            charged = place_charges(fuller, CHARGERS, travel, budget=PATIENT)
            plan = charged if isinstance(charged, Plan) else plan
    return plan


def _without_batteries(plan: Plan) -> Plan:
    routes = {
        id_: replace(route, vehicle=replace(route.vehicle, battery=None))
        for id_, route in plan.routes.items()
    }
    return replace(plan, routes=routes)


@dataclass(slots=True)
class Driver:
    """A vehicle on its way through a day: where it is, what is in its battery, who arrived."""

    town: Town
    day: Day
    kind: Kind
    rng: np.random.Generator
    level_wh: float
    place: int = int(DEPOT)
    aboard: int = 0
    arrived: int = 0
    lowest: float = 1.0
    driven_m: float = 0.0
    taken_wh: float = 0.0

    def drive(self, to: int) -> bool:
        """Drive somewhere; return whether the battery lasted all the way."""
        if to == self.place:
            return True
        walk = self.town.walk(self.place, to)
        steps_wh = _really_taken(walk, self.kind, self.day, self.aboard, self.rng)
        along_wh = _followed(self.level_wh, steps_wh, self.kind.capacity_wh)
        self.driven_m += walk.length_m
        self.taken_wh += float(steps_wh.sum())
        self.level_wh, self.place = float(along_wh[-1]), to
        self.lowest = min(self.lowest, float(along_wh.min()) / self.kind.capacity_wh)
        return self.lowest >= 0

    def exchange(self, riders: int) -> None:
        """Let riders in, or out (negative)."""
        self.aboard += riders
        self.arrived -= min(riders, 0)


def driven(town: Town, day: Day, route: Route, plan: Plan) -> Driver:
    """Drive a vehicle's day until its end, or until it is left on the road."""
    kind = KINDS[route.vehicle.profile]
    rng = np.random.default_rng([day.number, *route.vehicle.id.encode()])
    driver = Driver(town, day, kind, rng, float(kind.capacity_wh))
    for to, riders, task in visits(route, plan):
        if not driver.drive(to):
            break
        driver.exchange(riders)
        if task is not None:
            charge = task.power_w, task.lasts_s, kind.capacity_wh, 0.8
            driver.level_wh = after_charge_wh(driver.level_wh, *charge)
    return driver


def visits(route: Route, plan: Plan) -> Iterator[tuple[int, int, Task | None]]:
    """Yield where a vehicle goes, how many get in there (out: negative), and its task if any."""
    for stop in route.stops:
        task = route.tasks.get(stop.request_id)
        if task is not None:
            yield int(task.place), 0, task
            continue
        party = plan.requests[stop.request_id]
        if stop.kind is StopKind.PICKUP:
            yield int(party.origin), party.riders, None
        else:
            yield int(party.destination), -party.riders, None
    yield int(DEPOT), 0, None


def model_over_walk(town: Town, day: Day, plan: Plan) -> float:
    """Return the day's energy by the model over that of the walk, for the same drives and weather.

    Without noise and without margin.
    """
    tables = slope_tables(town, replace(day, forecast=day.weather), 0.0)
    model_wh = walked_wh = 0.0
    for route in plan.routes.values():
        place, aboard, kind = int(DEPOT), 0, KINDS[route.vehicle.profile]
        for to, riders, _ in visits(route, plan):
            if to != place:
                alone_wh, rider_wh = tables[route.vehicle.profile].wh[:, place, to].tolist()
                model_wh += alone_wh + aboard * rider_wh
                walk = town.walk(place, to)
                walked_wh += float(taken_wh(walk, BODIES[kind.body], day.weather, aboard)[-1])
            place, aboard = to, aboard + riders
    return model_wh / walked_wh


def _really_taken(
    walk: Walk, kind: Kind, day: Day, riders: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return what each step takes: dearer while a descent gives less, or the reverse."""
    along_wh = taken_wh(walk, BODIES[kind.body], day.weather, riders)
    steps_wh = np.diff(along_wh, prepend=0.0)
    more = day.takes_more + float(rng.uniform(-day.noise, day.noise)) / 2
    return np.asarray(steps_wh * np.where(steps_wh > 0, 1 + more, 1 - more))


def _followed(
    level_wh: float, steps_wh: NDArray[np.float64], capacity_wh: float
) -> NDArray[np.float64]:
    """Return what is in the battery after each step; a full one takes nothing back."""
    free = level_wh - np.cumsum(steps_wh)
    spilt = np.maximum.accumulate(np.maximum(free - capacity_wh, 0.0))
    return np.asarray(free - spilt)


def drive_day(town: Town, day: Day, plan: Plan, tally: Tally) -> None:
    """Drive everybody's day and add it to the tally."""
    drivers = [driven(town, day, route, plan) for route in plan.routes.values()]
    lowest = min(driver.lowest for driver in drivers)
    tally.days += 1
    tally.served += sum(driver.arrived for driver in drivers)
    tally.driven_m += sum(driver.driven_m for driver in drivers)
    tally.taken_wh += sum(driver.taken_wh for driver in drivers)
    tally.asked += sum(request.riders for request in day.asked)
    tally.planned += sum(request.riders for request in plan.requests.values())
    tally.lowest = min(tally.lowest, lowest)
    tally.broken_days += lowest < 0
    tally.below_reserve_days += lowest < RESERVE_SHARE


def plan_day(
    town: Town, day: Day, mode: str, flat: Mapping[str, Tables], margin: float
) -> tuple[Plan, Mapping[str, Tables]]:
    """Return the day's plan in one mode, and the tables it was made with."""
    tables = slope_tables(town, day, margin) if mode in ("slope", PLACED) else flat
    plan = empty_plan(batteries=mode != "none", charges=mode != PLACED)
    if mode == PLACED:
        return planned_with_charges(plan, day.asked, tables), tables
    return planned(plan, day.asked, tables), tables


def run(
    days: int, seed: int, parties: int, noise: float, margin: float, modes: Sequence[str] = MODES
) -> dict[str, Any]:
    """Plan and drive every day in every mode and return the document that is printed."""
    with tempfile.TemporaryDirectory() as folder:
        print("building Andorra", file=sys.stderr)
        town = build_town(Path(folder), 121, seed)
    flat = flat_tables(town)
    tallies, accuracy = {mode: Tally() for mode in modes}, list[float]()
    for number in range(days):
        day = day_of(number, seed, town.seconds, parties, noise)
        for mode, tally in tallies.items():
            began = time.process_time()
            plan, tables = plan_day(town, day, mode, flat, margin)
            tally.cpu_s += time.process_time() - began
            wrong = check(plan, tables)
            if wrong:
                raise AssertionError(f"day {number}, {mode}: {wrong[0]}")
            drive_day(town, day, plan, tally)
            if mode == "slope":
                accuracy.append(model_over_walk(town, day, plan))
        if number % 20 == 19:
            print(f"  {number + 1} days", file=sys.stderr)
    about = {
        "question": "does a battery last, and what does it cost to make sure",
        "seed": seed,
        "fleet": list(FLEET),
        "parties_a_day": parties,
        "noise": noise,
        "margin": margin,
        "planned_percent": {m: _percent(t.planned, t.asked) for m, t in tallies.items()},
        "days_below_reserve": {m: t.below_reserve_days for m, t in tallies.items()},
        "model_over_walk": [round(q, 3) for q in np.percentile(accuracy, (0, 50, 100)).tolist()],
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    return {"rows": [_row(mode, tally) for mode, tally in tallies.items()], "about": about}


def _row(mode: str, tally: Tally) -> dict[str, Any]:
    return {
        "mode": mode,
        "days": tally.days,
        "served_percent": _percent(tally.served, tally.asked),
        "broken_days": tally.broken_days,
        "lowest_charge_percent": round(100 * max(tally.lowest, 0.0), 1),
        "wh_per_km": round(1000 * tally.taken_wh / max(tally.driven_m, 1.0), 1),
        "cpu_s": round(tally.cpu_s, 2),
    }


def _percent(part: int, whole: int) -> float:
    return round(100 * part / max(whole, 1), 2)


def print_table(rows: Sequence[Mapping[str, Any]], out: TextIO) -> None:
    """Print the rows as comma-separated values."""
    print(",".join(rows[0]), file=out)
    for row in rows:
        print(",".join(str(value) for value in row.values()), file=out)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.energy", description=__doc__)
    parser.add_argument("--days", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parties", type=int, default=40, help="how many ask on the busiest day")
    parser.add_argument("--noise", type=float, default=0.1, help="share a drive may differ by")
    parser.add_argument("--margin", type=float, default=MARGIN, help="share the slope plan adds")
    parser.add_argument("--placed", action="store_true", help="also place charges as needed")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    if not (SHARED / "andorra.osm.pbf").is_file():
        raise SystemExit("no ../shared beside the project: Andorra is not there to be measured")
    figures = chosen.days, chosen.seed, chosen.parties, chosen.noise, chosen.margin
    document = run(*figures, (*MODES, PLACED) if chosen.placed else MODES)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    print_table(document["rows"], sys.stderr if chosen.json == "-" else sys.stdout)
    print(json.dumps(document["about"]), file=sys.stderr)


if __name__ == "__main__":
    main()
