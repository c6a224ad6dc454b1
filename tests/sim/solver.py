"""The processes that search for the keeper, played here: quick, slow, dead, or wrong.

They answer by one move of the insertion heuristic.  A wrong answer is a plan that breaks something;
the keeper must not take it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dispatcher import Plan
from dispatcher.insert import insert, insertions
from dispatcher.search import is_compiled
from maas.rides import improver, shuffler
from maas.rides.keeper import Keeper
from maas.rides.travel import Matrix


class Solver:
    """What the searching processes of one server do, by a seed; `trouble` is how often not well."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.trouble = 0.2
        self.asked = 0

    def put_into(self, keeper: Keeper) -> None:
        """Take the place of a keeper's processes."""
        keeper._improver._worker = self  # type: ignore[assignment]
        for search in keeper._shuffler._all:
            search._worker = self  # type: ignore[assignment]

    async def compiled(self) -> bool:
        """See `maas.rides.worker.Worker`."""
        return True

    def close(self) -> None:
        """See `maas.rides.worker.Worker`."""

    async def run(
        self,
        work: Callable[..., Any],
        *args: Any,  # noqa: ANN401
        within_s: float | None = None,
    ) -> Any:  # noqa: ANN401
        """See `maas.rides.worker.Worker.run`."""
        if work is is_compiled:
            return True
        self.asked += 1
        await asyncio.sleep(self.rng.random() * 0.5)
        if self.rng.random() >= self.trouble:
            return self._answer(work, args)
        match self.rng.randrange(3):
            case 0:  # it died, or was ended for being slow
                await asyncio.sleep(within_s or 3.0)
                return None
            case 1:
                await asyncio.sleep(self.rng.random() * (within_s or 3.0))
                return self._answer(work, args)
            case _:
                if work is improver.search:
                    return _spoilt(args[0], self.rng)
                raise MemoryError("no room to search")

    def _answer(self, work: Callable[..., Any], args: tuple[Any, ...]) -> Any:  # noqa: ANN401
        if work is improver.search:
            return _moved(args[0], args[1], self.rng)
        if work is shuffler._offers or work is shuffler._take:
            return None
        return args[0]


def _moved(plan: Plan, travel: Mapping[str, Matrix], rng: random.Random) -> Plan:
    """Return the plan with one party where it is cheapest."""
    boarded = {id_ for route in plan.routes.values() for id_ in route.boarded_s}
    free = sorted(plan.requests.keys() - boarded)
    if not free:
        return plan
    id_ = rng.choice(free)
    without = plan.without(id_)
    found = insertions(without, plan.requests[id_], travel)
    return insert(without, plan.requests[id_], found[0]) if found else plan


def _spoilt(plan: Plan, rng: random.Random) -> Plan:
    """Return a plan that looks cheaper because it breaks something."""
    routes = dict(plan.routes)
    busy = sorted(id_ for id_, route in routes.items() if len(route.stops) >= 2)
    if not busy:
        return plan
    route = routes[rng.choice(busy)]
    if rng.random() < 0.5:
        first = route.stops[0]
        stops = [*(stop for stop in route.stops if stop.request_id != first.request_id)]
        stops += [stop for stop in route.stops if stop.request_id == first.request_id]
    else:
        gone = rng.choice(route.stops).request_id
        kept = gone in route.boarded_s
        stops = [stop for stop in route.stops if kept or stop.request_id != gone]
    routes[route.vehicle.id] = replace(route, stops=tuple(stops))
    return replace(plan, routes=routes)
