"""A plan made ready for quotes: every route compiled once, however many quotes follow.

``Fleet(plan, travel)`` compiles all routes; ``fleet.at(plan)`` the next plan's, taking over every
route that is the same object as before.  It must be built anew when travel times change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter, is_
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatcher import cost, energy, kernel, kernels
from dispatcher.load import is_overfull
from dispatcher.model import UNREACHABLE_S, Place, Plan, Request, Route, TravelTimes, Vehicle
from dispatcher.nodes import Ints, Nodes, energy_of, nodes_at, places_of

_Int32s = NDArray[np.int32]
WEIGHTS = kernel.Weights(cost.DRIVE, cost.ABOARD)
_ID: Final = attrgetter("id")


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
    block: Ints
    """Nodes, soonest and latest in one, a row each."""

    def still(self, route: Route, plan: Plan) -> bool:
        """Whether this is the same route with the same promises: the very same objects."""
        return self.route is route and all(
            map(is_, map(plan.requests.__getitem__, map(_ID, self.requests)), self.requests)
        )


class Layout:
    """Different places of every profile, each with its row among all of them."""

    def __init__(self, places: Mapping[str, Iterable[Place]]) -> None:
        self.places = {profile: sorted(set(all_)) for profile, all_ in places.items()}
        self.at = [place for different in self.places.values() for place in different]
        """The place of every row."""
        self._rows: dict[str, dict[Place, int]] = {}
        count = 0
        for profile, different in self.places.items():
            self._rows[profile] = {place: count + k for k, place in enumerate(different)}
            count += len(different)

    def rows_of(self, profile: str, places: Iterable[Place]) -> Ints:
        """Return the rows of places on one profile's roads.

        Raises ``KeyError`` for a place that has none.
        """
        at = self._rows[profile]
        return np.array([at[place] for place in places], dtype=np.int64)


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
            else compile_route(route, plan, travel)
            for vehicle_id, route in plan.routes.items()
        }
        self.vehicle_ids = list(plan.routes)
        routes = list(self.compiled.values())
        self.layout = _layout(routes)
        self.arrays = _joined(routes, self.layout)

    def at(self, plan: Plan) -> Fleet:
        """Return the fleet of a later plan under the same travel times."""
        return Fleet(plan, self.travel, before=self)

    def approach(self, origin: Place, destination: Place) -> Approach:
        """Look up the drives between a party's two places and every stop of the fleet."""
        return self.approaches([(origin, destination)])[0]

    def approaches(self, pairs: Sequence[tuple[Place, Place]]) -> list[Approach]:
        """Look up the drives of several parties, each between its origin and destination."""
        vehicles = [route.vehicle for route in self.plan.routes.values()]
        found = drives_between(pairs, self.layout, vehicles, self.travel)
        return [Approach(self, drives) for drives in found]


def drives_between(
    pairs: Sequence[tuple[Place, Place]],
    layout: Layout,
    vehicles: Sequence[Vehicle],
    travel: Mapping[str, TravelTimes],
) -> list[kernel.Drives]:
    """Look up the drives of several parties to and from all places, each of its vehicles' roads."""
    ends = [place for pair in pairs for place in pair]
    last = [destination for _, destination in pairs]
    toward, away, direct = list[_Int32s](), list[_Int32s](), dict[str, _Int32s]()
    for profile, places in layout.places.items():
        toward.append(travel[profile].table(places, ends))
        from_ends = travel[profile].table(ends, [*places, *last])
        away.append(from_ends[:, : len(places)])
        direct[profile] = np.diagonal(from_ends[::2, len(places) :])
    to = _rows_first([table.T for table in toward], len(ends))
    on = _rows_first(away, len(ends))
    straight = [direct[vehicle.profile] for vehicle in vehicles]
    used = _energy_between(pairs, layout, vehicles, travel)
    return [
        kernel.Drives(
            to_p=to[2 * k],
            to_d=to[2 * k + 1],
            from_p=on[2 * k],
            from_d=on[2 * k + 1],
            direct=np.array([column[k] for column in straight], dtype=np.int64),
            use=used[k][0],
            use_direct=used[k][1],
        )
        for k in range(len(pairs))
    ]


