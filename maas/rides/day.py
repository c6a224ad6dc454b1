"""One service day of an area: what the database says, and the dispatcher's plan made of it.

`Day` holds rows and nothing else, so that a day changed commit by commit in memory and a day read
anew from the database are equal.  `plan_of` turns it into the dispatcher's plan, and `as_of` into
the plan as it is at a moment: vehicles where they are, near stops locked, late limits widened.
A vehicle that is out is in no plan, nor is a booking that no vehicle can carry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

import msgspec

from dispatcher import (
    UNREACHABLE_S,
    Connection,
    Place,
    Plan,
    Request,
    Route,
    Schedule,
    Stop,
    StopKind,
    Task,
    TravelTimes,
    Vehicle,
    expected,
    moved,
    relaxed,
)
from dispatcher.broken import unbound
from dispatcher.schedule import schedule
from maas.fleet.vehicles import on_shift
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.fleet import VehicleRow
from maas.store.links import LinkRow
from maas.store.outages import OutageRow
from maas.store.plans import PlanRow
from maas.store.rests import RestRow


@dataclass(frozen=True, slots=True)
class Day:
    """The rows of one day: plans by vehicle, bookings and the promises in force by booking."""

    day: date
    plans: Mapping[str, PlanRow]
    bookings: Mapping[str, BookingRow]
    promises: Mapping[str, PromiseRow]
    outages: Mapping[str, OutageRow] = field(default_factory=dict)
    links: Mapping[str, LinkRow] = field(default_factory=dict)
    rests: Mapping[str, RestRow] = field(default_factory=dict)
    """Every break that was ever put into a plan; the plans say which are still to be taken."""

    @property
    def unplaced(self) -> tuple[BookingRow, ...]:
        """The bookings that no vehicle can carry now, those waiting longest first."""
        rows = [row for row in self.bookings.values() if is_unplaced(row)]
        return tuple(sorted(rows, key=lambda row: (row.unplaced_since or 0, row.id)))

    def plan_row(self, vehicle_id: str) -> PlanRow:
        """Return a vehicle's plan, an empty one of version 0 before its first commit."""
        return self.plans.get(vehicle_id) or PlanRow(vehicle_id, self.day, 0, ())

    def with_rows(
        self,
        plans: Iterable[PlanRow],
        bookings: Iterable[BookingRow],
        promises: Iterable[PromiseRow] = (),
    ) -> Day:
        """Return the day after a commit that wrote these rows, some maybe of another day."""
        written = {row.id: row for row in bookings}
        kept = {**self.bookings, **written}
        here = {id_: row for id_, row in kept.items() if row.service_date == self.day}
        told = {**self.promises, **{row.booking_id: row for row in promises}}
        return replace(
            self,
            plans={**self.plans, **{p.vehicle_id: p for p in plans if p.service_date == self.day}},
            bookings=here,
            promises={id_: row for id_, row in told.items() if id_ in here},
            links={id_: row for id_, row in self.links.items() if id_ in here},
        )


def is_unplaced(row: BookingRow) -> bool:
    """Whether a booking is still wanted, and no vehicle can carry it."""
    return row.unplaced_since is not None and row.state == "booked"


def write_request(request: Request) -> dict[str, Any]:
    """Return a promise as JSON values."""
    plain: dict[str, Any] = msgspec.to_builtins(request)
    return plain


def read_request(plain: Mapping[str, Any]) -> Request:
    """Return the promise that `write_request` wrote."""
    return msgspec.convert(dict(plain), Request)


def plan_of(day: Day, fleet: Iterable[VehicleRow]) -> Plan:
    """Return the plan the rows describe, every vehicle where it finished its last stop."""
    return planned(day, tuple(fleet)).plan


