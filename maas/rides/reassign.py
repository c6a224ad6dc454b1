"""Rides given other vehicles by the dispatcher: one or several at once, looked at or done.

All of them leave the plan first and are then put back in the order they are named, so that two
vehicles can change riders although neither has room for both.  Every promise is kept, of those
who move and of everybody they ride with; otherwise nothing moves, and the answer says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from dispatcher import Plan, StopKind
from dispatcher.cost import route_cost_s
from dispatcher.explain import unpin, why_not
from dispatcher.insert import insert, insertions
from maas.rides import states
from maas.rides.booking import Live, placed
from maas.rides.commit import Change, asked
from maas.rides.day import times
from maas.rides.explained import names_of
from maas.rides.held import Held
from maas.rides.merged import merged, onward
from maas.rides.messages import say
from maas.rides.outcome import TimesView
from maas.rides.show import said
from maas.rides.states import NotSo
from maas.rides.views import KeyConflict, NotFound, NotNow
from maas.store.bookings import BookingRow
from maas.store.commits import AuditEntry

SAME_S = 60
"""A planned time that moves by less than this is not worth showing."""


@dataclass(frozen=True, slots=True)
class Move:
    """A booking is to ride in a vehicle, for good (`pinned`) or until something is cheaper."""

    booking_id: str
    vehicle_id: str
    pinned: bool = True


@dataclass(frozen=True, slots=True)
class MovedRider:
    """What a move does to one rider; `moved` says that it is them who change vehicles."""

    booking_id: str
    reference: str
    name: str
    kana: str
    phone: str
    state: str
    moved: bool
    before: TimesView
    after: TimesView
    pickup_later_s: int
    arrive_later_s: int


@dataclass(frozen=True, slots=True)
class MovesView:
    """Everybody whose times move, those who change vehicles first; `undo` takes it all back.

    `cost_s` is what it adds to the cost of the plan, in seconds of driving.
    """

    date: date
    riders: tuple[MovedRider, ...]
    undo: tuple[Move, ...]
    cost_s: int
    preview: bool = False


@dataclass(frozen=True, slots=True)
class _Worked:
    live: Live
    rows: tuple[BookingRow, ...]
    plan: Plan
    view: MovesView


class Reassign:
    """The dispatcher's own decisions about who rides with whom in one area."""

    def __init__(self, keeper: Held) -> None:
        self._keeper = keeper

    async def move(
        self, wanted: Sequence[Move], *, key: str, actor: str, preview: bool = False
    ) -> MovesView | KeyConflict | NotFound | NotNow:
        """Give bookings of one day other vehicles; with `preview` only say what would come."""
        if preview:
            worked = await self._keeper.looked_at(lambda: self._worked(wanted, actor))
            if not isinstance(worked, _Worked):
                return worked
            return replace(worked.view, preview=True)

        async def make() -> Change | NotFound | NotNow:
            worked = await self._worked(wanted, actor)
            return _written(worked, wanted) if isinstance(worked, _Worked) else worked

        return await self._keeper.once(asked(actor, key, "move", wanted), MovesView, make)

    async def _worked(self, wanted: Sequence[Move], actor: str) -> _Worked | NotFound | NotNow:
        rows = [await self._keeper.row_of(each.booking_id) for each in wanted]
        known = tuple(row for row in rows if row is not None)
        if len(known) < len(wanted) or len({row.service_date for row in known}) != 1:
            return NotFound(say("no_booking"))
        live = await self._keeper.live_of(known[0].service_date, actor)
        if any(each.vehicle_id not in live.plan.routes for each in wanted):
            return NotFound(say("not_in_plan"))
        for row in known:
            refused = _refused(live, row)
            if refused is not None:
                return refused
        plan = await asyncio.to_thread(_moved, live, wanted)
        if isinstance(plan, NotNow):
            return plan
        return _Worked(live, known, plan, _view(live, plan, wanted))


def _refused(live: Live, row: BookingRow) -> NotNow | None:
    """Say why nobody may decide about a booking any more."""
    if isinstance(then := states.after(row.state, "pin"), NotSo):
        return NotNow(then.sentence, row.state)
    if row.id not in live.plan.requests:
        return NotNow(say("already_over"), row.state)
    return None


def _moved(live: Live, wanted: Sequence[Move]) -> Plan | NotNow:
    """Return the plan with everybody in the vehicle they are to have."""
    plan = live.plan
    moving = [each for each in wanted if each.booking_id not in _of(plan, each.vehicle_id)]
    for each in moving:
        if _is_locked(plan, each.booking_id):
            return _not_there(live, each)
    for each in moving:
        plan = plan.without(each.booking_id)
    for each in moving:
        request = replace(live.plan.requests[each.booking_id], pinned=None)
        found = insertions(plan, request, live.travel)
        place = next((one for one in found if one.vehicle_id == each.vehicle_id), None)
        if place is None:
            return _not_there(live, each)
        plan = insert(plan, request, place)
    pins = {each.booking_id: each.vehicle_id if each.pinned else None for each in wanted}
    requests = {
        id_: replace(one, pinned=pins[id_]) if id_ in pins else one
        for id_, one in plan.requests.items()
    }
    return Plan(live.plan.version + 1, plan.routes, requests)


