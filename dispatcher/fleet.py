"""A plan made ready for quotes: every route compiled once, however many quotes follow.

``Fleet(plan, travel)`` compiles all routes; ``fleet.at(plan)`` the next plan's, taking over every
route that is the same object as before.  It must be built anew when travel times change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatcher import cost, energy, kernel, kernels
from dispatcher.load import is_overfull
from dispatcher.model import UNREACHABLE_S, Place, Plan, Request, Route, TravelTimes
from dispatcher.nodes import Ints, Nodes, energy_of, nodes_of, places_of

_Int32s = NDArray[np.int32]
WEIGHTS = kernel.Weights(cost.DRIVE, cost.ABOARD)


class CompiledRoute(NamedTuple):
    """One route, as it was when compiled."""

    route: Route
    requests: tuple[Request, ...]
    nodes: Nodes
    soonest: Ints
    latest: Ints
    places: list[Place]
    shut: bool
    """Whether it breaks a limit that no other order would mend."""

    def still(self, route: Route, plan: Plan) -> bool:
        """Whether this is the same route with the same promises: the very same objects."""
        return self.route is route and all(plan.requests[r.id] is r for r in self.requests)


class Fleet:
    """The routes of one plan, compiled; safe to quote from in several threads."""

    def __init__(
        self, plan: Plan, travel: Mapping[str, TravelTimes], before: Fleet | None = None
    ) -> None:
        """Compile ``plan``, taking over from ``before`` the routes that did not change."""
        self.plan = plan
        self.travel = travel
        known = before.compiled if before is not None else {}
        self.compiled: dict[str, CompiledRoute] = {
            vehicle_id: known[vehicle_id]
            if vehicle_id in known and known[vehicle_id].still(route, plan)
            else _compile(route, plan, travel)
            for vehicle_id, route in plan.routes.items()
        }
        self.vehicle_ids = list(plan.routes)
        self._places, rows = _rows(list(self.compiled.values()))
        self.arrays = _joined(list(self.compiled.values()), rows)

    def at(self, plan: Plan) -> Fleet:
        """Return the fleet of a later plan under the same travel times."""
        return Fleet(plan, self.travel, before=self)

    def approach(self, origin: Place, destination: Place) -> Approach:
        """Look up the drives between a party's two places and every stop of the fleet."""
        ends = [origin, destination]
        toward = [self.travel[p].table(places, ends) for p, places in self._places.items()]
        away = [
            self.travel[p].table(ends, [*places, destination]) for p, places in self._places.items()
        ]
        direct = dict(zip(self._places, (int(table[0, -1]) for table in away), strict=True))
        profiles = [route.vehicle.profile for route in self.plan.routes.values()]
        use, use_direct = self._energy(origin, destination)
        drives = kernel.Drives(
            to_p=_column([table[:, 0] for table in toward]),
            to_d=_column([table[:, 1] for table in toward]),
            from_p=_column([table[0, :-1] for table in away]),
            from_d=_column([table[1, :-1] for table in away]),
            direct=np.array([direct[profile] for profile in profiles], dtype=np.int64),
            use=use,
            use_direct=use_direct,
        )
        return Approach(self, drives)

    def _energy(self, origin: Place, destination: Place) -> tuple[_Int32s, _Int32s]:
        """Return ``Drives.use`` and ``Drives.use_direct``."""
        vehicles = [route.vehicle for route in self.plan.routes.values()]
        powered = {v.profile: v for v in vehicles if v.battery is not None}
        if not powered:
            return np.zeros((4, 2, 0), dtype=np.int32), np.zeros((2, 0), dtype=np.int32)
        ends = [origin, destination]
        parts, direct = [], {}
        for profile, places in self._places.items():
            part = np.zeros((4, 2, len(places)), dtype=np.int32)
            if profile in powered:
                roads = energy_of(powered[profile], self.travel[profile])
                away = roads.energy(ends, [*places, destination])
                part[:2] = np.moveaxis(roads.energy(places, ends), 2, 0)
                part[2:] = np.moveaxis(away[:, :, :-1], 1, 0)
                direct[profile] = away[:, 0, -1]
            parts.append(part)
        none = np.zeros(2, dtype=np.int32)
        columns = [direct.get(vehicle.profile, none) for vehicle in vehicles]
        use_direct = np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.int32)
        return np.concatenate(parts, axis=2), use_direct


def compiled(plan: Plan, travel: Mapping[str, TravelTimes], fleet: Fleet | None) -> Fleet:
    """Return ``fleet``, or the plan compiled now; raise ``ValueError`` if it is another plan's."""
    if fleet is None:
        return Fleet(plan, travel)
    if fleet.plan is not plan:
        raise ValueError(f"fleet of plan {fleet.plan.version} used for plan {plan.version}")
    return fleet