class Planned(NamedTuple):
    """The plan that the rows of a day and of its vehicles describe."""

    day: Day
    fleet: tuple[VehicleRow, ...]
    plan: Plan

    def vehicle_as_in(self, day: Day, row: VehicleRow) -> bool:
        """Whether the route of a vehicle would be made of the same rows again."""
        before, id_ = self.day, row.id
        route = self.plan.routes.get(id_)
        return (
            route is not None
            and row in self.fleet
            and before.plans.get(id_) is day.plans.get(id_)
            and before.outages.get(id_) is day.outages.get(id_)
            and all(before.bookings[who] is day.bookings.get(who) for who in route.boarded_s)
        )

    def promise_as_in(self, day: Day, id_: str) -> bool:
        """Whether a request would be made of the same rows again."""
        before = self.day
        return (
            id_ in self.plan.requests
            and before.promises[id_] is day.promises[id_]
            and before.links.get(id_) is day.links.get(id_)
            and before.bookings[id_].pinned_vehicle_id == day.bookings[id_].pinned_vehicle_id
        )


def planned(day: Day, fleet: tuple[VehicleRow, ...], before: Planned | None = None) -> Planned:
    """Return the plan the rows describe.

    What `before` made of rows that are the same is taken over, the very same objects.
    """
    if before is not None and before.day is day and before.fleet == fleet:
        return before
    routes = {
        row.id: before.plan.routes[row.id]
        if before is not None and before.vehicle_as_in(day, row)
        else _route(day, row)
        for row in fleet
        if not is_out(day, row.id)
    }
    requests = {
        id_: before.plan.requests[id_]
        if before is not None and before.promise_as_in(day, id_)
        else _request(day, id_)
        for route in routes.values()
        for id_ in route.request_ids
    }
    version = sum(row.version for row in day.plans.values())
    return Planned(day, fleet, Plan(version, routes, requests))


def is_out(day: Day, vehicle_id: str) -> bool:
    """Whether a vehicle has broken down and is not back."""
    outage = day.outages.get(vehicle_id)
    return outage is not None and outage.kind == "out"


def _request(day: Day, booking_id: str) -> Request:
    request = read_request(day.promises[booking_id].request)
    link = day.links.get(booking_id)
    if link is not None:
        request = tied(request, link)
    return replace(request, pinned=day.bookings[booking_id].pinned_vehicle_id)


def tied(request: Request, link: LinkRow) -> Request:
    """Return a promise that keeps its connection; the promise alone when it cannot.

    Nobody can get in before the bus has come, however early the vehicle is.
    """
    connection = Connection(link.trip_id, link.toward, link.bus_s, link.margin_s)
    if link.toward == "to_bus":
        return unbound(replace(request, connection=connection))
    ready_s = max(request.earliest_pickup_s, link.bus_s + link.margin_s)
    if ready_s > min(request.latest_pickup_s, request.latest_dropoff_s - request.boarding_s):
        return request
    return replace(request, connection=connection, earliest_pickup_s=ready_s)


def _route(day: Day, vehicle: VehicleRow) -> Route:
    row = day.plan_row(vehicle.id)
    stops = tuple(Stop(who, StopKind(kind)) for kind, who in row.stops)
    picked = {stop.request_id for stop in stops if stop.kind is StopKind.PICKUP}
    boarded_s = {
        stop.request_id: day.bookings[stop.request_id].aboard_s or 0
        for stop in stops
        if stop.kind is StopKind.DROPOFF and stop.request_id not in picked
    }
    breaks = [day.rests[stop.request_id] for stop in stops if stop.kind is StopKind.BREAK]
    on_duty = on_shift(vehicle, row.at_place_id, row.free_s)
    outage = day.outages.get(vehicle.id)
    if outage is not None and outage.kind == "off":
        on_duty = replace(on_duty, end_s=max(outage.at_s, on_duty.start_s))
    return Route(on_duty, stops, boarded_s, tasks={each.id: break_of(each) for each in breaks})


def break_of(row: RestRow, place_id: int | None = None) -> Task:
    """Return a break as the dispatcher plans it, at another place if one is given."""
    place = Place(row.place_id if place_id is None else place_id)
    return Task(row.id, StopKind.BREAK, place, row.earliest_s, row.latest_s, row.lasts_s)


