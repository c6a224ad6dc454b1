"""The independent verifier: does a plan keep every promise?  It trusts nothing of the dispatcher.

It shares no code with ``schedule``, ``insert``, ``search`` and ``improve``.  Each route becomes a
system of difference constraints *b begins at least w after a*, relaxed as Bellman and Ford do from
the earliest times until nothing moves; a time past its latest, or times that never settle, is a
violation.  Batteries and chargers are reckoned in ``check_battery``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from dispatcher.check_battery import first_empty, overbooked
from dispatcher.model import (
    UNREACHABLE_S,
    EnergyUse,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    TravelTimes,
)

_TASKS: Final = (StopKind.BREAK, StopKind.CHARGE)


@dataclass(frozen=True, slots=True)
class Violation:
    """One promise or physical limit that a plan does not keep.

    ``rule`` is one of

    - unknown_request, not_planned, planned_twice, order, lock: stops that make no sense
    - seats, wheelchair_places, bags, alone, not_allowed: who is on board
    - task_order (a task not done once as what it is), aboard_at_task: breaks and charges
    - late (a pickup, dropoff, task or shift end missed by ``by`` seconds), ride_max, unreachable
    - battery (``by`` watt-hours under the reserve), no_energy_use, charger_full
    - follows, connection: windows that do not imply what was promised besides, by ``by`` seconds

    ``request_id`` is the task's at a task.  It and ``vehicle_id`` are ``None`` where there is none.
    """

    rule: str
    vehicle_id: str | None
    request_id: str | None
    by: int = 0


@dataclass(slots=True)
class _Event:
    """Something that begins between ``early`` and ``late`` and then takes ``lasts``."""

    request_id: str | None
    place: Place | None
    early: int
    late: int
    lasts: int


def check(
    plan: Plan, travel: Mapping[str, TravelTimes], chargers: Mapping[str, int] | None = None
) -> list[Violation]:
    """Return everything wrong with a plan; an empty list means every promise can be kept.

    ``chargers`` says how many vehicles each charger takes at once; ``None`` asks nobody.
    """
    found = [*_coverage(plan), *_promises(plan)]
    for vehicle_id, route in plan.routes.items():
        order = _order(plan, vehicle_id, route)
        found += order
        if not order:
            found += _loads(plan, vehicle_id, route)
            found += _drives(plan, vehicle_id, route, travel[route.vehicle.profile])
    if chargers is not None:
        full = overbooked(plan.routes.values(), chargers)
        found += [Violation("charger_full", *where, by) for where, by in full]
    return found


def _coverage(plan: Plan) -> list[Violation]:
    """Every request on exactly one route."""
    carriers: dict[str, list[str]] = {}
    for vehicle_id, route in plan.routes.items():
        stops = {stop.request_id for stop in route.stops if stop.kind not in _TASKS}
        for request_id in stops | set(route.boarded_s):
            carriers.setdefault(request_id, []).append(vehicle_id)
    found = [Violation("not_planned", None, id_) for id_ in plan.requests if id_ not in carriers]
    for request_id, vehicle_ids in carriers.items():
        if len(vehicle_ids) > 1:
            found.append(Violation("planned_twice", vehicle_ids[1], request_id))
    return found


def _promises(plan: Plan) -> Iterator[Violation]:
    """The windows imply that the way back comes after the way there, and that buses are met."""
    aboard = {id_ for route in plan.routes.values() for id_ in route.boarded_s}
    for party in plan.requests.values():
        bus, link = party.connection, party.follows
        if bus is not None and bus.toward == "to_bus":
            late_s = party.latest_dropoff_s - (bus.bus_s - bus.margin_s)
            if late_s > 0:
                yield Violation("connection", None, party.id, late_s)
        if party.id in aboard:
            continue  # how the ride began is past
        if bus is not None and bus.toward == "from_bus":
            early_s = bus.bus_s + bus.margin_s - party.earliest_pickup_s
            if early_s > 0:
                yield Violation("connection", None, party.id, early_s)
        if link is not None and link.request_id in plan.requests:
            there = plan.requests[link.request_id]
            back_s = there.latest_dropoff_s + there.alighting_s + link.stay_s
            if back_s > party.earliest_pickup_s:
                yield Violation("follows", None, party.id, back_s - party.earliest_pickup_s)


def _order(plan: Plan, vehicle_id: str, route: Route) -> list[Violation]:
    """Everybody in once, then out once; nobody stays on board; every task once."""
    found: list[Violation] = []
    if not 0 <= route.locked <= len(route.stops):
        found.append(Violation("lock", vehicle_id, None))
    wanted: dict[str, list[StopKind]] = {id_: [StopKind.DROPOFF] for id_ in route.boarded_s}
    seen: dict[str, list[StopKind]] = {id_: [] for id_ in route.boarded_s}
    for stop in route.stops:
        if stop.kind not in _TASKS:
            wanted.setdefault(stop.request_id, [StopKind.PICKUP, StopKind.DROPOFF])
            seen.setdefault(stop.request_id, []).append(stop.kind)
    for request_id in seen:
        if request_id not in plan.requests:
            found.append(Violation("unknown_request", vehicle_id, request_id))
        elif seen[request_id] != wanted[request_id]:
            found.append(Violation("order", vehicle_id, request_id))
    return [*found, *_tasks(vehicle_id, route)]


def _tasks(vehicle_id: str, route: Route) -> list[Violation]:
    """Every task once, as what it is."""
    done = [stop for stop in route.stops if stop.kind in _TASKS]
    due = [Stop(id_, task.kind) for id_, task in route.tasks.items()]
    wrong = (stop for stop in {*done, *due} if done.count(stop) != 1 or stop not in due)
    return [Violation("task_order", vehicle_id, stop.request_id) for stop in wrong]


def _loads(plan: Plan, vehicle_id: str, route: Route) -> list[Violation]:
    """Never more on board than the vehicle holds, and nobody who should not be."""
    aboard = set(route.boarded_s)
    found = _overfull(plan, vehicle_id, route, aboard, None)
    for stop in route.stops:
        if stop.kind in _TASKS:
            people = sum(plan.requests[id_].riders for id_ in aboard)
            if people > 0:
                found.append(Violation("aboard_at_task", vehicle_id, stop.request_id, people))
            continue
        if stop.kind is StopKind.PICKUP and not _may_carry(plan.requests[stop.request_id], route):
            found.append(Violation("not_allowed", vehicle_id, stop.request_id))
        aboard.symmetric_difference_update({stop.request_id})
        found += _overfull(plan, vehicle_id, route, aboard, stop.request_id)
    return found


def _may_carry(party: Request, route: Route) -> bool:
    """Whether the vehicle is the one a party is pinned to, or one of those it may have."""
    if party.pinned is None:
        return party.only is None or route.vehicle.id in party.only
    return party.pinned == route.vehicle.id


def _overfull(
    plan: Plan, vehicle_id: str, route: Route, aboard: set[str], at: str | None
) -> list[Violation]:
    vehicle, parties = route.vehicle, [plan.requests[id_] for id_ in aboard]
    chairs = sum(party.wheelchairs for party in parties)
    seats = sum(party.seats for party in parties)
    others = [seats + chairs - party.seats - party.wheelchairs for party in parties if party.alone]
    over = {
        "wheelchair_places": chairs - vehicle.wheelchair_places,
        "seats": seats + chairs * vehicle.seats_lost_per_wheelchair - vehicle.seats,
        "bags": sum(party.bags for party in parties) - vehicle.bags,
        "alone": max(others, default=0),
    }
    return [Violation(rule, vehicle_id, at, by) for rule, by in over.items() if by > 0]


def _drives(plan: Plan, vehicle_id: str, route: Route, travel: TravelTimes) -> list[Violation]:
    """Every leg can be driven, in time, and on what is in the battery."""
    events = _events(plan, route)
    legs_s = _legs_s(events, travel)
    cut_off = [
        Violation("unreachable", vehicle_id, there.request_id)
        for there, leg_s in zip(events[1:], legs_s, strict=True)
        if leg_s >= UNREACHABLE_S
    ]
    if cut_off:
        return cut_off
    return [
        *_times(plan, vehicle_id, route, events, legs_s),
        *_battery(plan, vehicle_id, route, travel),
    ]


def _battery(plan: Plan, vehicle_id: str, route: Route, travel: TravelTimes) -> Iterator[Violation]:
    """The reserve is not touched anywhere."""
    if route.vehicle.battery is None:
        return
    if not isinstance(travel, EnergyUse):
        yield Violation("no_energy_use", vehicle_id, None)
        return
    empty = first_empty(route, route.vehicle.battery, plan.requests, travel)
    if empty is not None:
        node, by_wh = empty
        stops = [None, *(stop.request_id for stop in route.stops), None]
        yield Violation("battery", vehicle_id, stops[node], by_wh)


def _times(
    plan: Plan, vehicle_id: str, route: Route, events: list[_Event], legs_s: list[int]
) -> list[Violation]:
    """Some assignment of times keeps every window, ride limit and the shift."""
    rules = _rules(plan, route, events, legs_s)
    times = [event.early for event in events]
    for _ in range(len(events) + 2):
        moved = False
        for before, after, gap_s in rules:
            if times[before] + gap_s > times[after]:
                times[after] = times[before] + gap_s
                moved = True
        if not moved:
            break
    else:
        return [Violation("ride_max", vehicle_id, None)]
    return [
        Violation("late", vehicle_id, event.request_id, time - event.late)
        for event, time in zip(events, times, strict=True)
        if time > event.late
    ]


def _events(plan: Plan, route: Route) -> list[_Event]:
    vehicle = route.vehicle
    events = [_Event(None, vehicle.start, vehicle.start_s, vehicle.end_s, 0)]
    for stop in route.stops:
        if stop.kind in _TASKS:
            events.append(_task_event(route.tasks[stop.request_id]))
        else:
            events.append(_event(plan.requests[stop.request_id], stop.kind, route))
    events.append(_Event(None, vehicle.end, vehicle.start_s, vehicle.end_s, 0))
    return events


def _task_event(task: Task) -> _Event:
    return _Event(task.id, task.place, task.earliest_s, task.latest_s, task.lasts_s)


def _event(party: Request, kind: StopKind, route: Route) -> _Event:
    if kind is StopKind.PICKUP:
        window = party.earliest_pickup_s, party.latest_pickup_s
        return _Event(party.id, party.origin, *window, party.boarding_s)
    due_s = party.latest_dropoff_s
    if party.id in route.boarded_s:
        due_s = min(due_s, route.boarded_s[party.id] + party.ride_max_s)
    return _Event(party.id, party.destination, party.earliest_dropoff_s, due_s, party.alighting_s)


def _legs_s(events: list[_Event], travel: TravelTimes) -> list[int]:
    """Return the drive from every event to the next; none where the day may end anywhere."""
    places = sorted({event.place for event in events if event.place is not None})
    row: dict[Place | None, int] = {place: at for at, place in enumerate(places)}
    drives = travel.table(places, places)
    return [
        0
        if here.place is None or there.place is None
        else int(drives[row[here.place], row[there.place]])
        for here, there in pairwise(events)
    ]


def _rules(
    plan: Plan, route: Route, events: list[_Event], legs_s: list[int]
) -> list[tuple[int, int, int]]:
    """Return (a, b, w): event b begins at least w after event a."""
    rules = [(at, at + 1, events[at].lasts + leg_s) for at, leg_s in enumerate(legs_s)]
    in_at: dict[str, int] = {}
    for at, stop in enumerate(route.stops, start=1):
        if stop.kind is StopKind.PICKUP:
            in_at[stop.request_id] = at
        elif stop.kind is StopKind.DROPOFF and stop.request_id in in_at:
            party = plan.requests[stop.request_id]
            rules.append((at, in_at[party.id], -(party.ride_max_s + party.boarding_s)))
    return rules
