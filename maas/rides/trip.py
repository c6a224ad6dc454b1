"""What drivers report: arrived, aboard, dropped, no-show; and the ride record a drop-off makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dispatcher import RIDER_STOPS, Plan, Route, StopKind, TravelTimes
from dispatcher import moved as shifted
from dispatcher.load import excesses
from dispatcher.nodes import nodes_of
from maas.notify.occasions import Occasion
from maas.notify.wanted import wanted
from maas.rides import states
from maas.rides.booking import Live, close
from maas.rides.commit import Also, Change
from maas.rides.day import Moment, as_of, plan_of, planned_bookings, times
from maas.rides.fares import shared_by
from maas.rides.show import booking_view, event_text
from maas.rides.states import Already, NotSo
from maas.rides.views import Event, NotNow, Step
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.commits import AuditEntry
from maas.store.fleet import VehicleRow
from maas.store.plans import PlanRow
from maas.store.rides import RideRow
from maas.town.calendars import clock_words
from maas.town.messages import say


def reported_before(row: BookingRow, step: Step) -> bool:
    """Whether a step has happened already, so that reporting it again changes nothing."""
    return isinstance(states.after(row.state, step), Already)


def allowed(live: Live, row: BookingRow, step: Step, at_s: int, wait_s: int) -> NotNow | None:
    """Return why a step cannot have happened, `None` when it can.

    A rider is a no-show only after `wait_s` at the stop, counted from the promised window.
    """
    then = states.after(row.state, step)
    if isinstance(then, NotSo):
        return NotNow(then.sentence, row.state)
    return _too_soon(live, row, at_s, wait_s) if step == "no_show" else None


def _too_soon(live: Live, row: BookingRow, at_s: int, wait_s: int) -> NotNow | None:
    until_s = waits_until_s(live.day.promises[row.id], row, wait_s)
    if at_s >= until_s:
        return None
    return NotNow(say("wait_longer", until=clock_words(until_s)), row.state)


def waits_until_s(promise: PromiseRow, row: BookingRow, wait_s: int) -> int:
    """Return until when a rider is waited for, counted from the window or a later arrival."""
    from_s = promise.pickup_from_s
    return max(from_s, row.arrived_s or from_s) + wait_s


def report(
    live: Live, fleet: Sequence[VehicleRow], moment: Moment, row: BookingRow, step: Step, at_s: int
) -> Change:
    """Return what a step that is allowed writes."""
    if step == "no_show":
        change = close(live, replace(row, state="no_show"), "no_show", {"at_s": at_s})
        at_origin = [_at(plan, row.pickup_id, at_s) for plan in change.plans]
        return replace(change, plans=tuple(at_origin), answer=None)
    stop = ("dropoff" if step == "dropped" else "pickup", row.id)
    plan = _past_breaks(live.day.plan_row(row.vehicle_id), stop)
    if step == "aboard" and ("dropoff", row.id) not in plan.stops:
        return rode(live, fleet, moment, row, row.vehicle_id, step, at_s)
    if step == "arrived":
        moved = _at(plan, row.pickup_id, at_s)
        after = replace(row, state="arrived", arrived_s=at_s)
    elif step == "aboard":
        moved = _without(_at(plan, row.pickup_id, at_s), ("pickup", row.id))
        after = replace(row, state="aboard", aboard_s=at_s, arrived_s=row.arrived_s or at_s)
        moved = _with_room(live, fleet, moment, moved, after)
    else:
        moved = _without(_at(plan, row.destination_id, at_s), ("dropoff", row.id))
        after = replace(row, state="done", dropped_s=max(at_s, row.aboard_s or 0))
    return _stepped(live, fleet, moment, (moved,), after)


def rode(
    live: Live,
    fleet: Sequence[VehicleRow],
    moment: Moment,
    row: BookingRow,
    vehicle_id: str,
    step: Step,
    at_s: int,
) -> Change:
    """Return what it writes that a rider sits (`aboard`) or sat (`dropped`) in a vehicle.

    For what a vehicle reports late, whatever the plan says by now: the booking may be another
    vehicle's, cancelled, or never reported as on board; then boarding is taken to have been at the
    arrival, or as long before the drop-off as the direct drive takes.
    """
    aboard_s = at_s if step == "aboard" else _boarded_s(row, vehicle_id, at_s)
    seated = replace(
        row,
        state="aboard",
        vehicle_id=vehicle_id,
        arrived_s=min(aboard_s, row.arrived_s or aboard_s),
        aboard_s=aboard_s,
        dropped_s=None,
        cancel_reason=None,
        pinned_vehicle_id=None,
        held_until=None,
        unplaced_since=None,
    )
    others = _off_the_others(live, row)
    own = next((plan for plan in others if plan.vehicle_id == vehicle_id), None)
    own = own or live.day.plan_row(vehicle_id)
    rest = tuple(plan for plan in others if plan.vehicle_id != vehicle_id)
    if step == "dropped":
        own = _at(own, row.destination_id, at_s)
        after = replace(seated, state="done", dropped_s=at_s)
        return _stepped(live, fleet, moment, (own, *rest), after)
    own = _at(own, row.pickup_id, at_s)
    own = _with_dropoff(live, fleet, moment, own, seated)
    return _stepped(live, fleet, moment, (own, *rest), seated)


def _boarded_s(row: BookingRow, vehicle_id: str, dropped_s: int) -> int:
    if row.arrived_s is not None and row.vehicle_id == vehicle_id:
        return min(row.arrived_s, dropped_s)
    return max(dropped_s - row.direct_s, 0)


def _off_the_others(live: Live, row: BookingRow) -> tuple[PlanRow, ...]:
    """Return the plans that have a booking, without it."""
    stops = ("pickup", row.id), ("dropoff", row.id)
    having = [plan for plan in live.day.plans.values() if set(stops) & set(plan.stops)]
    return tuple(_without(_without(plan, stops[0]), stops[1]) for plan in having)


def _with_room(
    live: Live, fleet: Sequence[VehicleRow], moment: Moment, plan: PlanRow, seated: BookingRow
) -> PlanRow:
    """Return a plan as it is, unless a rider who got in before their turn takes another's seat.

    Who drives without signal goes by an older plan, with others first.
    """
    too_many, _, _ = _cost(live, _those(fleet, plan), moment, plan, seated)
    if not too_many:
        return plan
    return _with_dropoff(live, fleet, moment, _without(plan, ("dropoff", seated.id)), seated)


def _with_dropoff(
    live: Live, fleet: Sequence[VehicleRow], moment: Moment, plan: PlanRow, seated: BookingRow
) -> PlanRow:
    """Return a plan with a rider's drop-off where all fit, the fewest are late, it ends soonest."""
    places = range(len(plan.stops) + 1)
    stop = ("dropoff", seated.id)
    ways = [replace(plan, stops=(*plan.stops[:n], stop, *plan.stops[n:])) for n in places]
    vehicles = _those(fleet, plan)
    best = min(ways, key=lambda way: _cost(live, vehicles, moment, way, seated))
    return _past_breaks(best, stop)


