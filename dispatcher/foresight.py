"""Plans chosen by what they leave room for: rollouts over days like those seen before.

Each candidate plan is played on against what was asked on past days from this time on: every call
goes to its cheapest place, promise and all, while vehicles drive and may be diverted.  The mean
number of riders still carried, less what the plan itself costs, says which plan to take.  All
candidates meet the same futures, so that little luck is left in their difference; after a third of
the futures only the better half goes on.

A rollout is coarser than the day: vehicles leave at once, riders board when the vehicle comes, and
where a vehicle under way is follows from the two ends of its drive (Stewart's theorem).  That only
ranks plans: each of them keeps every promise before it gets here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dispatcher.cost import ABOARD, DRIVE
from dispatcher.fleet import Fleet
from dispatcher.insert import OneRoad, insert, insertions
from dispatcher.model import Place, Plan, Request, Route, StopKind, Vehicle
from dispatcher.policies import Shuffle, planned_pickup_s, rescued
from dispatcher.search import MaxIterations
from dispatcher.search_plan import search_plan
from dispatcher.simulate import Call, Decision, Moment

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_ROOM: Final = 64
"""The longest route a rollout can hold, done stops included."""

_FAR: Final = 2**30


class Futures(NamedTuple):
    """Calls of past days, one row a day, ordered by when they became known; -1 fills rows up."""

    known: Ints
    early: Ints
    late: Ints
    ride: Ints
    seats: Ints
    boarding: Ints
    alighting: Ints
    origin: Ints
    destination: Ints
    """Rows in the table of driving times."""


class Routes(NamedTuple):
    """The routes of one candidate plan, a row a vehicle; positions from ``size`` on are empty."""

    place: Ints
    early: Ints
    late: Ints
    service: Ints
    ride: Ints
    pick: Ints
    """Where the party of a dropoff gets in; -1 when it is on board or at a pickup."""
    seats: Ints
    """Seats taken (+) or freed (-)."""
    size: Ints
    wait: Ints
    """Where a vehicle without stops is to go; -1 is nowhere."""


class Vans(NamedTuple):
    """What all candidates share: where each vehicle is, from when on, and how full."""

    place: Ints
    free: Ints
    aboard: Ints
    room: Ints


class Rules(NamedTuple):
    """How a rollout answers calls."""

    within: int
    """How far a pickup may be moved from the planned one."""
    arrival: float
    """What a rider's later arrival costs beside a second of driving."""


@njit(cache=True, nogil=True)
def play(
    drive: NDArray[np.int32],
    vans: Vans,
    routes: Routes,
    futures: Futures,
    first: Ints,
    days: Ints,
    calls: int,
    rules: Rules,
    out: Floats,
) -> None:
    """Write for each of some days how many of its calls, from ``first`` on, a plan can take."""
    count = len(vans.place)
    room = np.empty((8, count, _ROOM), np.int64)
    extra = np.empty((4, count), np.int64)
    trial = np.empty(_ROOM, np.int64)
    for at in range(len(days)):
        day = days[at]
        out[at] = _play(
            drive, vans, routes, futures, day, int(first[day]), calls, rules, room, extra, trial
        )


@njit(cache=True, nogil=True)
def cost_s(drive: NDArray[np.int32], vans: Vans, routes: Routes, arrival: float) -> float:
    """Return what the plan costs, as ``dispatcher.cost`` has it, and ``arrival`` for every arrival.

    Ways to depots are left out.
    """
    cost = 0.0
    for v in range(len(vans.place)):
        here, free, riders = vans.place[v], vans.free[v], vans.aboard[v]
        for k in range(routes.size[v]):
            leg = drive[here, routes.place[v, k]]
            cost += leg * (DRIVE + ABOARD * riders)
            begin = max(free + leg, routes.early[v, k])
            if routes.seats[v, k] < 0:
                cost += arrival * begin
            here, free = routes.place[v, k], begin + routes.service[v, k]
            riders += routes.seats[v, k]
    return cost


