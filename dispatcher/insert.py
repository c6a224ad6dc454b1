"""One more party into a plan: the best place in every vehicle, in well under a millisecond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatcher.fleet import Approach, Fleet, compiled, party_of
from dispatcher.model import Place, Plan, Request, Route, Stop, StopKind, TravelTimes, Vehicle
from dispatcher.schedule import expected, schedule


@dataclass(frozen=True, slots=True)
class Insertion:
    """A place for a party in one vehicle's route, proved to keep every limit of everybody.

    ``pickup_index`` and ``dropoff_index`` are positions among the stops of the new route;
    ``cost_s`` is what it adds to the cost of the plan; the times are those of the new schedule.
    """

    vehicle_id: str
    pickup_index: int
    dropoff_index: int
    cost_s: float
    pickup_s: int
    dropoff_s: int
    ride_s: int


def insertions(
    plan: Plan,
    request: Request,
    travel: Mapping[str, TravelTimes],
    *,
    banned: frozenset[str] = frozenset(),
    fleet: Fleet | None = None,
) -> list[Insertion]:
    """Return the best place in every vehicle that has one, cheapest first.

    ``travel`` holds the driving times of every vehicle profile; vehicles in ``banned`` are left
    out.  ``fleet`` is the same plan compiled before; without it the plan is compiled here.
    """
    approach = compiled(plan, travel, fleet).approach(request.origin, request.destination)
    return found_in(approach, request, banned)


def found_in(
    approach: Approach, request: Request, banned: frozenset[str] = frozenset()
) -> list[Insertion]:
    """Return ``insertions`` for a party whose drives are already looked up."""
    found = approach.search(party_of(request), banned, request)
    ids = approach.fleet.vehicle_ids
    order = np.argsort(found.cost, kind="stable")
    order = order[np.isfinite(found.cost[order])]
    columns = (column[order].tolist() for column in found[:5])
    return [
        Insertion(ids[v], i, j + 1, cost, at_p, at_d, at_d - at_p - request.boarding_s)
        for v, cost, i, j, at_p, at_d in zip(order.tolist(), *columns, strict=True)
    ]


def best_in(
    approach: Approach, requests: Sequence[Request], banned: frozenset[str] = frozenset()
) -> list[Insertion | None]:
    """Return each request's best place in the whole fleet, ``None`` where there is none.

    The requests are alternatives between the two places of ``approach``, searched in one compiled
    call.  Each answer is the first of ``found_in``.
    """
    found = approach.search_many(requests, banned)
    ids = approach.fleet.vehicle_ids
    rows = zip(*(column.tolist() for column in (*found[:5], found.vehicle)), strict=True)
    return [
        None
        if v < 0
        else Insertion(ids[v], i, j + 1, cost, at_p, at_d, at_d - at_p - request.boarding_s)
        for request, (cost, i, j, at_p, at_d, v) in zip(requests, rows, strict=True)
    ]


def insert(plan: Plan, request: Request, insertion: Insertion) -> Plan:
    """Return the next plan with the party at its place.

    Raises ``ValueError`` when the plan has the party already.
    """
    if request.id in plan.requests:
        raise ValueError(f"{request.id} is in the plan already")
    route = plan.routes[insertion.vehicle_id]
    stops = list(route.stops)
    stops.insert(insertion.pickup_index, Stop(request.id, StopKind.PICKUP))
    stops.insert(insertion.dropoff_index, Stop(request.id, StopKind.DROPOFF))
    return plan.with_route(route.with_stops(stops), request)


class OneRoad:
    """Places a second apart on one road: enough to compile on."""

    def table(
        self, origins: Sequence[Place], destinations: Sequence[Place], /
    ) -> NDArray[np.int32]:
        """Return driving seconds."""
        return np.abs(np.subtract.outer(origins, destinations)).astype(np.int32)


def warm() -> None:
    """Compile every kernel, so that no caller waits for it; seconds the first time ever."""
    travel = {"car": OneRoad()}
    van = Vehicle("van", Place(0), Place(0), 0, 10_000, seats=4)
    plan = Plan(0, {"van": Route(van)}, {})
    request = Request("first", Place(1), Place(9), 0, 9_000, 0, 9_000, ride_max_s=100)
    Fleet(plan, travel).approach(request.origin, request.destination).search_many([request])
    plan = insert(plan, request, insertions(plan, request, travel)[0])
    schedule(plan.routes["van"], plan.requests, travel)
    expected(plan.routes["van"], plan.requests, travel)
