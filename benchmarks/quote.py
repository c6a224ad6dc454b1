"""How long a quote takes against a busy fleet, and whether it is always right.

Speed: one ``insertions`` call, all vehicles, on a compiled fleet, travel-time table included; then
``offers`` with its alternatives in time, place and class; then the same for those who are refused,
with the search for room and the changes that would have worked.
Rightness: for random parties and random routes with tight limits, the kernel's feasibility and
cheapest cost in a route against difference constraints over every pair of positions.  That oracle
is NumPy only and shares no code with the dispatcher.

    python -m benchmarks.quote --vehicles 200 --stops 20 --json
    python -m benchmarks.quote --vehicles 200 --bookings 4000     a whole day, 40 stops a vehicle
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import numba
import numpy as np
from numpy.typing import NDArray

from dispatcher.ask import Ask, Nearby, OfferRules
from dispatcher.fleet import Fleet
from dispatcher.insert import insert, insertions, warm
from dispatcher.model import Place, Plan, Request, Route, StopKind, Vehicle
from dispatcher.offer import offers
from dispatcher.refuse import Refusal
from dispatcher.schedule import Schedule, schedule
from dispatcher.search_plan import warm_search

PLACES, SIDE_S, DAY_S = 400, 1500, 36_000
ABOARD = 0.125
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Town:
    """A town of random places on a plain of streets at right angles."""

    seconds: NDArray[np.int32]

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds."""
        rows = np.asarray(origins)[:, None]
        return np.asarray(self.seconds[rows, np.asarray(destinations)], dtype=np.int32)


def build_town(rng: np.random.Generator) -> Town:
    """Return a town about 25 minutes across, with rounding and a slower way back."""
    at = rng.uniform(0, SIDE_S, (PLACES, 2))
    seconds = np.abs(at[:, None] - at[None]).sum(-1) * rng.uniform(1, 1.1, (PLACES, PLACES))
    np.fill_diagonal(seconds, 0)
    return Town(np.ceil(seconds).astype(np.int32))


def build_request(rng: np.random.Generator, town: Town, name: str) -> Request:
    """Return a party whose every limit binds now and then."""
    origin, destination = (int(place) for place in rng.choice(PLACES, 2, replace=False))
    direct_s = int(town.seconds[origin, destination])
    early_s, ride_max_s = int(rng.integers(0, DAY_S)), int(direct_s * 1.2 + rng.integers(0, 700))
    late_s = early_s + int(rng.integers(60, 1200))
    due_from_s = early_s + direct_s - 600 if rng.random() < 0.3 else 0
    due_s = late_s + 60 + int(direct_s + rng.integers(0, 900))
    return Request(
        id=name,
        origin=Place(origin),
        destination=Place(destination),
        earliest_pickup_s=early_s,
        latest_pickup_s=late_s,
        earliest_dropoff_s=max(0, due_from_s),
        latest_dropoff_s=due_s,
        ride_max_s=ride_max_s,
        seats=int(rng.integers(1, 3)),
        wheelchairs=int(rng.random() < 0.15),
        boarding_s=int(rng.integers(20, 120)),
    )


def build_route(
    rng: np.random.Generator, town: Town, name: str, stops: int
) -> tuple[Route, dict[str, Request]]:
    """Return a vehicle under way: riders on board, a locked stop, a depot or none."""
    start, depot = (Place(int(place)) for place in rng.choice(PLACES, 2))
    end = depot if rng.random() < 0.8 else None
    vehicle = Vehicle(name, start, end, 0, DAY_S + 7200, 4, 1, 1)
    plan, number = Plan(0, {name: Route(vehicle)}, {}), 0
    while len(plan.routes[name].stops) < stops + stops // 5:
        number += 1
        request = build_request(rng, town, f"{name}-{number}")
        found = insertions(plan, request, {"car": town})
        if found:
            plan = insert(plan, request, found[0])
    return _under_way(rng, town, plan, name, stops), dict(plan.requests)


def _under_way(rng: np.random.Generator, town: Town, plan: Plan, name: str, stops: int) -> Route:
    """Return the route after its first stops, at the moment one of them is done."""
    route = plan.routes[name]
    times = schedule(route, plan.requests, {"car": town})
    if not isinstance(times, Schedule):
        raise TypeError(f"built an impossible route: {times}")
    done = len(route.stops) - stops
    aboard: dict[str, int] = {}
    for stop, depart_s in zip(route.stops[:done], times.depart_s, strict=False):
        if stop.kind is StopKind.PICKUP:
            aboard[stop.request_id] = depart_s
        else:
            del aboard[stop.request_id]
    last = route.stops[done - 1]
    request = plan.requests[last.request_id]
    place = request.origin if last.kind is StopKind.PICKUP else request.destination
    vehicle = replace(route.vehicle, start=place, start_s=times.depart_s[done - 1])
    return Route(vehicle, route.stops[done:], aboard, int(rng.integers(0, 3)))


