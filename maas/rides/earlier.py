"""After something went wrong: whose promise we moved is fetched as first told, if by now one can.

The search goes on in another process; what it finds is taken only while the plans are those it was
made from, and a rider is told again only when it is worth it and still ahead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from dispatcher import Plan, Request
from dispatcher.broken import Replanned, Told, named, told_by
from dispatcher.check import check
from dispatcher.rebase import with_stops_of
from maas.rides.booking import Live
from maas.rides.commit import Change
from maas.rides.day import Day, read_request
from maas.rides.event_words import say
from maas.rides.held import Held
from maas.rides.improver import Improver, differing
from maas.rides.ledger import HELD, RIDERS_WISH
from maas.rides.replanned import TO_THE_DOOR_S, Moves, Replan, Why, moves
from maas.rides.views import Event
from maas.store import bookings
from maas.store.commits import AuditEntry

WORTH_S: Final = 300
"""A rider is not rung again for less."""
EARLIER: Final = "earlier"
"""The reason of such a promise in the ledger."""


@dataclass(frozen=True, slots=True)
class Hoped:
    """A plan in which promises have been moved, and how they were when the riders agreed."""

    seen: Day
    done: Replanned


async def fetched_earlier(keeper: Held, improver: Improver, time_limit_s: float) -> bool:
    """Look for a plan that keeps what was moved, and take it; True when taken."""
    hoped = await _hoped(keeper)
    if hoped is None:
        return False
    better = await improver.again(hoped.done, keeper.here.travel, time_limit_s)
    return better is not None and await take(keeper, hoped, better)


async def _hoped(keeper: Held) -> Hoped | None:
    """Return today's plan with what was told at first, `None` when nobody was moved."""
    day = await keeper.day_of(keeper.today)
    moved = [id_ for id_, row in day.bookings.items() if _was_moved(day, id_, row.state)]
    if not moved:
        return None
    plan = keeper.before(day, ())
    told = await _agreed(keeper, [id_ for id_ in moved if id_ in plan.requests])
    worse = {
        id_: Told(_wished(plan.requests[id_], first))
        for id_, first in told.items()
        if plan.requests[id_].latest_pickup_s - first.latest_pickup_s >= WORTH_S
        or plan.requests[id_].latest_dropoff_s - first.latest_dropoff_s >= WORTH_S
    }
    if not worse:
        return None
    broken = named(told_by(plan.requests.values()) | worse, plan)
    return Hoped(day, Replanned(plan, broken, told=worse))


def _was_moved(day: Day, booking_id: str, state: str) -> bool:
    why = day.promises[booking_id].why
    waits = state == "booked" and day.bookings[booking_id].unplaced_since is None
    return waits and why not in RIDERS_WISH | HELD


async def _agreed(keeper: Held, ids: list[str]) -> Mapping[str, Request]:
    """Return the promises these riders last agreed to."""
    found = {}
    async with keeper.database.reading() as connection:
        for id_ in ids:
            rows = await bookings.promises_of(connection, id_)
            wished = [row for row in rows if row.why in RIDERS_WISH]
            if wished:
                found[id_] = read_request(wished[-1].request)
    return found


def _wished(now: Request, first: Request) -> Request:
    """Return a party of today's plan with the limits it was told first."""
    return replace(
        now,
        earliest_pickup_s=min(now.earliest_pickup_s, first.earliest_pickup_s),
        latest_pickup_s=min(now.latest_pickup_s, first.latest_pickup_s),
        latest_dropoff_s=min(now.latest_dropoff_s, first.latest_dropoff_s),
        ride_max_s=min(now.ride_max_s, first.ride_max_s),
    )


async def take(keeper: Held, hoped: Hoped, better: Replanned) -> bool:
    """Take what was found; False when a plan has moved on, or nobody would be told of it."""

    async def make() -> Change | None:
        live = await keeper.live_of(hoped.seen.day, "improver")
        if _versions(live.day) != _versions(hoped.seen):
            return None
        before = keeper.before(live.day, ())
        moved = differing(before, better.plan)
        taken = with_stops_of(before, moved)
        if taken is None or not keeper.out_of_sight().isdisjoint(moved):
            return None
        told = dict(_gains(live, before, better.plan))
        requests = {**taken.requests, **{id_: better.plan.requests[id_] for id_ in told}}
        taken = replace(taken, requests=requests)
        if not told or set(check(taken, live.travel)) - set(check(before, live.travel)):
            return None
        why = Why(EARLIER, say("why.earlier"))
        replan = Replan(live, before, Replanned(taken), why, frozenset(told), at_once=True)
        return _written(live, moves(replan))

    return await keeper.own(make)


def _versions(day: Day) -> dict[str, int]:
    return {id_: row.version for id_, row in day.plans.items()}


def _gains(live: Live, before: Plan, better: Plan) -> Iterator[tuple[str, int]]:
    """Yield who gains enough to be told again, with time left to go out and wait."""
    for id_ in better.requests.keys() & before.requests.keys():
        now, told = better.requests[id_], live.day.promises[id_]
        if live.day.bookings[id_].state != "booked" or told.why in RIDERS_WISH | HELD:
            continue
        gain_s = max(
            told.pickup_to_s - now.latest_pickup_s, told.arrive_by_s - now.latest_dropoff_s
        )
        ahead = now.latest_pickup_s - TO_THE_DOOR_S > live.now_s
        if gain_s >= WORTH_S and ahead:
            yield id_, gain_s


def _written(live: Live, found: Moves) -> Change:
    vehicles = tuple(row.vehicle_id for row in found.plans)
    event = Event("plan.earlier", live.names.area, live.day.day, live.now, vehicles=vehicles)
    what = {one.booking_id: one.what for one in found.riders}
    detail = msgspec.json.encode({"riders": what}, order="deterministic").decode()
    return Change(
        found.plans,
        (*found.events, event),
        AuditEntry(live.now, live.actor, event.kind, str(live.day.day), detail),
        updated=found.updated,
        promises=found.promises,
        also=found.notices,
    )
