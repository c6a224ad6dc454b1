"""Makes a plan keep its limits again after an event, breaking the least where not all can be kept.

A vehicle that is late gives up parties until it is not, and each goes where the kernel finds
room; or it keeps them all and is late, if that breaks less.  Parties without a vehicle are placed
level by level (``broken.Told.level``), at each level those first who lose most by waiting
(regret).  Whoever finds no place gets the least widening of their limits with which the kernel
finds one, or others are late as well, whichever ``broken.score`` prefers; then overtime is allowed;
then they are unplaced.  All of it is exact insertion into the order of stops as it is: moving
others about to make room is left to ``events.improved``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from dispatcher.broken import Replanned, Score, Told, named, score, unbound
from dispatcher.fleet import Approach, Fleet
from dispatcher.insert import Insertion, found_in, insert, insertions
from dispatcher.model import (
    UNREACHABLE_S,
    Battery,
    Place,
    Plan,
    Request,
    Route,
    StopKind,
    Task,
    TravelTimes,
)
from dispatcher.schedule import Breach, Rule, Schedule, expected, schedule

OVERTIME_S: Final = 1800
"""How much longer than planned a driver may work for a party that nobody else can carry."""
RESCUE_OVERTIME_S: Final = 7200
"""And for riders whose vehicle goes no further."""
_WIDER_S: Final = (300, 1200, 3600)
"""How much later than told others may be, so that a party's promise is broken less."""
_PLACES: Final = 3
"""Of how many vehicles a place that makes others late is worked out."""
_LIMITS: Final = ("latest_pickup_s", "latest_dropoff_s", "ride_max_s")
_LIMIT_OF: Final = {
    Rule.LATEST_PICKUP: "latest_pickup_s",
    Rule.LATEST_DROPOFF: "latest_dropoff_s",
    Rule.RIDE_MAX: "ride_max_s",
}


@dataclass(slots=True)
class Compiled:
    """The plan in repair made ready for quotes, with limits as they are and wider."""

    travel: Mapping[str, TravelTimes]
    fleets: dict[tuple[int, int], Fleet] = field(default_factory=dict)
    requests: dict[tuple[str, int], tuple[Request, Request]] = field(default_factory=dict)
    routes: dict[tuple[str, int], tuple[Route, Route]] = field(default_factory=dict)

    def fleet(self, plan: Plan, wider_s: int = 0, overtime_s: int = 0) -> Fleet:
        """Return a plan compiled, taking over every route that was before."""
        before = self.fleets.get((wider_s, overtime_s))
        if before is None or before.plan is not plan:
            before = Fleet(plan, self.travel, before=before)
            self.fleets[wider_s, overtime_s] = before
        return before

    def wider(self, request: Request, by_s: int) -> Request:
        """Return the same widened object for the same request."""
        known = self.requests.get((request.id, by_s))
        if known is None or known[0] is not request:
            known = self.requests[request.id, by_s] = request, wider(request, by_s)
        return known[1]

    def longer(self, route: Route, by_s: int) -> Route:
        """Return the same route with a longer shift for the same route."""
        known = self.routes.get((route.vehicle.id, by_s))
        if known is None or known[0] is not route:
            long = ending(route, route.vehicle.end_s + by_s)
            known = self.routes[route.vehicle.id, by_s] = route, long
        return known[1]


