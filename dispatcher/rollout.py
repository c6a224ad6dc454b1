"""Plans, and the days that came before, in the words of the rollouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dispatcher.day import Call, Decision, Moment
from dispatcher.insert import OneRoad
from dispatcher.model import Place, Plan, Request, Route, StopKind, Vehicle
from dispatcher.rollout_kernel import (
    ROOM,
    Floats,
    Futures,
    Ints,
    Routes,
    Vans,
    play,
)


@dataclass(frozen=True, slots=True)
class History:
    """Past days of the same kind: who called, when, from where to where."""

    days: tuple[tuple[Call, ...], ...]
    places: tuple[Place, ...] = field(init=False)
    futures: Futures = field(init=False)

    def __post_init__(self) -> None:
        calls = [call for day in self.days for call in day]
        both = {c.request.origin for c in calls} | {c.request.destination for c in calls}
        object.__setattr__(self, "places", tuple(sorted(both)))
        object.__setattr__(self, "futures", _futures(self.days, self.places))


def _futures(days: Sequence[Sequence[Call]], places: Sequence[Place]) -> Futures:
    row = {place: at for at, place in enumerate(places)}
    longest = max((len(day) for day in days), default=0)
    table = np.full((len(Futures._fields), len(days), longest + 1), -1, dtype=np.int64)
    for number, day in enumerate(days):
        for at, call in enumerate(sorted(day, key=lambda call: call.known_s)):
            r = call.request
            table[:, number, at] = (
                call.known_s, r.earliest_pickup_s, r.latest_pickup_s, r.boarding_s + r.ride_max_s,
                r.riders, r.boarding_s, r.alighting_s, row[r.origin], row[r.destination],
            )  # fmt: skip
    return Futures(*table)


class Rollout:
    """Candidate plans in the words of the rollouts."""

    def __init__(self, moment: Moment, decisions: Sequence[Decision], history: History) -> None:
        plans = [decision.plan for decision in decisions]
        self.futures = history.futures
        self.first = np.array(
            [
                np.searchsorted(_until(row), moment.now_s, side="right")
                for row in history.futures.known
            ],
            dtype=np.int64,
        )
        places = dict.fromkeys(history.places)
        for decision in decisions:
            places.update(dict.fromkeys(_places(decision)))
        self.row = {place: at for at, place in enumerate(places)}
        roads = next(iter(moment.roads.values()))
        self.drive = np.ascontiguousarray(roads.table(list(places), list(places)), dtype=np.int32)
        routes = list(plans[0].routes.values())
        self.ids = list(plans[0].routes)
        self.vans = Vans(
            place=_ints([self.row[route.vehicle.start] for route in routes]),
            free=_ints([route.vehicle.start_s for route in routes]),
            aboard=_ints(
                [sum(plans[0].requests[i].riders for i in route.boarded_s) for route in routes]
            ),
            room=_ints([route.vehicle.seats for route in routes]),
        )
        self.candidates = [self._routes(decision) for decision in decisions]

    def play(self, which: Sequence[int], days: Ints, calls: int, within_s: int) -> Floats:
        """Return how many calls each of some candidates takes on each of some days.

        Who is taken gets in within ``within_s`` of the pickup planned at first.
        """
        out = np.zeros((len(which), len(days)))
        for row, at in enumerate(which):
            play(
                self.drive, self.vans, self.candidates[at], self.futures, self.first, days,
                calls, within_s, out[row],
            )  # fmt: skip
        return out

    def _routes(self, decision: Decision) -> Routes:
        plan = decision.plan
        routes = list(plan.routes.values())
        table = np.zeros((7, len(routes), ROOM), dtype=np.int64)
        sizes = []
        for v, route in enumerate(routes):
            nodes = _nodes(route, plan.requests)[:ROOM]
            sizes.append(len(nodes))
            for k, node in enumerate(nodes):
                table[:, v, k] = self.row[Place(node[0])], *node[1:]
        wait = [
            self.row.get(decision.waits.get(route.vehicle.id, Place(-1)), -1) for route in routes
        ]
        return Routes._make([*table, _ints(sizes), _ints(wait)])


def _until(row: Ints) -> Ints:
    """Return one day's calls without what fills the row up."""
    return row[row >= 0]


def _ints(numbers: list[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


def _places(decision: Decision) -> list[Place]:
    places = list(decision.waits.values())
    for route in decision.plan.routes.values():
        places.append(route.vehicle.start)
        places += [Place(node[0]) for node in _nodes(route, decision.plan.requests)]
    return places


def _nodes(route: Route, requests: Mapping[str, Request]) -> list[tuple[int, ...]]:
    """Return place, window, service, ride, pickup and seats of every stop; tasks are left out."""
    nodes: list[tuple[int, ...]] = []
    at: dict[str, int] = {}
    for stop in route.stops:
        if stop.kind not in (StopKind.PICKUP, StopKind.DROPOFF):
            continue
        r = requests[stop.request_id]
        if stop.kind is StopKind.PICKUP:
            at[r.id] = len(nodes)
            window = r.earliest_pickup_s, r.latest_pickup_s
            nodes.append((r.origin, *window, r.boarding_s, 0, -1, r.riders))
            continue
        due_s = r.latest_dropoff_s
        if r.id in route.boarded_s:
            due_s = min(due_s, route.boarded_s[r.id] + r.ride_max_s)
        ride_s = r.boarding_s + r.ride_max_s
        node = (r.earliest_dropoff_s, due_s, r.alighting_s, ride_s, at.get(r.id, -1), -r.riders)
        nodes.append((r.destination, *node))
    return nodes


class _OneRoad(OneRoad):
    """The same, known place by place."""

    def along(self, _origin: Place, destination: Place, _elapsed_s: float, /) -> tuple[Place, int]:
        return destination, 0

    def leaving(self, place: Place, /) -> tuple[Place, int]:
        return place, 0


def warm_rollout() -> None:
    """Compile the rollouts for this process; seconds the first time ever."""
    van = Vehicle("van", Place(0), None, 0, 10_000, seats=4)
    plan = Plan(0, {"van": Route(van)}, {})
    call = Call(1, Request("first", Place(1), Place(9), 0, 9_000, 0, 9_000, ride_max_s=100))
    moment = Moment(0, plan, {"car": _OneRoad()})
    rollout = Rollout(moment, [Decision(plan)], History(((call,),)))
    rollout.play([0], np.array([0]), 1, 300)
