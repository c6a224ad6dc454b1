"""A service day against any policy: who calls, what is promised, who drives, what comes of it.

``simulate(day, policy, seed=1)`` lets requests become known at their time; the policy answers with
a plan that carries the party within a window about the pickup it was offered, or without it.  Then
vehicles drive the plan, never before the planned begin of a stop.  Drives may take longer than the
table says, riders may come late or not at all, vehicles may break down; all of it is drawn from
the seed and from who it happens to, so that two policies meet the same luck.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from typing import Final

from dispatcher.day import (
    Call,
    Chances,
    Day,
    Decision,
    Happening,
    Leg,
    Moment,
    Outcome,
    Policy,
    Ride,
    Roads,
)
from dispatcher.model import Place, Plan, Request, Route, Stop, StopKind, Vehicle
from dispatcher.plan import relaxed
from dispatcher.schedule import Schedule, expected, schedule

FROZEN_S: Final = math.inf
"""``divert_until_s`` of a day on which nobody under way is told anything new."""

IN_TIME_S: Final = 300
"""``leave_early_s`` of drivers who would rather wait where they are than where they go.

Until then they can be sent elsewhere without having driven in vain; who would wait less than five
minutes sets out at once, for a vehicle on the road is nearer to where it will be needed.
"""


def simulate(
    day: Day,
    policy: Policy,
    *,
    seed: int = 0,
    chances: Chances | None = None,
    divert_until_s: float = 120,
    review_s: int | None = 60,
    leave_early_s: int | None = None,
) -> Outcome:
    """Return how a day goes.

    A vehicle can be told something else until its next stop begins within ``divert_until_s``: 0
    is always, ``FROZEN_S`` never under way.  The policy reviews its plan every ``review_s`` if
    somebody called or did not come, or a vehicle has become idle or broken down.  Drivers leave
    ``leave_early_s`` before they must, ``None`` is at once.

    Raises ``ValueError`` when the policy returns a plan that drops a party it promised to carry,
    moves a vehicle, or breaks the lock, or when it promises what was not asked for.
    """
    world = _World(day, chances or Chances(), seed, divert_until_s, leave_early_s)
    until_s = max((vehicle.end_s for vehicle in day.vehicles), default=0)
    times = [(call.known_s, _CALL, number) for number, call in enumerate(day.calls)]
    times += [(c.leaves_s, _LEAVE, n) for n, c in enumerate(day.calls) if c.leaves_s is not None]
    times += [(v.breaks_s, _BREAK, n) for n, v in enumerate(world.vans) if v.breaks_s < until_s]
    if review_s is not None:
        times += [(at_s, _REVIEW, 0) for at_s in range(review_s, until_s, review_s)]
    for at_s, what, number in sorted(times):
        world.run_to(at_s)
        if what == _CALL:
            world.ask(day.calls[number], policy)
            continue
        if what == _LEAVE:
            world.leave(day.calls[number].request.id)
            continue
        if what == _BREAK:
            world.break_down(world.vans[number])
        if world.news or world.stranded:
            world.news = False
            world.publish(policy.review(world.moment()))
    world.run_to(_NEVER_S)
    return world.outcome()


_BREAK, _CALL, _LEAVE, _REVIEW = range(4)

_NEVER_S: Final = 10**9


@dataclass(slots=True)
class _Drive:
    """A drive that is going on, ``factor`` times as long as the table says."""

    destination: Place
    depart_s: int
    arrive_s: int
    factor: float


@dataclass(slots=True)
class _Van:
    """A vehicle: where it is or was last, when it can leave, and what it has been told."""

    vehicle: Vehicle
    roads: Roads
    luck: random.Random
    place: Place
    free_s: int
    breaks_s: int = _NEVER_S
    broken: bool = False
    stops: tuple[Stop, ...] = ()
    begin_s: tuple[int, ...] = ()
    boarded_s: dict[str, int] = field(default_factory=dict)
    drive: _Drive | None = None
    wait_at: Place | None = None


class _World:
    """The day's state; all of it moves forward in ``run_to``."""

    def __init__(
        self, day: Day, chances: Chances, seed: int, divert_until_s: float, early_s: int | None
    ) -> None:
        self.day, self.chances, self.seed = day, chances, seed
        self.divert_until_s, self.early_s = divert_until_s, early_s
        self.now_s = min((vehicle.start_s for vehicle in day.vehicles), default=0)
        self.version = 0
        self.vans = [self._van(vehicle) for vehicle in day.vehicles]
        self.told: dict[str, Request] = {}
        self.absent = {call.request.id for call in day.calls if not call.comes}
        self.rides = {call.request.id: Ride(call.request, call.known_s) for call in day.calls}
        self.stranded: list[str] = []
        self.legs: list[Leg] = []
        self.happenings: list[Happening] = []
        self.news = False

    def _luck(self, *who: object) -> random.Random:
        return random.Random(f"{self.seed}/{'/'.join(map(str, who))}")  # noqa: S311 -- not a secret

    def _van(self, vehicle: Vehicle) -> _Van:
        luck = self._luck("vehicle", vehicle.id)
        breaks, share = luck.random() < self.chances.breakdown, luck.random()
        van = _Van(vehicle, self.day.roads[vehicle.profile], luck, vehicle.start, vehicle.start_s)
        if breaks:
            van.breaks_s = round(vehicle.start_s + share * (vehicle.end_s - vehicle.start_s))
        return van

    def note(self, at_s: int, kind: str, van: _Van | None, request_id: str | None = None) -> None:
        """Write one line of the record."""
        vehicle_id = None if van is None else van.vehicle.id
        self.happenings.append(Happening(at_s, kind, vehicle_id, request_id))

    # What vehicles do.

    def run_to(self, at_s: int) -> None:
        """Let every vehicle do what it has been told until then."""
        for van in self.vans:
            while not van.broken and self._step(van, at_s):
                pass
        self.now_s = at_s

    def _step(self, van: _Van, at_s: int) -> bool:
        """Let a vehicle do its next thing, if that happens by then."""
        if van.drive is not None:
            return van.drive.arrive_s <= at_s and self._arrive(van, van.drive)
        if not van.stops:
            return self._go_and_wait(van, at_s)
        there = self._place(van.stops[0])
        drive_s = self._drive_s(van, there)
        if drive_s == 0:
            return self._stop(van, at_s)
        leave_s = van.free_s
        if self.early_s is not None:
            leave_s = max(leave_s, van.begin_s[0] - drive_s - self.early_s)
        return self._leave(van, there, leave_s, at_s)

    def _go_and_wait(self, van: _Van, at_s: int) -> bool:
        if van.wait_at is None or self._drive_s(van, van.wait_at) == 0:
            return False
        return self._leave(van, van.wait_at, max(van.free_s, self.now_s), at_s)

    def _leave(self, van: _Van, there: Place, leave_s: int, at_s: int) -> bool:
        self._end_visit(van)
        leave_s = max(leave_s, van.free_s, self.now_s)
        if leave_s > at_s:
            return False
        factor, drive_s = self._factor(van), self._drive_s(van, there)
        van.drive = _Drive(there, leave_s, leave_s + math.ceil(drive_s * factor), factor)
        return True

    def _factor(self, van: _Van) -> float:
        noise = self.chances.noise
        return math.exp(van.luck.gauss(-noise * noise / 2, noise)) if noise > 0 else 1.0

    def _arrive(self, van: _Van, drive: _Drive) -> bool:
        self._drove(van, drive.depart_s, drive.arrive_s, drive.destination)
        van.drive, van.free_s = None, drive.arrive_s
        van.place, _ = van.roads.leaving(drive.destination)
        return True

    def _drove(self, van: _Van, depart_s: int, arrive_s: int, there: Place) -> None:
        riders = sum(self.told[id_].riders for id_ in van.boarded_s)
        self.legs.append(Leg(van.vehicle.id, depart_s, arrive_s, van.place, there, riders))

    def _stop(self, van: _Van, at_s: int) -> bool:
        """Do the first stop, for which the vehicle is there."""
        stop, request = van.stops[0], self.told[van.stops[0].request_id]
        begin_s = max(van.free_s, van.begin_s[0])
        if stop.kind is StopKind.DROPOFF:
            begin_s = max(van.free_s, request.earliest_dropoff_s)
        else:
            comes_s = self._comes_s(request)
            if comes_s > begin_s + self.chances.patience_s:
                return self._give_up(van, request, begin_s + self.chances.patience_s, at_s)
            begin_s = max(begin_s, comes_s)
        if begin_s > at_s:
            return False
        ride, planned_s = self.rides[request.id], van.begin_s[0]
        if stop.kind is StopKind.PICKUP:
            done_s = begin_s + request.boarding_s
            van.boarded_s[request.id] = done_s
            ride.vehicle_id = van.vehicle.id
            ride.pickup_s = begin_s if ride.pickup_s is None else ride.pickup_s
        else:
            done_s = begin_s + request.alighting_s
            del van.boarded_s[request.id]
            ride.vehicle_id, ride.dropoff_s, ride.fate = van.vehicle.id, begin_s, "served"
        self.note(begin_s, stop.kind.value, van, request.id)
        self._done(van, self._place(stop), done_s, on_time=begin_s == planned_s)
        if stop.kind is StopKind.DROPOFF:
            del self.told[request.id]
        return True

    def _comes_s(self, request: Request) -> int:
        """Return when a party stands at its stop; late ones some time after the offered pickup."""
        luck, ride = self._luck("party", request.id), self.rides[request.id]
        absent, late = luck.random(), luck.random()
        if ride.pickup_s is not None:
            return 0
        if absent < self.chances.no_show or request.id in self.absent:
            return _NEVER_S
        offered_s = ride.offered_s or 0
        return offered_s + self.chances.late_s if late < self.chances.late else 0

    def _give_up(self, van: _Van, request: Request, until_s: int, at_s: int) -> bool:
        if until_s > at_s:
            return False
        self.rides[request.id].fate = "no_show"
        van.stops = tuple(stop for stop in van.stops if stop.request_id != request.id)
        self.note(until_s, "no_show", van, request.id)
        del self.told[request.id]
        van.free_s = until_s
        self._time(van)
        self.news = True
        return True

    def _done(self, van: _Van, place: Place, done_s: int, *, on_time: bool) -> None:
        """The first stop is done; a visit ends when the next stop is elsewhere."""
        van.stops, van.begin_s = van.stops[1:], van.begin_s[1:]
        van.place, van.free_s = place, done_s
        if not van.stops or self._drive_s(van, self._place(van.stops[0])) > 0:
            self._end_visit(van)
        self.news = self.news or not van.stops
        if not on_time:
            self._time(van)

    def _end_visit(self, van: _Van) -> None:
        """The vehicle stands no longer at a stop, but at the same spot, from some time later on."""
        van.place, stands_s = van.roads.leaving(van.place)
        van.free_s += stands_s

    # Where things are.

    def _place(self, stop: Stop) -> Place:
        request = self.told[stop.request_id]
        return request.origin if stop.kind is StopKind.PICKUP else request.destination

    def _drive_s(self, van: _Van, there: Place) -> int:
        return int(van.roads.table([van.place], [there])[0, 0])

    def _next_node(self, van: _Van, drive: _Drive) -> tuple[Place, int]:
        """Return where a moving vehicle can turn off, and when it will be there."""
        if self.now_s <= drive.depart_s:
            return van.place, drive.depart_s
        elapsed_s = (self.now_s - drive.depart_s) / drive.factor
        place, after_s = van.roads.along(van.place, drive.destination, elapsed_s)
        return place, drive.depart_s + math.ceil(after_s * drive.factor)

    def _start(self, van: _Van) -> tuple[Place, int]:
        if van.drive is None:
            return van.place, max(van.free_s, self.now_s)
        place, at_s = self._next_node(van, van.drive)
        if place == van.drive.destination:
            place, _ = van.roads.leaving(place)
        return place, max(at_s, self.now_s)

    def _route(self, van: _Van, locked: int = 0) -> Route:
        """Return a vehicle's route from where it can next be told something."""
        place, at_s = self._start(van)
        end_s = max(van.vehicle.end_s, at_s)
        vehicle = replace(van.vehicle, start=place, start_s=at_s, end_s=end_s)
        return Route(vehicle, van.stops, dict(van.boarded_s), locked)

    def _locked(self, van: _Van) -> int:
        """Return 1 for a vehicle about to make its first stop, on the way there or there."""
        if not van.stops or van.begin_s[0] - self.now_s > self.divert_until_s:
            return 0
        return int(van.drive is not None or self._is_at_stop(van))

    def _is_at_stop(self, van: _Van) -> bool:
        return self._drive_s(van, self._place(van.stops[0])) == 0

    def _time(self, van: _Van) -> None:
        """Compute when a vehicle's stops are planned to begin."""
        route = self._route(van)
        if (
            van.drive is not None
            and van.stops
            and van.drive.destination == self._place(van.stops[0])
        ):
            place, _ = van.roads.leaving(van.drive.destination)
            there = replace(route.vehicle, start=place, start_s=van.drive.arrive_s)
            route = replace(route, vehicle=there)
        requests = {id_: self.told[id_] for id_ in route.request_ids}
        planned = schedule(route, requests, self.day.roads)
        if not isinstance(planned, Schedule):
            planned = expected(route, requests, self.day.roads)
        van.begin_s = planned.begin_s

    # What the policy sees, and does.

    def moment(self) -> Moment:
        """Return what the policy may know now."""
        routes = {
            van.vehicle.id: self._route(van, self._locked(van))
            for van in self.vans
            if not van.broken
        }
        plan = relaxed(Plan(self.version, routes, dict(self.told)), self.day.roads)
        waits = {van.vehicle.id: van.wait_at for van in self.vans if van.wait_at is not None}
        return Moment(self.now_s, plan, self.day.roads, tuple(self.stranded), waits)

    def ask(self, call: Call, policy: Policy) -> None:
        """Let the policy answer a call."""
        asked, ride = call.request, self.rides[call.request.id]
        decision = policy.answer(self.moment(), asked)
        told = decision.plan.requests.get(asked.id)
        self.note(self.now_s, "refused" if told is None else "accepted", None, asked.id)
        if told is not None:
            _check_promise(asked, told, decision.offered_s)
            ride.offered_s, ride.fate = decision.offered_s, "cancelled_by_operator"
            self.told[asked.id] = told
        self.publish(decision)
        self.news = True

    def publish(self, decision: Decision) -> None:
        """Tell the vehicles what has changed for them."""
        self._check_plan(decision.plan)
        self.version += 1
        for van in self.vans:
            if not van.broken:
                stops = decision.plan.routes[van.vehicle.id].stops
                self._tell(van, stops, None if stops else decision.waits.get(van.vehicle.id))
        carried = {stop.request_id for van in self.vans for stop in van.stops}
        self.stranded = [id_ for id_ in self.stranded if id_ not in carried]

    def _tell(self, van: _Van, stops: tuple[Stop, ...], wait_at: Place | None) -> None:
        if stops == van.stops and wait_at == van.wait_at:
            return
        if stops != van.stops:
            self.note(self.now_s, self._change(van, stops), van)
        van.wait_at = wait_at
        there = self._place(stops[0]) if stops else wait_at
        if van.drive is not None and there != van.drive.destination:
            self._turn_off(van, van.drive)
        if stops != van.stops:
            van.stops = stops
            self._time(van)

    def _change(self, van: _Van, stops: tuple[Stop, ...]) -> str:
        """Name what a driver sees of a new plan."""
        if not van.stops:
            return "sent"
        same = bool(stops) and self._place(stops[0]) == self._place(van.stops[0])
        return "replanned" if same else "diverted"

    def _turn_off(self, van: _Van, drive: _Drive) -> None:
        """End a drive at its next node."""
        place, at_s = self._next_node(van, drive)
        if at_s == drive.depart_s:
            van.drive = None
            return
        van.drive = replace(drive, destination=place, arrive_s=at_s)

    def _check_plan(self, plan: Plan) -> None:
        """Raise unless everybody promised is carried once, and nobody has changed vehicles."""
        where: dict[str, str] = {}
        for van in self.vans:
            if van.broken:
                continue
            route, id_ = plan.routes[van.vehicle.id], van.vehicle.id
            if dict(route.boarded_s) != van.boarded_s:
                raise ValueError(f"{id_}: on board are {sorted(van.boarded_s)}")
            locked = self._locked(van)
            if route.stops[:locked] != van.stops[:locked]:
                raise ValueError(f"{id_}: the stop it is about to make was moved")
            for request_id in route.request_ids:
                if request_id in where or request_id not in self.told:
                    raise ValueError(f"{request_id} is carried twice, or was never promised it")
                where[request_id] = id_
        missing = self.told.keys() - where.keys() - set(self.stranded)
        if missing:
            raise ValueError(f"{sorted(missing)} were promised a ride and are on no route")

    def break_down(self, van: _Van) -> None:
        """A vehicle stands still for good; whoever is on board waits there for another one."""
        if van.drive is not None:
            place, at_s = self._next_node(van, van.drive)
            self._drove(van, van.drive.depart_s, at_s, place)
            van.place, van.free_s, van.drive = van.roads.leaving(place)[0], at_s, None
        self.note(self.now_s, "broke_down", van)
        self.news = True
        self.stranded += sorted({stop.request_id for stop in van.stops})
        for request_id in van.boarded_s:
            self.told[request_id] = _again(self.told[request_id], van.place, van.free_s)
        van.broken, van.stops, van.begin_s, van.boarded_s = True, (), (), {}

    def leave(self, request_id: str) -> None:
        """A party that still waits for its ride does not want it any more."""
        ride = self.rides[request_id]
        if request_id not in self.told or ride.pickup_s is not None:
            return
        for van in self.vans:
            rest = tuple(stop for stop in van.stops if stop.request_id != request_id)
            self._tell(van, rest, van.wait_at)
        self.stranded = [id_ for id_ in self.stranded if id_ != request_id]
        self.note(self.now_s, "cancelled", None, request_id)
        ride.fate, self.news = "cancelled", True
        del self.told[request_id]

    def outcome(self) -> Outcome:
        """Return the record, in the order of time."""
        legs = sorted(self.legs, key=lambda leg: (leg.depart_s, leg.vehicle_id))
        happenings = sorted(self.happenings, key=lambda happening: happening.at_s)
        return Outcome(tuple(self.rides.values()), tuple(legs), tuple(happenings))