@dataclass(slots=True)
class Repair:
    """A plan in repair: what it is by now, what everybody was told, and who has no place."""

    plan: Plan
    travel: Mapping[str, TravelTimes]
    told: dict[str, Told]
    compiled: Compiled
    closed: frozenset[str] = frozenset()
    """Vehicles whose drivers can work no longer."""
    unplaced: list[Told] = field(default_factory=list)
    unpinned: list[str] = field(default_factory=list)
    off_tasks: list[Task] = field(default_factory=list)

    # Vehicles that are late

    def ease(self, vehicle_id: str) -> None:
        """Make one route keep its limits."""
        route = self.plan.routes[vehicle_id]
        if self.is_sound(route):
            return
        late, light = self._copy(), self._copy()
        stretched = late.stretch(route, shift=not movable(route))
        light.lighten(route)
        self._take(light if not stretched or light.score() < late.score() else late)
        if not self.is_sound(self.plan.routes[vehicle_id]):
            self._use_reserve(self.plan.routes[vehicle_id])
        if not self.is_sound(self.plan.routes[vehicle_id]):
            self._fetch(self.plan.routes[vehicle_id])

    def stretch(self, route: Route, *, shift: bool) -> bool:
        """Widen what a route breaks to what it will keep; False when that does not help.

        Only with ``shift`` may a driver work longer, or have a break later, than planned.
        """
        vehicle = route.vehicle
        for _ in range(4 * len(route.stops) + 4):
            breach = schedule(route, self.plan.requests, self.travel)
            if isinstance(breach, Schedule):
                return True
            wide = stretched(self.plan, route, breach)
            if wide is None:
                return False
            route = wide.routes[vehicle.id]
            if not shift and (route.vehicle.end_s > vehicle.end_s or breach.rule is Rule.TASK_LATE):
                return False
            self.plan = wide
        return False

    def lighten(self, route: Route) -> None:
        """Take parties off a route until it keeps its limits, and place them."""
        vehicle_id, off = route.vehicle.id, list[Request]()
        while not self.is_sound(route):
            candidates = movable(route)
            if not candidates:
                self.stretch(route, shift=True)
                break
            id_ = self._cheapest_off(route, candidates)
            off.append(self.plan.requests[id_])
            self.plan = self.plan.without(id_)
            route = self.plan.routes[vehicle_id]
        self.place(off)

    def _cheapest_off(self, route: Route, candidates: Sequence[str]) -> str:
        """Return whom to take off: if it can be, one who puts it right and has another place."""

        def rank(id_: str) -> tuple[bool, bool, tuple[bool, int], float]:
            rest = self.plan.without(id_)
            lighter = rest.routes[route.vehicle.id]
            if not isinstance(schedule(lighter, rest.requests, self.travel), Schedule):
                late_s = lateness_s(lighter, rest, self.travel)
                return True, True, (False, 0), late_s
            bids = self._bids(self.plan.requests[id_], rest)
            cost_s = min((one.cost_s for one in bids.values()), default=0.0)
            return False, not bids, self.told[id_].level, cost_s

        return min(reversed(candidates), key=rank)

    def _use_reserve(self, route: Route) -> None:
        """Let a vehicle that has nobody left but riders on board use as little as it must."""
        battery, before = route.vehicle.battery, self.plan
        if battery is None:
            return
        self.plan = self.plan.with_route(_keeping(route, 0))
        if not self.stretch(self.plan.routes[route.vehicle.id], shift=True):
            self.plan = before
            return
        route = self.plan.routes[route.vehicle.id]
        spent = least(1, battery.reserve_wh, lambda wh: self._spares(route, battery, wh))
        self.plan = self.plan.with_route(_keeping(route, battery.reserve_wh - spent))

    def _spares(self, route: Route, battery: Battery, wh: int) -> bool:
        return self.is_sound(_keeping(route, battery.reserve_wh - wh))

    def _fetch(self, route: Route) -> None:
        """Have those fetched whom a vehicle cannot carry on; one that can go nowhere goes out."""
        vehicle = route.vehicle
        here = [vehicle.start]
        drives = self.travel[vehicle.profile]
        ends = {id_: [self.plan.requests[id_].destination] for id_ in route.boarded_s}
        cut_off = [
            id_ for id_, end in ends.items() if drives.table(here, end)[0, 0] >= UNREACHABLE_S
        ]
        off: list[Request] = []
        for id_ in cut_off:
            off += self._off_board(vehicle.id, id_)
        if not self.is_sound(self.plan.routes[vehicle.id]):
            off += self.empty(vehicle.id, vehicle.start, vehicle.start_s)
            if self.is_sound(Route(vehicle)):
                self.plan = self.plan.with_route(Route(vehicle))
        self.place(off)

    def _off_board(self, vehicle_id: str, request_id: str) -> list[Request]:
        """Take one rider off a vehicle where it is, and return the rider."""
        route = self.plan.routes[vehicle_id]
        vehicle, since_s = route.vehicle, route.boarded_s[request_id]
        told = rescue(self.plan.requests[request_id], since_s, vehicle.start, vehicle.start_s)
        self.told[request_id] = told
        requests = {id_: one for id_, one in self.plan.requests.items() if id_ != request_id}
        routes = {**self.plan.routes, vehicle_id: route.without(request_id)}
        self.plan = Plan(self.plan.version, routes, requests)
        return [told.request]

    def empty(self, vehicle_id: str, place: Place, at_s: int) -> list[Request]:
        """Take a vehicle out of the plan where it is, and return everybody it carried or would."""
        route = self.plan.routes[vehicle_id]
        aboard = [
            rescue(self.plan.requests[id_], since_s, place, at_s)
            for id_, since_s in route.boarded_s.items()
        ]
        self.told |= {told.request.id: told for told in aboard}
        booked = [self.plan.requests[id_] for id_ in route.request_ids - route.boarded_s.keys()]
        self.unpinned += [one.id for one in booked if one.pinned == vehicle_id]
        free = [replace(one, pinned=None) if one.pinned == vehicle_id else one for one in booked]
        self.off_tasks += route.tasks.values()
        gone = route.request_ids
        self.plan = Plan(
            self.plan.version,
            {id_: other for id_, other in self.plan.routes.items() if id_ != vehicle_id},
            {id_: one for id_, one in self.plan.requests.items() if id_ not in gone},
        )
        return [*(told.request for told in aboard), *free]

    # Parties without a vehicle

    def place(self, parties: Iterable[Request]) -> None:
        """Put every party into the plan, or among the unplaced."""
        by_level: dict[tuple[bool, int], list[Request]] = {}
        for party in parties:
            by_level.setdefault(self.told[party.id].level, []).append(party)
        for level in sorted(by_level, reverse=True):
            for party in self._place_by_regret(by_level[level]):
                self._break_least(party)

    def again(self, request: Request) -> None:
        """Give a party other limits: where it is if that works, and anywhere else if not."""
        route = self.plan.route_of(request.id)
        if route is None:
            raise ValueError(f"no vehicle carries {request.id}")
        self.plan = self.plan.with_route(route, request)
        if request.id in route.boarded_s:
            self.ease(route.vehicle.id)
        elif not self.is_sound(route):
            self.plan = self.plan.without(request.id)
            self.place([request])

    def _place_by_regret(self, parties: Sequence[Request]) -> list[Request]:
        """Place all that fit as promised, most regret first; return the others, soonest first."""
        bids = {party.id: self._bids(party, self.plan) for party in parties}
        waiting = {party.id: party for party in parties}
        while waiting:
            id_ = max(waiting, key=lambda each: _regret(bids[each], waiting[each]))
            if not bids[id_]:
                break
            chosen = min(bids[id_].values(), key=lambda one: one.cost_s)
            self.plan = insert(self.plan, waiting.pop(id_), chosen)
            for other in waiting:
                self._bid_again(waiting[other], bids[other], chosen.vehicle_id)
        return sorted(waiting.values(), key=lambda party: (party.latest_pickup_s, party.id))

    def _bids(self, party: Request, plan: Plan) -> dict[str, Insertion]:
        fleet = self.compiled.fleet(plan)
        found = insertions(plan, party, self.travel, banned=banned(plan, party), fleet=fleet)
        return {one.vehicle_id: one for one in found}

    def _bid_again(self, party: Request, bids: dict[str, Insertion], vehicle_id: str) -> None:
        """Replace the bid of the one vehicle that has changed."""
        if bids.pop(vehicle_id, None) is None:
            return
        alone = Plan(0, {vehicle_id: self.plan.routes[vehicle_id]}, self.plan.requests)
        fleet = Fleet(alone, self.travel, before=self.compiled.fleet(self.plan))
        bids.update(
            {one.vehicle_id: one for one in insertions(alone, party, self.travel, fleet=fleet)}
        )

    def _break_least(self, party: Request) -> None:
        """Place a party that does not fit as promised so that least is broken."""
        aboard = self.told[party.id].aboard
        more_s = RESCUE_OVERTIME_S if aboard else OVERTIME_S
        free = replace(party, only=None, pinned=None)
        tries = [(party, 0), (party, more_s)]
        if aboard and free != party:
            tries += [(free, 0), (free, more_s)]
        for asked, overtime_s in tries:
            options = list(self._options(asked, overtime_s))
            if options:
                self._take(min(options, key=lambda option: option[:2])[2])
                if asked is free:
                    self.unpinned.append(party.id)
                return
        self.unplaced.append(self.told[party.id])

    def _options(self, party: Request, overtime_s: int) -> Iterator[tuple[Score, float, Repair]]:
        """Yield ways to place a party: how badly each breaks promises, its cost, the result."""
        shut = banned(self.plan, party) | (self.closed if overtime_s else frozenset())
        for others_s in (0, *_WIDER_S):
            fleet = self._wide_fleet(others_s, self.told[party.id].level, overtime_s)
            approach = fleet.approach(party.origin, party.destination)
            places = partial(_places, approach, party, shut)
            most_s = self._most_s(party, overtime_s)
            if not places(most_s):
                return
            by_s = least(0, most_s, places)
            for place in places(by_s)[:_PLACES]:
                done = self._copy()
                if done.put(party, by_s, place, overtime_s):
                    yield done.score(), place.cost_s, done

    def put(self, party: Request, by_s: int, place: Insertion, overtime_s: int) -> bool:
        """Put a party in its place and widen only what has to be; False if it cannot be."""
        self.plan = insert(self.plan, party, place)
        route = self.plan.routes[place.vehicle_id]
        end_s = route.vehicle.end_s
        if overtime_s:
            route = ending(route, end_s + overtime_s)
        told_plan = self.plan.with_route(route)
        self.plan = told_plan.with_route(route, wider(party, by_s))
        if self.is_sound(route):
            self.plan = self.plan.with_route(route, narrowed(route, self.plan, party, self.travel))
        else:
            self.plan = told_plan
            if not self.stretch(route, shift=False):
                return False
        times = schedule(route, self.plan.requests, self.travel)
        if overtime_s and isinstance(times, Schedule):
            self.plan = self.plan.with_route(ending(route, max(end_s, times.end_s)))
        return True

    def _wide_fleet(self, by_s: int, level: tuple[bool, int], overtime_s: int) -> Fleet:
        """Return the plan compiled with wider limits for everybody who counts no more."""
        if by_s == overtime_s == 0:
            return self.compiled.fleet(self.plan)
        routes, requests = dict(self.plan.routes), dict(self.plan.requests)
        if overtime_s:
            for vehicle_id in routes.keys() - self.closed:
                routes[vehicle_id] = self.compiled.longer(routes[vehicle_id], overtime_s)
        if by_s:
            for id_, request in requests.items():
                if self.told[id_].level <= level:
                    requests[id_] = self.compiled.wider(request, by_s)
        plan = Plan(self.plan.version, routes, requests)
        return self.compiled.fleet(plan, by_s, overtime_s)

    def _most_s(self, party: Request, overtime_s: int) -> int:
        """Return the widening that makes every limit of a party later than all shifts."""
        ends = (route.vehicle.end_s for route in self.plan.routes.values())
        return max(0, max(ends, default=0) + overtime_s - party.earliest_pickup_s)

    # The result

    def follow(self) -> None:
        """Move return legs that would begin before their outward leg has ended."""
        for id_ in sorted(self.plan.requests, key=lambda id_: self._begins_s(id_)):
            request = self.plan.requests.get(id_)
            if request is None or request.follows is None:
                continue
            outward = self.plan.requests.get(request.follows.request_id)
            route = self.plan.route_of(id_)
            if outward is None or route is None or id_ in route.boarded_s:
                continue
            ended_s = outward.latest_dropoff_s + outward.alighting_s + request.follows.stay_s
            if request.earliest_pickup_s < ended_s:
                self.again(beginning(request, ended_s))

    def _begins_s(self, request_id: str) -> int:
        return self.plan.requests[request_id].earliest_pickup_s

    def outcome(self, before: Plan) -> Replanned:
        """Return the plan as the next after ``before``, with every broken promise by name."""
        self.follow()
        requests = {id_: unbound(request) for id_, request in self.plan.requests.items()}
        plan = Plan(before.version + 1, self.plan.routes, requests)
        broken = named(self.told, plan)
        was, now = carriers(before), carriers(plan)
        return Replanned(
            plan,
            broken,
            unplaced=tuple(self.unplaced),
            told={one.request_id: self.told[one.request_id] for one in broken},
            moved=tuple(id_ for id_, v in now.items() if was.get(id_, v) != v),
            unpinned=tuple(self.unpinned),
            off_tasks=tuple(self.off_tasks),
            late_tasks=late_tasks(before, plan),
            overtime_s=overtime_s(before, plan),
            reserve_wh=used_reserves_wh(before, plan),
            out_of_service=tuple(sorted(before.routes.keys() - plan.routes.keys())),
        )

    def score(self) -> Score:
        """Return how badly promises are broken by now."""
        return score(self.told, self.plan.requests)

    def is_sound(self, route: Route) -> bool:
        """Whether a route keeps every limit."""
        return isinstance(schedule(route, self.plan.requests, self.travel), Schedule)

    def _copy(self) -> Repair:
        return replace(
            self,
            unplaced=list(self.unplaced),
            unpinned=list(self.unpinned),
            off_tasks=list(self.off_tasks),
        )

    def _take(self, done: Repair) -> None:
        self.plan = done.plan
        self.unplaced, self.unpinned = done.unplaced, done.unpinned
        self.off_tasks = done.off_tasks