def _energy_between(
    pairs: Sequence[tuple[Place, Place]],
    layout: Layout,
    vehicles: Sequence[Vehicle],
    travel: Mapping[str, TravelTimes],
) -> list[tuple[_Int32s, _Int32s]]:
    """Return ``Drives.use`` and ``Drives.use_direct`` for each of several parties."""
    powered = {v.profile: v for v in vehicles if v.battery is not None}
    if not powered:
        nothing = np.zeros((4, 2, 0), dtype=np.int32), np.zeros((2, 0), dtype=np.int32)
        return [nothing] * len(pairs)
    ends = [place for pair in pairs for place in pair]
    last = [destination for _, destination in pairs]
    count = sum(len(places) for places in layout.places.values())
    use = np.zeros((len(pairs), 4, 2, count), dtype=np.int32)
    use_direct = np.zeros((len(pairs), 2, len(vehicles)), dtype=np.int32)
    begin = 0
    for profile, places in layout.places.items():
        end = begin + len(places)
        if profile in powered:
            roads = energy_of(powered[profile], travel[profile])
            toward = roads.energy(places, ends)  # layer, place, end
            away = roads.energy(ends, [*places, *last])
            size = 2, len(places), len(pairs), 2
            use[:, :2, :, begin:end] = toward.reshape(size).transpose(2, 3, 0, 1)
            size = 2, len(pairs), 2, len(places)
            onward = away[:, :, : len(places)].reshape(size)
            use[:, 2:, :, begin:end] = onward.transpose(1, 2, 0, 3)
            direct = away[:, ::2, len(places) :].diagonal(axis1=1, axis2=2).T
            for v, vehicle in enumerate(vehicles):
                if vehicle.profile == profile:
                    use_direct[:, :, v] = direct
        begin = end
    return list(zip(use, use_direct, strict=True))


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


def compile_route(route: Route, plan: Plan, travel: Mapping[str, TravelTimes]) -> CompiledRoute:
    """Compile one route of a plan."""
    places = places_of(route, plan.requests)
    block = np.empty((len(Nodes._fields) + 2, len(places)), dtype=np.int64)
    nodes = nodes_at(places, route, plan.requests, travel, block[:-2])
    soonest, latest = block[-2], block[-1]
    _reach(nodes, soonest, latest)
    carried = tuple(plan.requests[id_] for id_ in route.request_ids)
    shut = is_overfull(route, plan.requests, nodes)
    return CompiledRoute(route, carried, nodes, soonest, latest, places, shut, block)


def _reach(nodes: Nodes, soonest: Ints, latest: Ints) -> None:
    """Write how soon and how late every node can begin."""
    kernels.current().soonest_times(nodes.early, nodes.service, nodes.leg, soonest)
    kernels.current().latest_times(nodes.late, nodes.service, nodes.leg, latest)


def _rows_first(parts: list[_Int32s], count: int) -> _Int32s:
    """Join the tables of all profiles, a contiguous row an end."""
    if not parts:
        return np.empty((count, 0), dtype=np.int32)
    return np.ascontiguousarray(np.concatenate(parts, axis=1), dtype=np.int32)


def _layout(compiled: list[CompiledRoute]) -> Layout:
    """Return the places of these routes and no others."""
    by_profile: dict[str, list[Place]] = {}
    for one in compiled:
        by_profile.setdefault(one.route.vehicle.profile, []).extend(one.places)
    return Layout(by_profile)


def _joined(compiled: list[CompiledRoute], layout: Layout) -> kernel.Fleet:
    """Lay all routes end to end."""
    rows = [layout.rows_of(one.route.vehicle.profile, one.places) for one in compiled]
    empty = np.empty(0, dtype=np.int64)
    none = np.empty((len(Nodes._fields) + 2, 0), dtype=np.int64)
    block = np.concatenate([none, *(one.block for one in compiled)], axis=1)
    vehicles = [one.route.vehicle for one in compiled]
    figures = [
        (
            one.route.locked,
            vehicle.seats,
            vehicle.wheelchair_places,
            vehicle.seats_lost_per_wheelchair,
            vehicle.end is None,
            vehicle.bags,
            one.shut,
        )
        for one, vehicle in zip(compiled, vehicles, strict=True)
    ]
    columns = np.ascontiguousarray(np.array(figures, dtype=np.int64).reshape(-1, 7).T)
    locked, seats, chairs, lost, open_end, bags, shut = columns
    return kernel.Fleet(
        nodes=Nodes(*block[:-2]),
        soonest=block[-2],
        latest=block[-1],
        place=np.concatenate([empty, *rows]),
        first=np.cumsum([0, *(len(one.places) for one in compiled)]).astype(np.int64),
        locked=locked,
        seats=seats,
        chairs=chairs,
        lost=lost,
        open_end=open_end,
        bags=bags,
        shut=shut,
        battery=np.array([energy.figures(v.battery) for v in vehicles]).reshape(-1, 4),
    )