def _again(request: Request, place: Place, from_s: int) -> Request:
    """Return what is left of a ride that ended by the wayside: as soon as may be, any vehicle."""
    return replace(
        request,
        origin=place,
        earliest_pickup_s=from_s,
        latest_pickup_s=max(from_s, request.latest_dropoff_s),
        latest_dropoff_s=max(request.latest_dropoff_s, from_s + request.boarding_s),
        pinned=None,
    )


def _check_promise(asked: Request, told: Request, offered_s: int | None) -> None:
    """Raise unless a promise lies within what was asked for."""
    if offered_s is None or not asked.earliest_pickup_s <= offered_s <= asked.latest_pickup_s:
        raise ValueError(f"{asked.id}: offered_s={offered_s} is outside what was asked for")
    windows = (
        asked.earliest_pickup_s <= told.earliest_pickup_s,
        told.latest_pickup_s <= asked.latest_pickup_s,
        told.latest_dropoff_s <= asked.latest_dropoff_s,
        told.ride_max_s <= asked.ride_max_s,
        (told.origin, told.destination) == (asked.origin, asked.destination),
        (told.seats, told.wheelchairs) == (asked.seats, asked.wheelchairs),
    )
    if not all(windows):
        raise ValueError(f"{asked.id}: the promise is wider than what was asked for")
