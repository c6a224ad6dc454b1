"""What an event leaves: the next plan, and by name every promise that it no longer keeps.

A promise is broken by the largest of three excesses: how much later than told somebody gets in or
is set down, and how much longer than told they ride.  Which promises to break is decided by
``score``: riders whose vehicle has gone before all others, then priority by priority from the
highest; at each of these levels first how many are not carried at all, then the broken seconds
of all together.  Level by level the lower one wins; what it does to the levels below is not asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from dispatcher.model import Connection, Plan, Request, Task

What = Literal["pickup", "dropoff", "ride"]
Score = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """One promise that can no longer be kept, and whom to call about it.

    ``promised_s`` is the limit as last told, ``now_s`` the one that holds in the plan and
    ``by_s`` the difference: a time of day, or the length of a ride.  ``by_s`` and ``now_s`` are
    ``None`` for a party that cannot be carried at all, ``vehicle_id`` then too.
    """

    request_id: str
    what: What
    by_s: int | None
    promised_s: int
    now_s: int | None
    vehicle_id: str | None
    call_first: int
    """1 for the first to call: those stranded on board, then by when the old promise passes."""
    missed_trip: str | None = None
    """The bus they will not catch."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a party was told, as a request of today's plan.

    A party that has to change vehicles was told when it would be set down: ``lost_s`` of that is
    past saving whatever is done, and ``ride_s`` is its longest ride if that is what binds.
    """

    request: Request
    aboard: bool = False
    """Was on board of a vehicle that goes no further."""
    lost_s: int = 0
    ride_s: int | None = None

    @property
    def level(self) -> tuple[bool, int]:
        """Whose promise counts more: the larger."""
        return self.aboard, self.request.priority

    def broken_s(self, now: Request) -> int:
        """Return by how much the limits of today's plan are beyond what was told."""
        return self.lost_s + max(0, *excesses(self.request, now).values())


@dataclass(frozen=True, slots=True)
class Replanned:
    """The plan after an event, which keeps every limit in it, and what that took.

    Every broken promise has its widened limits in ``plan`` (or its party in ``unplaced``), so that
    nothing later may break it further.  The caller keeps ``unplaced`` and hands it to the next
    event as ``waiting``.
    """

    plan: Plan
    broken: tuple[BrokenPromise, ...] = ()
    unplaced: tuple[Told, ...] = ()
    """Parties that no vehicle can carry; those on board of one that goes no further included."""
    told: Mapping[str, Told] = field(default_factory=dict)
    """What those named in ``broken`` were told; ``improved`` works towards it."""
    moved: tuple[str, ...] = ()
    """Parties that another vehicle carries now."""
    unpinned: tuple[str, ...] = ()
    """Parties that could not have the vehicles they were given or asked for."""
    off_tasks: tuple[Task, ...] = ()
    """Breaks and charges that are no longer planned."""
    late_tasks: tuple[Task, ...] = ()
    """Breaks and charges that begin later than they had to; as they are now."""
    overtime_s: Mapping[str, int] = field(default_factory=dict)
    """How much longer than planned drivers have to work."""
    reserve_wh: Mapping[str, int] = field(default_factory=dict)
    """What is left of batteries' reserves that riders on board need to be set down."""
    out_of_service: tuple[str, ...] = ()
    in_doubt: tuple[str, ...] = ()
    """Return legs whose outward leg is no longer ridden: ask whether they are still wanted."""

    def then(self, after: Replanned) -> Replanned:
        """Return what happened here and ``after``, made of the plan left here, as one."""
        tasks = {task.id: task for task in (*self.late_tasks, *after.late_tasks)}
        overtime_s = Counter(self.overtime_s) + Counter(after.overtime_s)
        return replace(
            after,
            moved=tuple(dict.fromkeys((*self.moved, *after.moved))),
            unpinned=(*self.unpinned, *after.unpinned),
            off_tasks=(*self.off_tasks, *after.off_tasks),
            late_tasks=tuple(tasks.values()),
            overtime_s=dict(overtime_s),
            reserve_wh={**self.reserve_wh, **after.reserve_wh},
            out_of_service=(*self.out_of_service, *after.out_of_service),
            in_doubt=(*self.in_doubt, *after.in_doubt),
        )