@njit(cache=True, nogil=True)
def _play(
    drive: NDArray[np.int32],
    vans: Vans,
    routes: Routes,
    futures: Futures,
    day: int,
    first: int,
    calls: int,
    rules: Rules,
    room: NDArray[np.int64],
    extra: NDArray[np.int64],
    trial: Ints,
) -> int:
    """Return how many of one day's next calls this plan can take."""
    seats, begin = room[6], room[7]
    size, head, target, load = extra[0], extra[1], extra[2], extra[3]
    for v in range(len(size)):
        size[v], head[v], target[v], load[v] = routes.size[v], 0, routes.wait[v], vans.aboard[v]
        _lay(drive, vans, v, routes, room)
    taken = 0
    last = min(first + calls, futures.known.shape[1])
    for call in range(first, last):
        now = futures.known[day, call]
        if now < 0:
            break
        best, best_v, best_i, best_j = np.inf, -1, 0, 0
        for v in range(len(size)):
            while head[v] < size[v] and begin[v, head[v]] <= now:
                load[v] += seats[v, head[v]]
                head[v] += 1
            if size[v] + 2 > _ROOM:
                continue
            cost, i, j = _best(
                drive, vans, v, now, futures, day, call, rules, room, size[v], head[v], target[v],
                load[v], trial, best,
            )  # fmt: skip
            if cost < best:
                best, best_v, best_i, best_j = cost, v, i, j
        if best_v >= 0:
            taken += 1
            _put(drive, vans, best_v, now, futures, day, call, rules, best_i, best_j, room, extra)
    return taken


@njit(cache=True, nogil=True)
def _lay(
    drive: NDArray[np.int32], vans: Vans, v: int, routes: Routes, room: NDArray[np.int64]
) -> None:
    """Copy one route, and write when its stops begin."""
    here, free = vans.place[v], vans.free[v]
    for k in range(routes.size[v]):
        room[0, v, k], room[1, v, k] = routes.place[v, k], routes.early[v, k]
        room[2, v, k], room[3, v, k] = routes.late[v, k], routes.service[v, k]
        room[4, v, k], room[5, v, k] = routes.ride[v, k], routes.pick[v, k]
        room[6, v, k] = routes.seats[v, k]
        room[7, v, k] = max(routes.early[v, k], free + drive[here, routes.place[v, k]])
        here, free = routes.place[v, k], room[7, v, k] + routes.service[v, k]


@njit(cache=True, nogil=True)
def _from(
    drive: NDArray[np.int32],
    vans: Vans,
    v: int,
    now: int,
    room: NDArray[np.int64],
    size: int,
    head: int,
    target: int,
    there: int,
) -> int:
    """Return when a vehicle that changes its mind now could be somewhere."""
    place, service, begin = room[0, v], room[3, v], room[7, v]
    here, free = vans.place[v], vans.free[v]
    if head > 0:
        here, free = place[head - 1], begin[head - 1] + service[head - 1]
    ahead = place[head] if head < size else target
    if head == size and head > 0:
        ahead = -1
    if ahead < 0 or now <= free:
        return int(max(now, free) + drive[here, there])
    whole = drive[here, ahead]
    gone = now - free
    if gone >= whole:
        return int(now + drive[ahead, there])
    share = gone / whole
    a, b = float(drive[here, there]), float(drive[ahead, there])
    square = (1 - share) * a * a + share * b * b - share * (1 - share) * whole * whole
    left = np.sqrt(max(square, 0.0))
    left = max(left, b - (whole - gone), a - gone)
    return now + int(min(left, b + (whole - gone)))


