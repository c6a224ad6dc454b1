"""Room for one more party by moving others within their promises, when no gap is left for it.

The search works on the vehicles that pass nearest to the party: in a fleet of hundreds the others
could not help in time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from dispatcher.fleet import Approach, Fleet
from dispatcher.model import Plan, Request
from dispatcher.search import Either, MaxIterations, is_compiled
from dispatcher.search_plan import breaks_nothing, fitted
from dispatcher.stretch import stretch

MOST_VEHICLES: Final = 16
"""So many vehicles take part in a search for room."""

AROUND_S: Final = 2700
"""So long before and after a ride others are moved for it: three quarters of an hour."""

CHECKED: Final = 20
"""The clock is looked at every so many iterations."""


@dataclass(frozen=True, slots=True)
class MaxWall:
    """Stop after so many seconds, whatever else the machine does meanwhile."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    def spent(self, _iterations: int, /) -> float:
        """See ``search.Stopping``."""
        used = time.monotonic() - self.began
        return used / self.seconds if self.seconds > 0 else 1.0

    def rounds(self, _iterations: int, /) -> int:
        """See ``search.Stopping``."""
        return CHECKED


@dataclass(frozen=True, slots=True)
class Budget:
    """How long room may be looked for: iterations first, so that the outcome is the same anywhere.

    The clock, which starts when the budget is made, is for machines that are too slow for those.
    """

    iterations: int
    wall: MaxWall

    @classmethod
    def of(cls, iterations: int, seconds: float) -> Budget:
        """Return a budget that starts now."""
        return cls(iterations, MaxWall(seconds))

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to search with."""
        return self.iterations <= 0 or self.wall.spent(0) >= 1 or not is_compiled()


def shuffled(
    plan: Plan,
    request: Request,
    approach: Approach,
    budget: Budget,
    banned: frozenset[str] = frozenset(),
) -> Plan | None:
    """Return the next plan with the party in it and others moved, every promise kept.

    ``None`` when there is no such plan among those the budget reaches, or the search is not
    compiled in this process.
    """
    if budget.is_over:
        return None
    near = set(_nearest(request, approach, banned))
    routes = {id_: route for id_, route in plan.routes.items() if id_ in near}
    carried = {id_ for route in routes.values() for id_ in route.request_ids}
    parties = {id_: one for id_, one in plan.requests.items() if id_ in carried}
    part = Plan(plan.version, routes, parties)
    found = _around(part, request, approach.fleet, budget)
    if found is None:
        return None
    requests = {**plan.requests, request.id: request}
    return Plan(plan.version + 1, {**plan.routes, **found.routes}, requests)


def _around(plan: Plan, request: Request, fleet: Fleet, budget: Budget) -> Plan | None:
    """Return a plan in which rides of about that time make room, `None` when none was found.

    The whole day has the same room: of a hundred parties for whom it was found there, all had it
    here, in a third of the time.
    """
    from_s, to_s = request.earliest_pickup_s - AROUND_S, request.latest_dropoff_s + AROUND_S
    near = stretch(plan, fleet, from_s, to_s)
    stop = Either(MaxIterations(budget.iterations), budget.wall)
    found = fitted(near.part, request, fleet.travel, stop=stop)
    if found is None:
        return None
    fuller = near.joined(found, request)
    # A battery that lasts for the stretch need not last for the day.
    return fuller if breaks_nothing(fuller, plan, fleet.travel) else None


def _nearest(request: Request, approach: Approach, banned: frozenset[str]) -> list[str]:
    """Return the vehicles that drive least far out of their way for it at about that time."""
    arrays, drives = approach.fleet.arrays, approach.drives
    about = (arrays.soonest <= request.latest_dropoff_s) & (
        arrays.latest >= request.earliest_pickup_s
    )
    rows = arrays.place
    out_s = np.minimum(
        drives.to_p[rows].astype(np.int64) + drives.from_p[rows],
        drives.to_d[rows].astype(np.int64) + drives.from_d[rows],
    )
    out_s[~about] = np.iinfo(np.int64).max
    least_s = np.minimum.reduceat(out_s, arrays.first[:-1])
    ids = approach.fleet.vehicle_ids
    order = [ids[v] for v in np.argsort(least_s, kind="stable").tolist()]
    return [id_ for id_ in order if id_ not in banned][:MOST_VEHICLES]