def _past_breaks(plan: PlanRow, stop: tuple[str, str]) -> PlanRow:
    """Return a plan without the breaks before a stop that its driver is at, or drives to now."""
    at = plan.stops.index(stop) if stop in plan.stops else 0
    ahead = (each for each in plan.stops[:at] if each[0] != StopKind.BREAK)
    return replace(plan, stops=(*ahead, *plan.stops[at:]))


def _those(fleet: Sequence[VehicleRow], plan: PlanRow) -> list[VehicleRow]:
    """Return the vehicle of a plan."""
    return [row for row in fleet if row.id == plan.vehicle_id]


def _cost(
    live: Live, fleet: Sequence[VehicleRow], moment: Moment, way: PlanRow, seated: BookingRow
) -> tuple[int, int, int]:
    """Return how many too many would sit, by how much promises are missed, and when it ends."""
    plan = plan_of(live.day.with_rows([way], [seated]), fleet)
    route = plan.routes.get(way.vehicle_id)
    if route is None:  # it is out
        return 0, 0, 0
    start_s = max(route.vehicle.start_s, moment.now_s)
    plan = shifted(plan, way.vehicle_id, route.vehicle.start, start_s)
    begin_s = times(plan.routes[way.vehicle_id], plan, live.travel).begin_s
    late_s = 0
    for stop, at_s in zip(route.stops, begin_s, strict=True):
        if stop.kind not in RIDER_STOPS:
            continue
        promise = plan.requests[stop.request_id]
        pickup = stop.kind is StopKind.PICKUP
        due_s = promise.latest_pickup_s if pickup else promise.latest_dropoff_s
        late_s += max(0, at_s - due_s)
    return _too_many(route, plan, live.travel), late_s, begin_s[-1]


