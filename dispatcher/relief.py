"""What would have to give way for tasks that do not fit: the least, tried out and named.

A promise may be later, a battery emptier, or one party may ride elsewhere.  Each way is the least
of its kind: how much is found by halving, asking ``placing`` every time whether it suffices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dispatcher.energy import charge_along
from dispatcher.gaps import Line, Wanted, with_tasks
from dispatcher.model import RIDER_STOPS, Request, Route, StopKind, TravelTimes
from dispatcher.placing import Budget, Crew, Placing
from dispatcher.schedule import expected

LATEST_MIN: Final = 240
"""No promise is asked to move by more minutes than this."""
_STEP_WH: Final = 10
_TRIES: Final = 5
"""Every try has a fifth of the budget, for there are some thirty."""
_PARTIES: Final = 8
"""So many parties are tried elsewhere, those who would save most driving first."""


@dataclass(frozen=True, slots=True)
class Change:
    """What has to give way, by seconds or watt-hours.

    ``limit`` is latest_pickup, latest_dropoff, task or shift_end; reserve_wh or ready_wh; or
    other_vehicle, when the party ``request_id`` has to ride elsewhere (``by`` is 0 then).
    """

    vehicle_id: str
    request_id: str | None
    limit: str
    by: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A driver who cannot have what ``rule`` asks for, and what would help.

    ``rule`` is the id of a break rule, reserve_wh, ready_wh or charger_places.  Each of ``ways``
    suffices, with all of its changes together; none means that nothing tried helps.
    """

    driver_id: str
    rule: str
    ways: tuple[tuple[Change, ...], ...]