def excesses(told: Request, now: Request) -> dict[What, int]:
    """Return by how much each limit is beyond what was told; negative where it is within."""
    return {
        "pickup": now.latest_pickup_s - told.latest_pickup_s,
        "dropoff": now.latest_dropoff_s - told.latest_dropoff_s,
        "ride": now.ride_max_s - told.ride_max_s,
    }


def score(told: Mapping[str, Told], requests: Mapping[str, Request]) -> Score:
    """Return how badly promises are broken, to be compared with ``<``; see above."""
    levels: dict[tuple[bool, int], tuple[int, int]] = {}
    for id_, promise in told.items():
        missing, broken_s = levels.get(promise.level, (0, 0))
        now = requests.get(id_)
        if now is None:
            missing += 1
        elif now is not promise.request or promise.lost_s:
            broken_s += promise.broken_s(now)
        levels[promise.level] = missing, broken_s
    return tuple(levels[level] for level in sorted(levels, reverse=True))


def named(told: Mapping[str, Told], plan: Plan) -> tuple[BrokenPromise, ...]:
    """Return every broken promise, in the order in which to call."""
    found: list[tuple[tuple[bool, int, int, str], BrokenPromise]] = []
    carrier = {stop.request_id: v for v, route in plan.routes.items() for stop in route.stops}
    for id_, promise in told.items():
        now = plan.requests.get(id_)
        if now is promise.request and not promise.lost_s:
            continue
        if now is not None and promise.broken_s(now) <= 0:
            continue
        broken = _broken(promise, now, carrier.get(id_))
        passes_s = promise.request.latest_pickup_s
        if broken.what != "pickup":
            passes_s = promise.request.latest_dropoff_s
        stranded = promise.aboard and now is None
        found.append(((not stranded, passes_s, -promise.request.priority, id_), broken))
    found.sort(key=lambda one: one[0])
    return tuple(replace(one, call_first=rank) for rank, (_, one) in enumerate(found, start=1))


def _broken(promise: Told, now: Request | None, vehicle_id: str | None) -> BrokenPromise:
    told = promise.request
    if now is None:
        what: What = "dropoff" if promise.aboard else "pickup"
        promised_s = told.latest_dropoff_s if promise.aboard else told.latest_pickup_s
        return BrokenPromise(told.id, what, None, promised_s, None, None, 0, _bus(told))
    by_s = promise.broken_s(now)
    missed = _bus(told) if now.connection is None else None
    if promise.aboard:
        what = "dropoff" if promise.ride_s is None else "ride"
        promised_s = told.latest_dropoff_s - promise.lost_s
        if promise.ride_s is not None:
            promised_s = promise.ride_s
        return BrokenPromise(
            told.id, what, by_s, promised_s, promised_s + by_s, vehicle_id, 0, missed
        )
    over = excesses(told, now)
    over["dropoff"] += promise.lost_s
    what = max(over, key=lambda each: over[each])
    promised_s = {
        "pickup": told.latest_pickup_s,
        "dropoff": told.latest_dropoff_s - promise.lost_s,
        "ride": told.ride_max_s,
    }[what]
    by_s = over[what]
    return BrokenPromise(told.id, what, by_s, promised_s, promised_s + by_s, vehicle_id, 0, missed)


def _bus(told: Request) -> str | None:
    """Return the bus a party would catch."""
    connection = told.connection
    return None if connection is None or connection.toward != "to_bus" else connection.trip_id


def unbound(request: Request) -> Request:
    """Return the request without the connection that its windows no longer keep."""
    connection = request.connection
    return request if connection is None or _keeps(request, connection) else _without(request)


def _keeps(request: Request, connection: Connection) -> bool:
    if connection.toward == "to_bus":
        return request.latest_dropoff_s <= connection.bus_s - connection.margin_s
    return True


def _without(request: Request) -> Request:
    return replace(request, connection=None)


def told_by(requests: Iterable[Request]) -> dict[str, Told]:
    """Return what everybody is told by a plan that stands."""
    return {request.id: Told(request) for request in requests}