def cheapest_exact(
    route: Route, known: dict[str, Request], party: Request, seconds: NDArray[np.int32]
) -> float | None:
    """Return what the cheapest feasible insertion adds, ``None`` when there is none."""
    stops = [(known[stop.request_id], stop.kind is StopKind.PICKUP) for stop in route.stops]
    count, vehicle = len(stops), route.vehicle
    first, last = [(party, True)], [(party, False)]
    base = _Candidates(route, known, [stops], seconds)
    grown = [
        stops[:i] + first + stops[i:j] + last + stops[j:]
        for i in range(route.locked, count + 1)
        for j in range(i, count + 1)
    ]
    tried = _Candidates(route, known, grown, seconds)
    fits = (tried.seats.max(1) <= vehicle.seats) & (
        tried.chairs.max(1) <= vehicle.wheelchair_places
    )
    costs = tried.cost()[fits & tried.feasible()]
    return float(costs.min() - base.cost()[0]) if len(costs) else None


class _Candidates:
    """Many orders of the same number of stops for one vehicle, one row each."""

    def __init__(
        self,
        route: Route,
        known: dict[str, Request],
        orders: list[list[tuple[Request, bool]]],
        seconds: NDArray[np.int32],
    ) -> None:
        vehicle = route.vehicle
        aboard = [known[id_] for id_ in route.boarded_s]
        rows = [[self._stop(route, *stop) for stop in order] for order in orders]
        middle = np.array(rows, dtype=np.int64).reshape(len(orders), -1, 6)
        place, early, late, service, seats, chairs = np.moveaxis(middle, 2, 0)
        column = np.ones((len(orders), 1), dtype=np.int64)
        end = place[:, -1:] if vehicle.end is None else column * vehicle.end
        places = np.hstack([column * vehicle.start, place, end])
        self.leg = seconds[places[:, :-1], places[:, 1:]].astype(np.int64)
        self.early = np.hstack([column * vehicle.start_s, early, column * vehicle.start_s])
        self.late = np.hstack([column * vehicle.end_s, late, column * vehicle.end_s])
        self.service = np.hstack([column * 0, service, column * 0])
        people = sum(party.seats for party in aboard), sum(party.wheelchairs for party in aboard)
        self.people = np.cumsum(np.hstack([column * sum(people), seats + chairs]), axis=1)
        self.chairs = np.cumsum(np.hstack([column * people[1], chairs]), axis=1)
        lost = vehicle.seats_lost_per_wheelchair
        self.seats = self.people - self.chairs + lost * self.chairs
        self.rides = [self._rides(order) for order in orders]

    @staticmethod
    def _stop(route: Route, party: Request, gets_in: bool) -> tuple[int, ...]:  # noqa: FBT001
        if gets_in:
            window = party.earliest_pickup_s, party.latest_pickup_s
            return party.origin, *window, party.boarding_s, party.seats, party.wheelchairs
        due_s = party.latest_dropoff_s
        if party.id in route.boarded_s:
            due_s = min(due_s, route.boarded_s[party.id] + party.ride_max_s)
        window = party.earliest_dropoff_s, due_s
        return party.destination, *window, party.alighting_s, -party.seats, -party.wheelchairs

    @staticmethod
    def _rides(order: list[tuple[Request, bool]]) -> list[tuple[int, int, int]]:
        """Return (node in, node out, longest time between them)."""
        into = {party.id: at for at, (party, gets_in) in enumerate(order, 1) if gets_in}
        return [
            (into[party.id], at, party.boarding_s + party.ride_max_s)
            for at, (party, gets_in) in enumerate(order, 1)
            if not gets_in and party.id in into
        ]

    def cost(self) -> NDArray[np.float64]:
        """Return driving seconds, and an eighth of every rider's seconds aboard."""
        return np.asarray((self.leg * (1 + ABOARD * self.people)).sum(1), dtype=np.float64)

    def feasible(self) -> NDArray[np.bool_]:
        """Return which orders have times that keep every limit.

        Times that have not settled after one round a node never will (Bellman and Ford).
        """
        rides = np.array(self.rides, dtype=np.int64).reshape(len(self.rides), -1, 3)
        row = np.arange(len(self.rides))[:, None]
        into, out, longest = np.moveaxis(rides, 2, 0)
        times, settled = self.early.copy(), np.zeros(len(self.rides), dtype=np.bool_)
        for _ in range(times.shape[1] + 2):
            before = times.copy()
            for k in range(1, times.shape[1]):
                ready = times[:, k - 1] + self.service[:, k - 1] + self.leg[:, k - 1]
                np.maximum(times[:, k], ready, out=times[:, k])
            times[row, into] = np.maximum(times[row, into], times[row, out] - longest)
            np.minimum(times, self.late + 1, out=times)  # late is late: no need to count on
            settled = (times == before).all(1)
            if settled.all():
                break
        return np.asarray(settled & (times <= self.late).all(1))