@njit(cache=True, nogil=True)
def _best(
    drive: NDArray[np.int32],
    vans: Vans,
    v: int,
    now: int,
    futures: Futures,
    day: int,
    call: int,
    rules: Rules,
    room: NDArray[np.int64],
    size: int,
    head: int,
    target: int,
    load: int,
    trial: Ints,
    cut: float,
) -> tuple[float, int, int]:
    """Return the cheapest place of a call in one route and its cost, infinite if there is none."""
    place, early, late, service = room[0, v], room[1, v], room[2, v], room[3, v]
    ride, pick, seats, begin = room[4, v], room[5, v], room[6, v], room[7, v]
    p, d = futures.origin[day, call], futures.destination[day, call]
    people, direct = futures.seats[day, call], drive[p, d]
    early_p, late_p = futures.early[day, call], futures.late[day, call]
    boards, alights, longest = (
        futures.boarding[day, call], futures.alighting[day, call], futures.ride[day, call],
    )  # fmt: skip
    best, best_i, best_j = cut, -1, -1
    full = load
    for i in range(head, size + 1):
        if i > head:
            full += seats[i - 1]
        if full + people > vans.room[v]:
            continue
        if i == head:
            at_p = _from(drive, vans, v, now, room, size, head, target, p)
        else:
            at_p = begin[i - 1] + service[i - 1] + drive[place[i - 1], p]
        if at_p > late_p:
            if i > head:
                break
            continue
        begin_p = max(at_p, early_p)
        here, free, inside, drove = p, begin_p + boards, full + people, 0
        drove = drive[place[i - 1], p] if i > head else at_p - now
        slipped = 0
        for j in range(i, size + 1):
            # Out after the stops i .. j - 1.
            if j > i:
                k = j - 1
                at = max(early[k], free + drive[here, place[k]])
                if at > late[k]:
                    break
                if pick[k] >= 0:
                    since = trial[pick[k]] if pick[k] >= i else begin[pick[k]]
                    if at - since > ride[k]:
                        break
                drove += drive[here, place[k]]
                if seats[k] < 0:
                    slipped += at - begin[k]
                trial[k] = at
                here, free = place[k], at + service[k]
                inside += seats[k]
                if inside > vans.room[v]:
                    break
            at_d = free + drive[here, d]
            if at_d - begin_p > longest:
                break
            cost = float(drove + drive[here, d]) + rules.arrival * (
                slipped + at_d - early_p - direct
            )
            if cost - _old(drive, vans, v, now, room, i, j, head, size) >= best:
                continue
            after, fine = _rest(drive, v, room, j, size, i, d, at_d + alights, trial)
            if not fine:
                continue
            cost += rules.arrival * after
            if j < size:
                cost += drive[d, place[j]]
            cost -= _old(drive, vans, v, now, room, i, j, head, size)
            if cost < best:
                best, best_i, best_j = cost, i, j
    if best_i < 0:
        return np.inf, -1, -1
    return best, best_i, best_j


@njit(cache=True, nogil=True)
def _old(
    drive: NDArray[np.int32], vans: Vans, v: int, now: int, room: NDArray[np.int64],
    i: int, j: int, head: int, size: int,
) -> float:  # fmt: skip
    """Return the driving from before stop ``i`` to stop ``j`` in the route as it is."""
    place, service, begin = room[0, v], room[3, v], room[7, v]
    drove = 0.0
    for k in range(i, min(j, size - 1) + 1):
        if k == head:
            here, free = vans.place[v], vans.free[v]
            if head > 0:
                here, free = place[head - 1], begin[head - 1] + service[head - 1]
            drove += max(0, drive[here, place[k]] - max(0, now - free))
        else:
            drove += drive[place[k - 1], place[k]]
    return float(drove)


@njit(cache=True, nogil=True)
def _rest(
    drive: NDArray[np.int32], v: int, room: NDArray[np.int64], j: int, size: int, i: int,
    here: int, free: int, trial: Ints,
) -> tuple[int, bool]:  # fmt: skip
    """Push the stops from ``j`` on; return how much later riders arrive, and if all is kept."""
    place, early, late, service = room[0, v], room[1, v], room[2, v], room[3, v]
    ride, pick, seats, begin = room[4, v], room[5, v], room[6, v], room[7, v]
    slipped = 0
    for k in range(j, size):
        at = max(early[k], free + drive[here, place[k]])
        if at > late[k]:
            return 0, False
        if pick[k] >= 0:
            since = trial[pick[k]] if pick[k] >= i else begin[pick[k]]
            if at - since > ride[k]:
                return 0, False
        if seats[k] < 0:
            slipped += at - begin[k]
        trial[k] = at
        here, free = place[k], at + service[k]
    return slipped, True


