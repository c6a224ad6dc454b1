"""One route of a plan in repair: compiled once, then changed in its arrays.

What comes back from every function here is what compiling the changed route anew would give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from dispatcher import energy, kernel, line_kernel
from dispatcher.fleet import Layout, compile_route, party_of
from dispatcher.late_kernel import LATE, LEG, PICKUP, RIDE, Rows
from dispatcher.line_kernel import FULL, OPEN_END, PLACE, RANK, ROWS, SOUND, USE, USE_RIDER
from dispatcher.model import Plan, Request, Route, Stop, StopKind, TravelTimes
from dispatcher.nodes import Ints, energy_of, limits_of, places_of


class Line(NamedTuple):
    """A route and its arrays; those of a line are never written to again once it is in use."""

    route: Route
    rows: Rows
    """See ``line_kernel``."""
    vehicle: Ints
    """Its room, and what kind it is, in the words of ``line_kernel``."""
    battery: kernel.Floats
    """See ``energy.figures``."""
    overfull: bool
    state: int
    """What it keeps, in the words of ``line_kernel``."""

    @property
    def is_sound(self) -> bool:
        """Whether it keeps every limit."""
        return self.state == SOUND and not self.overfull

    @property
    def has_room(self) -> bool:
        """Whether everybody has room, and the battery lasts."""
        return self.state != FULL and not self.overfull

    def times(self, different: int) -> tuple[Ints, bool]:
        """Return when everything happens with promises passed least, rank by rank of so many.

        And whether that is so without passing a limit that may not be.
        """
        times, able = line_kernel.soft(self.rows, different)
        return times, bool(able)

    def back_s(self) -> int:
        """Return when the vehicle is back; the line has to be sound."""
        return int(line_kernel.back_s(self.rows))

    def nodes_of(self, ids: Iterable[str]) -> Ints:
        """Return the nodes where parties that have not boarded get in and out, a row each."""
        last = {stop.request_id: node for node, stop in enumerate(self.route.stops, start=1)}
        out = np.array([last[id_] for id_ in ids], dtype=np.int64)
        return np.stack([self.rows[PICKUP, out], out], axis=1)


def line_of(
    route: Route,
    plan: Plan,
    travel: Mapping[str, TravelTimes],
    ranks: Mapping[str, int],
    layout: Layout | None,
) -> Line:
    """Return any route of parties of the plan, compiled; ``locate`` it where no rows are known."""
    one, vehicle = compile_route(route, plan, travel), route.vehicle
    rows = np.empty((ROWS, len(one.places)), dtype=np.int64)
    rows[:PLACE] = one.block
    rows[PLACE] = 0 if layout is None else layout.rows_of(vehicle.profile, one.places)
    rows[RANK] = [0, *[ranks.get(stop.request_id, 0) for stop in route.stops], 0]
    room = vehicle.seats, vehicle.wheelchair_places, vehicle.seats_lost_per_wheelchair
    kind = vehicle.end is None, vehicle.battery is not None
    battery = np.array(energy.figures(vehicle.battery))
    return _line(route, rows, np.array([*room, *kind], dtype=np.int64), battery, overfull=one.shut)


def _line(
    route: Route, rows: Rows, vehicle: Ints, battery: kernel.Floats, *, overfull: bool = False
) -> Line:
    """Return a line whose arrays are right but for how soon and how late everything can be."""
    state = int(line_kernel.state_of(rows, battery))
    return Line(route, rows, vehicle, battery, overfull, state)


def locate(line: Line, requests: Mapping[str, Request], layout: Layout) -> None:
    """Write the rows of a line's places."""
    places = places_of(line.route, requests)
    line.rows[PLACE] = layout.rows_of(line.route.vehicle.profile, places)


def without(
    line: Line, parties: Sequence[Request], travel: Mapping[str, TravelTimes], layout: Layout
) -> Line:
    """Return a line that is not overfull without parties that have not boarded."""
    gone, before = {party.id for party in parties}, line.route
    stops = tuple([stop for stop in before.stops if stop.request_id not in gone])
    locked = before.locked - sum(s.request_id in gone for s in before.stops[: before.locked])
    route = Route(before.vehicle, stops, before.boarded_s, locked, before.tasks)
    nodes, taken = line.nodes_of([party.id for party in parties]), _taken(line, parties)
    open_end = int(line.vehicle[OPEN_END])
    rows, fresh = line_kernel.without(line.rows, np.concatenate([nodes, taken], axis=1), open_end)
    _connect(route, rows, fresh, travel, layout)
    return _line(route, rows, line.vehicle, line.battery)


def _taken(line: Line, parties: Sequence[Request]) -> Rows:
    """Return what parties take of a vehicle, a row each in the order of ``line_kernel``."""
    lost = int(line.vehicle[line_kernel.LOST])
    rows = [
        (
            one.seats + lost * one.wheelchairs,
            one.wheelchairs,
            one.riders,
            one.bags,
            int(one.alone),
        )
        for one in parties
    ]
    return np.array(rows, dtype=np.int64)


def _connect(
    route: Route, rows: Rows, nodes: Ints, travel: Mapping[str, TravelTimes], layout: Layout
) -> None:
    """Write the drives from some nodes of a route to the next."""
    vehicle, at = route.vehicle, layout.at
    roads = travel[vehicle.profile]
    here = [at[row] for row in rows[PLACE, nodes].tolist()]
    there = [at[row] for row in rows[PLACE, nodes + 1].tolist()]
    rows[LEG, nodes] = roads.table(here, there).diagonal()
    if vehicle.battery is not None:
        use = energy_of(vehicle, roads).energy(here, there)
        rows[USE : USE_RIDER + 1, nodes] = use.diagonal(axis1=1, axis2=2)
    if vehicle.end is None:
        rows[LEG, -2] = rows[USE, -2] = rows[USE_RIDER, -2] = 0


class Spot(NamedTuple):
    """Where a party goes: the row of a vehicle, and the nodes behind which it gets in and out."""

    vehicle: int
    after_p: int
    after_d: int


def with_party(
    line: Line, party: Request, rank: int, spot: Spot, drives: kernel.Drives, layout: Layout
) -> Line:
    """Return a line with a party for whom it has room."""
    before, stops = line.route, list(line.route.stops)
    stops.insert(spot.after_p, Stop(party.id, StopKind.PICKUP))
    stops.insert(spot.after_d + 1, Stop(party.id, StopKind.DROPOFF))
    route = Route(before.vehicle, tuple(stops), before.boarded_s, before.locked, before.tasks)
    places = layout.rows_of(before.vehicle.profile, (party.origin, party.destination))
    rows = line_kernel.with_party(
        line.rows, party_of(party), rank, drives, *spot, line.vehicle, *places.tolist()
    )
    return _line(route, rows, line.vehicle, line.battery)


def with_limits(line: Line, route: Route, requests: Sequence[Request]) -> Line:
    """Return the line of a route with the same stops that ends at another time.

    ``requests`` are those whose latest times and longest rides have changed.
    """
    rows, changed = line.rows.copy(), {one.id: one for one in requests}
    rows[LATE, 0] = rows[LATE, -1] = route.vehicle.end_s
    for node, stop in enumerate(route.stops, start=1) if changed else ():
        if stop.request_id in changed:
            one = changed[stop.request_id]
            _, rows[LATE, node], _ = limits_of(stop, one, route.boarded_s)
            if rows[PICKUP, node] >= 0:
                rows[RIDE, node] = one.boarding_s + one.ride_max_s
    return _line(route, rows, line.vehicle, line.battery, overfull=line.overfull)
