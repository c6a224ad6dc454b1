"""From an ask to the request it would be, and from a planned ride to what is promised.

The outward leg and the bus bind here: windows are drawn so that whoever keeps them keeps those too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from dispatcher.ask import Ask, OfferRules
from dispatcher.model import Place, Plan, Request

_ANY_TIME_S: Final = 2**40


@dataclass(frozen=True, slots=True)
class Bounds:
    """Not before and not after what no window may reach, and the field that says so."""

    first_s: int
    due_s: int
    first_by: str
    due_by: str


def bounds(plan: Plan, ask: Ask) -> Bounds:
    """Return what the deadline, the other leg and the bus leave of the day.

    An outward leg that is no longer in the plan is over and binds nothing.
    """
    firsts = [(ask.not_before_s, "not_before_s"), *_firsts(plan, ask)]
    first_s, first_by = max(firsts, key=lambda bound: bound[0])
    due_s, due_by = min(_dues(plan, ask), key=lambda bound: bound[0], default=(_ANY_TIME_S, ""))
    return Bounds(first_s, due_s, first_by, due_by)


def implied(plan: Plan, request: Request) -> bool:
    """Whether a request's windows still imply its other leg and its bus."""
    soon_enough = all(at_s <= request.earliest_pickup_s for at_s, _ in _firsts(plan, request))
    return soon_enough and all(at_s >= request.latest_dropoff_s for at_s, _ in _dues(plan, request))


def _firsts(plan: Plan, trip: Ask | Request) -> Iterator[tuple[int, str]]:
    """Yield when the party can be there at the earliest."""
    bus = trip.connection
    if bus is not None and bus.toward == "from_bus":
        yield bus.bus_s + bus.margin_s, "connection"
    if trip.follows is not None and trip.follows.request_id in plan.requests:
        outward = plan.requests[trip.follows.request_id]
        there_s = outward.latest_dropoff_s + outward.alighting_s
        yield there_s + trip.follows.stay_s, "follows"


def _dues(plan: Plan, trip: Ask | Request) -> Iterator[tuple[int, str]]:
    """Yield by when the party has to have arrived."""
    bus = trip.connection
    if bus is not None and bus.toward == "to_bus":
        yield bus.bus_s - bus.margin_s, "connection"
    for back in plan.requests.values():
        if back.follows is not None and back.follows.request_id == trip.id:
            leaves_s = back.earliest_pickup_s - back.follows.stay_s
            yield leaves_s - trip.alighting_s, "follows"


def wanted(
    ask: Ask,
    rules: OfferRules,
    within: Bounds,
    direct_s: int,
    *,
    shift_s: int = 0,
    early_s: int = 0,
    place: Place | None = None,
    walk_s: int = 0,
) -> Request | None:
    """Return the ask ``shift_s`` later under the town's rules, ``None`` when nothing is left of it.

    Somebody who has to be there by a time arrives at most ``early_s`` before it; somebody who walks
    to ``place`` leaves when they said and is there ``walk_s`` later.
    """
    ride_max_s = rules.ride_max_s(direct_s)
    at_s = ask.wanted_s + shift_s
    if ask.arrives:
        due_s = min(at_s, within.due_s)
        due_from_s = min(at_s - early_s, due_s)
        first_s = due_from_s - ride_max_s - ask.boarding_s
        last_s = due_s - direct_s - ask.boarding_s
    else:
        first_s = at_s + walk_s
        last_s = first_s + rules.window_s
        due_from_s, due_s = 0, min(last_s + ask.boarding_s + ride_max_s, within.due_s)
        last_s = min(last_s, due_s - direct_s - ask.boarding_s)
    first_s = max(first_s, within.first_s + walk_s)
    if last_s < first_s or due_s < due_from_s:
        return None
    return Request(
        id=ask.id,
        origin=ask.origin if place is None else place,
        destination=ask.destination,
        earliest_pickup_s=first_s,
        latest_pickup_s=last_s,
        earliest_dropoff_s=due_from_s,
        latest_dropoff_s=due_s,
        ride_max_s=ride_max_s,
        seats=ask.seats,
        wheelchairs=ask.wheelchairs,
        boarding_s=ask.boarding_s,
        alighting_s=ask.alighting_s,
        bags=ask.bags,
        alone=ask.alone,
        only=ask.only,
        prefers=ask.prefers,
        follows=ask.follows,
        connection=ask.connection,
        priority=ask.priority,
    )


def promised(request: Request, pickup_s: int, window_s: int) -> Request:
    """Narrow a request to the promise around a planned pickup.

    The pickup window is at most ``window_s`` wide, within the request's own; the arrival is not
    later than the longest ride from its end.
    """
    first_s = min(pickup_s - window_s // 2, request.latest_pickup_s - window_s)
    first_s = max(first_s, request.earliest_pickup_s)
    last_s = min(first_s + window_s, request.latest_pickup_s)
    due_s = min(request.latest_dropoff_s, last_s + request.boarding_s + request.ride_max_s)
    return replace(
        request, earliest_pickup_s=first_s, latest_pickup_s=last_s, latest_dropoff_s=due_s
    )