def _of(plan: Plan, vehicle_id: str) -> frozenset[str]:
    return plan.routes[vehicle_id].request_ids


def _is_locked(plan: Plan, booking_id: str) -> bool:
    route = plan.route_of(booking_id)
    near = () if route is None else route.stops[: route.locked]
    return any(stop.request_id == booking_id for stop in near)


def _not_there(live: Live, move: Move) -> NotNow:
    free = unpin(live.plan, move.booking_id)
    found = why_not(free, move.booking_id, move.vehicle_id, live.travel)
    return NotNow(said(found, names_of(live)), live.day.bookings[move.booking_id].state)


def _written(worked: _Worked, wanted: Sequence[Move]) -> Change:
    live, changes = worked.live, []
    pins = {each.booking_id: each for each in wanted}
    for row in worked.rows:
        move = pins[row.id]
        now = live.day.bookings[row.id]  # as the changes before it left it
        decided = replace(now, pinned_vehicle_id=move.vehicle_id if move.pinned else None)
        what = "pinned" if move.pinned else "unpinned"
        change = placed(live, worked.plan, decided, what, {"vehicle": move.vehicle_id})
        changes.append(change)
        live = onward(live, change, live.plan)
    detail = msgspec.json.encode({"moves": wanted, "undo": worked.view.undo}).decode()
    audit = AuditEntry(live.now, live.actor, "plan.moved", str(live.day.day), detail)
    return merged(changes, audit, worked.view)


def _view(live: Live, plan: Plan, wanted: Sequence[Move]) -> MovesView:
    touched = [id_ for id_, route in plan.routes.items() if route != live.plan.routes[id_]]
    moved = {each.booking_id for each in wanted}
    vehicles = {*touched, *(each.vehicle_id for each in wanted)}
    riders = sorted(
        _riders(live, plan, vehicles, moved),
        key=lambda one: (not one.moved, -max(one.pickup_later_s, one.arrive_later_s)),
    )
    cost_s = sum(
        route_cost_s(plan.routes[id_], plan, live.travel)
        - route_cost_s(live.plan.routes[id_], live.plan, live.travel)
        for id_ in touched
    )
    undo = tuple(_back(live, each.booking_id) for each in wanted)
    return MovesView(live.day.day, tuple(riders), undo, round(cost_s))


def _back(live: Live, booking_id: str) -> Move:
    row = live.day.bookings[booking_id]
    route = live.plan.route_of(booking_id)
    there = row.vehicle_id if route is None else route.vehicle.id
    return Move(booking_id, there, row.pinned_vehicle_id is not None)


def _riders(
    live: Live, plan: Plan, vehicles: Iterable[str], moved: set[str]
) -> Iterator[MovedRider]:
    """Yield those who change vehicles, and those whose planned times move by a minute or more."""
    was, will = _planned(live, live.plan, vehicles), _planned(live, plan, vehicles)
    for id_ in sorted(was.keys() & will.keys()):
        row, member = live.day.bookings[id_], live.names.rider(live.day.bookings[id_].member_id)
        before, after = was[id_], will[id_]
        pickup_s = after.pickup_planned - before.pickup_planned
        arrive_s = after.arrive_planned - before.arrive_planned
        if id_ in moved or max(abs(pickup_s), abs(arrive_s)) >= SAME_S:
            yield MovedRider(
                booking_id=id_,
                reference=row.reference,
                name=member.name if member else row.contact_name,
                kana=member.kana if member else "",
                phone=row.contact_phone or (member.phone if member else ""),
                state=row.state,
                moved=id_ in moved,
                before=before,
                after=after,
                pickup_later_s=pickup_s,
                arrive_later_s=arrive_s,
            )


def _planned(live: Live, plan: Plan, vehicles: Iterable[str]) -> dict[str, TimesView]:
    """Return what riders of some vehicles were told, and when the plan has them."""
    names, day = live.names, live.day
    found = {}
    for vehicle_id in vehicles:
        route = plan.routes[vehicle_id]
        begin_s = times(route, plan, live.travel).begin_s
        at_s = {(s.request_id, s.kind): t for s, t in zip(route.stops, begin_s, strict=True)}
        for id_ in route.request_ids & day.bookings.keys():
            row, told = day.bookings[id_], day.promises[id_]
            pickup_s = at_s.get((id_, StopKind.PICKUP), row.pickup_planned_s)
            found[id_] = TimesView(
                names.vehicle(vehicle_id),
                names.epoch(day.day, told.pickup_from_s),
                names.epoch(day.day, told.pickup_to_s),
                names.epoch(day.day, pickup_s),
                names.epoch(day.day, told.arrive_by_s),
                names.epoch(day.day, at_s[id_, StopKind.DROPOFF]),
            )
    return found