def wider(request: Request, by_s: int) -> Request:
    """Return the request with all its limits ``by_s`` later, or longer."""
    return replace(
        request,
        latest_pickup_s=request.latest_pickup_s + by_s,
        latest_dropoff_s=request.latest_dropoff_s + by_s,
        ride_max_s=request.ride_max_s + by_s,
    )


def beginning(request: Request, soonest_s: int) -> Request:
    """Return the request with no pickup before ``soonest_s``, its limits kept if they can be."""
    return replace(
        request,
        earliest_pickup_s=soonest_s,
        latest_pickup_s=max(request.latest_pickup_s, soonest_s),
        latest_dropoff_s=max(request.latest_dropoff_s, soonest_s + request.boarding_s),
    )


def ending(route: Route, end_s: int) -> Route:
    """Return the route of a vehicle whose shift ends at ``end_s``."""
    return replace(route, vehicle=replace(route.vehicle, end_s=end_s))


def stretched(plan: Plan, route: Route, breach: Breach) -> Plan | None:
    """Return the plan with the limit that breaks as far out as it is broken.

    ``None`` where time is not to blame, or no road leads on.
    """
    if breach.by >= UNREACHABLE_S // 2:
        return None
    if breach.rule is Rule.SHIFT_END:
        return plan.with_route(ending(route, route.vehicle.end_s + breach.by))
    if breach.rule is Rule.TASK_LATE:
        task = route.tasks[str(breach.request_id)]
        later = replace(task, latest_s=task.latest_s + breach.by)
        return plan.with_route(replace(route, tasks={**route.tasks, task.id: later}))
    limit = _LIMIT_OF.get(breach.rule)
    if limit is None or breach.request_id is None:
        return None
    request = plan.requests[breach.request_id]
    wide = replace(request, **{limit: getattr(request, limit) + breach.by})
    return plan.with_route(route, wide)


