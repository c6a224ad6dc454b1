"""How calls are answered and plans reviewed while a day goes on: policies for ``simulate``.

``Insert`` takes the best insertion.  ``Shuffle`` also moves others within their promises before it
refuses anybody, and looks for cheaper plans in the background.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from dispatcher.day import Decision, Moment, promised
from dispatcher.fleet import Fleet
from dispatcher.insert import insert, insertions
from dispatcher.model import Plan, Request, StopKind
from dispatcher.schedule import Schedule, schedule
from dispatcher.search import MaxIterations
from dispatcher.search_plan import search_plan, shuffle_in

WITHIN_S: Final = 298
"""How far a pickup may be from the time offered: five minutes, less what rounding may take."""

_WIDER_S: Final = (0, 600, 1800, 7200, 86_400)
"""How much later a stranded party may be fetched, tried in turn."""


@dataclass(frozen=True, slots=True)
class Insert:
    """The cheapest insertion, or a refusal."""

    within_s: int = WITHIN_S
    later_s: int = 0
    """How much later than planned the offered pickup is, so that it can be moved either way."""
    buffer_s: int = 0
    """How much of every pickup window is kept for drives that take longer than planned.

    At most ``later_s`` + ``within_s``, lest a promise be late as soon as it is given.
    """

    def __post_init__(self) -> None:
        if not 0 <= self.later_s <= self.within_s:
            raise ValueError(f"later_s={self.later_s} is not within within_s={self.within_s}")
        if not 0 <= self.buffer_s <= self.later_s + self.within_s:
            raise ValueError(f"buffer_s={self.buffer_s} is more than the promise leaves")

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``day.Policy``."""
        request = self.cautious(request)
        fleet = Fleet(moment.plan, moment.roads)
        found = insertions(moment.plan, request, moment.roads, fleet=fleet)
        if not found:
            return Decision(moment.plan, waits=moment.waits)
        plan = insert(moment.plan, request, found[0])
        return self.promise(moment, plan, request, found[0].pickup_s, self.later_s)

    def promise(
        self, moment: Moment, plan: Plan, request: Request, pickup_s: int, later_s: int
    ) -> Decision:
        """Return the plan with the party's windows now those of the promise.

        No part of a promise that can be moved either way reaches beyond what the party would wait,
        where it could not be planned with.  That is for who books ahead: who waits already is not
        told less than is planned, and with a buffer later times are the safer ones.
        """
        last_s = request.latest_pickup_s + self.buffer_s
        ahead = moment.now_s < request.earliest_pickup_s
        if ahead and later_s > 0 and self.buffer_s == 0:
            last_s = max(request.earliest_pickup_s, last_s - self.within_s)
        offered_s = min(pickup_s + later_s, last_s)
        told = promised(request, offered_s, self.within_s, self.buffer_s)
        plan = replace(plan, requests={**plan.requests, told.id: told})
        return Decision(plan, offered_s, moment.waits)

    def cautious(self, request: Request) -> Request:
        """Return a request whose pickup window ends earlier by the buffer."""
        latest_s = max(request.earliest_pickup_s, request.latest_pickup_s - self.buffer_s)
        return replace(request, latest_pickup_s=latest_s)

    def review(self, moment: Moment, /) -> Decision:
        """See ``day.Policy``."""
        return Decision(rescued(moment), waits=moment.waits)


@dataclass(frozen=True, slots=True)
class Shuffle(Insert):
    """Nobody is refused before others were moved, within their promises, to make room."""

    shuffles: int = 10_000
    """Turns of the search before a refusal, divided by the parties there are.

    A turn takes the longer the more of them may be moved.
    """
    settle: int = 0
    """Iterations of the search for a cheaper plan before a party is told when it is fetched.

    Until then it may still be fetched at any time it would wait for.
    """
    iterations: int = 100
    """Iterations of the search for a cheaper plan at each review."""

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``day.Policy``."""
        request = self.cautious(request)
        plans = self._carrying(moment, request, 1)
        if not plans:
            return Decision(moment.plan, waits=moment.waits)
        plan = self._cheaper(moment, plans[0], self.settle)
        return self._told(moment, plan, request)

    def _carrying(self, moment: Moment, request: Request, most: int) -> list[Plan]:
        """Return plans with the party, in as many vehicles, or the one others make room in.

        That one is settled first: whoever looks for room does not look at what a plan costs.
        """
        fleet = Fleet(moment.plan, moment.roads)
        found = insertions(moment.plan, request, moment.roads, fleet=fleet)[:most]
        if found:
            return [insert(moment.plan, request, one) for one in found]
        stop = MaxIterations(self.shuffles // (1 + len(moment.plan.requests)))
        fuller = shuffle_in(moment.plan, request, moment.roads, stop=stop, seed=moment.now_s)
        return [] if fuller is None else [self._cheaper(moment, fuller, self.settle)]

    def _told(self, moment: Moment, plan: Plan, request: Request) -> Decision:
        pickup_s = planned_pickup_s(plan, request.id, moment)
        return self.promise(moment, plan, request, pickup_s, self.later_s)

    def _cheaper(self, moment: Moment, plan: Plan, iterations: int) -> Plan:
        """Return a plan that costs less, or the same."""
        if iterations == 0 or moment.stranded:
            return plan
        stop = MaxIterations(iterations)
        return search_plan(plan, moment.roads, stop=stop, seed=moment.now_s)

    def review(self, moment: Moment, /) -> Decision:
        """See ``day.Policy``."""
        plan = self._cheaper(moment, rescued(moment), self.iterations)
        return Decision(plan, waits=moment.waits)


def planned_pickup_s(plan: Plan, request_id: str, moment: Moment) -> int:
    """Return when a party is to be picked up; raises ``ValueError`` if its route is infeasible."""
    route = plan.route_of(request_id)
    planned = None if route is None else schedule(route, plan.requests, moment.roads)
    if route is None or not isinstance(planned, Schedule):
        raise ValueError(f"{request_id} has no feasible route")
    at = [(stop.request_id, stop.kind) for stop in route.stops]
    return planned.begin_s[at.index((request_id, StopKind.PICKUP))]


def rescued(moment: Moment) -> Plan:
    """Return the plan with as many of the stranded as can be carried, the least late first."""
    plan = moment.plan
    for id_ in moment.stranded:
        request = plan.requests[id_]
        rest = replace(plan, requests={k: v for k, v in plan.requests.items() if k != id_})
        for wider_s in _WIDER_S:
            wide = replace(
                request,
                latest_pickup_s=max(request.latest_pickup_s, moment.now_s) + wider_s,
                latest_dropoff_s=max(request.latest_dropoff_s, moment.now_s) + wider_s,
            )
            found = insertions(rest, wide, moment.roads)
            if found:
                plan = insert(rest, wide, found[0])
                break
    return plan
