"""Why a party rides in this vehicle and not in that one, and the dispatcher's own decision.

Everything is worked out on the plan without the party: what its present place costs, what the best
place in every other vehicle would, and where there is none, the limit that the least bad place
breaks, with the rider who would feel it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatcher.cost import route_cost_s
from dispatcher.explain_messages import MESSAGES, Explanation, Option
from dispatcher.fleet import Fleet
from dispatcher.insert import Insertion, insert, insertions
from dispatcher.model import (
    UNREACHABLE_S,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    TravelTimes,
)
from dispatcher.nodes import places_of
from dispatcher.schedule import Breach, Rule, Schedule, schedule

MOST_PLACES: Final = 8
"""So many places in a route, those that look least bad, are tried exactly."""

FULL_S: Final = 1200
"""A vehicle that passes without room is as far from a ride as one that comes so much too late."""

_TIMES: Final = (
    Rule.LATEST_PICKUP,
    Rule.LATEST_DROPOFF,
    Rule.RIDE_MAX,
    Rule.SHIFT_END,
    Rule.TASK_LATE,
)


def why(
    plan: Plan,
    request_id: str,
    travel: Mapping[str, TravelTimes],
    *,
    fleet: Fleet | None = None,
    limits: bool = True,
) -> Explanation:
    """Return why a party rides where it does; ``options`` has every other vehicle, best first.

    ``fleet`` is the same plan compiled before; without ``limits`` it is not said, which takes
    longest, why some of the others could not.  Raises ``KeyError`` for an unknown party,
    ``ValueError`` for one that no vehicle carries.
    """
    case = _Case.of(plan, request_id, travel, fleet)
    options = case.options(limits=limits)
    values: dict[str, int | str] = {"vehicle": case.vehicle_id, "cost_s": round(case.cost_s)}
    values["could"] = sum(option.cost_s is not None for option in options)
    fixed = case.fixed()
    if fixed is not None:
        return Explanation(f"why.{fixed}", values, options)
    best = options[0] if options else None
    if best is None or best.cost_s is None:
        return Explanation("why.only_one", values, options)
    by_s = round(best.cost_s - case.cost_s)
    values |= {"other": best.vehicle_id, "other_cost_s": best.cost_s, "by_s": abs(by_s)}
    return Explanation(f"why.{'cheapest' if by_s >= 0 else 'not_cheapest'}", values, options)


def why_not(
    plan: Plan,
    request_id: str,
    vehicle_id: str,
    travel: Mapping[str, TravelTimes],
    *,
    fleet: Fleet | None = None,
) -> Explanation:
    """Return why another vehicle does not carry a party: what it would cost more, or break.

    Raises ``KeyError`` for an unknown party or vehicle, ``ValueError`` for a party that no vehicle
    carries.
    """
    case = _Case.of(plan, request_id, travel, fleet)
    route = plan.routes[vehicle_id]
    values: dict[str, int | str] = {"vehicle": vehicle_id, "other": case.vehicle_id}
    if vehicle_id == case.vehicle_id:
        return Explanation("why_not.it_does", values)
    fixed = case.fixed()
    if fixed is not None:
        return Explanation(f"why_not.{fixed}", values)
    cost_s = case.costs().get(vehicle_id)
    if cost_s is None:
        return case.limit(route)
    by_s = round(cost_s - case.cost_s)
    values |= {"by_s": abs(by_s), "cost_s": round(cost_s), "other_cost_s": round(case.cost_s)}
    return Explanation(f"why_not.{'dearer' if by_s >= 0 else 'cheaper'}", values)


def pin(
    plan: Plan, request_id: str, vehicle_id: str, travel: Mapping[str, TravelTimes]
) -> Plan | Explanation:
    """Return the next plan, in which a party rides in this vehicle whatever would be cheaper.

    Where the vehicle cannot, the answer is why not.  Raises ``KeyError`` for an unknown party or
    vehicle, ``ValueError`` for a party that no vehicle carries.
    """
    route, request = plan.routes[vehicle_id], plan.requests[request_id]
    pinned = replace(request, pinned=vehicle_id)
    if request_id in route.request_ids:
        return plan.with_route(route, pinned)
    case = _Case.of(unpin(plan, request_id), request_id, travel, None)
    place = next((one for one in case.places() if one.vehicle_id == vehicle_id), None)
    if place is None or case.fixed() is not None:
        return why_not(unpin(plan, request_id), request_id, vehicle_id, travel)
    moved = insert(case.base, pinned, place)
    return Plan(plan.version + 1, moved.routes, moved.requests)


def unpin(plan: Plan, request_id: str) -> Plan:
    """Return the next plan, in which the search may give a party another vehicle again.

    Raises ``KeyError`` for an unknown party.
    """
    free = replace(plan.requests[request_id], pinned=None)
    return Plan(plan.version + 1, plan.routes, {**plan.requests, request_id: free})


class _Case(NamedTuple):
    """One party, the route that carries it, and the plan without it."""

    request: Request
    carrier: Route
    base: Plan
    fleet: Fleet
    cost_s: float
    """What its present place costs."""

    @classmethod
    def of(
        cls,
        plan: Plan,
        request_id: str,
        travel: Mapping[str, TravelTimes],
        fleet: Fleet | None,
    ) -> _Case:
        request, carrier = plan.requests[request_id], plan.route_of(request_id)
        if carrier is None:
            raise ValueError(f"no vehicle carries {request_id}")
        left = carrier if request_id in carrier.boarded_s else carrier.without(request_id)
        others = {id_: one for id_, one in plan.requests.items() if id_ != request_id}
        if left is carrier:
            others[request_id] = request
        base = Plan(plan.version + 1, {**plan.routes, left.vehicle.id: left}, others)
        compiled = Fleet(base, travel) if fleet is None else fleet.at(base)
        cost_s = route_cost_s(carrier, plan, travel) - route_cost_s(left, base, travel)
        return cls(request, carrier, base, compiled, cost_s)

    @property
    def vehicle_id(self) -> str:
        """Who carries it."""
        return self.carrier.vehicle.id

    def fixed(self) -> str | None:
        """Name what keeps it where it is, whatever would be cheaper."""
        if self.request.id in self.carrier.boarded_s:
            return "aboard"
        if any(s.request_id == self.request.id for s in self.carrier.stops[: self.carrier.locked]):
            return "locked"
        return "pinned" if self.request.pinned == self.vehicle_id else None

    def places(self) -> list[Insertion]:
        """Return the best place in every vehicle that has one."""
        if self.request.id in self.base.requests:
            return []
        free = replace(self.request, pinned=None)
        return insertions(self.base, free, self.fleet.travel, fleet=self.fleet)

    def costs(self) -> dict[str, float]:
        """Return what it would cost in every vehicle that could."""
        return {one.vehicle_id: one.cost_s for one in self.places()}

    def options(self, *, limits: bool) -> tuple[Option, ...]:
        """Return every other vehicle: those that could, cheapest first, then the others."""
        if self.request.id in self.base.requests:
            return ()
        costs = self.costs()
        costs.pop(self.vehicle_id, None)
        could = tuple(Option(id_, round(cost_s), None) for id_, cost_s in costs.items())
        others = (route for id_, route in self.base.routes.items() if id_ not in costs)
        return could + tuple(
            Option(route.vehicle.id, None, self.limit(route) if limits else None)
            for route in others
            if route.vehicle.id != self.vehicle_id
        )

    def limit(self, route: Route) -> Explanation:
        """Return the limit that the least bad place in a route breaks."""
        request, vehicle, travel = self.request, route.vehicle, self.fleet.travel
        values: dict[str, int | str] = {"vehicle": vehicle.id, "other": self.vehicle_id}
        if request.only is not None and vehicle.id not in request.only:
            return Explanation("why_not.not_allowed", values)
        if not vehicle.holds(request.seats, request.wheelchairs, request.bags):
            return Explanation("why_not.too_large", values)
        requests = {**self.base.requests, request.id: replace(request, pinned=None)}
        if not isinstance(schedule(route, requests, travel), Schedule):
            return Explanation("why_not.late", values)
        near = _Places(route, request, requests, travel[vehicle.profile])
        if near.direct_s >= UNREACHABLE_S:
            return Explanation("why_not.unreachable", values)
        known = travel if vehicle.battery is not None else {vehicle.profile: near}
        least: Breach | None = None
        for late_s, first, last in near.least_bad():
            if least is not None and late_s >= _badness(least):
                break
            grown = _with(route, request.id, first, last)
            worst = _worst(grown, requests, known, least)
            least = worst if least is None else min(least, worst, key=_badness)
        if least is None:
            raise RuntimeError(f"{vehicle.id} has no place at all for {request.id}")
        return _said(least, request.id, values)


def _said(breach: Breach, request_id: str, values: dict[str, int | str]) -> Explanation:
    """Return the sentence about a limit, and whose it is."""
    code = f"why_not.{breach.rule}"
    if breach.request_id == request_id and f"{code}.own" in MESSAGES:
        code += ".own"
    more: dict[str, int | str] = {"by_s" if breach.rule in _TIMES else "by": breach.by}
    if breach.request_id is not None:
        more["rider"] = breach.request_id
    return Explanation(code, {**values, **more})


def _badness(breach: Breach) -> int:
    """Return how far a limit is from being kept, in seconds."""
    return breach.by if breach.rule in _TIMES else FULL_S


def _with(route: Route, request_id: str, first: int, last: int) -> Route:
    stops = list(route.stops)
    stops.insert(first, Stop(request_id, StopKind.PICKUP))
    stops.insert(last + 1, Stop(request_id, StopKind.DROPOFF))
    return route.with_stops(stops)


def _worst(
    route: Route,
    requests: Mapping[str, Request],
    travel: Mapping[str, TravelTimes],
    least: Breach | None,
) -> Breach:
    """Return the limit of a route that would have to give most, were all of them to give way.

    It is enough to find one that is no less than ``least``.
    """
    total: dict[tuple[Rule, str | None], int] = {}
    worst: Breach | None = None
    for _ in range(4 * len(route.stops) + 4):
        found = schedule(route, requests, travel)
        if isinstance(found, Schedule):
            break
        key = found.rule, found.request_id
        total[key] = total.get(key, 0) + found.by
        whole = replace(found, by=total[key])
        worst = whole if worst is None else max(worst, whole, key=_badness)
        if found.rule not in _TIMES or (least is not None and _badness(worst) >= _badness(least)):
            break
        route, requests = _eased(route, requests, found)
    if worst is None:
        raise RuntimeError(f"{route.vehicle.id} keeps every limit, though no place was found")
    return worst


def _eased(
    route: Route, requests: Mapping[str, Request], breach: Breach
) -> tuple[Route, Mapping[str, Request]]:
    """Let the limit that breaks give way by as much."""
    if breach.request_id is None:
        vehicle = replace(route.vehicle, end_s=route.vehicle.end_s + breach.by)
        return replace(route, vehicle=vehicle), requests
    if breach.rule is Rule.TASK_LATE:
        task = route.tasks[breach.request_id]
        late = replace(task, latest_s=task.latest_s + breach.by)
        return replace(route, tasks={**route.tasks, task.id: late}), requests
    request = requests[breach.request_id]
    match breach.rule:
        case Rule.LATEST_PICKUP:
            wide = replace(request, latest_pickup_s=request.latest_pickup_s + breach.by)
        case Rule.LATEST_DROPOFF:
            wide = replace(request, latest_dropoff_s=request.latest_dropoff_s + breach.by)
        case _:
            wide = replace(request, ride_max_s=request.ride_max_s + breach.by)
    return route, {**requests, request.id: wide}


class _Places:
    """Where a party could go in one route, and the driving times between all places involved."""

    def __init__(
        self,
        route: Route,
        request: Request,
        requests: Mapping[str, Request],
        travel: TravelTimes,
    ) -> None:
        self.route, self.request = route, request
        along = places_of(route, requests)
        different = sorted({*along, request.origin, request.destination})
        self.row = {place: at for at, place in enumerate(different)}
        self.seconds = travel.table(different, different)
        unpowered = replace(route, vehicle=replace(route.vehicle, battery=None))
        plan = Plan(0, {route.vehicle.id: unpowered}, requests)
        fleet = Fleet(plan, {route.vehicle.profile: self})
        approach = fleet.approach(request.origin, request.destination)
        self.arrays, self.drives = fleet.arrays, approach.drives
        self.direct_s = approach.direct_s

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds, looked up once."""
        rows = [self.row[place] for place in origins]
        columns = [self.row[place] for place in destinations]
        return np.asarray(self.seconds[np.ix_(rows, columns)], dtype=np.int32)

    def least_bad(self) -> list[tuple[int, int, int]]:
        """Return the places that make somebody least late, as far as a quick look can tell.

        Before them stands by how much at least.
        """
        return sorted(self._lateness(), key=lambda one: one[0])[:MOST_PLACES]

    def _lateness(self) -> Iterator[tuple[int, int, int]]:
        """Yield how late the worst of all is for every place, ride limits left out."""
        party, arrays, drives = self.request, self.arrays, self.drives
        tables = (drives.to_p, drives.to_d, drives.from_p, drives.from_d)
        to_p, to_d, from_p, from_d = (table[arrays.place].tolist() for table in tables)
        early, service, leg = arrays.nodes.early, arrays.nodes.service, arrays.nodes.leg
        end = len(self.route.stops) + 1
        if self.route.vehicle.end is None:
            from_p[end] = from_d[end] = 0

        def late_s(begin_s: int, drive_s: int, node: int) -> int:
            """How late the party is set down, or the vehicle at the next stop."""
            at_s = max(begin_s + drive_s, party.earliest_dropoff_s)
            next_s = at_s + party.alighting_s + int(from_d[node + 1])
            return max(at_s - party.latest_dropoff_s, next_s - int(arrays.latest[node + 1]))

        for i in range(self.route.locked, end):
            ready_s = int(arrays.soonest[i] + service[i]) + to_p[i]
            at_s = max(ready_s, party.earliest_pickup_s)
            worst_s = at_s - party.latest_pickup_s
            at_s += party.boarding_s
            yield max(worst_s, late_s(at_s, self.direct_s, i)), i, i
            at_s += from_p[i + 1]
            for j in range(i + 1, end):
                at_s = max(at_s, int(early[j]))
                worst_s = max(worst_s, at_s - int(arrays.latest[j]))
                yield max(worst_s, late_s(at_s + int(service[j]), to_d[j], j)), i, j
                at_s += int(service[j] + leg[j])
