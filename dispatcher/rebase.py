"""What was found for a plan of a moment before, put into the plan as it is now.

A search takes longer than a booking: when its outcome is wanted, other parties have come and gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatcher.model import Plan, Request, Stop, TravelTimes
from dispatcher.schedule import Schedule, schedule


def with_stops_of(plan: Plan, stops: Mapping[str, Sequence[Stop]]) -> Plan | None:
    """Return ``plan`` with these stops of some vehicles, which were planned a moment before.

    ``None`` when a stop that is locked by now would change, or the parties are not the same: one
    that another vehicle has by now would be in two.
    """
    taken = plan
    for vehicle_id, planned in stops.items():
        now = plan.routes.get(vehicle_id)
        if now is None or now.stops[: now.locked] != tuple(planned[: now.locked]):
            return None
        taken = taken.with_route(now.with_stops(planned))
    carried = sorted(id_ for route in taken.routes.values() for id_ in route.request_ids)
    return taken if carried == sorted(plan.requests) else None


@dataclass(frozen=True, slots=True)
class Swap:
    """Stops in a row of a route and what takes their place, with a stop more at either end.

    ``begins`` and ``ends`` say that the route does so there.
    """

    old: tuple[Stop, ...]
    new: tuple[Stop, ...]
    begins: bool
    ends: bool

    @classmethod
    def of(cls, old: tuple[Stop, ...], new: tuple[Stop, ...]) -> Swap:
        """Return the shortest row that has to be swapped to make one route the other."""
        shorter = min(len(old), len(new))
        same = next((at for at in range(shorter) if old[at] != new[at]), shorter)
        left = shorter - same
        alike = next((at for at in range(left) if old[-1 - at] != new[-1 - at]), left)
        first, last = max(same - 1, 0), max(alike - 1, 0)
        return cls(old[first : len(old) - last], new[first : len(new) - last], not same, not alike)

    def made_in(self, stops: tuple[Stop, ...]) -> tuple[Stop, ...] | None:
        """Return a route with the stops swapped; ``None`` when they are not there as they were."""
        first = stops.index(self.old[0]) if self.old and self.old[0] in stops else 0
        last = first + len(self.old)
        if stops[first:last] != self.old:
            return None
        if (self.begins and first > 0) or (self.ends and last < len(stops)):
            return None
        return (*stops[:first], *self.new, *stops[last:])


@dataclass(frozen=True, slots=True)
class Room:
    """How others make room for ``party``: what is swapped in the route of each vehicle.

    It stays true while other parties come and go, wherever those stops are as they were.
    """

    party: str
    swaps: Mapping[str, Swap]

    @classmethod
    def of(cls, before: Plan, after: Plan, party: str) -> Room:
        """Return what makes the plan ``before`` the one ``after``, which carries the party."""
        return cls(
            party,
            {
                id_: Swap.of(before.routes[id_].stops, after.routes[id_].stops)
                for id_ in before.routes
                if before.routes[id_].stops != after.routes[id_].stops
            },
        )

    def made_in(
        self, plan: Plan, promise: Request, travel: Mapping[str, TravelTimes]
    ) -> Plan | None:
        """Return the next plan with a promise where the room was; ``None`` when it is no more."""
        stops = {}
        for vehicle_id, swap in self.swaps.items():
            route = plan.routes.get(vehicle_id)
            swapped = None if route is None else swap.made_in(route.stops)
            if swapped is None:
                return None
            stops[vehicle_id] = tuple(self._as(promise.id, stop) for stop in swapped)
        wanted = Plan(plan.version, plan.routes, {**plan.requests, promise.id: promise})
        taken = with_stops_of(wanted, stops)
        if taken is None:
            return None
        routes = [taken.routes[vehicle_id] for vehicle_id in stops]
        kept = all(isinstance(schedule(r, taken.requests, travel), Schedule) for r in routes)
        return taken if kept else None

    def _as(self, request_id: str, stop: Stop) -> Stop:
        return Stop(request_id, stop.kind) if stop.request_id == self.party else stop
