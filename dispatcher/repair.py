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
from copy import copy
from dataclasses import replace
from typing import Final

import numpy as np

from dispatcher.broken import Replanned, Score, Told, named, score, unbound
from dispatcher.draft import Draft
from dispatcher.leave_kernel import give_up
from dispatcher.line_kernel import OPEN_END, trial_of
from dispatcher.model import (
    UNREACHABLE_S,
    Battery,
    Place,
    Plan,
    Request,
    Route,
    Task,
    TravelTimes,
)
from dispatcher.nodes import Ints, places_of
from dispatcher.search_plan import movable
from dispatcher.widen import (
    beginning,
    carriers,
    keeping,
    late_tasks,
    least,
    rescue,
    used_reserves_wh,
    worked_longer_s,
)

OVERTIME_S: Final = 1800
"""How much longer than planned a driver may work for a party that nobody else can carry."""
RESCUE_OVERTIME_S: Final = 7200
"""And for riders whose vehicle goes no further."""
_ROUNDS: Final = 10
"""How often return legs are moved again because moving them made outward legs later."""
_ASKED: Final = 4
"""Of how many parties it is worked out whether another vehicle could carry them."""


class Repair:
    """A plan in repair: what it is by now, what everybody was told, and who has no place."""

    def __init__(
        self, plan: Plan, travel: Mapping[str, TravelTimes], told: Mapping[str, Told]
    ) -> None:
        """Begin with a plan and what everybody in it or waiting was told."""
        self.told = dict(told)
        self.draft = self._drafted(plan, travel)
        self.closed: frozenset[str] = frozenset()
        """Vehicles whose drivers can work no longer."""
        self.unplaced: list[Told] = []
        self.unpinned: list[str] = []
        self.off_tasks: list[Task] = []

    def _drafted(self, plan: Plan, travel: Mapping[str, TravelTimes]) -> Draft:
        levels = {id_: one.level for id_, one in self.told.items()}
        order = sorted(set(levels.values()), reverse=True)
        rank = {level: at for at, level in enumerate(order)}
        ranks = {id_: rank[level] for id_, level in levels.items()}
        parties = [one.request for one in self.told.values()]
        return Draft(plan, travel, parties, ranks, max(1, len(order)))

    @property
    def plan(self) -> Plan:
        """The plan as it is by now."""
        return self.draft.plan

    def tell(self, *promises: Told) -> None:
        """Say what somebody was told after all."""
        if promises:
            self.told = self.told | {one.request.id: one for one in promises}
            self.draft = self._drafted(self.draft.plan, self.draft.travel)

    # Vehicles that are late

    def ease_all(self, vehicle_ids: Iterable[str]) -> None:
        """Make several routes keep their limits.

        Where being late is no help, parties get off first, and are placed when all others stand.
        """
        ids, off = list(vehicle_ids), list[Request]()
        for vehicle_id in ids if len(ids) > 1 else ():
            line = self.draft.line(vehicle_id)
            if (
                not line.is_sound
                and self._stretched(vehicle_id, shift=not movable(line.route)) is None
            ):
                off += self.take_off(vehicle_id)
        for vehicle_id in ids:
            self.ease(vehicle_id)
        self.place(off)

    def ease(self, vehicle_id: str) -> None:
        """Make one route keep its limits."""
        line = self.draft.line(vehicle_id)
        if line.is_sound:
            return
        late, light = self._copy(), self._copy()
        stretched = late.stretch(vehicle_id, shift=not movable(line.route))
        light.place(light.take_off(vehicle_id))
        self._take(light if not stretched or light.score() < late.score() else late)
        if not self.draft.line(vehicle_id).is_sound:
            self._use_reserve(vehicle_id)
        if not self.draft.line(vehicle_id).is_sound:
            self._fetch(self.plan.routes[vehicle_id])

    def stretch(self, vehicle_id: str, *, shift: bool) -> bool:
        """Widen what a route breaks to what it will keep; False when that does not help.

        Only with ``shift`` may a driver work longer, or have a break later, than planned.
        """
        times = self._stretched(vehicle_id, shift=shift)
        if times is not None:
            self.draft.widen(vehicle_id, times)
        return times is not None

    def _stretched(self, vehicle_id: str, *, shift: bool) -> Ints | None:
        """Return the times that a route will keep, ``None`` when ``stretch`` does not help."""
        line = self.draft.line(vehicle_id)
        times, able = line.times(self.draft.different)
        hopeless = times[-1] >= UNREACHABLE_S or not line.has_room
        return None if hopeless or not (able or shift) else times

    def take_off(self, vehicle_id: str) -> list[Request]:
        """Take parties off a route until it keeps its limits, and return them."""
        off = list[Request]()
        while not self.draft.line(vehicle_id).is_sound:
            candidates = movable(self.plan.routes[vehicle_id])
            if not candidates:
                self.stretch(vehicle_id, shift=True)
                break
            gone, able = self._give_up(vehicle_id, candidates)
            off += self._off(vehicle_id, gone)
            if able:
                off += self._off(vehicle_id, [self._least_missed(vehicle_id, able)])
        return off

    def _off(self, vehicle_id: str, ids: Sequence[str]) -> list[Request]:
        """Take parties off a route and return them."""
        parties = [self.plan.requests[id_] for id_ in ids]
        if parties:
            self.draft.take_off(vehicle_id, ids)
        return parties

    def _give_up(self, vehicle_id: str, candidates: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return whom to take off a late route, and who of the others could put it right then.

        Of those it is worked out whether they have another place.
        """
        line = self.draft.line(vehicle_id)
        places = places_of(line.route, self.plan.requests)
        drives_s = self.draft.travel[line.route.vehicle.profile].table(places, places)
        chosen = give_up(
            trial_of(line.rows),
            np.ascontiguousarray(drives_s, dtype=np.int32),
            int(line.vehicle[OPEN_END]),
            line.nodes_of(candidates),
            self.draft.different,
            _ASKED,
        )
        gone, able = ([int(at) for at in some] for some in chosen)
        return [candidates[at] for at in gone], [candidates[at] for at in able]

    def _least_missed(self, vehicle_id: str, able: Sequence[str]) -> str:
        """Return who leaves a route of those who could: who has a place elsewhere, and cheaply.

        Leaving makes the route right in time; where it has no room either, that counts first.
        """
        bids = self.draft.bids_for([self.plan.requests[id_] for id_ in able])
        has_room = self.draft.line(vehicle_id).has_room

        def loss(row: int) -> tuple[bool, bool, tuple[bool, int], float]:
            helps = has_room or self._is_sound_without(vehicle_id, able[row])
            least_s = float(bids.found.cost[row].min()) if bids.any(row) else 0.0
            return not helps, not bids.any(row), self.told[able[row]].level, least_s

        return able[min(range(len(able)), key=loss)]

    def _is_sound_without(self, vehicle_id: str, request_id: str) -> bool:
        rest = self.draft.copy()
        rest.take_off(vehicle_id, [request_id])
        return rest.line(vehicle_id).is_sound

    def _use_reserve(self, vehicle_id: str) -> None:
        """Let a vehicle that has nobody left but riders on board use as little as it must."""
        route = self.plan.routes[vehicle_id]
        battery = route.vehicle.battery
        if battery is None:
            return
        before = self.draft.copy()
        self.draft.change(keeping(route, 0))
        if not self.stretch(vehicle_id, shift=True):
            self.draft = before
            return
        route = self.plan.routes[vehicle_id]
        spent = least(1, battery.reserve_wh, lambda wh: self._spares(route, battery, wh))
        self.draft.change(keeping(route, battery.reserve_wh - spent))

    def _spares(self, route: Route, battery: Battery, wh: int) -> bool:
        return self.draft.compiled(keeping(route, battery.reserve_wh - wh)).is_sound

    def _fetch(self, route: Route) -> None:
        """Have those fetched whom a vehicle cannot carry on; one that can go nowhere goes out."""
        vehicle = route.vehicle
        here = [vehicle.start]
        drives = self.draft.travel[vehicle.profile]
        ends = {id_: [self.plan.requests[id_].destination] for id_ in route.boarded_s}
        cut_off = [
            id_ for id_, end in ends.items() if drives.table(here, end)[0, 0] >= UNREACHABLE_S
        ]
        off: list[Request] = []
        for id_ in cut_off:
            off += self._off_board(vehicle.id, id_)
        if not self.draft.line(vehicle.id).is_sound:
            off += self.empty(vehicle.id, vehicle.start, vehicle.start_s)
            if self.draft.compiled(Route(vehicle)).is_sound:
                self.draft.add(Route(vehicle))
        self.place(off)

    def _off_board(self, vehicle_id: str, request_id: str) -> list[Request]:
        """Take one rider off a vehicle where it is, and return the rider."""
        route = self.plan.routes[vehicle_id]
        vehicle, since_s = route.vehicle, route.boarded_s[request_id]
        told = rescue(self.plan.requests[request_id], since_s, vehicle.start, vehicle.start_s)
        requests = {id_: one for id_, one in self.plan.requests.items() if id_ != request_id}
        routes = {**self.plan.routes, vehicle_id: route.without(request_id)}
        self.draft.plan = Plan(self.plan.version, routes, requests)
        self.tell(told)
        return [told.request]

    def empty(self, vehicle_id: str, place: Place, at_s: int) -> list[Request]:
        """Take a vehicle out of the plan where it is, and return everybody it carried or would."""
        route = self.plan.routes[vehicle_id]
        aboard = [
            rescue(self.plan.requests[id_], since_s, place, at_s)
            for id_, since_s in route.boarded_s.items()
        ]
        booked = [self.plan.requests[id_] for id_ in route.request_ids - route.boarded_s.keys()]
        self.unpinned += [one.id for one in booked if one.pinned == vehicle_id]
        free = [replace(one, pinned=None) if one.pinned == vehicle_id else one for one in booked]
        self.off_tasks += route.tasks.values()
        self.draft.remove(vehicle_id)
        self.tell(*aboard)
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
        vehicle_id = route.vehicle.id
        self.draft.change(route, request)
        if request.id in route.boarded_s:
            self.ease(vehicle_id)
        elif not self.draft.line(vehicle_id).is_sound:
            self.draft.take_off(vehicle_id, [request.id])
            self.ease(vehicle_id)  # where a detour is shorter, it is late without them
            self.place([request])

    def _place_by_regret(self, parties: Sequence[Request]) -> list[Request]:
        """Place all that fit as promised, most regret first; return the others, soonest first."""
        if not parties:
            return []
        bids = self.draft.bids_for(parties)
        regret = bids.regrets(bids.waiting).tolist()
        while len(bids.waiting) > 0:
            row = max(bids.waiting.tolist(), key=lambda row: _urgency(regret[row], parties[row]))
            if regret[row] < 0:
                break
            spot = bids.cheapest(row)
            self.draft.put(parties[row], spot)
            bids.served(row)
            again = self.draft.bid_again(bids, spot.vehicle)
            for other, lost_s in zip(again.tolist(), bids.regrets(again).tolist(), strict=True):
                regret[other] = lost_s
        left = [parties[row] for row in bids.waiting.tolist()]
        return sorted(left, key=lambda party: (party.latest_pickup_s, party.id))

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
        shut = self.closed if overtime_s else frozenset[str]()
        spot = self.draft.least_late(party, overtime_s, shut)
        if spot is None:
            return False
        vehicle_id = self.draft.put(party, spot)
        end_s = self.plan.routes[vehicle_id].vehicle.end_s
        if overtime_s:
            self.draft.end(vehicle_id, end_s + overtime_s)
        self.stretch(vehicle_id, shift=False)
        if overtime_s:
            self._end_by(vehicle_id, end_s)
        return True

    def _end_by(self, vehicle_id: str, end_s: int) -> None:
        """End a shift when the vehicle is back, if that is after ``end_s``, and at it if not."""
        line = self.draft.line(vehicle_id)
        if line.is_sound:
            self.draft.end(vehicle_id, max(end_s, line.back_s()))

    # The result

    def follow(self) -> None:
        """Move return legs that would begin before their outward leg has ended."""
        for _ in range(_ROUNDS):
            early = [one.id for one in self.plan.requests.values() if one.follows]
            early = [id_ for id_ in early if self._begins_s(id_) is not None]
            for id_ in early:
                soonest_s = self._begins_s(id_)
                if soonest_s is not None:
                    self.again(beginning(self.plan.requests[id_], soonest_s))
            if not early:
                return

    def _begins_s(self, request_id: str) -> int | None:
        """Return when a return leg can begin, ``None`` when it does not begin before."""
        request = self.plan.requests.get(request_id)
        follows = request and request.follows
        outward = follows and self.plan.requests.get(follows.request_id)
        if not request or not follows or not outward:
            return None
        ended_s = outward.latest_dropoff_s + outward.alighting_s + follows.stay_s
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

    def _copy(self) -> Repair:
        other = copy(self)
        other.draft = self.draft.copy()
        other.unplaced, other.unpinned = list(self.unplaced), list(self.unpinned)
        other.off_tasks = list(self.off_tasks)
        return other

    def _take(self, done: Repair) -> None:
        self.told, self.draft = done.told, done.draft
        self.unplaced, self.unpinned = done.unplaced, done.unpinned
        self.off_tasks = done.off_tasks


def _urgency(regret_s: float, party: Request) -> tuple[float, int, str]:
    """Return how soon a party is placed: by what it loses by waiting, then the more urgent."""
    return regret_s, -party.latest_pickup_s, party.id
