"""What drivers report: arrived, aboard, dropped, no-show; and the ride record a drop-off makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from maas.rides.booking import Live, close
from maas.rides.commit import Change
from maas.rides.day import Moment, as_of, plan_of, planned_bookings
from maas.rides.fares import shared_by
from maas.rides.show import booking_view, event_text
from maas.rides.views import Event, NotNow, Step
from maas.store.bookings import BookingRow
from maas.store.commits import AuditEntry
from maas.store.fleet import VehicleRow
from maas.store.plans import PlanRow
from maas.store.rides import RideRow
from maas.town.calendars import clock_words
from maas.town.messages import say

# The states a step can be reported in, and those in which it has been reported before.
_FROM: Mapping[Step, frozenset[str]] = {
    "arrived": frozenset({"booked"}),
    "aboard": frozenset({"booked", "arrived"}),
    "dropped": frozenset({"aboard"}),
    "no_show": frozenset({"booked", "arrived"}),
}
_AFTER: Mapping[Step, frozenset[str]] = {
    "arrived": frozenset({"arrived", "aboard", "done"}),
    "aboard": frozenset({"aboard", "done"}),
    "dropped": frozenset({"done"}),
    "no_show": frozenset({"no_show"}),
}


def reported_before(row: BookingRow, step: Step) -> bool:
    """Whether a step has happened already, so that reporting it again changes nothing."""
    return row.state in _AFTER[step]


def allowed(live: Live, row: BookingRow, step: Step, at_s: int, wait_s: int) -> NotNow | None:
    """Return why a step cannot have happened, `None` when it can.

    A rider is a no-show only after `wait_s` at the stop, counted from the promised window.
    """
    if row.state in _FROM[step]:
        return _too_soon(live, row, at_s, wait_s) if step == "no_show" else None
    if row.state == "aboard":
        return NotNow(say("already_aboard"), row.state)
    if step == "dropped" and row.state in _FROM["aboard"]:
        return NotNow(say("not_aboard"), row.state)
    return NotNow(say("already_over"), row.state)


def _too_soon(live: Live, row: BookingRow, at_s: int, wait_s: int) -> NotNow | None:
    from_s = live.day.promises[row.id].pickup_from_s
    until_s = max(from_s, row.arrived_s or from_s) + wait_s
    if at_s >= until_s:
        return None
    return NotNow(say("wait_longer", until=clock_words(until_s)), row.state)


def report(
    live: Live, fleet: Iterable[VehicleRow], moment: Moment, row: BookingRow, step: Step, at_s: int
) -> Change:
    """Return what a step that is allowed writes."""
    if step == "no_show":
        change = close(live, replace(row, state="no_show"), "no_show", {"at_s": at_s})
        at_origin = [_at(plan, row.origin_id, at_s) for plan in change.plans]
        return replace(change, plans=tuple(at_origin), answer=None)
    plan = live.day.plan_row(row.vehicle_id)
    if step == "arrived":
        moved, after = _at(plan, row.origin_id, at_s), replace(row, state="arrived", arrived_s=at_s)
    elif step == "aboard":
        moved = _without(_at(plan, row.origin_id, at_s), ("pickup", row.id))
        after = replace(row, state="aboard", aboard_s=at_s, arrived_s=row.arrived_s or at_s)
    else:
        moved = _without(_at(plan, row.destination_id, at_s), ("dropoff", row.id))
        after = replace(row, state="done", dropped_s=max(at_s, row.aboard_s or 0))
    return _stepped(live, fleet, moment, moved, after)


def _at(plan: PlanRow, place_id: int, at_s: int) -> PlanRow:
    """Return the plan of a vehicle that is at a place at `at_s`."""
    return replace(plan, at_place_id=place_id, free_s=max(at_s, plan.free_s or 0))


def _without(plan: PlanRow, stop: tuple[str, str]) -> PlanRow:
    return replace(plan, stops=tuple(each for each in plan.stops if each != stop))


def _stepped(
    live: Live, fleet: Iterable[VehicleRow], moment: Moment, moved: PlanRow, after: BookingRow
) -> Change:
    day = live.day.with_rows([moved], [after])
    plan = as_of(plan_of(day, fleet), moment, live.travel)
    updated = planned_bookings(day, plan, [moved.vehicle_id], live.travel)
    stepped = next((row for row in updated if row.id == after.id), after)
    others = tuple(row for row in updated if row.id != after.id)
    ride = ride_of(live, after) if after.state == "done" else None
    yen = None if ride is None else ride.fare_yen
    event = Event(
        kind=f"booking.{after.state}",
        area=live.names.area,
        date=after.service_date,
        at=live.now,
        vehicles=(moved.vehicle_id,),
        booking=booking_view(live.names, stepped, live.day.promises[after.id]),
        text=event_text(live.names, after.state, stepped, yen),
    )
    audit = AuditEntry(live.now, live.actor, event.kind, after.id, "{}")
    return Change((moved,), (event,), audit, updated=(stepped, *others), ride=ride)


def ride_of(live: Live, row: BookingRow) -> RideRow:
    """Return the record of a ride that has just ended; its fare is final now."""
    dropped_s, aboard_s = row.dropped_s or 0, row.aboard_s or 0
    tariff = live.names.tariff_on(row.service_date)
    bookings = list(live.day.bookings.values())
    fare = live.names.final_fare(row, bookings, dropped_s)
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