def time_quotes(
    plan: Plan, fleet: Fleet, town: Town, asked: list[Request]
) -> tuple[list[float], list[float]]:
    """Return wall and CPU milliseconds of one quote each."""
    wall_ms, cpu_ms = [], []
    for request in asked:
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        insertions(plan, request, {"car": town}, fleet=fleet)
        cpu_ms.append((time.thread_time_ns() - cpu) / 1e6)
        wall_ms.append((time.perf_counter_ns() - wall) / 1e6)
    return wall_ms, cpu_ms


def build_ask(rng: np.random.Generator, name: str, rules: OfferRules, day_s: int) -> Ask:
    """Return somebody who might leave at any time of the day, from two other places too."""
    origin, destination, *others = (Place(int(at)) for at in rng.choice(PLACES, 4, replace=False))
    return Ask(
        name,
        origin,
        destination,
        desired_s=int(rng.integers(rules.earlier_s, day_s - rules.later_s)),
        seats=int(rng.integers(1, 3)),
        wheelchairs=int(rng.random() < 0.15),
        nearby=tuple(Nearby(place, int(rng.integers(60, 600))) for place in others),
    )


def rules_of(alternatives: int) -> OfferRules:
    """Return rules that try so many times, half of them earlier, beside two places."""
    each = -(-max(0, alternatives - 2) // 2)
    reach_s = each * OfferRules().step_s
    return OfferRules(earlier_s=reach_s, later_s=reach_s)


def time_offers(
    plan: Plan, fleet: Fleet, town: Town, asks: list[Ask], rules: OfferRules
) -> tuple[list[float], list[float]]:
    """Return wall and CPU milliseconds of every answer without a search for room."""
    wall_ms, cpu_ms = [], []
    for ask in asks:
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        offers(plan, ask, {"car": town}, replace(rules, shuffle_s=0.0), fleet=fleet)
        cpu_ms.append((time.thread_time_ns() - cpu) / 1e6)
        wall_ms.append((time.perf_counter_ns() - wall) / 1e6)
    return wall_ms, cpu_ms


def time_refusals(
    plan: Plan, fleet: Fleet, town: Town, asks: list[Ask], rules: OfferRules
) -> list[float]:
    """Return wall milliseconds of every refusal of parties too demanding for the day.

    They may ride no longer than direct in one of three vehicles, and room is searched for first.
    """
    wall_ms = []
    tight = replace(rules, ride_max_factor=1.0, ride_max_extra_s=0, window_s=60)
    for number, ask in enumerate(asks):
        few = frozenset(fleet.vehicle_ids[number % len(fleet.vehicle_ids) :][:3])
        began = time.perf_counter_ns()
        answer = offers(plan, replace(ask, only=few), {"car": town}, tight, fleet=fleet)
        if isinstance(answer, Refusal):
            wall_ms.append((time.perf_counter_ns() - began) / 1e6)
    return wall_ms


def count_agreement(
    rng: np.random.Generator, plan: Plan, town: Town, wanted: int
) -> dict[str, int]:
    """Compare kernel and oracle on ``wanted`` pairs of a random party and a random route."""
    counts = {"feasible": 0, "infeasible": 0, "agree": 0}
    routes = list(plan.routes.values())
    known = dict(plan.requests)
    for number in range(wanted):
        route = routes[int(rng.integers(len(routes)))]
        party = build_request(rng, town, f"x{number}")
        only = Plan(0, {route.vehicle.id: route}, known)
        found = insertions(only, party, {"car": town})
        exact = cheapest_exact(route, known, party, town.seconds)
        counts["infeasible" if exact is None else "feasible"] += 1
        if exact is None or not found:
            counts["agree"] += exact is None and not found
        else:
            counts["agree"] += abs(exact - found[0].cost_s) < 1e-6
        if number and number % 2000 == 0:
            print(f"  {number} insertions compared", file=sys.stderr)
    return counts


def percentile(values_ms: list[float], share: int) -> float | None:
    """Return a percentile, ``None`` of nothing."""
    return round(float(np.percentile(values_ms, share)), 3) if values_ms else None


def print_table(row: dict[str, float | int | None], out: TextIO) -> None:
    """Print one row for people."""
    width = max(len(name) for name in row)
    for name, value in row.items():
        print(f"{name:<{width}}  {value}", file=out)


@dataclass(frozen=True, slots=True)
class Size:
    """What is measured."""

    vehicles: int
    stops: int
    quotes: int
    insertions: int
    alternatives: int
    refusals: int
    seed: int


def run(size: Size) -> dict[str, Any]:
    """Measure one fleet and return the document that is printed."""
    vehicles, stops, quotes, compared = size.vehicles, size.stops, size.quotes, size.insertions
    rng = np.random.default_rng(size.seed)
    town = build_town(rng)
    began = time.perf_counter()
    warm()
    warm_s = time.perf_counter() - began
    print(f"building {vehicles} routes of {stops} stops", file=sys.stderr)
    built = [build_route(rng, town, f"v{number}", stops) for number in range(vehicles)]
    requests = {id_: request for _, known in built for id_, request in known.items()}
    plan = Plan(0, {route.vehicle.id: route for route, _ in built}, requests)
    fleet = Fleet(plan, {"car": town})
    asked = [build_request(rng, town, f"q{number}") for number in range(quotes + 50)]
    time_quotes(plan, fleet, town, asked[:50])
    wall_ms, cpu_ms = time_quotes(plan, fleet, town, asked[50:])
    counts = count_agreement(rng, plan, town, compared)
    rules = rules_of(size.alternatives)
    asks = [build_ask(rng, f"a{number}", rules, DAY_S) for number in range(quotes // 4 + 10)]
    time_offers(plan, fleet, town, asks[:10], rules)
    many_ms, many_cpu_ms = time_offers(plan, fleet, town, asks[10:], rules)
    print("searching for room before refusals", file=sys.stderr)
    warm_search()
    refused_ms = time_refusals(plan, fleet, town, asks[: size.refusals], rules)
    row = {
        "vehicles": vehicles,
        "stops": stops,
        "quotes": quotes,
        "p50_ms": percentile(wall_ms, 50),
        "p99_ms": percentile(wall_ms, 99),
        "cpu_p50_ms": percentile(cpu_ms, 50),
        "cpu_p99_ms": percentile(cpu_ms, 99),
        "insertions": compared,
        "feasible": counts["feasible"],
        "infeasible": counts["infeasible"],
        "agreement": counts["agree"] / compared if compared else None,
        "alternatives": size.alternatives,
        "alternatives_p50_ms": percentile(many_ms, 50),
        "alternatives_p99_ms": percentile(many_ms, 99),
        "alternatives_cpu_p50_ms": percentile(many_cpu_ms, 50),
        "alternatives_cpu_p99_ms": percentile(many_cpu_ms, 99),
        "refusals": len(refused_ms),
        "refusal_p50_ms": percentile(refused_ms, 50),
        "refusal_p99_ms": percentile(refused_ms, 99),
        "bookings": len(plan.requests),
    }
    about = {
        "question": "how long does a quote take, and is it always right",
        "seed": size.seed,
        "warm_s": round(warm_s, 2),
        "python": platform.python_version(),
        "numba": numba.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
    return {"rows": [row], "about": about}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quote", description=__doc__)
    parser.add_argument("--vehicles", type=int, default=200)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--quotes", type=int, default=2000, help="how many quotes are timed")
    parser.add_argument("--insertions", type=int, default=10_000, help="how many are compared")
    parser.add_argument(
        "--alternatives", type=int, default=50, help="times and places an ask tries"
    )
    parser.add_argument("--refusals", type=int, default=20, help="how many refusals are sought")
    parser.add_argument("--bookings", type=int, help="of the whole day, instead of --stops")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    stops = chosen.stops
    if chosen.bookings is not None:
        stops = max(2, round(2 * chosen.bookings / chosen.vehicles))
    size = Size(
        chosen.vehicles, stops, chosen.quotes, chosen.insertions, chosen.alternatives,
        chosen.refusals, chosen.seed,
    )  # fmt: skip
    document = run(size)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    print_table(document["rows"][0], sys.stderr if chosen.json == "-" else sys.stdout)


if __name__ == "__main__":
    main()
