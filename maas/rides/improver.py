"""Look for a better plan in another process, so that no caller waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from dispatcher import Place, Plan, Stop, TravelTimes, plan_cost_s
from dispatcher.broken import Replanned
from dispatcher.check import check
from dispatcher.events import improved
from dispatcher.improve import improve
from maas.rides.on_ray import Nodes
from maas.rides.travel import Matrix, matrix
from maas.rides.worker import Fate, Worker

ANSWERS_S: Final = 60.0
"""A process that has not answered so long after its time was over hangs, and is ended."""
STANDS_BACK: Final = 10
"""How nice the search is to callers who need the processor: nobody waits for it."""


def search(plan: Plan, travel: Mapping[str, Matrix], time_limit_s: float, seed: int) -> Plan:
    """Run the search; this is what the other process is asked to do."""
    return improve(plan, travel, time_limit_s=time_limit_s, seed=seed)


def search_again(
    done: Replanned, travel: Mapping[str, Matrix], time_limit_s: float, seed: int
) -> Replanned:
    """Look for a plan that breaks less, as the other process is asked to."""
    return improved(done, travel, time_limit_s=time_limit_s, seed=seed)


def looked_up(
    plan: Plan, travel: Mapping[str, TravelTimes], also: Iterable[Place] = ()
) -> dict[str, Matrix]:
    """Return the driving times between all places of a plan, for every profile it uses."""
    vehicles = [route.vehicle for route in plan.routes.values()]
    ends = {v.start for v in vehicles} | {v.end for v in vehicles if v.end is not None}
    asked = {p for r in plan.requests.values() for p in (r.origin, r.destination)}
    tasks = {task.place for route in plan.routes.values() for task in route.tasks.values()}
    places: list[Place] = sorted(ends | asked | tasks | set(also))
    return {name: matrix(travel[name], places) for name in {v.profile for v in vehicles}}


def differing(plan: Plan, better: Plan) -> dict[str, tuple[Stop, ...]]:
    """Return the stops of `better` by vehicle where they are not those of `plan`."""
    planned = {id_: better.routes[id_].stops for id_ in plan.routes}
    return {id_: stops for id_, stops in planned.items() if stops != plan.routes[id_].stops}


def is_better(plan: Plan, taken: Plan, travel: Mapping[str, TravelTimes]) -> bool:
    """Whether a plan costs less and the independent verifier finds nothing new wrong with it."""
    cheaper = plan_cost_s(taken, travel) < plan_cost_s(plan, travel)
    return cheaper and not set(check(taken, travel)) - set(check(plan, travel))


class Improver:
    """Searches in a process of its own, or on the Ray cluster at `ray`, each time by another seed.

    The same plan and seed come to the same plan wherever it searches, given the time.
    """

    def __init__(self, ray: str | None = None) -> None:
        self._worker = Nodes(ray) if ray else Worker(nice=STANDS_BACK)
        self._seed = 0

    @property
    def fate(self) -> Fate:
        """What has become of the process, or of the nodes."""
        return self._worker.fate

    async def compiled(self) -> bool:
        """Start the process and wait until it can search; until then OR-Tools does alone."""
        return await self._worker.compiled()

    async def better(
        self, plan: Plan, travel: Mapping[str, TravelTimes], time_limit_s: float
    ) -> Plan | None:
        """Return a cheaper plan for the same promises, `None` when none was found."""
        self._seed += 1
        sent = plain(plan)
        times = looked_up(sent, travel)
        found = await self._worker.run(
            search, sent, times, time_limit_s, self._seed, within_s=time_limit_s + ANSWERS_S
        )
        return None if found is None or not differing(sent, found) else found

    async def again(
        self, done: Replanned, travel: Mapping[str, TravelTimes], time_limit_s: float
    ) -> Replanned | None:
        """Return a plan that breaks less of what was told, `None` when none was found."""
        self._seed += 1
        sent = replace(done, plan=plain(done.plan), told=dict(done.told))
        times = looked_up(sent.plan, travel)
        found = await self._worker.run(
            search_again, sent, times, time_limit_s, self._seed, within_s=time_limit_s + ANSWERS_S
        )
        return None if found is None or found.plan == sent.plan else found

    def close(self) -> None:
        """End the process; the next search starts another."""
        self._worker.close()


def plain(plan: Plan) -> Plan:
    """Return the plan with dictionaries only, so that it can be sent to another process."""
    routes = {
        id_: replace(route, boarded_s=dict(route.boarded_s)) for id_, route in plan.routes.items()
    }
    return Plan(plan.version, routes, dict(plan.requests))