@njit(cache=True, nogil=True)
def _put(
    drive: NDArray[np.int32], vans: Vans, v: int, now: int, futures: Futures, day: int, call: int,
    rules: Rules, i: int, j: int, room: NDArray[np.int64], extra: NDArray[np.int64],
) -> None:  # fmt: skip
    """Put a call into a route, in before stop ``i`` and out before stop ``j``."""
    size, head, target = extra[0], extra[1], extra[2]
    at_p = _from(drive, vans, v, now, room, size[v], head[v], target[v], futures.origin[day, call])
    for row in range(8):
        for k in range(size[v] - 1, i - 1, -1):
            to = k + 2 if k >= j else k + 1
            room[row, v, to] = room[row, v, k]
    size[v] += 2
    p, d = i, j + 1
    room[0, v, p], room[0, v, d] = futures.origin[day, call], futures.destination[day, call]
    room[1, v, p], room[1, v, d] = futures.early[day, call], 0
    room[2, v, p], room[2, v, d] = futures.late[day, call], _FAR
    room[3, v, p], room[3, v, d] = futures.boarding[day, call], futures.alighting[day, call]
    room[4, v, p], room[4, v, d] = 0, futures.ride[day, call]
    room[5, v, p], room[5, v, d] = -1, p
    room[6, v, p], room[6, v, d] = futures.seats[day, call], -futures.seats[day, call]
    for k in range(head[v], size[v]):
        if k != d and room[5, v, k] >= i:
            room[5, v, k] += 2 if room[5, v, k] >= j else 1
    place, early, service, begin = room[0, v], room[1, v], room[3, v], room[7, v]
    for k in range(i, size[v]):
        follows = k > head[v]
        at = begin[k - 1] + service[k - 1] + drive[place[k - 1], place[k]] if follows else at_p
        begin[k] = max(early[k], at)
    room[1, v, p] = max(room[1, v, p], begin[p] - rules.within)
    room[2, v, p] = min(room[2, v, p], begin[p] + rules.within)


@dataclass(frozen=True, slots=True)
class History:
    """Past days of the same kind: who called, when, from where to where."""

    days: tuple[tuple[Call, ...], ...]
    places: tuple[Place, ...] = field(init=False)
    futures: Futures = field(init=False)

    def __post_init__(self) -> None:
        calls = [call for day in self.days for call in day]
        both = {c.request.origin for c in calls} | {c.request.destination for c in calls}
        object.__setattr__(self, "places", tuple(sorted(both)))
        object.__setattr__(self, "futures", _futures(self.days, self.places))


def _futures(days: Sequence[Sequence[Call]], places: Sequence[Place]) -> Futures:
    row = {place: at for at, place in enumerate(places)}
    longest = max((len(day) for day in days), default=0)
    table = np.full((len(Futures._fields), len(days), longest + 1), -1, dtype=np.int64)
    for number, day in enumerate(days):
        for at, call in enumerate(sorted(day, key=lambda call: call.known_s)):
            r = call.request
            table[:, number, at] = (
                call.known_s, r.earliest_pickup_s, r.latest_pickup_s, r.boarding_s + r.ride_max_s,
                r.riders, r.boarding_s, r.alighting_s, row[r.origin], row[r.destination],
            )  # fmt: skip
    return Futures(*table)


