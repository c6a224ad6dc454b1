"""How fast a plan stands again after something went wrong, and what it cost the riders.

Seeded days of a town of random places: a mixed fleet (wheelchair vans, two electric vehicles, a
break for every driver), bookings with windows and ride limits as a town promises them, return legs
and rides to and from buses.  Each is cut at a random moment with riders on board; then one thing
happens.  Times are CPU time of one core.

Every plan that comes back is judged by ``dispatcher.check`` and by this file: everybody who was on
board is on exactly one route that sets them down at their destination, everybody else is on exactly
one or named, and no limit has moved whose party is not named.

    python -m benchmarks.replan --vehicles 10 --bookings 200 --events 1000 --json
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatcher import events
from dispatcher.broken import Replanned
from dispatcher.check import check
from dispatcher.cost import plan_cost_s
from dispatcher.energy import levels_of
from dispatcher.fleet import Fleet
from dispatcher.insert import insert, insertions, warm
from dispatcher.model import (
    Battery,
    Connection,
    Follows,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    TravelTimes,
    Vehicle,
)
from dispatcher.nodes import nodes_of, places_of
from dispatcher.schedule import Schedule, schedule
from dispatcher.search_plan import warm_search

PLACES, SIDE_S = 120, 1500
OPENS_S, CLOSES_S = 8 * 3600, 17 * 3600
DEPOT = Place(0)
WINDOW_S, WH_PER_MINUTE = 1200, 90
Travel = Mapping[str, TravelTimes]


@dataclass(frozen=True, slots=True)
class Town:
    """Places on a plain of streets at right angles, with a slower way back."""

    seconds: NDArray[np.int32]

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds."""
        rows = np.asarray(origins)[:, None]
        return np.asarray(self.seconds[rows, np.asarray(destinations)], dtype=np.int32)

    def energy(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return watt-hours with the driver alone, and what each rider adds."""
        alone = np.ceil(self.table(origins, destinations) * (WH_PER_MINUTE / 60))
        return np.stack([alone, np.ceil(alone / 20)]).astype(np.int32)


def build_town(rng: np.random.Generator) -> tuple[Town, NDArray[np.float64]]:
    """Return a town about 25 minutes across, and where its places are."""
    at = rng.uniform(0, SIDE_S, (PLACES, 2))
    seconds = np.abs(at[:, None] - at[None]).sum(-1) * rng.uniform(1, 1.1, (PLACES, PLACES))
    np.fill_diagonal(seconds, 0)
    return Town(np.ceil(seconds).astype(np.int32)), at


def closed(town: Town, at: NDArray[np.float64], rng: np.random.Generator) -> Town:
    """Return the town with a road closed: whoever crosses a line somewhere makes a detour."""
    west = at[:, 0] < rng.uniform(0.3, 0.7) * SIDE_S
    across = west[:, None] != west[None]
    return Town((town.seconds + across * int(rng.integers(120, 600))).astype(np.int32))


def build_vehicle(number: int) -> Route:
    """Return one of a mixed fleet, with a break at noon; every fifth is electric."""
    electric = number % 5 == 4
    vehicle = Vehicle(
        f"v{number}",
        DEPOT,
        DEPOT,
        OPENS_S,
        CLOSES_S + 1800,
        seats=4 if electric else (8, 6, 9)[number % 3],
        wheelchair_places=0 if electric else number % 3,
        seats_lost_per_wheelchair=1,
        profile="ev" if electric else "car",
        bags=4,
        battery=Battery(40_000, 34_000, 4_000) if electric else None,
    )
    rest = Task(f"break{number}", StopKind.BREAK, DEPOT, 39_600, 48_600, 2700)
    return Route(vehicle, (Stop(rest.id, rest.kind),), tasks={rest.id: rest})


def build_request(rng: np.random.Generator, town: Town, name: str) -> Request:
    """Return a booking as a town promises it: a window of 20 minutes, half as long again."""
    origin, destination = (int(place) for place in rng.choice(PLACES, 2, replace=False))
    direct_s = int(town.seconds[origin, destination])
    early_s = int(rng.integers(OPENS_S + 600, CLOSES_S - 1800))
    ride_max_s = int(direct_s * 1.5) + 600
    wheelchairs = int(rng.random() < 0.08)
    return Request(
        id=name,
        origin=Place(origin),
        destination=Place(destination),
        earliest_pickup_s=early_s,
        latest_pickup_s=early_s + WINDOW_S,
        earliest_dropoff_s=0,
        latest_dropoff_s=early_s + WINDOW_S + 60 + ride_max_s,
        ride_max_s=ride_max_s,
        seats=int(rng.integers(1, 3)) - wheelchairs,
        wheelchairs=wheelchairs,
        boarding_s=60 + 120 * wheelchairs,
        bags=int(rng.random() < 0.2),
        alone=bool(rng.random() < 0.03),
        priority=int(rng.random() < 0.15),
    )


def bound(rng: np.random.Generator, request: Request, earlier: Request | None) -> Request:
    """Return the booking as a return leg, or pinned to a bus, or as it is."""
    kind = rng.random()
    if earlier is not None and kind < 0.2:
        ended_s = earlier.latest_dropoff_s + earlier.alighting_s + 1800
        shift_s = ended_s - request.earliest_pickup_s
        if shift_s + request.earliest_pickup_s < CLOSES_S - 1800:
            back = _later(request, shift_s)
            follows = Follows(earlier.id, 1800)
            direct = replace(
                back,
                origin=earlier.destination,
                destination=earlier.origin,
                follows=follows,
                ride_max_s=earlier.ride_max_s + 300,
            )
            due_s = direct.latest_pickup_s + direct.boarding_s + direct.ride_max_s
            return replace(direct, latest_dropoff_s=due_s)
    trip = f"trip{int(rng.integers(12))}"
    if 0.2 <= kind < 0.28:
        bus_s = request.earliest_pickup_s - 120
        return replace(request, connection=Connection(trip, "from_bus", bus_s, 120))
    if 0.28 <= kind < 0.36:
        bus_s = request.latest_dropoff_s + 180
        return replace(request, connection=Connection(trip, "to_bus", bus_s, 180))
    return request


def _later(request: Request, by_s: int) -> Request:
    return replace(
        request,
        earliest_pickup_s=request.earliest_pickup_s + by_s,
        latest_pickup_s=request.latest_pickup_s + by_s,
        latest_dropoff_s=request.latest_dropoff_s + by_s,
    )


def build_day(
    rng: np.random.Generator, town: Town, vehicles: int, bookings: int
) -> tuple[Plan, Travel]:
    """Return a day with everybody in it who could be promised a ride, up to ``bookings``."""
    travel: Travel = {"car": town, "ev": town}
    routes = (build_vehicle(number) for number in range(vehicles))
    plan = Plan(0, {route.vehicle.id: route for route in routes}, {})
    fleet, earlier = Fleet(plan, travel), None
    for number in range(2 * bookings):
        request = bound(rng, build_request(rng, town, f"r{number}"), earlier)
        found = insertions(plan, request, travel, fleet=fleet)
        if found:
            plan = insert(plan, request, found[0])
            fleet = fleet.at(plan)
            earlier = request if request.follows is None else None
        if len(plan.requests) == bookings:
            break
    return plan, travel


def cut(plan: Plan, travel: Travel, now_s: int) -> Plan:
    """Return the plan at a moment: what has begun is done, near stops are locked."""
    routes = {id_: _under_way(route, plan, travel, now_s) for id_, route in plan.routes.items()}
    left = {id_ for route in routes.values() for id_ in route.request_ids}
    return Plan(1, routes, {id_: one for id_, one in plan.requests.items() if id_ in left})


def _under_way(route: Route, plan: Plan, travel: Travel, now_s: int) -> Route:
    """Return the rest of a route; a vehicle that has left for a stop will be there first."""
    times = schedule(route, plan.requests, travel)
    if not isinstance(times, Schedule):
        raise TypeError(f"built an impossible route: {times}")
    done = sum(begin_s <= now_s for begin_s in times.begin_s)
    aboard, tasks = dict[str, int](), dict(route.tasks)
    for stop, depart_s in zip(route.stops[:done], times.depart_s, strict=False):
        if stop.kind is StopKind.PICKUP:
            aboard[stop.request_id] = depart_s
        elif stop.kind is StopKind.DROPOFF:
            del aboard[stop.request_id]
        else:
            del tasks[stop.request_id]
    rest, vehicle = route.stops[done:], route.vehicle
    if done == 0 and times.leave_s > now_s:
        return Route(replace(vehicle, start_s=now_s), rest, aboard, 0, tasks)
    node = done + 1 if rest else done
    free_s = times.arrive_s[done] if rest else times.depart_s[-1]
    here = replace(
        vehicle,
        start=places_of(route, plan.requests)[node],
        start_s=min(max(free_s, now_s), vehicle.end_s),
    )
    if vehicle.battery is not None:
        levels, _ = levels_of(vehicle.battery, nodes_of(route, plan.requests, travel))
        here = replace(here, battery=replace(vehicle.battery, now_wh=int(levels[node])))
    near = bool(rest) and (times.begin_s[done] - now_s <= 120 or free_s > now_s)
    return Route(here, rest, aboard, int(near), tasks)


# What can happen


@dataclass(frozen=True, slots=True)
class Scene:
    """A plan at a moment, and the dice that say what happens."""

    plan: Plan
    travel: dict[str, TravelTimes]
    at: NDArray[np.float64]
    now_s: int
    rng: np.random.Generator

    def booked(self) -> str | None:
        """Return somebody who has not boarded, ``None`` when nobody is left."""
        aboard = {id_ for route in self.plan.routes.values() for id_ in route.boarded_s}
        left = sorted(self.plan.requests.keys() - aboard)
        return str(self.rng.choice(left)) if left else None

    def vehicle(self, *, profile: str | None = None) -> Vehicle:
        """Return a vehicle, one with riders on board if there is one."""
        routes = [r for r in self.plan.routes.values() if profile in (None, r.vehicle.profile)]
        busy = [route for route in routes if route.boarded_s] or routes
        return busy[int(self.rng.integers(len(busy)))].vehicle

    def place(self) -> Place:
        """Return any place."""
        return Place(int(self.rng.integers(PLACES)))


def cancelled(scene: Scene) -> Callable[[], Replanned] | None:
    """Somebody cancels."""
    who = scene.booked()
    if who is None:
        return None
    return lambda: events.cancelled(scene.plan, who, scene.travel)


def no_show(scene: Scene) -> Callable[[], Replanned] | None:
    """Somebody is not there."""
    who = scene.booked()
    if who is None:
        return None
    return lambda: events.no_show(scene.plan, who, scene.travel)


def rider_late(scene: Scene) -> Callable[[], Replanned] | None:
    """Somebody will be there up to half an hour after the end of the window."""
    who = scene.booked()
    if who is None:
        return None
    until_s = scene.plan.requests[who].latest_pickup_s + int(scene.rng.integers(-600, 1800))
    return lambda: events.rider_late(scene.plan, who, until_s, scene.travel)


def vehicle_late(scene: Scene) -> Callable[[], Replanned]:
    """A vehicle is behind by up to half an hour."""
    van = scene.vehicle()
    at_s = van.start_s + int(scene.rng.integers(120, 1800))
    return lambda: events.vehicle_late(scene.plan, van.id, van.start, at_s, scene.travel)


def broken_down(scene: Scene) -> Callable[[], Replanned]:
    """A vehicle breaks down, with riders on board if one has any."""
    van, place = scene.vehicle(), scene.place()
    return lambda: events.broken_down(scene.plan, van.id, place, scene.now_s, scene.travel)


def driver_off(scene: Scene) -> Callable[[], Replanned]:
    """A driver has to go within the hour."""
    van, from_s = scene.vehicle(), scene.now_s + int(scene.rng.integers(0, 3600))
    return lambda: events.driver_off(scene.plan, van.id, from_s, scene.travel)


def rest_added(scene: Scene) -> Callable[[], Replanned]:
    """A driver wants a break of half an hour, at the depot or where the vehicle is by then."""
    van, at_s = scene.vehicle(), scene.now_s + int(scene.rng.integers(0, 3600))
    route = scene.plan.routes[van.id]
    requests = [scene.plan.requests[id_] for id_ in sorted(route.request_ids)]
    places = dict.fromkeys([van.start, *(request.destination for request in requests)])
    tasks = [Task("rest", StopKind.BREAK, place, at_s, at_s + 900, 1800) for place in places]
    return lambda: events.rest_added(scene.plan, van.id, tasks[:2], scene.travel)


def road_closed(scene: Scene) -> Callable[[], Replanned]:
    """A road is closed: whoever crosses a line makes a detour of up to ten minutes."""
    town = scene.travel["car"]
    if not isinstance(town, Town):
        raise TypeError(town)
    detour = closed(town, scene.at, scene.rng)
    after: Travel = {"car": detour, "ev": detour}
    scene.travel.update(after)
    return lambda: events.road_closed(scene.plan, after)


def battery_read(scene: Scene) -> Callable[[], Replanned] | None:
    """A battery holds up to half less than thought."""
    if not any(route.vehicle.battery for route in scene.plan.routes.values()):
        return None
    van = scene.vehicle(profile="ev")
    wh = int((van.battery.now_wh if van.battery else 0) * scene.rng.uniform(0.5, 1.0))
    return lambda: events.battery_read(scene.plan, van.id, wh, scene.travel)


def bus_late(scene: Scene) -> Callable[[], Replanned] | None:
    """A bus that somebody rides to or from is up to half an hour late."""
    trips = {r.connection.trip_id for r in scene.plan.requests.values() if r.connection}
    if not trips:
        return None
    trip, delay_s = str(scene.rng.choice(sorted(trips))), int(scene.rng.integers(300, 1800))
    plan, travel = scene.plan, scene.travel
    return lambda: events.bus_late(plan, trip, delay_s, travel, confirmed=True)


def back_in_service(scene: Scene) -> Callable[[], Replanned]:
    """A vehicle that broke down half an hour ago is back, and some wait for it."""
    van = scene.vehicle()
    after = events.broken_down(scene.plan, van.id, van.start, scene.now_s, scene.travel)
    return lambda: events.back_in_service(
        after.plan, van, van.start, scene.now_s + 1800, scene.travel, waiting=after.unplaced
    )


KINDS: Mapping[str, Callable[[Scene], Callable[[], Replanned] | None]] = {
    "cancelled": cancelled,
    "no_show": no_show,
    "rider_late": rider_late,
    "vehicle_late": vehicle_late,
    "broken_down": broken_down,
    "driver_off": driver_off,
    "rest_added": rest_added,
    "road_closed": road_closed,
    "battery_read": battery_read,
    "bus_late": bus_late,
    "back_in_service": back_in_service,
}


# Judging


def wrong(before: Plan, done: Replanned, travel: Travel, kind: str) -> list[str]:
    """Return what is wrong with an outcome, beyond what it names."""
    found = [str(violation) for violation in check(done.plan, travel)]
    said = {one.request_id for one in done.broken}
    waiting = {one.request.id for one in done.unplaced}
    aboard, still = (
        {id_ for route in plan.routes.values() for id_ in route.boarded_s}
        for plan in (before, done.plan)
    )
    named = said | (aboard - still)  # they are fetched: their pickup is another one now
    for id_, was in before.requests.items():
        now = done.plan.requests.get(id_)
        if now is None:
            gone = kind in ("cancelled", "no_show") and id_ not in waiting
            if not gone and not (id_ in waiting and id_ in said):
                found.append(f"{id_} has gone")
        elif id_ not in named and kind not in ("rider_late", "bus_late") and looser(was, now):
            found.append(f"{id_} was moved and is not named")
    for id_, route in done.plan.routes.items():
        planned_s = before.routes[id_].vehicle.end_s
        if route.vehicle.end_s > planned_s + done.overtime_s.get(id_, 0):
            found.append(f"{id_} works longer than is named")
    return found


def looser(was: Request, now: Request) -> bool:
    """Whether a promise is worse than it was."""
    return (
        now.latest_pickup_s > was.latest_pickup_s
        or now.latest_dropoff_s > was.latest_dropoff_s
        or now.ride_max_s > was.ride_max_s
    )


def dropped_aboard(before: Plan, done: Replanned) -> int:
    """Return how many of those on board are not on exactly one route to their destination."""
    lost = 0
    for route in before.routes.values():
        for id_ in route.boarded_s:
            ends = [
                other
                for other in done.plan.routes.values()
                for stop in other.stops
                if stop == Stop(id_, StopKind.DROPOFF)
            ]
            now = done.plan.requests.get(id_)
            there = now is not None and now.destination == before.requests[id_].destination
            lost += len(ends) != 1 or not there
    return lost


# Measuring


@dataclass(slots=True)
class Seen:
    """What was seen of one kind of event."""

    feasible_ms: list[float]
    improved_s: list[float]
    wrong: list[str]
    dropped: int
    broken: list[int]
    broken_min: list[float]
    unplaced: int
    saved: list[float]

    def row(self, kind: str) -> dict[str, Any]:
        """Return the columns the contract names."""
        improved_s = self.improved_s or [float("nan")]
        return {
            "event": kind,
            "count": len(self.feasible_ms),
            "feasible_p50_ms": round(float(np.percentile(self.feasible_ms, 50)), 2),
            "feasible_p99_ms": round(float(np.percentile(self.feasible_ms, 99)), 2),
            "improved_p99_s": round(float(np.percentile(improved_s, 99)), 2),
            "violations": len(self.wrong),
            "dropped_aboard": self.dropped,
            "broken_promises_mean": round(float(np.mean(self.broken)), 3),
            "broken_minutes_mean": round(float(np.mean(self.broken_min)), 2),
            "unplaced_mean": round(self.unplaced / len(self.feasible_ms), 4),
            "improved_saves_mean": round(float(np.mean(self.saved or [0.0])), 4),
        }


def scenes(seed: int, vehicles: int, bookings: int, count: int) -> Iterator[Scene]:
    """Yield ``count`` moments of seeded days, fifty of each."""
    for day in range((count + 49) // 50):
        rng = np.random.default_rng([seed, day])
        town, at = build_town(rng)
        plan, travel = build_day(rng, town, vehicles, bookings)
        for _ in range(min(50, count - 50 * day)):
            now_s = int(rng.integers(OPENS_S + 3600, CLOSES_S - 3600))
            yield Scene(cut(plan, travel, now_s), dict(travel), at, now_s, rng)


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Let everything happen and return a row for each kind of event."""
    seen = {kind: Seen([], [], [], 0, [], [], 0, []) for kind in arguments.kinds}
    args = arguments.seed, arguments.vehicles, arguments.bookings, arguments.events
    for number, scene in enumerate(scenes(*args)):
        if violations := check(scene.plan, scene.travel):
            raise RuntimeError(f"a scene breaks limits before anything happened: {violations}")
        for kind in arguments.kinds:
            here = replace(scene, travel=dict(scene.travel))
            happen = KINDS[kind](here)
            if happen is not None:
                observe(seen[kind], kind, here, happen, improved=number < arguments.improved)
    for kind, one in seen.items():
        for what in one.wrong[:3]:
            print(f"{kind}: {what}", file=sys.stderr)
    return [one.row(kind) for kind, one in seen.items() if one.feasible_ms]


def observe(
    seen: Seen, kind: str, scene: Scene, happen: Callable[[], Replanned], *, improved: bool
) -> None:
    """Let one thing happen."""
    began_s = time.process_time()
    done = happen()
    seen.feasible_ms.append(1000 * (time.process_time() - began_s))
    judge(seen, kind, scene, done)
    seen.broken.append(len(done.broken))
    seen.broken_min.append(sum((one.by_s or 0) / 60 for one in done.broken))
    seen.unplaced += len(done.unplaced)
    if not improved:
        return
    began_s = time.perf_counter()
    better = events.improved(done, scene.travel, time_limit_s=1.5)
    seen.improved_s.append(time.perf_counter() - began_s)
    judge(seen, kind, scene, better)
    cost_s = plan_cost_s(done.plan, scene.travel)
    if len(better.unplaced) == len(done.unplaced) and cost_s:
        seen.saved.append(1 - plan_cost_s(better.plan, scene.travel) / cost_s)
    by_s = {one.request_id: one.by_s for one in done.broken}
    for one in better.broken:
        old_s = by_s.get(one.request_id, 0)
        if old_s is not None and (one.by_s is None or one.by_s > old_s):
            seen.wrong.append(f"improved {one.request_id} from {old_s} to {one.by_s} s")


def judge(seen: Seen, kind: str, scene: Scene, done: Replanned) -> None:
    """Note what is wrong with an outcome."""
    seen.wrong += (
        wrong(scene.plan, done, scene.travel, kind)
        if kind != "back_in_service"
        else [str(violation) for violation in check(done.plan, scene.travel)]
    )
    if kind != "back_in_service":
        seen.dropped += dropped_aboard(scene.plan, done)


def main() -> int:
    """Measure and print; 1 when anything was wrong or anybody on board was dropped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=10)
    parser.add_argument("--bookings", type=int, default=200)
    parser.add_argument("--events", type=int, default=1000, help="of each kind")
    parser.add_argument("--improved", type=int, default=10, help="of each kind, with improvement")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--json", nargs="?", const="-", help="write JSON, to a file if one is named"
    )
    arguments = parser.parse_args()
    warm()
    events.warm_events()
    if arguments.improved:
        warm_search()
    for scene in scenes(arguments.seed + 1, 3, 30, 1):  # what only this benchmark compiles
        broken_down(scene)()
    rows = measure(arguments)
    print(",".join(rows[0]))
    for row in rows:
        print(",".join(str(cell) for cell in row.values()))
    if arguments.json:
        answer = {"benchmark": "replan", "machine": platform.platform(), "rows": rows}
        text = json.dumps({**answer, **_settings(arguments)}, indent=2)
        if arguments.json == "-":
            print(text)
        else:
            Path(arguments.json).write_text(text + "\n", encoding="utf-8")
    return int(any(row["violations"] or row["dropped_aboard"] for row in rows))


def _settings(arguments: argparse.Namespace) -> dict[str, int]:
    names = ("vehicles", "bookings", "events", "improved", "seed")
    return {name: getattr(arguments, name) for name in names}


if __name__ == "__main__":
    sys.exit(main())
