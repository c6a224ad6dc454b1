"""The watch over vehicles that run late: who was told a time hears of another before it passes.

Every look is at today's plan as of now, made once.  Who was told a time and would be fetched or
brought `late_told_min` minutes later or more is carried by another vehicle if that keeps every
promise; if none does, the promise moves and the rider is told at once.  Those on board need no
call: they see it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from dispatcher import Plan, moved, relaxed
from dispatcher.broken import Replanned, unbound
from dispatcher.events import vehicle_late
from maas.rides.booking import Live
from maas.rides.commit import Change
from maas.rides.day import times
from maas.rides.disruption import closed_of, waiting_of
from maas.rides.event_words import say
from maas.rides.held import Held
from maas.rides.replanned import Moves, Replan, Why, moves
from maas.rides.show import booking_view
from maas.rides.trip import waits_until_s
from maas.rides.views import Event
from maas.store.bookings import BookingRow
from maas.store.commits import AuditEntry

LOOK_S: Final = 15.0
"""How often the watch looks, in seconds of the service clock."""
ROUND_S: Final = 300
"""Times told anew are full five minutes: easy to hear, and kept when they slip a little."""
LAST_S: Final = 60
"""So long before a time passes it is the last chance to tell another before it does."""
_ON: Final = frozenset({"booked", "arrived", "aboard"})
LATE: Final = "late"
"""The reason of such a promise in the ledger."""


async def watch(keeper: Held) -> int:
    """Look once; returns how many changes were written."""
    rule = keeper.here.rules.booking_on(keeper.today)
    least_s = 0 if rule is None else 60 * rule.late_told_min
    if rule is None or least_s == 0:
        return 0
    today = await keeper.day_of(keeper.today)
    if not any(row.state in _ON for row in today.bookings.values()):
        return 0

    async def make() -> Change | None:
        live = await keeper.live_of(keeper.today, "watch")
        late = dict(_late(live, least_s))
        news = _news_on_board(live, late, least_s)
        if news is not None:
            return news
        told = [row for id_ in late if (row := live.day.bookings[id_]).state == "booked"]
        if told:
            first = min(told, key=lambda row: (live.day.promises[row.id].pickup_to_s, row.id))
            return await _moved(keeper, live, Slip(first.vehicle_id), least_s)
        slip = _last_chance(live, 60 * rule.no_show_wait_min, least_s)
        return None if slip is None else await _moved(keeper, live, slip, least_s)

    written = 0
    while written < 2 * len(keeper.here.taxis) and await keeper.own(make):
        written += 1
    return written


def _late(live: Live, least_s: int) -> Iterator[tuple[str, int]]:
    """Yield who was told a time that will be missed by `least_s` or more, and by how much.

    The plan as of now has the limits that a late vehicle cannot keep as wide as it can.
    """
    for id_, now in live.plan.requests.items():
        row, told = live.day.bookings[id_], live.day.promises[id_]
        late_s = now.latest_dropoff_s - told.arrive_by_s
        if row.state == "booked":
            late_s = max(late_s, now.latest_pickup_s - told.pickup_to_s)
        if late_s >= least_s:
            yield id_, late_s


# Whoever waits


@dataclass(frozen=True, slots=True)
class Slip:
    """A vehicle that is late; one that waits for somebody leaves `at_s` at the latest.

    `only` are those who can be told, `None` is everybody it has to fetch.
    """

    vehicle_id: str
    at_s: int | None = None
    only: frozenset[str] | None = None


def _last_chance(live: Live, wait_s: int, least_s: int) -> Slip | None:
    """Return a vehicle that waits for somebody, when the next time it may miss is about to pass.

    How long it will wait nobody knows; afterwards it would be too late to tell.
    """
    for vehicle_id, route in live.plan.routes.items():
        first = route.stops[0].request_id if route.stops else ""
        waits = live.day.bookings.get(first)
        if waits is None or waits.state != "arrived":
            continue
        soon = frozenset(id_ for id_ in route.request_ids if _passes_soon(live, id_))
        at_s = waits_until_s(live.day.promises[first], waits, wait_s)
        if soon and at_s > route.vehicle.start_s:
            mine = {id_: live.plan.requests[id_] for id_ in route.request_ids}
            alone = Plan(0, {vehicle_id: route}, mine)
            worst = relaxed(moved(alone, vehicle_id, route.vehicle.start, at_s), live.travel)
            late = dict(_late(replace(live, plan=worst), least_s))
            if soon & late.keys():
                return Slip(vehicle_id, at_s, soon)
    return None


def _passes_soon(live: Live, booking_id: str) -> bool:
    left_s = live.day.promises[booking_id].pickup_to_s - live.now_s
    return live.day.bookings[booking_id].state == "booked" and 0 <= left_s <= LAST_S


async def _moved(keeper: Held, live: Live, slip: Slip, least_s: int) -> Change | None:
    """Return what is written about those a late vehicle cannot fetch or bring as told."""
    vehicle_id = slip.vehicle_id
    before = keeper.before(live.day, (vehicle_id,))
    done = await asyncio.to_thread(_replanned, before, live, slip)
    told = frozenset(
        id_
        for id_ in done.plan.requests
        if live.day.bookings[id_].state == "booked"
        and (slip.only is None or id_ in slip.only)
        and _later_s(before, done, id_) >= least_s
    )
    done = replace(done, plan=_rounded(done.plan, before, told))
    found = moves(
        Replan(live, before, done, Why(LATE, say("why.late")), told, at_once=True), {vehicle_id}
    )
    return _written(live, found, vehicle_id)


def _replanned(before: Plan, live: Live, slip: Slip) -> Replanned:
    """Return the plan when a vehicle can leave where it is, now or when it has waited."""
    vehicle = before.routes[slip.vehicle_id].vehicle
    at_s = vehicle.start_s if slip.at_s is None else slip.at_s
    return vehicle_late(
        before, vehicle.id, vehicle.start, at_s, live.travel,
        waiting=waiting_of(live), closed=closed_of(live),
    )  # fmt: skip


def _later_s(before: Plan, done: Replanned, booking_id: str) -> int:
    """Return by how much a promise ends later in a plan than in the one before."""
    was = before.requests.get(booking_id)
    if was is None:
        return 0
    now = done.plan.requests[booking_id]
    return max(
        now.latest_pickup_s - was.latest_pickup_s, now.latest_dropoff_s - was.latest_dropoff_s
    )


def _rounded(plan: Plan, before: Plan, told: frozenset[str]) -> Plan:
    """Return the plan with the limits that move at full five minutes."""
    requests = dict(plan.requests)
    for id_ in told:
        now, was = requests[id_], before.requests[id_]
        pickup_s, dropoff_s = now.latest_pickup_s, now.latest_dropoff_s
        if pickup_s > was.latest_pickup_s:
            pickup_s = -(-pickup_s // ROUND_S) * ROUND_S
        if dropoff_s > was.latest_dropoff_s:
            dropoff_s = -(-dropoff_s // ROUND_S) * ROUND_S
        later = replace(now, latest_pickup_s=pickup_s, latest_dropoff_s=dropoff_s)
        requests[id_] = unbound(later)
    return replace(plan, requests=requests)


def _written(live: Live, found: Moves, vehicle_id: str) -> Change:
    """Return the change of a late vehicle, whoever is told."""
    event = Event(
        "plan.late",
        live.names.area,
        live.day.day,
        live.now,
        vehicles=tuple(row.vehicle_id for row in found.plans),
    )
    what = {"vehicle": vehicle_id, "riders": {one.booking_id: one.what for one in found.riders}}
    detail = msgspec.json.encode(what, order="deterministic").decode()
    return Change(
        found.plans,
        (*found.events, event),
        AuditEntry(live.now, live.actor, event.kind, str(live.day.day), detail),
        updated=found.updated,
        promises=found.promises,
        also=found.notices,
    )


# Whoever is on board


def _news_on_board(live: Live, late: dict[str, int], least_s: int) -> Change | None:
    """Return what those see who will be brought later than what they see by now."""
    shown: list[BookingRow] = []
    for id_ in sorted(late):
        row = live.day.bookings[id_]
        if row.state in {"arrived", "aboard"}:
            arrive_s = _arrives_s(live, row)
            if arrive_s - row.arrive_planned_s >= least_s:
                shown.append(replace(row, arrive_planned_s=arrive_s))
    if not shown:
        return None
    vehicles = sorted({row.vehicle_id for row in shown})
    events = tuple(
        Event(
            kind="booking.late",
            area=live.names.area,
            date=row.service_date,
            at=live.now,
            booking=booking_view(live.names, row, live.day.promises[row.id]),
        )
        for row in shown
    )
    detail = msgspec.json.encode({row.id: row.arrive_planned_s for row in shown}).decode()
    return Change(
        tuple(live.day.plan_row(id_) for id_ in vehicles),
        events,
        AuditEntry(live.now, live.actor, "booking.late", str(live.day.day), detail),
        updated=tuple(shown),
    )


def _arrives_s(live: Live, row: BookingRow) -> int:
    """Return when a rider is brought, as of now."""
    route = live.plan.routes[row.vehicle_id]
    begin_s = times(route, live.plan, live.travel).begin_s
    return next(
        at_s
        for stop, at_s in zip(route.stops, begin_s, strict=True)
        if (stop.request_id, stop.kind.value) == (row.id, "dropoff")
    )
