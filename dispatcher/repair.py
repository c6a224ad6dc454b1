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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from dispatcher import kernel
from dispatcher.broken import Replanned, Score, Told, named, score, unbound
from dispatcher.fleet import (
    WEIGHTS,
    Approach,
    CompiledRoute,
    Fleet,
    Layout,
    compile_route,
    party_of,
)
from dispatcher.insert import Insertion, found_in, insert
from dispatcher.late_kernel import (
    FIXED,
    TIMES,
    Rows,
    late_without,
    least_late,
    soft_times,
)
from dispatcher.model import (
    RIDER_STOPS,
    UNREACHABLE_S,
    Battery,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    Task,
    TravelTimes,
)
from dispatcher.nodes import Ints, places_of
from dispatcher.search_plan import movable
from dispatcher.widen import (
    beginning,
    carriers,
    ended_s,
    ending,
    has_room,
    keeping,
    kept,
    late_tasks,
    least,
    rescue,
    rows_of,
    used_reserves_wh,
    worked_longer_s,
)

OVERTIME_S: Final = 1800
"""How much longer than planned a driver may work for a party that nobody else can carry."""
RESCUE_OVERTIME_S: Final = 7200
"""And for riders whose vehicle goes no further."""
_ROUNDS: Final = 10
"""How often return legs are moved again because moving them made outward legs later."""
_NONE: Final = np.empty(0, dtype=np.int64)
_ASKED: Final = 4
"""Of how many parties it is worked out whether another vehicle could carry them."""


