"""A plan that changes while it is repaired, and where parties may go in it.

Its routes are compiled once and then changed in their arrays (``line``); what is looked up of the
roads is kept.  A copy changes on its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dispatcher import cost, kernel, kernels, late_kernel, packed
from dispatcher.bids import Bids, asks_of, unasked
from dispatcher.fleet import WEIGHTS, Layout, drives_between, party_of
from dispatcher.late_kernel import FIXED
from dispatcher.line import Line, Spot, line_of, locate, with_limits, with_party, without
from dispatcher.model import Place, Plan, Request, Route, TravelTimes
from dispatcher.nodes import Ints, places_of
from dispatcher.packed import Packed
from dispatcher.widen import ending, kept


@dataclass(slots=True)
class Draft:
    """A plan, and everything about it that is compiled or looked up."""

    plan: Plan
    travel: Mapping[str, TravelTimes]
    parties: Collection[Request]
    """Everybody who may have to be placed."""
    ranks: Mapping[str, int]
    """Whose promise counts how much: 0 for those who count most."""
    different: int
    """How many ranks there are."""
    _lines: dict[str, Line] = field(default_factory=dict)
    _packed: Packed | None = None
    _changed: frozenset[str] = frozenset()
    """Vehicles whose lines have changed since all were packed."""
    _layout: Layout | None = None
    _drives: dict[tuple[Place, Place], kernel.Drives] = field(default_factory=dict)
    _terms: dict[tuple[object, ...], tuple[Ints, kernel.Floats]] = field(default_factory=dict)

    def copy(self) -> Draft:
        """Return another draft of the same plan; what is made ready by now serves both."""
        self.packed()
        return replace(self, _lines=dict(self._lines))

    # Its routes

    def line(self, vehicle_id: str) -> Line:
        """Return a route of the plan, compiled."""
        line = self._lines.get(vehicle_id)
        if line is None:
            line = self._lines[vehicle_id] = self.compiled(self.plan.routes[vehicle_id])
        return line

    def compiled(self, route: Route) -> Line:
        """Return any route of parties of the plan, compiled."""
        return line_of(route, self.plan, self.travel, self.ranks, self._layout)

    def packed(self) -> Packed:
        """Return all routes end to end."""
        if self._packed is None:
            self.layout()
            self._packed = packed.packed([self.line(id_) for id_ in self.plan.routes])
        elif self._changed:
            for v, id_ in enumerate(self.plan.routes):
                if id_ in self._changed:
                    self._packed = packed.repacked(self._packed, v, self.line(id_))
        self._changed = frozenset()
        return self._packed

    def layout(self) -> Layout:
        """Return the rows of every place where anybody may have to go."""
        if self._layout is None:
            places = {place for one in self.parties for place in (one.origin, one.destination)}
            for one in self.plan.requests.values():
                places.update((one.origin, one.destination))
            for route in self.plan.routes.values():
                places.update(places_of(Route(route.vehicle), {}))
                places.update(task.place for task in route.tasks.values())
            profiles = sorted({route.vehicle.profile for route in self.plan.routes.values()})
            self._layout = Layout(dict.fromkeys(profiles, places))
            for line in self._lines.values():
                locate(line, self.plan.requests, self._layout)
        return self._layout

    # How it changes

    def change(self, route: Route, *requests: Request) -> None:
        """Give the plan a route that is another, and the requests that it brings in."""
        self.plan = self.plan.with_route(route, *requests)
        self._redraw(route.vehicle.id, None)

    def _redraw(self, vehicle_id: str, line: Line | None) -> None:
        """Take a line for a route, or let it be compiled again when it is needed."""
        self._changed |= {vehicle_id}
        if line is None:
            self._lines.pop(vehicle_id, None)
        else:
            self._lines[vehicle_id] = line

    def add(self, route: Route) -> None:
        """Give the plan another vehicle."""
        self.plan = self.plan.with_route(route)
        self._forget()

    def remove(self, vehicle_id: str) -> None:
        """Take a vehicle out of the plan, and everybody on it."""
        gone = self.plan.routes[vehicle_id].request_ids
        routes = {id_: other for id_, other in self.plan.routes.items() if id_ != vehicle_id}
        requests = {id_: one for id_, one in self.plan.requests.items() if id_ not in gone}
        self.plan = Plan(self.plan.version, routes, requests)
        self._forget()

    def _forget(self) -> None:
        """Forget what was made ready for other vehicles."""
        self._lines, self._layout, self._packed = {}, None, None
        self._drives, self._terms = {}, {}

    def take_off(self, vehicle_id: str, ids: Sequence[str]) -> None:
        """Take parties out of the plan that have not boarded."""
        layout, line, requests = self.layout(), self.line(vehicle_id), {**self.plan.requests}
        shorter = without(line, [requests.pop(id_) for id_ in ids], self.travel, layout)
        routes = {**self.plan.routes, vehicle_id: shorter.route}
        self.plan = Plan(self.plan.version + 1, routes, requests)
        self._redraw(vehicle_id, None if line.overfull else shorter)

    def put(self, party: Request, spot: Spot) -> str:
        """Put a party where it has room, and return the vehicle."""
        vehicle_id, rank = list(self.plan.routes)[spot.vehicle], self.ranks[party.id]
        drives = self.drives_of(party)
        longer = with_party(self.line(vehicle_id), party, rank, spot, drives, self.layout())
        self.plan = self.plan.with_route(longer.route, party)
        self._redraw(vehicle_id, longer)
        return vehicle_id

    def end(self, vehicle_id: str, end_s: int) -> None:
        """Let a shift end at ``end_s``."""
        line = self.line(vehicle_id)
        self._limit(line, ending(line.route, end_s), ())

    def widen(self, vehicle_id: str, times: Ints) -> None:
        """Make the limits of a route as wide as these times of all its nodes need them."""
        line = self.line(vehicle_id)
        self._limit(line, *kept(line.route, self.plan.requests, line.rows, times))

    def _limit(self, line: Line, route: Route, requests: Sequence[Request]) -> None:
        """Give the plan a route with the same stops and other limits."""
        self.plan = self.plan.with_route(route, *requests)
        same = route.tasks is line.route.tasks
        self._redraw(route.vehicle.id, with_limits(line, route, requests) if same else None)

    # Where parties may go

    def look_up(self, parties: Iterable[Request]) -> None:
        """Look up the drives of parties to every place, all at once."""
        pairs = {(one.origin, one.destination) for one in parties} - self._drives.keys()
        if pairs:
            order = sorted(pairs)
            vehicles = [route.vehicle for route in self.plan.routes.values()]
            found = drives_between(order, self.layout(), vehicles, self.travel)
            self._drives.update(zip(order, found, strict=True))

    def drives_of(self, party: Request) -> kernel.Drives:
        """Return the drives of one party."""
        pair = party.origin, party.destination
        if pair not in self._drives:
            self.look_up([party])
        return self._drives[pair]

    def bids_for(self, parties: Sequence[Request]) -> Bids:
        """Return the best places of parties in every vehicle that keep all promises."""
        self.look_up(parties)
        asks = asks_of(
            [party_of(one) for one in parties],
            [self.drives_of(one) for one in parties],
            [self._terms_of(one) for one in parties],
        )
        size = len(parties), len(self.plan.routes)
        bids = Bids(asks, unasked(*size), np.zeros(size, dtype=np.int64))
        self._ask(bids, bids.waiting, -1)
        return bids

    def bid_again(self, bids: Bids, vehicle: int) -> Ints:
        """Replace the bids of the one vehicle that has changed; return the rows of who had one."""
        rows = bids.outdated(vehicle)
        self._ask(bids, rows, vehicle)
        return rows

    def _ask(self, bids: Bids, rows: Ints, vehicle: int) -> None:
        fleet, search = self.packed().fleet, kernels.current().search_each
        search(fleet, bids.asks, WEIGHTS, rows, vehicle, bids.found)

    def least_late(self, party: Request, longer_s: int, shut: Collection[str] = ()) -> Spot | None:
        """Return where a party makes promises late by least, ``None`` when it can go nowhere.

        Shifts may end ``longer_s`` later; nobody may make the party's outward leg any later.
        """
        all_, (open_to, _) = self.packed(), self._terms_of(party)
        if shut:
            open_to = open_to * np.array([id_ not in shut for id_ in self.plan.routes])
        follows = party.follows
        found = late_kernel.least_late(
            all_.fleet,
            all_.ranks if follows is None else _fixed(all_, follows.request_id),
            party_of(party),
            self.ranks[party.id],
            self.drives_of(party),
            WEIGHTS,
            open_to,
            longer_s,
            self.different,
        )
        if found.vehicle[0] < 0:
            return None
        return Spot(int(found.vehicle[0]), int(found.after_p[0]), int(found.after_d[0]))

    def _terms_of(self, party: Request) -> tuple[Ints, kernel.Floats]:
        """Return which vehicles are open to a party, and what each costs more."""
        rules = party.pinned, party.only, party.prefers
        if rules not in self._terms:
            ids = self.plan.routes
            open_to = np.array([party.allows(id_) for id_ in ids], dtype=np.int64)
            extra = [0.0 if party.likes(id_) else cost.NOT_PREFERRED_S for id_ in ids]
            self._terms[rules] = open_to, np.array(extra, dtype=np.float64)
        return self._terms[rules]


def _fixed(all_: Packed, request_id: str) -> Ints:
    """Return whose promise is at every node, one party's not to be passed any further."""
    ranks, first = all_.ranks.copy(), 0
    for line in all_.lines:
        for node, stop in enumerate(line.route.stops, start=first + 1):
            if stop.request_id == request_id:
                ranks[node] = FIXED
        first += line.rows.shape[1]
    return ranks
