"""Book, change, cancel: what each would write, worked out before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from dispatcher import Plan, Request
from maas.notify.occasions import Occasion
from maas.notify.wanted import Notices, wanted
from maas.rides import states
from maas.rides.commit import Change, reference_for
from maas.rides.day import Day, planned_bookings, read_request, stops_of, write_request
from maas.rides.limits import still_alone
from maas.rides.messages import say
from maas.rides.show import Names, booking_view, event_text
from maas.rides.states import NotSo
from maas.rides.tokens import OfferToken
from maas.rides.travel import Drives
from maas.rides.views import Event, NotNow
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.commits import AuditEntry
from maas.store.plans import PlanRow

STRANDED: Final = "stranded"
"""What is said of the state of a booking whose rider waits beside a broken-down vehicle."""


@dataclass(frozen=True, slots=True)
class Live:
    """What a decision is made on: a day's rows, its plan at this moment, and the moment.

    `now` is epoch seconds, `now_s` the same in seconds of the day.
    """

    names: Names
    travel: Mapping[str, Drives]
    day: Day
    plan: Plan
    now: float
    now_s: int
    actor: str

    def without(self, booking_id: str) -> Plan:
        """Return the plan without a booking; one that no vehicle can carry is in none anyhow."""
        known = booking_id in self.plan.requests
        return self.plan.without(booking_id) if known else self.plan


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a booking is for: a member, or somebody with a name and a telephone.

    `channel` is how they asked, empty as they were quoted; `call_id` the telephone call.
    """

    member_id: int | None
    name: str = ""
    phone: str = ""
    channel: str = ""
    call_id: str | None = None


def caller_of(row: BookingRow) -> Caller:
    """Return whom a booking is for."""
    return Caller(row.member_id, row.contact_name, row.contact_phone, row.channel, row.call_id)


def book(
    live: Live,
    taken: Plan,
    offer: OfferToken,
    booking_id: str,
    caller: Caller,
    *,
    group_id: str | None = None,
) -> Change:
    """Return what taking an offer writes; `taken` is the plan with its promise in it."""
    row = replace(_new_row(live, offer, booking_id, caller), group_id=group_id)
    told = _told(live, taken.requests[booking_id], row, "booked")
    return _decided(_change(live, taken, row, told, "booked", added=True), offer)


def hold(
    live: Live,
    taken: Plan,
    offer: OfferToken,
    booking_id: str,
    caller: Caller,
    *,
    until: float | None,
) -> Change:
    """Return what holding an offer writes, until an epoch second or until somebody ends it.

    Without an end it is a seat held softly: the times are what we expect, nobody was told them.
    """
    row = _new_row(live, offer, booking_id, caller)
    held = replace(row, state="held", held_until=until)
    why = "expected" if until is None else "held"
    told = _told(live, taken.requests[booking_id], held, why)
    return _decided(_change(live, taken, held, told, "held", added=True), offer)


def confirm(live: Live, taken: Plan, row: BookingRow, caller: Caller) -> Change:
    """Return what booking a held seat writes, at the times it was held for; `taken` has it in."""
    booked = replace(
        row,
        state="booked",
        held_until=None,
        member_id=caller.member_id,
        contact_name=caller.name,
        contact_phone=caller.phone,
        promise_no=row.promise_no + 1,
        booked_at=live.now,
        booked_by=live.actor,
    )
    promise = read_request(live.day.promises[row.id].request)
    told = _told(live, promise, booked, "booked")
    return _change(live, taken, booked, told, "booked", added=False)


def release(live: Live, row: BookingRow) -> Change:
    """Return what giving a held seat up writes."""
    return close(live, replace(row, state="lapsed", held_until=None), "lapsed", {})


def move_held(
    live: Live, taken: Plan, row: BookingRow, offer: OfferToken, *, state: str, why: str
) -> Change:
    """Return what giving a held seat other times writes, or making it real: `why` says which."""
    moved = replace(
        row,
        state=state,
        promise_no=row.promise_no + 1,
        direct_s=offer.direct_s,
        booked_at=live.now,
        booked_by=live.actor,
    )
    told = _told(live, taken.requests[row.id], moved, why)
    what = "booked" if state == "booked" else "held"
    return _change(live, taken, moved, told, what, added=False)


