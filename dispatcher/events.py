"""What happens to the plan of a day that does not go as planned: every event in, a plan out.

Each function takes the plan as it is, before anything late was widened, and returns a
``Replanned`` whose plan keeps every limit in it at once.  Promises that the event does not touch
stay as they are.  Where one can no longer be kept, the least broken one is chosen
(``broken.score``), its limits are widened in the plan by as little as possible, and it is named
with the order in which to call; nothing is moved silently.  Riders on board are never dropped.
``improved`` then looks for a plan that breaks less, or costs less.

``waiting`` are the parties that an earlier event left unplaced, ``closed`` the vehicles whose
drivers can work no longer than the plan says.  An event that cannot have
happened is a bug and raises ``KeyError`` (nobody of that name) or ``ValueError``.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from itertools import product
from operator import itemgetter
from typing import Final

from dispatcher.broken import Replanned, Score, Told, told_by
from dispatcher.check import check
from dispatcher.cost import plan_cost_s
from dispatcher.improve import improve
from dispatcher.insert import OneRoad, insert, insertions
from dispatcher.model import (
    MOST_S,
    RIDER_STOPS,
    Connection,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    TravelTimes,
    Vehicle,
)
from dispatcher.plan import moved
from dispatcher.repair import Repair
from dispatcher.schedule import expected
from dispatcher.search import Either, MaxCpu, MaxIterations, Stopping, is_compiled
from dispatcher.search_plan import movable, shuffle_in
from dispatcher.widen import ending, narrowed

Travel = Mapping[str, TravelTimes]
Waiting = Iterable[Told]

_SHUFFLES: Final = 300
"""Iterations in which others may be moved to keep one promise."""
_GAPS: Final = 3
"""In how many gaps of a route a new break is tried: the nearest to its time."""


def cancelled(plan: Plan, request_id: str, travel: Travel, *, waiting: Waiting = ()) -> Replanned:
    """A party that has not boarded does not ride: its vehicle has room for those who wait.

    Raises ``KeyError`` for an unknown party, ``ValueError`` for one on board.
    """
    carrier = plan.route_of(request_id)
    repair = _repair(plan.without(request_id), travel, waiting)
    done = _mend(plan, repair, () if carrier is None else (carrier.vehicle.id,), waiting)
    back = (
        r.id for r in plan.requests.values() if r.follows and r.follows.request_id == request_id
    )
    return replace(done, in_doubt=tuple(back))


def no_show(plan: Plan, request_id: str, travel: Travel, *, waiting: Waiting = ()) -> Replanned:
    """A party was not there; see ``cancelled``.  Its return leg is in doubt, not gone."""
    return cancelled(plan, request_id, travel, waiting=waiting)


def rider_late(
    plan: Plan, request_id: str, until_s: int, travel: Travel, *, waiting: Waiting = ()
) -> Replanned:
    """A party says it will be at its pickup at ``until_s``, not before.

    What it was promised moves with it: only what it has to wait beyond that is broken.
    """
    request, route = plan.requests[request_id], _carrier(plan, request_id)
    if request_id in route.boarded_s:
        raise ValueError(f"{request_id} is on board already")
    by_s = max(0, until_s - request.latest_pickup_s)
    later = replace(
        request,
        earliest_pickup_s=max(until_s, request.earliest_pickup_s),
        latest_pickup_s=request.latest_pickup_s + by_s,
        latest_dropoff_s=request.latest_dropoff_s + by_s,
    )
    repair = _repair(plan, travel, waiting, Told(later))
    return _mend(plan, repair, (), waiting, (later,))


def vehicle_late(
    plan: Plan,
    vehicle_id: str,
    place: Place,
    at_s: int,
    travel: Travel,
    *,
    waiting: Waiting = (),
    closed: Iterable[str] = (),
) -> Replanned:
    """A vehicle is at ``place`` and can leave at ``at_s``: later than planned, or elsewhere."""
    repair = _repair(moved(plan, vehicle_id, place, at_s), travel, waiting)
    repair.closed = frozenset(closed)
    return _mend(plan, repair, (vehicle_id,), waiting)


def broken_down(
    plan: Plan,
    vehicle_id: str,
    place: Place,
    at_s: int,
    travel: Travel,
    *,
    waiting: Waiting = (),
    closed: Iterable[str] = (),
) -> Replanned:
    """A vehicle goes no further than ``place``, where it has been since ``at_s``.

    Riders on board get into other vehicles there, before anybody else is seen to, and their time on
    board goes on counting while they wait.  The vehicle leaves the plan, with its breaks and
    charges.
    """
    repair = _repair(plan, travel, waiting)
    repair.closed = frozenset(closed)
    repair.place(repair.empty(vehicle_id, place, at_s))
    return _mend(plan, repair, (), waiting)


def driver_off(
    plan: Plan,
    vehicle_id: str,
    from_s: int,
    travel: Travel,
    *,
    waiting: Waiting = (),
    closed: Iterable[str] = (),
) -> Replanned:
    """A shift ends at ``from_s`` already; riders on board are still set down.

    Breaks and charges that would end after it are no longer planned.
    """
    route = plan.routes[vehicle_id]
    if from_s >= route.vehicle.end_s:
        return tried_again(plan, travel, waiting=waiting, closed=closed)
    off = {t.id: t for t in route.tasks.values() if t.latest_s + t.lasts_s > from_s}
    short = ending(_without_tasks(route, off), max(from_s, route.vehicle.start_s))
    repair = _repair(plan.with_route(short), travel, waiting)
    repair.closed = frozenset({vehicle_id, *closed})
    repair.off_tasks += off.values()
    return _mend(plan, repair, (vehicle_id,), waiting)


def rest_added(
    plan: Plan,
    vehicle_id: str,
    places: Iterable[Task],
    travel: Travel,
    *,
    waiting: Waiting = (),
    closed: Iterable[str] = (),
) -> Replanned:
    """A driver gets a break that was not planned: one of ``places``, alike but for their place.

    It stands where it is least late, of those where it breaks promises least, of those where the
    vehicle drives least.  Parties that it leaves no time for go elsewhere or are told later times.
    A vehicle that can do nothing more, because it is cut off or empty, gets none.
    """
    route, tasks = plan.routes[vehicle_id], list(places)
    gaps = _gaps(plan, route, tasks[0].earliest_s, travel)[:_GAPS]
    ways: list[tuple[tuple[int, Score, float, int], Replanned]] = []
    for task, at in product(tasks, gaps):
        stops = (*route.stops[:at], Stop(task.id, task.kind), *route.stops[at:])
        resting = replace(route, stops=stops, tasks={**route.tasks, task.id: task})
        repair = _repair(plan.with_route(resting), travel, waiting)
        repair.closed = frozenset(closed)
        done = _mend(plan, repair, (vehicle_id,), waiting)
        cost_s = plan_cost_s(done.plan, travel)
        ways.append(((_late_s(done.plan, task), repair.score(), cost_s, len(ways)), done))
    return min(ways, key=itemgetter(0))[1]


def rest_withdrawn(
    plan: Plan, task_id: str, travel: Travel, *, waiting: Waiting = (), closed: Iterable[str] = ()
) -> Replanned:
    """A break is not taken after all: those who wait are placed if by now there is room for them.

    Raises ``KeyError`` for an unknown break.
    """
    route = next((route for route in plan.routes.values() if task_id in route.tasks), None)
    if route is None:
        raise KeyError(task_id)
    without = plan.with_route(_without_tasks(route, {task_id}))
    repair = _repair(without, travel, waiting)
    repair.closed = frozenset(closed)
    return _mend(plan, repair, (), waiting)


def _late_s(plan: Plan, task: Task) -> int:
    """Return by how much a task begins too late, as long as can be when nobody does it."""
    does = [route.tasks[task.id] for route in plan.routes.values() if task.id in route.tasks]
    return does[0].latest_s - task.latest_s if does else MOST_S


def _without_tasks(route: Route, ids: Container[str]) -> Route:
    kept = tuple(stop for stop in route.stops if stop.request_id not in ids)
    locked = route.locked - sum(stop.request_id in ids for stop in route.stops[: route.locked])
    tasks = {id_: task for id_, task in route.tasks.items() if id_ not in ids}
    return replace(route, stops=kept, locked=locked, tasks=tasks)


def _gaps(plan: Plan, route: Route, at_s: int, travel: Travel) -> list[int]:
    """Return before which stops nobody is on board, those first that are nearest to a time.

    Before the locked stops there is none, behind the last stop there always is one.
    """
    begin_s = expected(route, plan.requests, travel).begin_s
    ends = [route.vehicle.start_s, *begin_s], [*begin_s, route.vehicle.end_s]
    aboard, found = len(route.boarded_s), list[tuple[int, int]]()
    for at, (from_s, to_s) in enumerate(zip(*ends, strict=True)):
        if at > 0 and route.stops[at - 1].kind in RIDER_STOPS:
            aboard += 1 if route.stops[at - 1].kind is StopKind.PICKUP else -1
        if aboard == 0 and at >= route.locked:
            found.append((max(0, from_s - at_s, at_s - to_s), at))
    return [at for _, at in sorted(found)]


def road_closed(
    plan: Plan, travel_after: Travel, *, waiting: Waiting = (), closed: Iterable[str] = ()
) -> Replanned:
    """Driving times are others from now on."""
    repair = _repair(plan, travel_after, waiting)
    repair.closed = frozenset(closed)
    return _mend(plan, repair, sorted(plan.routes), waiting)


def battery_read(
    plan: Plan, vehicle_id: str, wh: int, travel: Travel, *, waiting: Waiting = ()
) -> Replanned:
    """A battery holds ``wh``, not what the plan thought."""
    route = plan.routes[vehicle_id]
    if route.vehicle.battery is None:
        raise ValueError(f"{vehicle_id} has no battery")
    battery = replace(route.vehicle.battery, now_wh=wh)
    known = replace(route, vehicle=replace(route.vehicle, battery=battery))
    repair = _repair(plan.with_route(known), travel, waiting)
    return _mend(plan, repair, (vehicle_id,), waiting)


def bus_late(
    plan: Plan,
    trip_id: str,
    delay_s: int,
    travel: Travel,
    *,
    confirmed: bool,
    waiting: Waiting = (),
) -> Replanned:
    """A bus is ``delay_s`` later than the plan has it (earlier if negative).

    Rides from it move with it, since nobody can get in before it comes.  Rides to it may be later
    only once the delay is ``confirmed``: until then the bus may still be on time.
    """
    told: list[Told] = []
    for request in plan.requests.values():
        connection = request.connection
        if connection is None or connection.trip_id != trip_id:
            continue
        from_bus = connection.toward == "from_bus"
        if from_bus and request.id in _carrier(plan, request.id).boarded_s:
            continue
        if from_bus or confirmed or delay_s < 0:
            told.append(_after_bus(request, connection, delay_s))
    repair = _repair(plan, travel, waiting, *told)
    return _mend(plan, repair, (), waiting, [one.request for one in told])


def back_in_service(
    plan: Plan,
    vehicle: Vehicle,
    place: Place,
    at_s: int,
    travel: Travel,
    *,
    waiting: Waiting = (),
) -> Replanned:
    """A vehicle that the plan does not have is ready at ``place`` from ``at_s`` on.

    Raises ``ValueError`` when the plan has it.
    """
    if vehicle.id in plan.routes:
        raise ValueError(f"{vehicle.id} is in service already")
    ready = replace(vehicle, start=place, start_s=max(at_s, vehicle.start_s))
    repair = _repair(plan.with_route(Route(ready)), travel, waiting)
    return _mend(plan, repair, (), waiting)


def tried_again(
    plan: Plan, travel: Travel, *, waiting: Waiting, closed: Iterable[str] = ()
) -> Replanned:
    """Nothing else has happened: those who wait are placed if by now there is room for them."""
    repair = _repair(plan, travel, waiting)
    repair.closed = frozenset(closed)
    return _mend(plan, repair, (), waiting)


def _repair(plan: Plan, travel: Travel, waiting: Waiting, *promises: Told) -> Repair:
    """Begin the repair of a plan in which everybody is told what it says, or these ``promises``."""
    told = {one.request.id: one for one in (*waiting, *promises)}
    return Repair(plan, travel, told_by(plan.requests.values()) | told)


def _mend(
    before: Plan,
    repair: Repair,
    touched: Iterable[str],
    waiting: Waiting,
    later: Iterable[Request] = (),
) -> Replanned:
    """Give parties their other windows, put right the vehicles touched, place those who wait."""
    for request in later:
        repair.again(request)
    repair.ease_all(touched)
    repair.place(one.request for one in waiting)
    return repair.outcome(before)


def _carrier(plan: Plan, request_id: str) -> Route:
    route = plan.route_of(request_id)
    if route is None:
        raise ValueError(f"no vehicle carries {request_id}")
    return route


def _after_bus(request: Request, connection: Connection, delay_s: int) -> Told:
    """Return what a party whose bus is ``delay_s`` later may expect.

    To a bus only the deadline moves; from one everything does, as nobody gets in before it comes.
    """
    moved = replace(connection, bus_s=connection.bus_s + delay_s)
    due_s = request.latest_dropoff_s + delay_s
    if connection.toward == "from_bus":
        later = replace(
            request,
            connection=moved,
            earliest_pickup_s=request.earliest_pickup_s + delay_s,
            latest_pickup_s=request.latest_pickup_s + delay_s,
            earliest_dropoff_s=request.earliest_dropoff_s + min(0, delay_s),
            latest_dropoff_s=due_s,
        )
        return Told(later)
    soonest_s = max(request.earliest_pickup_s + request.boarding_s, request.earliest_dropoff_s)
    kept_s = max(due_s, soonest_s)
    return Told(replace(request, connection=moved, latest_dropoff_s=kept_s), lost_s=kept_s - due_s)


# In the background


def warm_events() -> None:
    """Compile what repairs need, so that no event waits for it; seconds the first time ever."""
    travel, van = {"car": OneRoad()}, Vehicle("van", Place(0), Place(0), 0, 300, seats=4)
    party = Request("party", Place(1), Place(9), 0, 90, 0, 110, ride_max_s=100)
    plan = Plan(0, {"van": Route(van)}, {})
    plan = insert(plan, party, insertions(plan, party, travel)[0])
    vehicle_late(plan, "van", Place(0), 250, travel)  # taken off, and carried late in overtime


def improved(
    done: Replanned,
    travel: Travel,
    *,
    time_limit_s: float = 2.0,
    seed: int = 0,
    closed: Iterable[str] = (),
) -> Replanned:
    """Return a plan that breaks less than the one an event left, or costs less; or the same.

    No promise is kept worse than the event left it, not even to carry somebody who waits; what
    the verifier does not accept is not returned.  What it takes (overtime, a late break) is named.
    Where the search is compiled, others are moved within their promises to make room for those
    whose own are broken, those first who count most; then the whole plan is improved.
    """
    began_s = time.monotonic()
    plan, told = done.plan, dict(done.told)
    order = sorted(told, key=lambda id_: told[id_].level, reverse=True)
    for id_ in order:
        left_s = time_limit_s / 2 - (time.monotonic() - began_s)
        stop = Either(MaxIterations(_SHUFFLES), MaxCpu(left_s / len(order)))
        able = is_compiled() and left_s > 0
        plan = _with_promise(plan, told[id_].request, travel, stop if able else None, seed)
    left_s = time_limit_s - (time.monotonic() - began_s)
    plan = improve(plan, travel, time_limit_s=max(0.01, left_s), seed=seed)
    for id_ in told.keys() & plan.requests.keys():
        route = _carrier(plan, id_)
        nearer = narrowed(route, plan, told[id_].request, travel)
        plan = plan.with_route(route, nearer)
    promises = told_by(plan.requests.values()) | told
    left = [told[id_] for id_ in order if id_ not in plan.requests]
    repair = Repair(plan, travel, promises)
    repair.closed = frozenset(closed)
    repair.place(one.request for one in left)
    after = repair.outcome(done.plan)
    if _breaks_more(done, after):
        repair = Repair(plan, travel, promises)
        repair.unplaced += left
        after = repair.outcome(done.plan)
    if after.plan == replace(done.plan, version=after.plan.version):
        return done
    if _breaks_more(done, after) or set(check(after.plan, travel)) - set(check(done.plan, travel)):
        return done
    return done.then(after)


def _breaks_more(done: Replanned, after: Replanned) -> bool:
    """Whether any promise is broken further than the event left it."""
    before_s = {one.request_id: one.by_s for one in done.broken}
    for one in after.broken:
        was_s = before_s.get(one.request_id, 0)
        if was_s is not None and (one.by_s is None or one.by_s > was_s):
            return True
    return False


def _with_promise(
    plan: Plan, told: Request, travel: Travel, stop: Stopping | None, seed: int
) -> Plan:
    """Return a plan that keeps one more promise as it was told, or the same plan."""
    route = plan.route_of(told.id)
    if route is not None and told.id not in movable(route):
        return plan
    rest = plan if route is None else plan.without(told.id)
    found = insertions(rest, told, travel)
    if found:
        return insert(rest, told, found[0])
    if stop is None:
        return plan
    return shuffle_in(rest, told, travel, stop=stop, seed=seed) or plan