@dataclass(frozen=True, slots=True)
class Foresight(Shuffle):
    """Of several plans with the party, the one that leaves most room for those still to call."""

    history: History = field(default_factory=lambda: History(()))
    futures: int = 120
    """How many past days each plan is played against."""
    calls: int = 25
    """How many calls of each."""
    most: int = 8
    """How many plans are compared."""
    rider_s: float = 8000.0
    """What one more rider is worth, in seconds of driving."""
    arrival: float = 0.3
    sooner: float = 0.3
    """What a rider's later arrival counts in the plan itself."""
    hubs: tuple[Place, ...] = ()
    """Where idle vehicles may wait, if rollouts say so."""
    gain: float = 0.1
    """How many more riders a move of an idle vehicle must promise."""
    move_s: float = 3000.0
    """For how many seconds of driving it must promise one rider more."""
    polish: int = 60
    """Iterations of the search for one more plan."""

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``simulate.Policy``."""
        decisions = self._candidates(moment, self.cautious(request))
        if not decisions:
            return Decision(moment.plan, waits=moment.waits)
        if len(decisions) == 1:
            return decisions[0]
        return decisions[int(np.argmax(self.scores(moment, decisions)))]

    def _candidates(self, moment: Moment, request: Request) -> list[Decision]:
        """Return plans that carry the party and keep every promise."""
        fleet = Fleet(moment.plan, moment.roads)
        found = insertions(moment.plan, request, moment.roads, fleet=fleet)[: self.most]
        if not found:
            shuffled = self._shuffled(moment, request)
            return [] if shuffled is None else [shuffled]
        plans = [insert(moment.plan, request, one) for one in found]
        decisions = [
            self.promise(moment, plan, request, one.pickup_s, self.later_s)
            for plan, one in zip(plans, found, strict=True)
        ]
        better = self._cheaper(moment, plans[0], self.polish)
        if better is not plans[0]:
            pickup_s = planned_pickup_s(better, request.id, moment)
            decisions.append(self.promise(moment, better, request, pickup_s, self.later_s))
        return decisions

    def review(self, moment: Moment, /) -> Decision:
        """See ``simulate.Policy``."""
        plan = rescued(moment)
        decisions = [Decision(plan, waits=moment.waits)]
        better = self._cheaper(moment, plan, self.iterations)
        if better is not plan:
            decisions.append(Decision(better, waits=moment.waits))
        best = decisions[0]
        if len(decisions) > 1:
            best = decisions[int(np.argmax(self.scores(moment, decisions)))]
        return self._waiting(moment, best)

    def _cheaper(self, moment: Moment, plan: Plan, iterations: int) -> Plan:
        """Return a plan that costs less, or the same."""
        if iterations == 0 or moment.stranded:
            return plan
        stop = MaxIterations(iterations)
        return search_plan(plan, moment.roads, stop=stop, seed=moment.now_s)

    def _waiting(self, moment: Moment, best: Decision) -> Decision:
        """Send one idle vehicle where more riders can be carried, if there is such a place."""
        idle = [id_ for id_, route in best.plan.routes.items() if not route.stops]
        if not idle or not self.hubs:
            return best
        moves = [
            replace(best, waits={**best.waits, id_: hub})
            for id_ in idle[:6]
            for hub in self.hubs
            if best.waits.get(id_) != hub
        ]
        scores = self.scores(moment, [best, *moves], riders_only=True)
        for at, move in enumerate(moves, start=1):
            scores[at] -= self.gain + self._way_s(moment, best, move) / self.move_s
        return [best, *moves][int(np.argmax(scores))]

    def _way_s(self, moment: Moment, best: Decision, move: Decision) -> int:
        """Return how far a move sends its vehicle."""
        ((id_, hub),) = move.waits.items() - best.waits.items()
        vehicle = best.plan.routes[id_].vehicle
        return int(moment.roads[vehicle.profile].table([vehicle.start], [hub])[0, 0])

    def scores(
        self, moment: Moment, decisions: Sequence[Decision], *, riders_only: bool = False
    ) -> Floats:
        """Return what each plan is worth, in riders; plans that fall behind get -inf."""
        table = Rollout(moment, decisions, self.history)
        days = np.arange(min(self.futures, len(self.history.days)))
        costs = np.array([table.cost_s(at, self.sooner) for at in range(len(decisions))])
        worth = -(costs - costs.min()) / self.rider_s if not riders_only else np.zeros(len(costs))
        if len(days) == 0:
            return worth
        rules = Rules(self.within_s, self.arrival)
        third = max(1, len(days) // 3)
        early = table.play(range(len(decisions)), days[:third], self.calls, rules)
        ranked = np.argsort(-(worth + early.mean(axis=1)), kind="stable")
        kept = sorted({0, *ranked[: max(2, (len(decisions) + 1) // 2)].tolist()})
        scores = np.full(len(decisions), -np.inf)
        later = table.play(kept, days[third:], self.calls, rules)
        for row, at in enumerate(kept):
            scores[at] = worth[at] + np.concatenate([early[at], later[row]]).mean()
        return scores


class Rollout:
    """Candidate plans in the words of the rollouts."""

    def __init__(self, moment: Moment, decisions: Sequence[Decision], history: History) -> None:
        plans = [decision.plan for decision in decisions]
        self.futures = history.futures
        self.first = np.array(
            [
                np.searchsorted(_until(row), moment.now_s, side="right")
                for row in history.futures.known
            ],
            dtype=np.int64,
        )
        places = dict.fromkeys(history.places)
        for decision in decisions:
            places.update(dict.fromkeys(_places(decision)))
        self.row = {place: at for at, place in enumerate(places)}
        roads = next(iter(moment.roads.values()))
        self.drive = np.ascontiguousarray(roads.table(list(places), list(places)), dtype=np.int32)
        routes = list(plans[0].routes.values())
        self.ids = list(plans[0].routes)
        self.vans = Vans(
            place=_ints([self.row[route.vehicle.start] for route in routes]),
            free=_ints([route.vehicle.start_s for route in routes]),
            aboard=_ints(
                [sum(plans[0].requests[i].riders for i in route.boarded_s) for route in routes]
            ),
            room=_ints([route.vehicle.seats for route in routes]),
        )
        self.candidates = [self._routes(decision) for decision in decisions]

    def play(self, which: Sequence[int], days: Ints, calls: int, rules: Rules) -> Floats:
        """Return how many calls each of some candidates takes on each of some days."""
        out = np.zeros((len(which), len(days)))
        for row, at in enumerate(which):
            play(
                self.drive, self.vans, self.candidates[at], self.futures, self.first, days,
                calls, rules, out[row],
            )  # fmt: skip
        return out

    def cost_s(self, at: int, arrival: float = 0.0) -> float:
        """Return what one candidate costs, in seconds."""
        return float(cost_s(self.drive, self.vans, self.candidates[at], arrival))

    def _routes(self, decision: Decision) -> Routes:
        plan = decision.plan
        routes = list(plan.routes.values())
        table = np.zeros((7, len(routes), _ROOM), dtype=np.int64)
        sizes = []
        for v, route in enumerate(routes):
            nodes = _nodes(route, plan.requests)[:_ROOM]
            sizes.append(len(nodes))
            for k, node in enumerate(nodes):
                table[:, v, k] = self.row[Place(node[0])], *node[1:]
        wait = [
            self.row.get(decision.waits.get(route.vehicle.id, Place(-1)), -1) for route in routes
        ]
        return Routes._make([*table, _ints(sizes), _ints(wait)])


def _until(row: Ints) -> Ints:
    """Return one day's calls without what fills the row up."""
    return row[row >= 0]


