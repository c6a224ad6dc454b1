"""Breaks and charges for a plan: every driver's lawful rest, every battery above its reserve.

The stops of riders keep their order and their promises.  What is placed has windows as wide as the
law and the chargers allow, so that later decisions can move it: whatever happens within them is
lawful.  The same call serves the morning and any event: drivers who have all they need are left
alone, the tasks of the others are placed anew unless they are locked.  ``gaps`` says where there is
room, ``placing`` chooses, ``schedule`` verifies, ``relief`` explains what does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from dispatcher.breaks import BreakRule, Lack, Rest, lacking
from dispatcher.energy import charge_along
from dispatcher.gaps import Charger, Driver, Line, Placed, Wanted, Window, with_tasks
from dispatcher.model import Place, Plan, Route, StopKind, TravelTimes
from dispatcher.nodes import nodes_of
from dispatcher.placing import Budget, Crew, Placing, slot_count
from dispatcher.relief import Fault, Relief
from dispatcher.schedule import Breach, Schedule, schedule

_BREAKS = frozenset({StopKind.BREAK})
_CHARGES = frozenset({StopKind.CHARGE})


@dataclass(frozen=True, slots=True)
class TaskRefusal:
    """Not every driver or vehicle can have the tasks it needs; ``plan`` has all the others."""

    faults: tuple[Fault, ...]
    plan: Plan


def place_breaks(
    plan: Plan,
    rules: Sequence[BreakRule],
    places: Sequence[Place],
    travel: Mapping[str, TravelTimes],
    *,
    drivers: Sequence[Driver] = (),
    budget: Budget = Budget(),  # noqa: B008 -- frozen
) -> Plan | TaskRefusal:
    """Return the plan with the breaks the drivers need, at the places that cost least.

    A vehicle without a driver in ``drivers`` has one of its own, on duty for its whole shift.

    Raises ``ValueError`` when a rule has nowhere to rest or a driver drives no vehicle of the plan.
    """
    return _Placer(plan, Wanted(tuple(rules), tuple(places)), travel, drivers, budget).place(
        _BREAKS
    )


def place_charges(
    plan: Plan,
    chargers: Sequence[Charger],
    travel: Mapping[str, TravelTimes],
    *,
    ready_wh: Mapping[str, int] | None = None,
    budget: Budget = Budget(),  # noqa: B008 -- frozen
) -> Plan | TaskRefusal:
    """Return the plan with the charges without which a battery would touch its reserve.

    ``ready_wh`` is what a vehicle's battery shall hold at the end, for the next day.

    Raises ``ValueError`` when two chargers have one id or a target fits no battery.
    """
    wanted = Wanted(chargers=tuple(chargers), ready_wh=ready_wh or {})
    return _Placer(plan, wanted, travel, (), budget).place(_CHARGES)


def place_tasks(
    plan: Plan,
    rules: Sequence[BreakRule],
    places: Sequence[Place],
    chargers: Sequence[Charger],
    travel: Mapping[str, TravelTimes],
    *,
    drivers: Sequence[Driver] = (),
    ready_wh: Mapping[str, int] | None = None,
    budget: Budget = Budget(),  # noqa: B008 -- frozen
) -> Plan | TaskRefusal:
    """Return the plan with breaks and charges, decided together.

    A charge is a rest as well under the rules that say so (``BreakRule.while_charging``).  Raises
    as ``place_breaks`` and ``place_charges`` do.
    """
    wanted = Wanted(tuple(rules), tuple(places), tuple(chargers), ready_wh or {})
    return _Placer(plan, wanted, travel, drivers, budget).place(_BREAKS | _CHARGES)


def lacks(
    plan: Plan, rules: Sequence[BreakRule], drivers: Sequence[Driver] = ()
) -> dict[str, list[Lack]]:
    """Return by driver what rest a plan could leave lacking at the worst times it allows.

    Nothing means: whatever happens within the windows is lawful, no tasks need to be placed.
    """
    found = {}
    for driver in all_drivers(plan, drivers):
        routes = [plan.routes[id_] for id_ in driver.vehicle_ids]
        windows = [
            window for route in routes for window in _windows(route, rules, len(route.stops))
        ]
        worst = _worst(driver, windows, rules)
        if worst:
            found[driver.id] = worst
    return found


def _worst(driver: Driver, windows: Sequence[Window], rules: Sequence[BreakRule]) -> list[Lack]:
    """Return what is lacking at some combination of the first and last times of the windows.

    The longest stretch between two rests has the one at its first and the other at its last time.
    """
    for chosen in product(*((w.earliest_s, w.latest_s) for w in windows)):
        rests = list(driver.rests)
        for window, start_s in zip(windows, chosen, strict=True):
            begin_s = max(start_s, rests[-1].end_s if rests else driver.start_s)
            rests.append(Rest(begin_s, begin_s + window.lasts_s))
        end_s = max(driver.end_s, rests[-1].end_s if rests else 0)
        if found := lacking(rests, driver.start_s, end_s, rules):
            return found
    return []


def _windows(route: Route, rules: Sequence[BreakRule], until: int) -> Iterator[Window]:
    """Yield the breaks among a route's first stops, and the charges that any rule calls rest."""
    charging = any(rule.while_charging for rule in rules)
    for stop in route.stops[:until]:
        task = route.tasks.get(stop.request_id)
        if task is not None and (task.kind is StopKind.BREAK or charging):
            yield Window(task.earliest_s, task.latest_s, task.lasts_s)