def change(
    live: Live, taken: Plan, others: Live | None, row: BookingRow, offer: OfferToken
) -> Change:
    """Return what moving a booking to another offer writes; `taken` has its new promise in it.

    `live` is the day of the offer, `others` that of the booking when it is another one.  A vehicle
    that a dispatcher had given the old ride for good is not kept for the new one.
    """
    promise = taken.requests[row.id]
    moved = replace(
        row,
        service_date=offer.day,
        reference=row.reference if others is None else _reference(live, row.id),
        origin_id=promise.origin,
        destination_id=promise.destination,
        riders=offer.riders,
        wheelchairs=offer.wheelchairs,
        half_fares=offer.half_fares,
        infants=offer.infants,
        transfer=offer.transfer,
        helpers=offer.helpers,
        direct_s=offer.direct_s,
        promise_no=row.promise_no + 1,
        pinned_vehicle_id=None,
        unplaced_since=None,
        boards_at_id=None,
    )
    told = _told(live, promise, moved, "changed")
    done = _decided(_change(live, taken, moved, told, "changed", added=False), offer)
    if others is None:
        return replace(done, plans=_guarded(live, done.plans, row))
    plans, updated = _moved(others, others.without(row.id), others.day)
    plans = _guarded(others, plans, row)
    return replace(done, plans=done.plans + plans, updated=done.updated + updated)


def cancel(
    live: Live, row: BookingRow, reason: str, *, brought_otherwise: bool = False
) -> Change | NotNow:
    """Return what cancelling a booking writes, or why it cannot be cancelled."""
    then = states.after(row.state, "cancel")
    if isinstance(then, NotSo):
        return NotNow(then.sentence, row.state)
    if not brought_otherwise and (waits := waits_on_the_way(row)) is not None:
        return waits
    gone = replace(row, state="cancelled", cancel_reason=reason)
    sure = {"brought_otherwise": True} if row.boards_at_id is not None else {}
    return close(live, gone, "cancelled", {"reason": reason, **sure})


def waits_on_the_way(row: BookingRow) -> NotNow | None:
    """Return that a rider was set down where a vehicle broke down, and that somebody has to come.

    A booking that ends or moves then leaves them beside the road.
    """
    return None if row.boards_at_id is None else NotNow(say("stranded"), STRANDED)


def close(live: Live, gone: BookingRow, what: str, detail: Mapping[str, object]) -> Change:
    """Return what taking a booking out of the plan writes; `what` happened to it."""
    plans, updated = _moved(live, live.without(gone.id), live.day)
    plans = _guarded(live, plans, live.day.bookings[gone.id])
    return _written(live, plans, gone, live.day.promises[gone.id], what, detail, updated=updated)


def _decided(change: Change, offer: OfferToken) -> Change:
    """Return the change with who set a rule aside for the offer in its audit, if somebody did."""
    if offer.waiver is None:
        return change
    detail = msgspec.json.decode(change.audit.detail) | {"waiver": offer.waiver}
    text = msgspec.json.encode(detail, order="deterministic").decode()
    return replace(change, audit=replace(change.audit, detail=text))


def _guarded(live: Live, plans: tuple[PlanRow, ...], row: BookingRow) -> tuple[PlanRow, ...]:
    """Return the plans with that of the vehicle a booking had last, when none carries it now.

    Its version guards the booking while it waits for a vehicle, or is a held seat that gave way.
    """
    if row.vehicle_id in {plan.vehicle_id for plan in plans}:
        return plans
    return (*plans, live.day.plan_row(row.vehicle_id))


def placed(
    live: Live, plan: Plan, row: BookingRow, what: str, detail: Mapping[str, object]
) -> Change:
    """Return what a plan writes that a dispatcher has decided on for one booking."""
    plans, updated = _moved(live, plan, live.day.with_rows((), [row]), row.id)
    now = next((each for each in updated if each.id == row.id), row)
    others = tuple(each for each in updated if each.id != row.id)
    return _written(live, plans, now, live.day.promises[row.id], what, detail, updated=others)


