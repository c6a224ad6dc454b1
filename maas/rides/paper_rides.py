"""What a line from paper becomes: the booking, the promise, and what it clashes with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dispatcher import Place, Plan, Request
from maas.duty.messages import tell
from maas.fares.shared import Interval, was_shared
from maas.rides.booking import Live
from maas.rides.commit import Change, reference_for
from maas.rides.day import write_request
from maas.rides.fares import shared_by
from maas.rides.paper_lines import Conflict, PaperLine, conflict
from maas.rides.show import booking_view
from maas.rides.tokens import OfferToken
from maas.rides.views import Event
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.commits import AuditEntry
from maas.store.fleet import VehicleRow
from maas.town.calendars import clock_words
from maas.town.rules import BookingRule

if TYPE_CHECKING:
    pass


def same_rider(live: Live, line: PaperLine) -> Iterable[Conflict]:
    """Yield the bookings that the same person has at the same time: maybe the same ride twice."""
    until_s = line.dropped_s or line.by_s or line.told_s + 1800
    since_s = line.aboard_s or line.told_s
    for row in live.day.bookings.values():
        same = line.rider_id is not None and row.member_id == line.rider_id
        same = same or bool(line.phone and row.contact_phone == line.phone)
        over = row.state in {"cancelled", "lapsed"} or row.id == line.booking_id
        if same and not over and _begins_s(row) < until_s and _ends_s(row) > since_s:
            at = clock_words(_begins_s(row))
            yield conflict("same_rider", row.id, reference=row.reference, at=at)


def shared_since(live: Live, line: PaperLine, lines: Sequence[PaperLine]) -> Iterable[Conflict]:
    """Yield the rides whose fare was taken for a ride alone, and which this line rode along on."""
    if line.aboard_s is None or line.dropped_s is None:
        return
    entered = {each.booking_id for each in lines}
    mine, rows = Interval(line.aboard_s, line.dropped_s), list(live.day.bookings.values())
    for row in rows:
        if row.state != "done" or row.vehicle_id != line.vehicle_id or row.id in entered:
            continue
        theirs = Interval(row.aboard_s or 0, row.dropped_s)
        if was_shared(theirs, [mine]) and not shared_by(row, rows, row.dropped_s):
            yield conflict("shared_since", row.id, reference=row.reference)


def _begins_s(row: BookingRow) -> int:
    return row.aboard_s or row.pickup_planned_s


def _ends_s(row: BookingRow) -> int:
    return row.dropped_s or row.arrive_planned_s


def is_over_full(live: Live, line: PaperLine, others: Sequence[BookingRow]) -> bool:
    """Whether more than fit sat in the vehicle at some moment of a ride, those on paper too."""
    if line.aboard_s is None or line.dropped_s is None:
        return False
    vehicle = live.names.vehicles[line.vehicle_id]
    known = {row.id: row for row in (*live.day.bookings.values(), *others)}
    aboard = [
        row
        for row in known.values()
        if row.vehicle_id == vehicle.id and row.aboard_s is not None and row.id != line.booking_id
    ]
    moments = [line.aboard_s, *(row.aboard_s or 0 for row in aboard)]
    return any(
        _load(vehicle, line, [row for row in aboard if _is_aboard(row, at_s)])
        for at_s in moments
        if line.aboard_s <= at_s < line.dropped_s
    )


def _is_aboard(row: BookingRow, at_s: int) -> bool:
    return (row.aboard_s or 0) <= at_s < (row.dropped_s or at_s + 1)


def _load(vehicle: VehicleRow, line: PaperLine, rows: Sequence[BookingRow]) -> bool:
    wheelchairs = line.wheelchairs + sum(row.wheelchairs for row in rows)
    seated = line.riders - line.wheelchairs + sum(row.riders - row.wheelchairs for row in rows)
    seats = vehicle.seats - wheelchairs * vehicle.seats_lost_per_wheelchair
    return seated > seats or wheelchairs > vehicle.wheelchair_places


def row_of(live: Live, line: PaperLine) -> BookingRow:
    """Return the booking a line becomes."""
    state = "no_show" if line.no_show else "booked" if line.dropped_s is None else "done"
    direct_s = _direct_s(live, line)
    taken = [row.reference for row in live.day.bookings.values()]
    return BookingRow(
        id=line.booking_id,
        area_id=live.names.area,
        service_date=line.day,
        reference=reference_for(line.booking_id, taken),
        state=state,
        member_id=line.rider_id,
        contact_name=line.name,
        contact_phone=line.phone,
        origin_id=line.origin,
        destination_id=line.destination,
        riders=line.riders,
        wheelchairs=line.wheelchairs,
        half_fares=line.half_fares,
        infants=line.infants,
        transfer=line.transfer,
        vehicle_id=line.vehicle_id,
        promise_no=1,
        pickup_planned_s=line.told_s,
        arrive_planned_s=line.by_s or line.told_s + direct_s,
        direct_s=direct_s,
        booked_at=live.now,
        booked_by=live.actor,
        arrived_s=line.aboard_s,
        aboard_s=line.aboard_s if line.dropped_s is not None else None,
        dropped_s=line.dropped_s,
        channel="paper",
    )


def _direct_s(live: Live, line: PaperLine) -> int:
    profile = live.names.vehicles[line.vehicle_id].profile
    table = live.travel[profile].table([Place(line.origin)], [Place(line.destination)])
    return int(table[0, 0])


def request_of(live: Live, line: PaperLine, row: BookingRow, rule: BookingRule) -> Request:
    """Return the promise that was given on paper: the window from the time told."""
    direct_s = _direct_s(live, line)
    boarding_s = rule.wheelchair_boarding_s if line.wheelchairs else rule.boarding_s
    ride_s = round(direct_s * rule.ride_max_factor) + rule.ride_max_extra_min * 60
    latest_s = line.told_s + rule.window_min * 60
    by_s = latest_s + boarding_s + ride_s
    if line.by_s is not None:
        by_s = max(line.by_s, line.told_s + boarding_s + direct_s)
    return Request(
        id=row.id,
        origin=Place(line.origin),
        destination=Place(line.destination),
        earliest_pickup_s=line.told_s,
        latest_pickup_s=latest_s,
        earliest_dropoff_s=line.told_s,
        latest_dropoff_s=by_s,
        ride_max_s=max(ride_s, direct_s),
        seats=line.riders - line.wheelchairs,
        wheelchairs=line.wheelchairs,
        boarding_s=boarding_s,
        alighting_s=rule.alighting_s,
    )


def offer_of(live: Live, line: PaperLine, request: Request, row: BookingRow) -> OfferToken:
    """Return a line as an offer that is taken."""
    return OfferToken(
        area=live.names.area,
        day=line.day,
        expires=0,
        kind="asked",
        vehicle=line.vehicle_id,
        promise=request,
        direct_s=row.direct_s,
        riders=line.riders,
        wheelchairs=line.wheelchairs,
        half_fares=line.half_fares,
        infants=line.infants,
        transfer=line.transfer,
        channel="paper",
    )


def promise_of(live: Live, row: BookingRow, request: Request) -> PromiseRow:
    """Return what the rider was told, as the ledger keeps it."""
    return PromiseRow(
        booking_id=row.id,
        no=1,
        vehicle_id=row.vehicle_id,
        pickup_from_s=request.earliest_pickup_s,
        pickup_to_s=request.latest_pickup_s,
        arrive_by_s=request.latest_dropoff_s,
        request=write_request(request),
        told_at=live.now,
        told_by=live.actor,
        why="paper",
    )


def unplaced(live: Live, row: BookingRow, request: Request) -> Change:
    """Return a booking that no vehicle can carry now: it is kept, and looked for room later."""
    waiting = replace(row, unplaced_since=live.now)
    promise = promise_of(live, waiting, request)
    event = Event(
        kind="booking.booked",
        area=live.names.area,
        date=row.service_date,
        at=live.now,
        vehicles=(row.vehicle_id,),
        booking=booking_view(live.names, waiting, promise),
        text=tell("event.paper", reference=row.reference),
    )
    audit = AuditEntry(live.now, live.actor, "paper.taken", row.id, "{}")
    plan = live.day.plan_row(row.vehicle_id)
    return Change((plan,), (event,), audit, added=(waiting,), promises=(promise,))


def carriers(plan: Plan, booking_id: str) -> set[str]:
    """Return the vehicles that a plan has a booking in."""
    return {id_ for id_, route in plan.routes.items() if booking_id in route.request_ids}