def all_drivers(plan: Plan, drivers: Sequence[Driver]) -> list[Driver]:
    """Return the drivers, and one more for every vehicle that none of them drives.

    Raises ``ValueError`` when one drives a vehicle that is not in the plan, or that another has.
    """
    known = {id_ for driver in drivers for id_ in driver.vehicle_ids}
    if sum(len(driver.vehicle_ids) for driver in drivers) > len(known):
        raise ValueError("drivers: one vehicle_id stands there twice")
    if unknown := known - set(plan.routes):
        raise ValueError(f"drivers: {sorted(unknown)} are not in plan.routes")
    vehicles = [route.vehicle for id_, route in plan.routes.items() if id_ not in known]
    own = [Driver(v.id, (v.id,), v.start_s, v.end_s) for v in vehicles]
    return [*drivers, *own]


class _Placer:
    """Places what is wanted in one plan."""

    def __init__(
        self,
        plan: Plan,
        wanted: Wanted,
        travel: Mapping[str, TravelTimes],
        drivers: Sequence[Driver],
        budget: Budget,
    ) -> None:
        _check(plan, wanted)
        self.plan, self.travel, self.budget = plan, travel, budget
        self.wanted, self.drivers = wanted, all_drivers(plan, drivers)
        self.faults: list[Fault] = []
        self.routes: dict[str, Route] = {}

    def place(self, kinds: frozenset[StopKind]) -> Plan | TaskRefusal:
        self.routes = dict(self.plan.routes)
        drivers = [driver for driver in self.drivers if not self._is_content(driver)]
        for vehicle_id in (id_ for driver in drivers for id_ in driver.vehicle_ids):
            self.routes[vehicle_id] = stripped(self.routes[vehicle_id], kinds)
        self.wanted = replace(self.wanted, taken=self._taken())
        crews = [self._crew(driver) for driver in drivers]
        self._place_together([crew for crew in crews if crew.charges])
        for crew in crews:
            if crew.rules and not crew.charges:
                self._place_alone(crew)
        found = self._result()
        return TaskRefusal(tuple(self.faults), found) if self.faults else found

    def _is_content(self, driver: Driver) -> bool:
        """Whether a driver has all that is needed; then nothing is moved."""
        routes = [self.plan.routes[id_] for id_ in driver.vehicle_ids]
        rules = self.wanted.rules
        windows = [w for route in routes for w in _windows(route, rules, len(route.stops))]
        return not _worst(driver, windows, rules) and all(
            isinstance(schedule(route, self.plan.requests, self.travel), Schedule)
            and self._is_ready(route)
            for route in routes
        )

    def _is_ready(self, route: Route) -> bool:
        """Whether the battery holds at the end what tomorrow needs."""
        wanted_wh = self.wanted.ready_wh.get(route.vehicle.id, 0)
        return wanted_wh <= 0 or self._levels(route)[-1] >= wanted_wh

    def _levels(self, route: Route) -> list[int]:
        """Return what is in a battery at the start, after every stop, and at the end."""
        battery, nodes = route.vehicle.battery, nodes_of(route, self.plan.requests, self.travel)
        now_wh = 0 if battery is None else battery.now_wh
        levels = [now_wh, *charge_along(route, self.plan.requests, self.travel)]
        return [*levels, levels[-1] - int(nodes.use[-2] + nodes.riders[-2] * nodes.use_rider[-2])]

    def _result(self) -> Plan:
        if self.routes == self.plan.routes:
            return self.plan
        return replace(self.plan, version=self.plan.version + 1, routes=self.routes)

    def _taken(self) -> dict[str, tuple[Window, ...]]:
        taken: dict[str, tuple[Window, ...]] = {}
        for task in (task for route in self.routes.values() for task in route.tasks.values()):
            if task.charger_id is not None:
                window = Window(task.earliest_s, task.latest_s, task.lasts_s)
                taken[task.charger_id] = (*taken.get(task.charger_id, ()), window)
        return taken

    def _crew(self, driver: Driver) -> Crew:
        """Find out what a driver needs: rules that are not kept yet, and whether to charge."""
        routes = [self.routes[id_] for id_ in driver.vehicle_ids]
        lines = tuple(Line(r, self.plan.requests, self.travel, self.wanted) for r in routes)
        rules = self.wanted.rules
        locked = tuple(w for route in routes for w in _windows(route, rules, route.locked))
        rules = rules if _worst(driver, locked, rules) else ()
        crew = Crew(driver, lines, rules, charges=False, settled=locked)
        charges = bool(self.wanted.chargers) and any(self._is_short(crew, line) for line in lines)
        return crew._replace(charges=charges)

    def _is_short(self, crew: Crew, line: Line) -> bool:
        """Whether a battery might touch its reserve, breaks' detours included, or not be ready."""
        battery = line.vehicle.battery
        if battery is None:
            return False
        spots, last = range(len(self.wanted.places)), line.last
        detours = [
            line.into_wh[gap][spot] + line.out_wh[spot][gap + 1] - int(line.nodes.use[gap])
            for gap in range(last)
            for spot in spots
        ]
        spare_wh = slot_count(crew) * max([0, *detours]) if crew.rules else 0
        levels = self._levels(line.route)
        ready_wh = line.ready_wh + spare_wh
        return min(levels) - spare_wh < battery.reserve_wh or levels[-1] < ready_wh

    def _place_together(self, crews: Sequence[Crew]) -> None:
        """Share out the chargers at once; if that fails, one driver after the other."""
        found = self._solved(crews) if crews else None
        if found is not None:
            for crew, placed in zip(crews, found, strict=True):
                self._put(crew, placed)
            return
        for crew in sorted(crews, key=lambda crew: crew.driver.start_s):
            self._place_alone(crew)
            self.wanted = replace(self.wanted, taken=self._taken())

    def _place_alone(self, crew: Crew) -> None:
        found = self._solved([crew])
        if found is None:
            relief = Relief(crew, self.wanted, self.plan.requests, self.travel, self.budget)
            self.faults.append(relief.fault())
            self.routes |= {id_: self.plan.routes[id_] for id_ in crew.driver.vehicle_ids}
        else:
            self._put(crew, found[0])

    def _solved(self, crews: Sequence[Crew]) -> list[list[Placed]] | None:
        try:
            return Placing(crews, self.wanted).solve(self.budget)
        except TimeoutError:
            return None

    def _put(self, crew: Crew, placed: Sequence[Placed]) -> None:
        """Write tasks into the routes of a driver, and verify them."""
        for at, line in enumerate(crew.lines):
            route = self.routes[line.vehicle.id]
            mine = [one for one in placed if one.option.line == at]
            after = with_tasks(route, mine, crew.driver.id, line)
            outcome = schedule(after, self.plan.requests, self.travel)
            if isinstance(outcome, Breach) and not self._was_broken(route):
                raise AssertionError(f"{line.vehicle.id}: the model allowed {outcome}")
            self.routes[line.vehicle.id] = after

    def _was_broken(self, route: Route) -> bool:
        """Whether a route was overfull, say, before it got tasks."""
        return isinstance(schedule(route, self.plan.requests, self.travel), Breach)