def _new_row(live: Live, offer: OfferToken, booking_id: str, caller: Caller) -> BookingRow:
    return BookingRow(
        id=booking_id,
        area_id=offer.area,
        service_date=offer.day,
        reference=_reference(live, booking_id),
        state="booked",
        member_id=caller.member_id,
        contact_name=caller.name,
        contact_phone=caller.phone,
        origin_id=offer.promise.origin,
        destination_id=offer.promise.destination,
        riders=offer.riders,
        wheelchairs=offer.wheelchairs,
        half_fares=offer.half_fares,
        infants=offer.infants,
        transfer=offer.transfer,
        helpers=offer.helpers,
        channel=caller.channel or offer.channel,
        call_id=caller.call_id,
        vehicle_id=offer.vehicle,
        promise_no=1,
        pickup_planned_s=offer.promise.earliest_pickup_s,
        arrive_planned_s=offer.promise.latest_dropoff_s,
        direct_s=offer.direct_s,
        booked_at=live.now,
        booked_by=live.actor,
    )


def _reference(live: Live, booking_id: str) -> str:
    return reference_for(booking_id, [row.reference for row in live.day.bookings.values()])


def _told(live: Live, promise: Request, row: BookingRow, why: str) -> PromiseRow:
    return PromiseRow(
        booking_id=row.id,
        no=row.promise_no,
        vehicle_id=row.vehicle_id,
        pickup_from_s=promise.earliest_pickup_s,
        pickup_to_s=promise.latest_pickup_s,
        arrive_by_s=promise.latest_dropoff_s,
        request=write_request(promise),
        told_at=live.now,
        told_by=live.actor,
        why=why,
    )


def _change(
    live: Live, taken: Plan, row: BookingRow, told: PromiseRow, what: str, *, added: bool
) -> Change:
    """Return the commit that gives a booking its place in a plan and its promise."""
    with_it = live.day.with_rows((), [row], [told])
    plans, updated = _moved(live, taken, with_it, row.id)
    placed = next((each for each in updated if each.id == row.id), row)
    told = replace(told, vehicle_id=placed.vehicle_id)
    others = tuple(each for each in updated if each.id != row.id)
    detail = {"promise": told.request, "vehicle": placed.vehicle_id, "channel": row.channel}
    done = _written(live, plans, placed, told, what, detail, updated=others)
    alone = () if row.state == "held" else still_alone(live.day, row)
    done = replace(done, promises=(told,), also=(*done.also, *alone))
    return replace(done, added=(placed,), updated=others) if added else done


def _moved(
    live: Live, plan: Plan, day: Day, party: str = ""
) -> tuple[tuple[PlanRow, ...], tuple[BookingRow, ...]]:
    """Return the plans that `plan` changes, and the bookings whose planned times move with them.

    The plan that carries `party` is always among them: its version is what guards the booking,
    also when a new promise leaves every stop where it was.
    """
    touched = [
        replace(live.day.plan_row(id_), stops=stops_of(route))
        for id_, route in plan.routes.items()
        if stops_of(route) != live.day.plan_row(id_).stops or party in route.request_ids
    ]
    planned = planned_bookings(day, plan, [row.vehicle_id for row in touched], live.travel)
    return tuple(touched), tuple(planned)


def _written(
    live: Live,
    plans: tuple[PlanRow, ...],
    row: BookingRow,
    told: PromiseRow,
    what: str,
    detail: Mapping[str, object],
    *,
    updated: tuple[BookingRow, ...],
) -> Change:
    """Return a commit about one booking, with its event, its audit entry and its answer."""
    view = booking_view(live.names, row, told)
    event = Event(
        kind=f"booking.{what}",
        area=live.names.area,
        date=row.service_date,
        at=live.now,
        vehicles=tuple(plan.vehicle_id for plan in plans),
        booking=view,
        text=event_text(live.names, what, row),
    )
    body = msgspec.json.encode(detail, order="deterministic").decode()
    return Change(
        plans=plans,
        events=(event,),
        audit=AuditEntry(live.now, live.actor, f"booking.{what}", row.id, body),
        updated=(row, *updated),
        answer=view,
        also=_notices(live, row, what),
    )


_TOLD: Final = {
    "booked": Occasion.BOOKED,
    "changed": Occasion.CHANGED,
    "cancelled": Occasion.CANCELLED,
}


def _notices(live: Live, row: BookingRow, what: str) -> tuple[Notices, ...]:
    """Return the messages to the rider about what has been done with a booking."""
    if what not in _TOLD:
        return ()
    member = live.names.members.get(row.member_id or 0)
    return (wanted(_TOLD[what], row, member, now=live.now),)