def stops_of(route: Route) -> tuple[tuple[str, str], ...]:
    """Return a route's stops as they are kept."""
    return tuple((stop.kind.value, stop.request_id) for stop in route.stops)


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where: `places` are the vehicles' live places; `at_stop` bookings waited for."""

    now_s: int
    places: Mapping[str, Place]
    at_stop: frozenset[str]
    divert_until_s: int
    held: frozenset[str] = frozenset()
    """Seats that are only held: no vehicle drives for them yet."""


def as_of(plan: Plan, moment: Moment, travel: Mapping[str, TravelTimes]) -> Plan:
    """Return the plan at a moment of its own day.

    No vehicle can leave before now; a seat that is only held gives way as soon as it would make
    anything late; what a late vehicle can no longer keep is widened to what it still can; a first
    stop about to happen is locked.
    """
    plan = relaxed(_given_way(_placed(plan, moment, travel), moment.held, travel), travel)
    return _locked(_unbound(plan), moment, travel)


def before_event(
    plan: Plan, moment: Moment, travel: Mapping[str, TravelTimes], touched: Collection[str]
) -> Plan:
    """Return the plan at a moment with nothing widened on the vehicles an event is about.

    So what they can no longer keep is named; others who are late already are not made later.
    """
    strict = _given_way(_placed(plan, moment, travel), moment.held, travel)
    plan = relaxed(strict, travel)
    for vehicle_id in strict.routes.keys() & set(touched):
        route = strict.routes[vehicle_id]
        plan = plan.with_route(route, *(strict.requests[id_] for id_ in route.request_ids))
    return _locked(_unbound(plan), moment, travel)


def _placed(plan: Plan, moment: Moment, travel: Mapping[str, TravelTimes]) -> Plan:
    """Return the plan with every vehicle where it is, and what is left of its break.

    One that a closed road cuts off from its depot serves those on its side, and ends anywhere.
    """
    for route in plan.routes.values():
        rested = _rested(route, moment.now_s, travel[route.vehicle.profile])
        if rested is not route:
            plan = plan.with_route(rested)
    for vehicle_id, route in plan.routes.items():
        place = moment.places.get(vehicle_id, route.vehicle.start)
        start_s = max(route.vehicle.start_s, moment.now_s)
        if (place, start_s) != (route.vehicle.start, route.vehicle.start_s):
            plan = moved(plan, vehicle_id, place, start_s)
    for route in plan.routes.values():
        if _is_cut_off(route.vehicle, travel[route.vehicle.profile]):
            plan = plan.with_route(replace(route, vehicle=replace(route.vehicle, end=None)))
    return plan


def _rested(route: Route, now_s: int, drives: TravelTimes) -> Route:
    """Return a route without what has passed of the break its vehicle takes now, or took.

    Nobody reports a break: it begins when the vehicle can be there, at its time at the earliest,
    and lasts as long as it was told.
    """
    while route.stops and route.stops[0].kind is StopKind.BREAK:
        vehicle, task = route.vehicle, route.tasks[route.stops[0].request_id]
        drive_s = int(drives.table([vehicle.start], [task.place])[0, 0])
        ends_s = max(vehicle.start_s + drive_s, task.earliest_s) + task.lasts_s
        left_s = ends_s - now_s
        if left_s >= task.lasts_s:
            break
        route = replace(route, vehicle=replace(vehicle, start=task.place))
        if left_s > 0:
            task = replace(task, latest_s=max(task.latest_s, now_s), lasts_s=left_s)
            return replace(route, tasks={**route.tasks, task.id: task})
        tasks = {id_: each for id_, each in route.tasks.items() if id_ != task.id}
        vehicle = replace(route.vehicle, start_s=ends_s, end_s=max(vehicle.end_s, ends_s))
        route = Route(vehicle, route.stops[1:], route.boarded_s, max(0, route.locked - 1), tasks)
    return route


