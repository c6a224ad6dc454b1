"""From a plan that an event left to rows: whose promise moves, whom nobody can carry, who is told.

Nothing is moved silently: a promise that the new plan does not keep is followed by another row with
the reason, and by a message that is due before the old time has passed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from dispatcher import Plan, Request
from dispatcher.broken import Replanned
from maas.notify.occasions import Occasion
from maas.notify.wanted import Notices, wanted
from maas.rides.booking import Live
from maas.rides.day import Day, is_unplaced, planned_bookings, stops_of, write_request
from maas.rides.event_words import say
from maas.rides.outcome import RiderChange, TimesView, What
from maas.rides.show import booking_view
from maas.rides.views import Event
from maas.store.bookings import BookingRow, PromiseRow
from maas.store.plans import PlanRow
from maas.town.calendars import clock_words
from maas.town.messages import Text

TO_THE_DOOR_S: Final = 300
"""A rider is told before going out to wait: so long before the old window begins."""
CALLED: Final = frozenset({"moved", "transfer", "unplaced"})
"""What nobody may be left to find out alone."""
_SAME_S: Final = 60
"""A planned time that moves by less than this is not worth showing."""


@dataclass(frozen=True, slots=True)
class Why:
    """What happened: the word that goes into the ledger, and the words riders are told."""

    kind: str
    text: Text


@dataclass(frozen=True, slots=True)
class Replan:
    """An event on a day: what it was worked out on, and what it leaves.

    `before` is the plan that was handed to the dispatcher, `done` its answer.  `only` those may be
    told other times, `None` is everybody whose limits move; `at_once` they have to know now.
    """

    live: Live
    before: Plan
    done: Replanned
    why: Why
    only: Collection[str] | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Moves:
    """What a replanned day writes, and what becomes of every rider it touches."""

    plans: tuple[PlanRow, ...]
    updated: tuple[BookingRow, ...]
    promises: tuple[PromiseRow, ...]
    notices: tuple[Notices, ...]
    events: tuple[Event, ...]
    riders: tuple[RiderChange, ...]


def moves(replan: Replan, touched: Iterable[str] = ()) -> Moves:
    """Return what a replanned day writes; `touched` vehicles are written whatever becomes of them.

    A seat that is only held is given up when its times cannot be kept: nobody rides on it yet.
    """
    done, live = _without_held(replan), replan.live
    plan = done.plan
    told = {
        id_: _promise(replan, id_, plan.requests[id_])
        for id_ in _retold(replan, plan)
        if _may_be_told(replan, id_)
    }
    changed = {row.id: row for row in _changed(replan, done, told)}
    day = live.day.with_rows((), changed.values(), told.values())
    waited = {row.vehicle_id for row in live.day.unplaced if row.id in changed}
    plans = tuple(_plans(replan, plan, {*touched, *waited, *_carriers(plan, told)}))
    vehicles = [row.vehicle_id for row in plans if row.vehicle_id in plan.routes]
    planned = {row.id: row for row in planned_bookings(day, plan, vehicles, live.travel)}
    updated = changed | planned
    promises = tuple(
        replace(row, vehicle_id=updated[id_].vehicle_id) for id_, row in sorted(told.items())
    )
    after = day.with_rows(plans, updated.values(), promises)
    riders = _ranked(live, list(_riders(replan, after, updated)))
    return Moves(
        plans,
        tuple(updated[id_] for id_ in sorted(updated)),
        promises,
        tuple(_notices(replan, after, riders)),
        tuple(_events(live, after, riders)),
        riders,
    )


def _without_held(replan: Replan) -> Replanned:
    """Return the outcome without the held seats whose times it moves."""
    done, bookings = replan.done, replan.live.day.bookings
    lost = [id_ for id_ in _retold(replan, done.plan) if bookings[id_].state == "held"]
    plan = done.plan
    for id_ in lost:
        plan = plan.without(id_)
    return replace(done, plan=plan)


def _retold(replan: Replan, plan: Plan) -> list[str]:
    """Return the parties that have to be told other times, or that they ride after all."""
    waiting = {row.id for row in replan.live.day.unplaced}
    before = replan.before.requests
    return [
        id_
        for id_, now in plan.requests.items()
        if id_ in waiting or _limits(now) != _limits(before[id_])
    ]


def _may_be_told(replan: Replan, booking_id: str) -> bool:
    """Whether a party is told other times; who waited for a vehicle and has one always is."""
    if replan.only is None or booking_id in replan.only:
        return True
    return is_unplaced(replan.live.day.bookings[booking_id])


def _limits(request: Request) -> tuple[int, ...]:
    return (
        request.origin,
        request.earliest_pickup_s,
        request.latest_pickup_s,
        request.latest_dropoff_s,
        request.ride_max_s,
    )


def _promise(replan: Replan, booking_id: str, now: Request) -> PromiseRow:
    live = replan.live
    return PromiseRow(
        booking_id=booking_id,
        no=live.day.bookings[booking_id].promise_no + 1,
        vehicle_id="",
        pickup_from_s=now.earliest_pickup_s,
        pickup_to_s=now.latest_pickup_s,
        arrive_by_s=now.latest_dropoff_s,
        request=write_request(replace(now, pinned=None, connection=None)),
        told_at=live.now,
        told_by=live.actor,
        why=replan.why.kind,
    )


def _changed(
    replan: Replan, done: Replanned, told: Mapping[str, PromiseRow]
) -> Iterator[BookingRow]:
    """Yield the bookings of which something else changes than when they are driven."""
    day, plan = replan.live.day, done.plan
    boarded = {id_ for route in plan.routes.values() for id_ in route.boarded_s}
    unplaced = {one.request.id: one.request for one in done.unplaced}
    carrier = {id_: v for v, route in plan.routes.items() for id_ in route.request_ids}
    for id_ in sorted({*plan.requests, *unplaced, *replan.before.requests}):
        row = day.bookings[id_]
        now = plan.requests.get(id_) or unplaced.get(id_)
        after = row
        if now is None:
            yield replace(row, state="lapsed", held_until=None)
            continue
        if row.state == "aboard" and id_ not in boarded:
            rode = row.left_by(replan.live.now_s)
            after = replace(
                after, state="booked", arrived_s=None, boards_at_id=now.origin, rode_before=rode
            )
        elif row.state == "arrived" and carrier.get(id_) != row.vehicle_id:
            after = replace(after, state="booked", arrived_s=None)
        if id_ in unplaced:
            after = _left(replan, after)
        else:
            number = told[id_].no if id_ in told else row.promise_no
            after = replace(after, unplaced_since=None, promise_no=number)
        if id_ in done.unpinned or now.pinned is None:
            after = replace(after, pinned_vehicle_id=None)
        if after != row:
            yield after


def _left(replan: Replan, row: BookingRow) -> BookingRow:
    """Return a booking that no vehicle can carry; a seat only held is given up."""
    if row.state == "held":
        return replace(row, state="lapsed", held_until=None)
    if is_unplaced(row):
        return row
    return replace(row, unplaced_since=replan.live.now)


def _carriers(plan: Plan, told: Iterable[str]) -> set[str]:
    """Return the vehicles that carry these parties: their version is what guards a promise."""
    parties = set(told)
    return {id_ for id_, route in plan.routes.items() if parties & route.request_ids}


def _plans(replan: Replan, plan: Plan, also: set[str]) -> Iterator[PlanRow]:
    """Yield the plans that change; a vehicle that is in none any more has no stops.

    One that was in none before is left as it is: it is out, and somebody may sit in it who is known
    to have got in only since.
    """
    day, before = replan.live.day, replan.before
    for vehicle_id in sorted({*plan.routes, *before.routes, *also}):
        row = day.plan_row(vehicle_id)
        route = plan.routes.get(vehicle_id)
        gone = () if vehicle_id in before.routes else row.stops
        stops = gone if route is None else stops_of(route)
        if stops != row.stops or vehicle_id in also:
            yield replace(row, stops=stops)


def _riders(replan: Replan, after: Day, updated: Mapping[str, BookingRow]) -> Iterator[RiderChange]:
    """Yield everybody for whom something changes that they or an operator would notice."""
    live = replan.live
    for id_, row in updated.items():
        before = _times(live, live.day, id_)
        now = None if row.unplaced_since or row.state == "lapsed" else _times(live, after, id_)
        what = _what(live.day, row, before, now)
        if what is None:
            continue
        member = live.names.members.get(row.member_id) if row.member_id is not None else None
        old = live.day.promises[id_]
        due_s = live.now_s if replan.at_once else _due_s(live, row, old)
        yield RiderChange(
            booking_id=id_,
            reference=row.reference,
            name=member.name if member else row.contact_name,
            kana=member.kana if member else "",
            phone=row.contact_phone or (member.phone if member else ""),
            state=row.state,
            what=what,
            before=before,
            after=now,
            later_s=None if now is None else max(0, *_later_s(old, after.promises[id_])),
            call_first=None,
            call_by=live.names.epoch(row.service_date, due_s),
        )


def _ranked(live: Live, riders: list[RiderChange]) -> tuple[RiderChange, ...]:
    """Return those to be called in the order to call them, then the others.

    First whoever sits in a vehicle that goes no further, then by when they have to know.
    """

    def urgency(one: RiderChange) -> tuple[bool, bool, int, str]:
        aboard = live.day.bookings[one.booking_id].state == "aboard"
        return one.what not in CALLED, not aboard, one.call_by, one.booking_id

    ordered = sorted(riders, key=urgency)
    return tuple(
        replace(one, call_first=rank) if one.what in CALLED else one
        for rank, one in enumerate(ordered, start=1)
    )


def _what(day: Day, row: BookingRow, before: TimesView, now: TimesView | None) -> What | None:
    """Return what becomes of a rider, `None` when nothing does that anybody would notice."""
    was = day.bookings[row.id]
    if row.state == "lapsed":
        return "released"
    if now is None:
        return None if is_unplaced(was) else "unplaced"
    if row.boards_at_id != was.boards_at_id:
        return "transfer"
    if is_unplaced(was) or (before.pickup_from, before.pickup_to, before.arrive_by) != (
        now.pickup_from, now.pickup_to, now.arrive_by,
    ):  # fmt: skip
        return "moved"
    shifted_s = abs(now.pickup_planned - before.pickup_planned)
    if row.vehicle_id != was.vehicle_id or (shifted_s >= _SAME_S and row.state != "aboard"):
        return "shifted"
    return None


def _times(live: Live, day: Day, booking_id: str) -> TimesView:
    row, promise = day.bookings[booking_id], day.promises[booking_id]

    def at(seconds_s: int) -> int:
        return live.names.epoch(row.service_date, seconds_s)

    return TimesView(
        vehicle=live.names.vehicle(row.vehicle_id),
        pickup_from=at(promise.pickup_from_s),
        pickup_to=at(promise.pickup_to_s),
        pickup_planned=at(row.pickup_planned_s),
        arrive_by=at(promise.arrive_by_s),
        arrive_planned=at(row.arrive_planned_s),
    )


def _later_s(old: PromiseRow, new: PromiseRow) -> tuple[int, int]:
    return new.pickup_to_s - old.pickup_to_s, new.arrive_by_s - old.arrive_by_s


def _due_s(live: Live, row: BookingRow, old: PromiseRow) -> int:
    """Return by when a rider has to know: before going out to wait, at once when that is past."""
    was = live.day.bookings[row.id]
    if was.state == "aboard":
        return live.now_s
    return max(live.now_s, old.pickup_from_s - TO_THE_DOOR_S)


def _notices(replan: Replan, after: Day, riders: Iterable[RiderChange]) -> Iterator[Notices]:
    """Yield what everybody is told whose promise does not hold any more."""
    live, text = replan.live, replan.why.text
    for one in riders:
        if one.call_first is None:
            continue
        row = after.bookings[one.booking_id]
        member = live.names.members.get(row.member_id) if row.member_id is not None else None
        occasion = Occasion.VEHICLE_OUT if one.what == "unplaced" else Occasion.MOVED
        facts: dict[str, str | int] = {"reason": text.ja, "reason_en": text.en}
        if one.later_s:
            facts["minutes"] = -(-one.later_s // 60)
        yield wanted(occasion, row, member, now=live.now, due_at=one.call_by, facts=facts)


def _events(live: Live, after: Day, riders: Iterable[RiderChange]) -> Iterator[Event]:
    for one in riders:
        row = after.bookings[one.booking_id]
        yield Event(
            kind=f"booking.{one.what}",
            area=live.names.area,
            date=row.service_date,
            at=live.now,
            booking=booking_view(live.names, row, after.promises[row.id]),
            text=_sentence(live, row, one.what) if one.what in CALLED else None,
        )


def _sentence(live: Live, row: BookingRow, what: str) -> Text:
    places, vehicle = live.names.places, live.names.vehicles[row.vehicle_id]
    origin, destination = places[row.pickup_id], places[row.destination_id]
    return say(
        f"event.{what}",
        reference=row.reference,
        origin=origin.name,
        origin_en=origin.name_en,
        destination=destination.name,
        destination_en=destination.name_en,
        pickup=clock_words(row.pickup_planned_s),
        vehicle=vehicle.name,
        vehicle_en=vehicle.name_en,
    )
