"""The independent verifier: does a plan keep every promise?  It trusts nothing of the dispatcher.

It shares no code with ``schedule``, ``insert`` and ``improve``.  Each route becomes a system of
difference constraints *b begins at least w after a*, relaxed as Bellman and Ford do from the
earliest times until nothing moves; a time past its latest, or times that never settle, is a
violation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from dispatcher.model import Place, Plan, Request, Route, StopKind, TravelTimes


@dataclass(frozen=True, slots=True)
class Violation:
    """One promise or physical limit that a plan does not keep.

    ``rule`` is one of unknown_request, not_planned, planned_twice, order, lock, seats,
    wheelchair_places, late (a pickup, dropoff or shift end missed by ``by`` seconds) and ride_max;
    ``vehicle_id`` or ``request_id`` is ``None`` where there is none.
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


def check(plan: Plan, travel: Mapping[str, TravelTimes]) -> list[Violation]:
    """Return everything wrong with a plan; an empty list means every promise can be kept."""
    found = _coverage(plan)
    for vehicle_id, route in plan.routes.items():
        order = _order(plan, vehicle_id, route)
        found += order
        if not order:
            found += _loads(plan, vehicle_id, route)
            found += _times(plan, vehicle_id, route, travel[route.vehicle.profile])
    return found


def _coverage(plan: Plan) -> list[Violation]:
    """Every request on exactly one route."""
    carriers: dict[str, list[str]] = {}
    for vehicle_id, route in plan.routes.items():
        for request_id in {stop.request_id for stop in route.stops} | set(route.boarded_s):
            carriers.setdefault(request_id, []).append(vehicle_id)
    found = [Violation("not_planned", None, id_) for id_ in plan.requests if id_ not in carriers]
    for request_id, vehicle_ids in carriers.items():
        if len(vehicle_ids) > 1:
            found.append(Violation("planned_twice", vehicle_ids[1], request_id))
    return found


def _order(plan: Plan, vehicle_id: str, route: Route) -> list[Violation]:
    """Everybody in once, then out once; nobody stays on board."""
    found: list[Violation] = []
    if not 0 <= route.locked <= len(route.stops):
        found.append(Violation("lock", vehicle_id, None))
    wanted: dict[str, list[StopKind]] = {id_: [StopKind.DROPOFF] for id_ in route.boarded_s}
    seen: dict[str, list[StopKind]] = {id_: [] for id_ in route.boarded_s}
    for stop in route.stops:
        wanted.setdefault(stop.request_id, [StopKind.PICKUP, StopKind.DROPOFF])
        seen.setdefault(stop.request_id, []).append(stop.kind)
    for request_id in seen:
        if request_id not in plan.requests:
            found.append(Violation("unknown_request", vehicle_id, request_id))
        elif seen[request_id] != wanted[request_id]:
            found.append(Violation("order", vehicle_id, request_id))
    return found


def _loads(plan: Plan, vehicle_id: str, route: Route) -> list[Violation]:
    """Never more on board than the vehicle holds."""
    aboard = set(route.boarded_s)
    found = _overfull(plan, vehicle_id, route, aboard, None)
    for stop in route.stops:
        aboard.symmetric_difference_update({stop.request_id})
        found += _overfull(plan, vehicle_id, route, aboard, stop.request_id)
    return found


def _overfull(
    plan: Plan, vehicle_id: str, route: Route, aboard: set[str], at: str | None
) -> list[Violation]:
    vehicle, parties = route.vehicle, [plan.requests[id_] for id_ in aboard]
    chairs = sum(party.wheelchairs for party in parties)
    seats = sum(party.seats for party in parties) + chairs * vehicle.seats_lost_per_wheelchair
    over = {
        "wheelchair_places": chairs - vehicle.wheelchair_places,
        "seats": seats - vehicle.seats,
    }
    return [Violation(rule, vehicle_id, at, by) for rule, by in over.items() if by > 0]


def _times(plan: Plan, vehicle_id: str, route: Route, travel: TravelTimes) -> list[Violation]:
    """Some assignment of times keeps every window, ride limit and the shift."""
    events = _events(plan, route)
    rules = _rules(plan, route, events, travel)
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
    events += [_event(plan.requests[stop.request_id], stop.kind, route) for stop in route.stops]
    events.append(_Event(None, vehicle.end, vehicle.start_s, vehicle.end_s, 0))
    return events


def _event(party: Request, kind: StopKind, route: Route) -> _Event:
    if kind is StopKind.PICKUP:
        window = party.earliest_pickup_s, party.latest_pickup_s
        return _Event(party.id, party.origin, *window, party.boarding_s)
    due_s = party.latest_dropoff_s
    if party.id in route.boarded_s:
        due_s = min(due_s, route.boarded_s[party.id] + party.ride_max_s)
    return _Event(party.id, party.destination, party.earliest_dropoff_s, due_s, party.alighting_s)


def _rules(
    plan: Plan, route: Route, events: list[_Event], travel: TravelTimes
) -> list[tuple[int, int, int]]:
    """Return (a, b, w): event b begins at least w after event a."""
    places = sorted({event.place for event in events if event.place is not None})
    row: dict[Place | None, int] = {place: at for at, place in enumerate(places)}
    drives = travel.table(places, places)
    rules: list[tuple[int, int, int]] = []
    for at, (here, there) in enumerate(pairwise(events)):
        anywhere = here.place is None or there.place is None
        drive_s = 0 if anywhere else int(drives[row[here.place], row[there.place]])
        rules.append((at, at + 1, here.lasts + drive_s))
    in_at: dict[str, int] = {}
    for at, stop in enumerate(route.stops, start=1):
        if stop.kind is StopKind.PICKUP:
            in_at[stop.request_id] = at
        elif stop.request_id in in_at:
            party = plan.requests[stop.request_id]
            rules.append((at, in_at[party.id], -(party.ride_max_s + party.boarding_s)))
    return rules