def _given_way(plan: Plan, held: Collection[str], travel: Mapping[str, TravelTimes]) -> Plan:
    """Return the plan without the held seats that would make others on the vehicle later.

    A vehicle does not set off for a seat nobody has taken yet, so time passes for those after it.
    """
    for route in list(plan.routes.values()):
        for id_ in dict.fromkeys(stop.request_id for stop in route.stops):
            if id_ in held and _delays(plan, plan.routes[route.vehicle.id], id_, travel):
                plan = plan.without(id_)
    return plan


def _delays(plan: Plan, route: Route, id_: str, travel: Mapping[str, TravelTimes]) -> bool:
    """Whether a vehicle keeps less with a party than it could without it."""
    if isinstance(schedule(route, plan.requests, travel), Schedule):
        return False
    mine = {each: plan.requests[each] for each in route.request_ids}
    alone = Plan(plan.version, {route.vehicle.id: route}, mine)
    eased = relaxed(alone.without(id_), travel).requests
    return not isinstance(schedule(route, {**mine, **eased}, travel), Schedule)


def without_held(plan: Plan, vehicle_id: str, held: Collection[str]) -> Plan:
    """Return the plan as the driver of a vehicle drives it: for held seats nobody sets off."""
    route = plan.routes.get(vehicle_id)
    for id_ in () if route is None else route.request_ids & frozenset(held):
        plan = plan.without(id_)
    return plan


def _is_cut_off(vehicle: Vehicle, drives: TravelTimes) -> bool:
    if vehicle.end is None or not getattr(drives, "is_parted", False):
        return False
    return bool(drives.table([vehicle.start], [vehicle.end])[0, 0] >= UNREACHABLE_S)


def _unbound(plan: Plan) -> Plan:
    """Return the plan without the connections that somebody late no longer makes."""
    requests = {id_: unbound(request) for id_, request in plan.requests.items()}
    return replace(plan, requests=requests)


def _locked(plan: Plan, moment: Moment, travel: Mapping[str, TravelTimes]) -> Plan:
    for route in plan.routes.values():
        if route.stops and _is_near(route, plan, moment, travel):
            plan = plan.with_route(replace(route, locked=1))
    return plan


def _is_near(route: Route, plan: Plan, moment: Moment, travel: Mapping[str, TravelTimes]) -> bool:
    if route.stops[0].request_id in moment.at_stop:
        return True
    first_s = times(route, plan, travel).begin_s[0]
    return first_s - moment.now_s <= moment.divert_until_s


def times(route: Route, plan: Plan, travel: Mapping[str, TravelTimes]) -> Schedule:
    """Return when a route's stops will happen, whether or not all limits can be kept."""
    planned = schedule(route, plan.requests, travel)
    if isinstance(planned, Schedule):
        return planned
    return expected(route, plan.requests, travel)


def planned_bookings(
    day: Day, plan: Plan, vehicle_ids: Iterable[str], travel: Mapping[str, TravelTimes]
) -> list[BookingRow]:
    """Return the bookings on these vehicles whose vehicle or planned times the plan changes."""
    changed: list[BookingRow] = []
    for vehicle_id in vehicle_ids:
        route = plan.routes[vehicle_id]
        begin_s = times(route, plan, travel).begin_s
        at_s = {(s.request_id, s.kind): t for s, t in zip(route.stops, begin_s, strict=True)}
        for id_ in sorted(route.request_ids & day.bookings.keys()):
            row = day.bookings[id_]
            pickup_s = at_s.get((id_, StopKind.PICKUP), row.pickup_planned_s)
            arrive_s = at_s[id_, StopKind.DROPOFF]
            now = (row.vehicle_id, row.pickup_planned_s, row.arrive_planned_s)
            if now != (vehicle_id, pickup_s, arrive_s):
                planned = replace(
                    row,
                    vehicle_id=vehicle_id,
                    pickup_planned_s=pickup_s,
                    arrive_planned_s=arrive_s,
                )
                changed.append(planned)
    return changed