def narrowed(route: Route, plan: Plan, told: Request, travel: Mapping[str, TravelTimes]) -> Request:
    """Return a party's request with its limits as near to those told as its route can keep.

    One limit after the other: getting in, being set down, the length of the ride.
    """
    now = replace(plan.requests[told.id], connection=told.connection)
    for name in _LIMITS:

        def holds(limit_s: int, name: str = name, now: Request = now) -> bool:
            narrow = {**plan.requests, now.id: replace(now, **{name: limit_s})}
            return isinstance(schedule(route, narrow, travel), Schedule)

        low, high = getattr(told, name), getattr(now, name)
        if low < high:
            now = replace(now, **{name: least(low, high, holds)})
    return told if now == told else now


def least(low: int, high: int, holds: Callable[[int], object]) -> int:
    """Return the least value from ``low`` that holds, which ``high`` does."""
    if holds(low):
        return low
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def movable(route: Route) -> list[str]:
    """Return the parties of a route that may go elsewhere, in the order they get in."""
    locked = {stop.request_id for stop in route.stops[: route.locked]}
    return [
        stop.request_id
        for stop in route.stops
        if stop.kind is StopKind.PICKUP and stop.request_id not in locked
    ]


def lateness_s(route: Route, plan: Plan, travel: Mapping[str, TravelTimes]) -> float:
    """Return how late a vehicle that hurries is at all its stops together."""
    times = expected(route, plan.requests, travel)
    late_s = max(0, times.end_s - route.vehicle.end_s)
    for stop, begin_s in zip(route.stops, times.begin_s, strict=True):
        party = plan.requests.get(stop.request_id)
        if party is not None:
            pickup = stop.kind is StopKind.PICKUP
            limit_s = party.latest_pickup_s if pickup else party.latest_dropoff_s
            late_s += max(0, begin_s - limit_s)
    return float(late_s)