class Approach:
    """A fleet seen from one origin and destination: times and sizes may still vary."""

    def __init__(self, fleet: Fleet, drives: kernel.Drives) -> None:
        self.fleet = fleet
        self.drives = drives

    @property
    def direct_s(self) -> int:
        """The fastest drive any vehicle would have from the origin to the destination."""
        return int(self.drives.direct.min(initial=UNREACHABLE_S))

    def search(
        self,
        party: kernel.Party,
        banned: frozenset[str] = frozenset(),
        request: Request | None = None,
    ) -> kernel.Found:
        """Return the cheapest feasible place for the party in every vehicle not ``banned``.

        With its ``request`` only the vehicles that this allows are searched, and those it would
        rather not have cost more.
        """
        open_to, extra = self._terms(banned, request)
        found: kernel.Found = kernels.current().search(
            self.fleet.arrays, party, self.drives, WEIGHTS, open_to, extra
        )
        return found

    def search_many(
        self, requests: Sequence[Request], banned: frozenset[str] = frozenset()
    ) -> kernel.Found:
        """Return the cheapest feasible place of every request between these two places.

        One entry a request: its vehicle is ``fleet.vehicle_ids[found.vehicle[k]]``, or none.
        """
        parties = np.array([party_of(one) for one in requests], dtype=np.int64).reshape(-1, 11)
        known: dict[tuple[object, ...], tuple[Ints, kernel.Floats]] = {}
        terms = []
        for one in requests:
            rules = one.pinned, one.only, one.prefers
            if rules not in known:
                known[rules] = self._terms(banned, one)
            terms.append(known[rules])
        size = len(requests), len(self.fleet.vehicle_ids)
        open_to = np.array([one[0] for one in terms], dtype=np.int64).reshape(size)
        extra = np.array([one[1] for one in terms], dtype=np.float64).reshape(size)
        found: kernel.Found = kernels.current().search_many(
            self.fleet.arrays, parties, self.drives, WEIGHTS, open_to, extra
        )
        return found

    def _terms(self, banned: frozenset[str], request: Request | None) -> tuple[Ints, kernel.Floats]:
        """Return which vehicles are open to a request, and what each costs more."""
        ids = self.fleet.vehicle_ids
        open_to, extra = np.ones(len(ids), dtype=np.int64), np.zeros(len(ids))
        if banned:
            open_to[:] = [id_ not in banned for id_ in ids]
        if request is not None and (request.pinned is not None or request.only is not None):
            open_to &= np.array([request.allows(id_) for id_ in ids], dtype=np.int64)
        if request is not None and request.prefers:
            extra[:] = [0.0 if request.likes(id_) else cost.NOT_PREFERRED_S for id_ in ids]
        return open_to, extra


def party_of(request: Request) -> kernel.Party:
    """Return a request in the kernel's words."""
    return kernel.Party(
        request.earliest_pickup_s,
        request.latest_pickup_s,
        request.earliest_dropoff_s,
        request.latest_dropoff_s,
        request.boarding_s,
        request.alighting_s,
        request.boarding_s + request.ride_max_s,
        request.seats,
        request.wheelchairs,
        request.bags,
        int(request.alone),
    )


def _column(parts: list[np.ndarray]) -> np.ndarray:
    """Join the tables of all profiles into one contiguous column."""
    if not parts:
        return np.empty(0, dtype=np.int32)
    return np.ascontiguousarray(np.concatenate(parts), dtype=np.int32)


def _compile(route: Route, plan: Plan, travel: Mapping[str, TravelTimes]) -> CompiledRoute:
    nodes = nodes_of(route, plan.requests, travel)
    soonest, latest = np.empty_like(nodes.early), np.empty_like(nodes.early)
    kernels.current().soonest_times(nodes.early, nodes.service, nodes.leg, soonest)
    kernels.current().latest_times(nodes.late, nodes.service, nodes.leg, latest)
    carried = tuple(plan.requests[id_] for id_ in route.request_ids)
    places, shut = places_of(route, plan.requests), is_overfull(route, plan.requests, nodes)
    return CompiledRoute(route, carried, nodes, soonest, latest, places, shut)


def _rows(compiled: list[CompiledRoute]) -> tuple[dict[str, list[Place]], Ints]:
    """Return the different places of each profile, and every node's row among all of them."""
    rows: dict[tuple[str, Place], int] = {}
    by_profile: dict[str, list[Place]] = {}
    for one in compiled:
        by_profile.setdefault(one.route.vehicle.profile, []).extend(one.places)
    places = {profile: sorted(set(all_)) for profile, all_ in by_profile.items()}
    for profile, different in places.items():
        for place in different:
            rows[profile, place] = len(rows)
    node_rows = [rows[one.route.vehicle.profile, place] for one in compiled for place in one.places]
    return places, np.array(node_rows, dtype=np.int64)


def _joined(compiled: list[CompiledRoute], rows: Ints) -> kernel.Fleet:
    """Lay all routes end to end."""
    empty = np.empty(0, dtype=np.int64)
    nodes = (
        Nodes(
            *(
                np.concatenate([empty, *parts])
                for parts in zip(*(c.nodes for c in compiled), strict=True)
            )
        )
        if compiled
        else Nodes(*[empty] * len(Nodes._fields))
    )
    vehicles = [one.route.vehicle for one in compiled]

    def each(values: list[int]) -> Ints:
        return np.array(values, dtype=np.int64)

    return kernel.Fleet(
        nodes=nodes,
        soonest=np.concatenate([empty, *(one.soonest for one in compiled)]),
        latest=np.concatenate([empty, *(one.latest for one in compiled)]),
        place=rows,
        first=np.cumsum([0, *(len(one.places) for one in compiled)]).astype(np.int64),
        locked=each([one.route.locked for one in compiled]),
        seats=each([vehicle.seats for vehicle in vehicles]),
        chairs=each([vehicle.wheelchair_places for vehicle in vehicles]),
        lost=each([vehicle.seats_lost_per_wheelchair for vehicle in vehicles]),
        open_end=each([vehicle.end is None for vehicle in vehicles]),
        bags=each([vehicle.bags for vehicle in vehicles]),
        shut=each([one.shut for one in compiled]),
        battery=np.array([energy.figures(v.battery) for v in vehicles]).reshape(-1, 4),
    )