class Relief:
    """Finds out what is wrong with one driver's tasks."""

    def __init__(
        self,
        crew: Crew,
        wanted: Wanted,
        requests: Mapping[str, Request],
        travel: Mapping[str, TravelTimes],
        budget: Budget,
    ) -> None:
        self.crew, self.wanted, self.requests = crew, wanted, requests
        self.travel = travel
        self.budget, self.short = budget, Budget(budget.effort / _TRIES, budget.wall_s / _TRIES)

    def fault(self) -> Fault:
        """Return the rule that cannot be kept and the ways out."""
        ways = (self._later(), self._emptier(), self._elsewhere())
        rule = self._binding()
        return Fault(self.crew.driver.id, rule, tuple(way for way in ways if way))

    def _suffices(self, crew: Crew, wanted: Wanted | None = None) -> bool:
        return Placing([crew], wanted or self.wanted).is_possible(self.short)

    def _binding(self) -> str:
        """Return the first rule without which all the others can be kept."""
        crew, unruled = self.crew, self.crew._replace(rules=())
        if crew.rules and self._suffices(unruled):
            for rule in crew.rules:
                others = tuple(other for other in crew.rules if other is not rule)
                if self._suffices(crew._replace(rules=others)):
                    return rule.id
            return crew.rules[0].id
        if self._suffices(unruled, replace(self.wanted, taken={})):
            return "charger_places"
        lines = tuple(line.eased(0, 0) for line in crew.lines)
        for line in lines:
            line.ready_wh = 0
        return "ready_wh" if self._suffices(unruled._replace(lines=lines)) else "reserve_wh"

    def _later(self) -> tuple[Change, ...]:
        """Return who would be late: by as few minutes as possible, and then as few as possible."""
        minutes = least(LATEST_MIN, lambda m: self._suffices(self._eased(60 * m, 0)))
        if minutes is None:
            return ()
        nodes = sum(line.last + 1 for line in self.crew.lines)
        last = least(nodes, lambda n: self._suffices(self._eased(60 * minutes, 0, nodes - n)))
        return tuple(self._changes(self._eased(60 * minutes, 0, nodes - (last or nodes))))

    def _emptier(self) -> tuple[Change, ...]:
        """Return by how little the batteries would fall short."""
        batteries = [line.vehicle.battery for line in self.crew.lines]
        most_wh = max((battery.capacity_wh for battery in batteries if battery), default=0)
        steps = least(most_wh // _STEP_WH, lambda k: self._suffices(self._eased(0, _STEP_WH * k)))
        return () if steps is None else tuple(self._changes(self._eased(0, _STEP_WH * steps)))

    def _eased(self, late_s: int, wh: int, first: int = 0) -> Crew:
        lines: tuple[Line, ...] = ()
        for line in self.crew.lines:
            lines += (line.eased(late_s, wh, first),)
            first -= line.last + 1
        return self.crew._replace(lines=lines)

    def _changes(self, eased: Crew) -> Iterator[Change]:
        """Place the tasks where more is allowed, and say which limits that breaks."""
        try:
            found = Placing([eased], self.wanted).solve(self.budget)
        except TimeoutError:
            return
        for at, line in enumerate(self.crew.lines):
            mine = [placed for placed in found[0] if placed.option.line == at] if found else []
            route = with_tasks(line.route, mine, eased.driver.id, line)
            yield from _late(route, self.requests, self.travel)
            yield from _empty(route, line, self.requests, self.travel)

    def _elsewhere(self) -> tuple[Change, ...]:
        """Return a party without which everything fits."""
        for at, line in enumerate(self.crew.lines):
            for request_id in self._parties(line):
                route = line.route.without(request_id)
                fewer = Line(route, self.requests, self.travel, self.wanted)
                lines = (*self.crew.lines[:at], fewer, *self.crew.lines[at + 1 :])
                if self._suffices(self.crew._replace(lines=lines)):
                    return (Change(line.vehicle.id, request_id, "other_vehicle", 0),)
        return ()

    def _parties(self, line: Line) -> Sequence[str]:
        """Return the parties that may still ride elsewhere."""
        locked = {stop.request_id for stop in line.route.stops[: line.route.locked]}
        free = line.route.request_ids - set(line.route.boarded_s) - locked

        def drive_s(request_id: str) -> tuple[int, str]:
            route = line.route.without(request_id)
            legs = Line(route, self.requests, self.travel, Wanted()).nodes.leg
            return int(legs.sum()), request_id

        return sorted(free, key=drive_s)[:_PARTIES]


def least(most: int, suffices: Callable[[int], bool]) -> int | None:
    """Return the least number from 1 to ``most`` that suffices, ``None`` when none does.

    More suffices wherever less does.
    """
    if most < 1 or not suffices(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def _late(
    route: Route, requests: Mapping[str, Request], travel: Mapping[str, TravelTimes]
) -> Iterator[Change]:
    """Yield what is later than its limit when the vehicle goes as fast as it can."""
    times, vehicle = expected(route, requests, travel), route.vehicle
    for stop, begin_s in zip(route.stops, times.begin_s, strict=True):
        if stop.kind not in RIDER_STOPS:
            limit, late_s = "task", route.tasks[stop.request_id].latest_s
        elif stop.kind is StopKind.PICKUP:
            limit, late_s = "latest_pickup", requests[stop.request_id].latest_pickup_s
        else:
            limit, late_s = "latest_dropoff", requests[stop.request_id].latest_dropoff_s
        if begin_s > late_s:
            yield Change(vehicle.id, stop.request_id, limit, begin_s - late_s)
    if times.end_s > vehicle.end_s:
        yield Change(vehicle.id, None, "shift_end", times.end_s - vehicle.end_s)


def _empty(
    route: Route,
    line: Line,
    requests: Mapping[str, Request],
    travel: Mapping[str, TravelTimes],
) -> Iterator[Change]:
    """Yield by how much the battery falls below its reserve, or below what tomorrow needs."""
    battery = route.vehicle.battery
    if battery is None:
        return
    nodes = Line(route, requests, travel, Wanted()).nodes
    levels = [battery.now_wh, *charge_along(route, requests, travel)]
    end_wh = levels[-1] - int(nodes.use[-2] + nodes.riders[-2] * nodes.use_rider[-2])
    if (lacking_wh := battery.reserve_wh - min(*levels, end_wh)) > 0:
        yield Change(route.vehicle.id, None, "reserve_wh", lacking_wh)
    if (lacking_wh := line.ready_wh - end_wh) > 0 and line.ready_wh > battery.reserve_wh:
        yield Change(route.vehicle.id, None, "ready_wh", lacking_wh)