def banned(plan: Plan, party: Request) -> frozenset[str]:
    """Return the vehicles that may not carry a party."""
    return frozenset(vehicle_id for vehicle_id in plan.routes if not party.allows(vehicle_id))


def carriers(plan: Plan) -> dict[str, str]:
    """Return the vehicle of every party."""
    return {id_: v for v, route in plan.routes.items() for id_ in route.request_ids}


def overtime_s(before: Plan, after: Plan) -> dict[str, int]:
    """Return how much longer than before the drivers work who do."""
    ends_s = {id_: route.vehicle.end_s for id_, route in before.routes.items()}
    return {
        id_: route.vehicle.end_s - ends_s[id_]
        for id_, route in after.routes.items()
        if route.vehicle.end_s > ends_s.get(id_, route.vehicle.end_s)
    }


def _places(approach: Approach, party: Request, shut: frozenset[str], by_s: int) -> list[Insertion]:
    """Return the places of a party whose limits are ``by_s`` wider."""
    return found_in(approach, wider(party, by_s), shut)


def late_tasks(before: Plan, after: Plan) -> tuple[Task, ...]:
    """Return the breaks and charges that begin later than their window allowed."""
    known = {id_: task for route in before.routes.values() for id_, task in route.tasks.items()}
    tasks = [task for route in after.routes.values() for task in route.tasks.values()]
    return tuple(task for task in tasks if task.latest_s > known.get(task.id, task).latest_s)