@dataclass(slots=True)
class Repair:
    """A plan in repair: what it is by now, what everybody was told, and who has no place."""

    plan: Plan
    travel: Mapping[str, TravelTimes]
    told: dict[str, Told]
    closed: frozenset[str] = frozenset()
    """Vehicles whose drivers can work no longer."""
    unplaced: list[Told] = field(default_factory=list)
    unpinned: list[str] = field(default_factory=list)
    off_tasks: list[Task] = field(default_factory=list)
    fleet: Fleet | None = None
    known: dict[str, CompiledRoute] = field(default_factory=dict)
    """Every route as it was compiled last."""
    _layout: Layout | None = None
    _drives: dict[tuple[Place, Place], Approach] = field(default_factory=dict)
    _ranks: dict[str, int] = field(default_factory=dict)
    """Whose promise counts how much: 0 for those who count most."""
    _different: int = 0
    _rows: dict[str, tuple[tuple[Stop, ...], dict[str, int], Ints]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self._ranks:
            self._rank_all()

    def tell(self, *promises: Told) -> None:
        """Say what somebody was told after all."""
        self.told = self.told | {one.request.id: one for one in promises}
        if promises:
            self._layout = None
            self._rank_all()

    def _rank_all(self) -> None:
        levels = {id_: one.level for id_, one in self.told.items()}
        order = sorted(set(levels.values()), reverse=True)
        rank = {level: at for at, level in enumerate(order)}
        self._ranks = {id_: rank[level] for id_, level in levels.items()}
        self._different = max(1, len(order))

    # Vehicles that are late

    def ease_all(self, vehicle_ids: Iterable[str]) -> None:
        """Make several routes keep their limits.

        Where being late is no help, parties get off first, and are placed when all others stand.
        """
        ids, off = list(vehicle_ids), list[Request]()
        for vehicle_id in ids if len(ids) > 1 else ():
            route = self.plan.routes[vehicle_id]
            late = self._copy()
            if not self.is_sound(route) and not late.stretch(route, shift=not movable(route)):
                off += self._take_off(route)
        for vehicle_id in ids:
            self.ease(vehicle_id)
        self.place(off)

    def ease(self, vehicle_id: str) -> None:
        """Make one route keep its limits."""
        route = self.plan.routes[vehicle_id]
        if self.is_sound(route):
            return
        self._all_places()
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
        one = self._compiled(route)
        rows = rows_of(one.nodes, self._ranks_of(route))
        passed = np.zeros((2, self._different), dtype=np.int64)
        if not soft_times(rows, passed[0], passed[1]) and not shift:
            return False
        times = rows[TIMES]
        if times[-1] >= UNREACHABLE_S or not has_room(one):
            return False
        self.plan = kept(self.plan, route, times.tolist())
        return True

    def lighten(self, route: Route) -> None:
        """Take parties off a route until it keeps its limits, and place them."""
        self.place(self._take_off(route))

    def _take_off(self, route: Route) -> list[Request]:
        """Take parties off a route until it keeps its limits, and return them."""
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
        return off

    def _cheapest_off(self, route: Route, candidates: Sequence[str]) -> str:
        """Return whom to take off: if it can be, one who puts it right and has another place."""
        late_s = self._late_without(route, candidates)
        levels = [self.told[id_].level for id_ in candidates]
        order = sorted(
            range(len(candidates)), key=lambda at: (late_s[at].tolist(), levels[at], -at)
        )
        able = [candidates[at] for at in order[:_ASKED] if not late_s[at].any()]
        if len(able) < 2:
            return candidates[order[0]]
        self._look_up([self.plan.requests[id_] for id_ in able])
        return min(able, key=lambda id_: self._loses(route, id_))

    def _loses(self, route: Route, request_id: str) -> tuple[bool, bool, tuple[bool, int], float]:
        """Return what it costs to take a party off: no help, or no other place for it, first."""
        rest = self._copy()
        rest.plan = self.plan.without(request_id)
        sound = rest.is_sound(rest.plan.routes[route.vehicle.id])
        bids = rest.bids_for(self.plan.requests[request_id])
        cost_s = min((one.cost_s for one in bids.values()), default=0.0)
        return not sound, not bids, self.told[request_id].level, cost_s

    def _late_without(self, route: Route, candidates: Sequence[str]) -> Rows:
        """Return what a route breaks without each of some parties: the vehicle's limits first."""
        one = self._compiled(route)
        at = {stop: node for node, stop in enumerate(route.stops, start=1)}
        pairs = [[at[Stop(id_, kind)] for kind in RIDER_STOPS] for id_ in candidates]
        late_s = np.zeros((len(candidates), 1 + self._different), dtype=np.int64)
        drives_s = self.travel[route.vehicle.profile].table(one.places, one.places)
        open_end = int(route.vehicle.end is None)
        late_without(
            rows_of(one.nodes, self._ranks_of(route)),
            np.ascontiguousarray(drives_s, dtype=np.int32),
            open_end,
            np.array(pairs, dtype=np.int64),
            late_s,
        )
        return late_s

    def _use_reserve(self, route: Route) -> None:
        """Let a vehicle that has nobody left but riders on board use as little as it must."""
        battery, before = route.vehicle.battery, self.plan
        if battery is None:
            return
        self.plan = self.plan.with_route(keeping(route, 0))
        if not self.stretch(self.plan.routes[route.vehicle.id], shift=True):
            self.plan = before
            return
        route = self.plan.routes[route.vehicle.id]
        spent = least(1, battery.reserve_wh, lambda wh: self._spares(route, battery, wh))
        self.plan = self.plan.with_route(keeping(route, battery.reserve_wh - spent))

    def _spares(self, route: Route, battery: Battery, wh: int) -> bool:
        return self.is_sound(keeping(route, battery.reserve_wh - wh))

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
        self.tell(told)
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
        self.tell(*aboard)
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
            self.ease(route.vehicle.id)  # where a detour is shorter, it is late without them
            self.place([request])

    def _place_by_regret(self, parties: Sequence[Request]) -> list[Request]:
        """Place all that fit as promised, most regret first; return the others, soonest first."""
        self._look_up(parties)
        bids = {party.id: self.bids_for(party) for party in parties}
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

    def bids_for(self, party: Request, only: str | None = None) -> dict[str, Insertion]:
        """Return the best place of a party in every vehicle that has one, or in ``only`` one."""
        fleet = self.compiled()
        banned = frozenset(() if only is None else fleet.compiled.keys() - {only})
        found = found_in(self._approach(party), party, banned)
        return {one.vehicle_id: one for one in found}

    def _bid_again(self, party: Request, bids: dict[str, Insertion], vehicle_id: str) -> None:
        """Replace the bid of the one vehicle that has changed."""
        if bids.pop(vehicle_id, None) is not None:
            bids.update(self.bids_for(party, vehicle_id))

    def _break_least(self, party: Request) -> None:
        """Place a party that does not fit as promised so that least is broken."""
        aboard = self.told[party.id].aboard
        more_s = RESCUE_OVERTIME_S if aboard else OVERTIME_S
        free = replace(party, only=None, pinned=None)
        tries = [(party, 0), (party, more_s)]
        if aboard and free != party:
            tries += [(free, 0), (free, more_s)]
        for asked, overtime_s in tries:
            if self._put(asked, overtime_s):
                if asked is free:
                    self.unpinned.append(party.id)
                return
        self.unplaced.append(self.told[party.id])

    def _put(self, party: Request, overtime_s: int) -> bool:
        """Put a party where promises are broken least; False when it goes nowhere."""
        place = self._least_late(party, overtime_s)
        if place is None:
            return False
        end_s = self.plan.routes[place.vehicle_id].vehicle.end_s
        self.plan = insert(self.plan, party, place)
        route = self.plan.routes[place.vehicle_id]
        if overtime_s:
            route = ending(route, end_s + overtime_s)
        self.stretch(route, shift=False)
        if overtime_s:
            self._end_by(place.vehicle_id, end_s)
        return True

    def _end_by(self, vehicle_id: str, end_s: int) -> None:
        """End a shift when the vehicle is back, if that is after ``end_s``, and at it if not."""
        route = self.plan.routes[vehicle_id]
        if route.vehicle.end_s > end_s and self.is_sound(route):
            back_s = max(end_s, ended_s(self._compiled(route).nodes))
            if back_s != route.vehicle.end_s:
                self.plan = self.plan.with_route(ending(route, back_s))

    def _least_late(self, party: Request, overtime_s: int) -> Insertion | None:
        """Return the place of a party with which least is broken, ``None`` if there is none."""
        fleet = self.compiled()
        ids, shut = fleet.vehicle_ids, self.closed if overtime_s else frozenset()
        routes = self.plan.routes.values()
        outward = None if party.follows is None else party.follows.request_id
        found = least_late(
            fleet.arrays,
            np.concatenate([_NONE, *(self._ranks_of(route, outward) for route in routes)]),
            party_of(party),
            self._ranks[party.id],
            self._approach(party).drives,
            WEIGHTS,
            np.array([party.allows(id_) and id_ not in shut for id_ in ids], dtype=np.int64),
            overtime_s,
            self._different,
        )
        v, i, j = int(found.vehicle[0]), int(found.after_p[0]), int(found.after_d[0])
        times = int(found.pickup[0]), int(found.dropoff[0])
        if v < 0:
            return None
        return Insertion(ids[v], i, j + 1, float(found.cost[0]), *times, times[1] - times[0])

    def _ranks_of(self, route: Route, fixed: str | None = None) -> Ints:
        """Return whose promise is at every node of a route, 0 for those who count most.

        Nobody may make the party ``fixed`` any later: its rank is ``FIXED``.
        """
        known = self._rows.get(route.vehicle.id)
        if known is None or known[0] is not route.stops or known[1] is not self._ranks:
            rank = self._ranks.get
            ranks = [0, *[rank(stop.request_id, 0) for stop in route.stops], 0]
            known = route.stops, self._ranks, np.array(ranks, dtype=np.int64)
            self._rows[route.vehicle.id] = known
        row = known[2]
        if fixed is not None:
            is_fixed = [stop.request_id == fixed for stop in route.stops]
            row = np.where([False, *is_fixed, False], FIXED, row)
        return row

    # The result

    def follow(self) -> None:
        """Move return legs that would begin before their outward leg has ended."""
        for _ in range(_ROUNDS):
            early = [id_ for id_ in self.plan.requests if self._begins_s(id_) is not None]
            for id_ in early:
                soonest_s = self._begins_s(id_) if id_ in self.plan.requests else None
                if soonest_s is not None:
                    self.again(beginning(self.plan.requests[id_], soonest_s))
            if not early:
                return

    def _begins_s(self, request_id: str) -> int | None:
        """Return when a return leg can begin, ``None`` when it does not begin before."""
        request = self.plan.requests[request_id]
        outward = request.follows and self.plan.requests.get(request.follows.request_id)
        if not request.follows or not outward:
            return None
        ended_s = outward.latest_dropoff_s + outward.alighting_s + request.follows.stay_s
        return ended_s if request.earliest_pickup_s < ended_s else None

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
            overtime_s=worked_longer_s(before, plan),
            reserve_wh=used_reserves_wh(before, plan),
            out_of_service=tuple(sorted(before.routes.keys() - plan.routes.keys())),
        )

    def score(self) -> Score:
        """Return how badly promises are broken by now."""
        return score(self.told, self.plan.requests)

    def is_sound(self, route: Route) -> bool:
        """Whether a route keeps every limit."""
        one = self._compiled(route)
        times = np.empty_like(one.nodes.early)
        in_time = kernel.least_times(*one.nodes[:6], times) == kernel.FEASIBLE
        return in_time and has_room(one)

    # What is made ready once

    def compiled(self) -> Fleet:
        """Return the plan made ready for quotes, taking over what has not changed."""
        if self.fleet is None or self.fleet.plan is not self.plan:
            routes = {id_: self._compiled(route) for id_, route in self.plan.routes.items()}
            self.fleet = Fleet(
                self.plan, self.travel, self.fleet, compiled=routes, layout=self._all_places()
            )
        return self.fleet

    def _compiled(self, route: Route) -> CompiledRoute:
        """Return a route compiled with the limits of the plan."""
        one = self.known.get(route.vehicle.id)
        if one is None or not one.still(route, self.plan):
            one = one and one.with_limits(route, self.plan)
            one = one or compile_route(route, self.plan, self.travel)
            self.known[route.vehicle.id] = one
        return one

    def _all_places(self) -> Layout:
        """Return rows for every place where anybody may have to go."""
        if self._layout is None:
            parties = [one.request for one in self.told.values()]
            places = {place for one in parties for place in (one.origin, one.destination)}
            for one in self.plan.requests.values():
                places.update((one.origin, one.destination))
            for route in self.plan.routes.values():
                places.update(places_of(Route(route.vehicle), {}))
                places.update(task.place for task in route.tasks.values())
            profiles = {route.vehicle.profile for route in self.plan.routes.values()}
            self._layout = Layout(dict.fromkeys(profiles, places))
        return self._layout

    def _look_up(self, parties: Iterable[Request]) -> None:
        """Look up the drives of parties to every place, all at once."""
        fleet, pairs = self.compiled(), list[tuple[Place, Place]]()
        for party in parties:
            pair = party.origin, party.destination
            known = self._drives.get(pair)
            if known is None or not known.fits(fleet):
                pairs.append(pair)
        if pairs:
            self._drives.update(zip(pairs, fleet.approaches(pairs), strict=True))

    def _approach(self, party: Request) -> Approach:
        self._look_up([party])
        return Approach(self.compiled(), self._drives[party.origin, party.destination].drives)

    def _copy(self) -> Repair:
        return replace(
            self,
            unplaced=list(self.unplaced),
            unpinned=list(self.unpinned),
            off_tasks=list(self.off_tasks),
            known=dict(self.known),
        )

    def _take(self, done: Repair) -> None:
        self.told, self._ranks, self._different = done.told, done._ranks, done._different
        self.plan, self.fleet, self.known = done.plan, done.fleet, done.known
        self._layout, self._drives = done._layout, done._drives
        self.unplaced, self.unpinned = done.unplaced, done.unpinned
        self.off_tasks = done.off_tasks


def _regret(bids: Mapping[str, Insertion], party: Request) -> tuple[bool, float, int, str]:
    """Return how much a party loses if its best place is taken, the more urgent first."""
    costs = sorted(one.cost_s for one in bids.values())
    regret = costs[1] - costs[0] if len(costs) > 1 else float("inf")
    return bool(costs), regret, -party.latest_pickup_s, party.id