def _check(plan: Plan, wanted: Wanted) -> None:
    """Raise for what nobody can have meant."""
    if not plan.routes:
        raise ValueError("plan.routes: zero vehicles")
    if wanted.rules and not wanted.places:
        raise ValueError("places: empty, but rules ask for rest")
    for name, ids in (("rules", wanted.rules), ("chargers", wanted.chargers)):
        if len({one.id for one in ids}) < len(ids):
            raise ValueError(f"{name}: one id stands there twice")
    for vehicle_id, wh in wanted.ready_wh.items():
        route = plan.routes.get(vehicle_id)
        battery = None if route is None else route.vehicle.battery
        if battery is None or not battery.reserve_wh <= wh <= battery.capacity_wh:
            raise ValueError(f"ready_wh: {wh} does not fit the battery of {vehicle_id}")


def stripped(route: Route, kinds: Iterable[StopKind]) -> Route:
    """Return the route without its tasks of some kinds, except the locked ones."""
    kept = [
        stop
        for at, stop in enumerate(route.stops)
        if at < route.locked or stop.request_id not in route.tasks or stop.kind not in kinds
    ]
    ids = {stop.request_id for stop in kept}
    tasks = {id_: task for id_, task in route.tasks.items() if id_ in ids}
    return replace(route, stops=tuple(kept), tasks=tasks)