def _too_many(route: Route, plan: Plan, travel: Mapping[str, TravelTimes]) -> int:
    """Return by how many a route is too full, in seats and wheelchair places, over all stops."""
    full = dict(excesses(route, plan.requests, nodes_of(route, plan.requests, travel)))
    return sum(int(full[rule].clip(0).sum()) for rule in ("seats", "wheelchair_places"))


def _at(plan: PlanRow, place_id: int, at_s: int) -> PlanRow:
    """Return the plan of a vehicle that is at a place at `at_s`, unless it has been on since."""
    if at_s < (plan.free_s or 0):
        return plan
    return replace(plan, at_place_id=place_id, free_s=at_s)


def _without(plan: PlanRow, stop: tuple[str, str]) -> PlanRow:
    return replace(plan, stops=tuple(each for each in plan.stops if each != stop))


def _stepped(
    live: Live,
    fleet: Sequence[VehicleRow],
    moment: Moment,
    moved: tuple[PlanRow, ...],
    after: BookingRow,
) -> Change:
    day = live.day.with_rows(moved, [after])
    vehicles = tuple(plan.vehicle_id for plan in moved)
    plan = as_of(plan_of(day, fleet), moment, live.travel)
    driving = [id_ for id_ in vehicles if id_ in plan.routes]  # one that is out has no times
    updated = planned_bookings(day, plan, driving, live.travel)
    stepped = next((row for row in updated if row.id == after.id), after)
    others = tuple(row for row in updated if row.id != after.id)
    ride = ride_of(live, after) if after.state == "done" else None
    yen = None if ride is None else ride.fare_yen
    event = Event(
        kind=f"booking.{after.state}",
        area=live.names.area,
        date=after.service_date,
        at=live.now,
        vehicles=vehicles,
        booking=booking_view(live.names, stepped, live.day.promises[after.id]),
        text=event_text(live.names, after.state, stepped, yen),
    )
    audit = AuditEntry(live.now, live.actor, event.kind, after.id, "{}")
    return Change(
        moved, (event,), audit, updated=(stepped, *others), ride=ride, also=_watched(live, stepped)
    )


def _watched(live: Live, row: BookingRow) -> tuple[Also, ...]:
    """Return the messages to family who wish to hear of it, none for an arrival at the stop."""
    occasion = {"aboard": Occasion.DEPARTED, "done": Occasion.ARRIVED}.get(row.state)
    member = None if row.member_id is None else live.names.members.get(row.member_id)
    return () if occasion is None else (wanted(occasion, row, member, now=live.now),)


def ride_of(live: Live, row: BookingRow) -> RideRow:
    """Return the record of a ride that has just ended; its fare is final now."""
    dropped_s, aboard_s = row.dropped_s or 0, row.aboard_s or 0
    tariff = live.names.tariff_on(row.service_date)
    bookings = list(live.day.bookings.values())
    linked = row.id in live.day.links
    fare = live.names.final_fare(row, bookings, dropped_s, linked=linked)
    if tariff is None or fare is None:
        raise ValueError(f"no tariff on {row.service_date}, yet {row.id} rode")
    drives = live.travel[live.names.vehicles[row.vehicle_id].profile]
    return RideRow(
        booking_id=row.id,
        service_date=row.service_date,
        vehicle_id=row.vehicle_id,
        picked_up_s=aboard_s,
        dropped_off_s=dropped_s,
        distance_m=drives.length_m(_visited(row, bookings)),
        shared=shared_by(row, bookings, dropped_s),
        fare_yen=fare.yen,
        fare_reasons=tuple((reason.ja, reason.en) for reason in fare.reasons),
        fare_inputs=fare.record,
        tariff=tariff.id,
    )


def _visited(row: BookingRow, bookings: Iterable[BookingRow]) -> list[int]:
    """Return the places the vehicle was at from a rider's pick-up to their drop-off, in order."""
    first, last = row.aboard_s or 0, row.dropped_s or 0
    visits = [
        (at_s, place_id)
        for other in bookings
        if other.vehicle_id == row.vehicle_id and other.id != row.id
        for at_s, place_id in (
            (other.aboard_s, other.origin_id),
            (other.dropped_s, other.destination_id),
        )
        if at_s is not None and first < at_s < last
    ]
    between = [place_id for _, place_id in sorted(visits)]
    return [row.origin_id, *between, row.destination_id]