def used_reserves_wh(before: Plan, after: Plan) -> dict[str, int]:
    """Return what is left of the reserves that have to be used."""
    left: dict[str, int] = {}
    for id_, route in after.routes.items():
        battery, was = route.vehicle.battery, before.routes.get(id_, route).vehicle.battery
        if battery is not None and was is not None and battery.reserve_wh < was.reserve_wh:
            left[id_] = battery.reserve_wh
    return left


def rescue(request: Request, boarded_s: int, place: Place, at_s: int) -> Told:
    """Return a party on board as one to be fetched at ``place``, its time on board running on."""
    ride_due_s = boarded_s + request.ride_max_s
    promised_s = min(request.latest_dropoff_s, ride_due_s)
    due_s = max(promised_s, at_s + request.boarding_s)
    fetched = replace(
        request,
        origin=place,
        earliest_pickup_s=at_s,
        latest_pickup_s=due_s - request.boarding_s,
        earliest_dropoff_s=min(request.earliest_dropoff_s, due_s),
        latest_dropoff_s=due_s,
        ride_max_s=due_s - request.boarding_s - at_s,
        pinned=None,
        follows=None,
    )
    ride_s = request.ride_max_s if ride_due_s < request.latest_dropoff_s else None
    return Told(fetched, aboard=True, lost_s=due_s - promised_s, ride_s=ride_s)


def _keeping(route: Route, reserve_wh: int) -> Route:
    """Return the route of a vehicle with another reserve."""
    battery = route.vehicle.battery
    if battery is None:
        return route
    kept = replace(battery, reserve_wh=reserve_wh)
    return replace(route, vehicle=replace(route.vehicle, battery=kept))


def _regret(bids: Mapping[str, Insertion], party: Request) -> tuple[bool, float, int, str]:
    """Return how much a party loses if its best place is taken, the more urgent first."""
    costs = sorted(one.cost_s for one in bids.values())
    regret = costs[1] - costs[0] if len(costs) > 1 else float("inf")
    return bool(costs), regret, -party.latest_pickup_s, party.id