def _ints(numbers: list[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


def _places(decision: Decision) -> list[Place]:
    places = list(decision.waits.values())
    for route in decision.plan.routes.values():
        places.append(route.vehicle.start)
        places += [Place(node[0]) for node in _nodes(route, decision.plan.requests)]
    return places


def _nodes(route: Route, requests: Mapping[str, Request]) -> list[tuple[int, ...]]:
    """Return place, window, service, ride, pickup and seats of every stop; tasks are left out."""
    nodes: list[tuple[int, ...]] = []
    at: dict[str, int] = {}
    for stop in route.stops:
        if stop.kind not in (StopKind.PICKUP, StopKind.DROPOFF):
            continue
        r = requests[stop.request_id]
        if stop.kind is StopKind.PICKUP:
            at[r.id] = len(nodes)
            window = r.earliest_pickup_s, r.latest_pickup_s
            nodes.append((r.origin, *window, r.boarding_s, 0, -1, r.riders))
            continue
        due_s = r.latest_dropoff_s
        if r.id in route.boarded_s:
            due_s = min(due_s, route.boarded_s[r.id] + r.ride_max_s)
        ride_s = r.boarding_s + r.ride_max_s
        node = (r.earliest_dropoff_s, due_s, r.alighting_s, ride_s, at.get(r.id, -1), -r.riders)
        nodes.append((r.destination, *node))
    return nodes


class _OneRoad(OneRoad):
    """The same, known place by place."""

    def along(self, _origin: Place, destination: Place, _elapsed_s: float, /) -> tuple[Place, int]:
        return destination, 0

    def leaving(self, place: Place, /) -> tuple[Place, int]:
        return place, 0


def warm_foresight() -> None:
    """Compile the rollouts for this process; seconds the first time ever."""
    van = Vehicle("van", Place(0), None, 0, 10_000, seats=4)
    plan = Plan(0, {"van": Route(van)}, {})
    call = Call(1, Request("first", Place(1), Place(9), 0, 9_000, 0, 9_000, ride_max_s=100))
    moment = Moment(0, plan, {"car": _OneRoad()})
    rollout = Rollout(moment, [Decision(plan)], History(((call,),)))
    rollout.play([0], np.array([0]), 1, Rules(within=300, arrival=0.0))
    rollout.cost_s(0)
