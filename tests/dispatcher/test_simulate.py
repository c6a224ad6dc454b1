"""A day is driven as planned, and its record is the truth about it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.day import (
    Call,
    Chances,
    Day,
    Decision,
    Leg,
    Moment,
    Outcome,
    Policy,
    legs_of,
    promised,
)
from dispatcher.insert import insert, insertions
from dispatcher.model import Place, Plan, Request, Route, Stop, StopKind, Vehicle
from dispatcher.policies import Insert, Shuffle, rescued
from dispatcher.simulate import FROZEN_S, IN_TIME_S, simulate
from tests.towns import LineTown


class Road(LineTown):
    """The line town, whose places are passed one after another."""

    def along(self, origin: Place, destination: Place, elapsed_s: float, /) -> tuple[Place, int]:
        """See ``day.Roads``."""
        step = 1 if destination > origin else -1
        for at in range(1, abs(destination - origin)):
            if at * self.minute_s >= elapsed_s:
                return Place(origin + step * at), at * self.minute_s
        return destination, self.minute_s * abs(destination - origin)

    def leaving(self, place: Place, /) -> tuple[Place, int]:
        """See ``day.Roads``."""
        return place, 0


def party(
    id_: str, origin: int, destination: int, at_s: int = 0, *, wait_s: int = 1800, seats: int = 1
) -> Request:
    """Wants to leave at ``at_s``, waits so long, and rides at most ten minutes longer."""
    ride_s = 60 * abs(destination - origin) + 600
    due_s = at_s + wait_s + 60 + ride_s
    return Request(
        id_, Place(origin), Place(destination), at_s, at_s + wait_s, at_s, due_s, ride_s, seats
    )


def day(*calls: Call, vans: int = 1, end_s: int = 36_000) -> Day:
    """All vehicles stand at 0, and may end anywhere."""
    fleet = tuple(Vehicle(f"van{n}", Place(0), None, 0, end_s, seats=4) for n in range(vans))
    return Day(fleet, calls, {"car": Road()})


def legs(outcome: Outcome, van: str = "van0") -> list[tuple[int, int, int, int, int]]:
    """Return drives as (depart, arrive, from, to, riders)."""
    return [
        (g.depart_s, g.arrive_s, g.origin, g.destination, g.riders) for g in legs_of(outcome, van)
    ]


def test_one_ride_takes_the_time_it_takes() -> None:
    went = simulate(day(Call(100, party("ann", 3, 5, 100))), Insert())

    (ride,) = went.rides
    assert (ride.offered_s, ride.pickup_s, ride.dropoff_s) == (280, 280, 280 + 60 + 120)
    assert legs(went) == [(100, 280, 0, 3, 0), (340, 460, 3, 5, 1)]
    assert (went.served_share, went.kept_share(), went.drive_s, went.empty_s) == (1, 1, 300, 180)
    kinds = [(h.at_s, h.kind, h.request_id) for h in went.happenings if h.request_id]
    assert kinds == [(100, "accepted", "ann"), (280, "pickup", "ann"), (460, "dropoff", "ann")]


def test_who_does_not_fit_is_refused() -> None:
    far = party("far", 40, 45, 0, wait_s=1800)

    went = simulate(day(Call(0, far)), Insert())

    assert [ride.fate for ride in went.rides] == ["refused"]
    assert (went.served_share, went.legs) == (0, ())


def test_a_day_without_calls_is_served_in_full() -> None:
    assert simulate(day(), Insert()).served_share == 1.0


CALLED_ON_THE_WAY = Call(0, party("ann", 10, 12)), Call(310, party("bob", 4, 3, 310))
"""When Bob calls, the vehicle is between 5 and 6 on its way to Ann at 10."""


@dataclass
class First:
    """Whoever called last is fetched and brought before anybody else."""

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``Policy``."""
        (route,) = moment.plan.routes.values()
        assert route.vehicle.start_s >= moment.now_s
        pickup, dropoff = (Stop(request.id, k) for k in (StopKind.PICKUP, StopKind.DROPOFF))
        stops = *route.stops[: route.locked], pickup, dropoff, *route.stops[route.locked :]
        plan = moment.plan.with_route(route.with_stops(stops), request)
        return Decision(plan, request.earliest_pickup_s)

    def review(self, moment: Moment, /) -> Decision:
        """See ``Policy``."""
        return Decision(moment.plan)


def test_a_vehicle_turns_off_at_the_next_place() -> None:
    went = simulate(day(*CALLED_ON_THE_WAY), First(), divert_until_s=0)

    # At 6 by 360, back to 4 by 480, a minute of boarding, at 3 by 600, alighting, at 10 by 1050.
    assert legs(went)[:4] == [
        (0, 360, 0, 6, 0), (360, 480, 6, 4, 0), (540, 600, 4, 3, 1), (630, 1050, 3, 10, 0),
    ]  # fmt: skip
    assert went.count("diverted") == 1
    assert went.served_share == 1.0


def test_a_frozen_vehicle_makes_its_next_stop_first() -> None:
    went = simulate(day(*CALLED_ON_THE_WAY), First(), divert_until_s=FROZEN_S)

    assert legs(went)[:2] == [(0, 600, 0, 10, 0), (660, 1020, 10, 4, 1)]
    assert (went.count("diverted"), went.count("replanned")) == (0, 1)


@pytest.mark.parametrize(("divert_until_s", "diversions"), [(289, 1), (290, 0)])
def test_it_is_too_late_to_turn_off_shortly_before_the_stop(
    divert_until_s: float, diversions: int
) -> None:
    went = simulate(day(*CALLED_ON_THE_WAY), First(), divert_until_s=divert_until_s)

    assert went.count("diverted") == diversions


def test_whoever_is_told_something_else_before_leaving_leaves_for_there() -> None:
    ann, bob = Call(0, party("ann", 10, 12)), Call(0, party("bob", 4, 3))

    went = simulate(day(ann, bob), First(), divert_until_s=0)

    assert legs(went)[0] == (0, 240, 0, 4, 0)


def test_drivers_leave_at_once_or_in_time() -> None:
    late = Call(0, party("ann", 5, 8, 1000))

    at_once = simulate(day(late), Insert())
    in_time = simulate(day(late), Insert(), leave_early_s=60)

    assert legs(at_once)[0][:2] == (0, 300)
    assert legs(in_time)[0][:2] == (640, 940)
    assert [ride.pickup_s for went in (at_once, in_time) for ride in went.rides] == [1000, 1000]


@pytest.mark.parametrize(("leave_early_s", "drive_s"), [(None, 2280), (IN_TIME_S, 1440)])
def test_who_still_waits_where_it_is_has_not_driven_in_vain(
    leave_early_s: int | None, drive_s: int
) -> None:
    """Ann is booked ahead; at 420 Bob calls behind the vehicle, which is back for her by 3000."""
    ann, bob = Call(0, party("ann", 10, 12, 3000)), Call(420, party("bob", -1, -6, 420))

    went = simulate(day(ann, bob), Insert(), divert_until_s=0, leave_early_s=leave_early_s)

    assert went.drive_s == drive_s
    assert [ride.fate for ride in went.rides] == ["served", "served"]
    assert went.rides[0].pickup_s == 3000


@pytest.mark.parametrize(("at_s", "leaves_s"), [(900, 0), (901, 1)])
def test_who_would_wait_five_minutes_or_less_sets_out_at_once(at_s: int, leaves_s: int) -> None:
    ann = Call(0, party("ann", 10, 12, at_s))

    went = simulate(day(ann), Insert(), leave_early_s=IN_TIME_S)

    assert legs(went)[0][:2] == (leaves_s, leaves_s + 600)


def test_nothing_is_known_before_it_is_said() -> None:
    """A day goes the same way up to a call, whatever is called later."""
    draw = random.Random(3)  # noqa: S311
    calls = [
        Call(300 * n, party(str(n), draw.randrange(12), 12 + draw.randrange(9), 300 * n))
        for n in range(20)
    ]
    whole = simulate(day(*calls, vans=2), Shuffle(shuffles=1000, iterations=20))
    half = simulate(day(*calls[:10], vans=2), Shuffle(shuffles=1000, iterations=20))

    def until(outcome: Outcome) -> list[object]:
        return [h for h in outcome.happenings if h.at_s < 3000]

    assert until(whole) == until(half)
    assert [r.offered_s for r in whole.rides[:10]] == [r.offered_s for r in half.rides]


ROUGH = Chances(noise=0.2, no_show=0.2, late=0.3, breakdown=0.4)


def some_calls(seed: int, count: int = 14) -> list[Call]:
    """Parties over two hours, half of whom call ahead."""
    draw = random.Random(seed)  # noqa: S311
    calls = []
    for n in range(count):
        at_s, (origin, destination) = draw.randrange(7200), draw.sample(range(15), 2)
        known_s = max(0, at_s - draw.choice([0, 3600]))
        asks = party(str(n), origin, destination, at_s, seats=draw.choice([1, 2]))
        calls.append(Call(known_s, asks))
    return sorted(calls, key=lambda call: call.known_s)


def test_the_same_seed_is_the_same_day() -> None:
    calls = some_calls(5)
    runs = [simulate(day(*calls, vans=3), Insert(), seed=seed, chances=ROUGH) for seed in (1, 1, 2)]

    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_noise_makes_drives_longer_and_shorter_but_not_on_average() -> None:
    calls = [Call(2000 * n, party(str(n), 0, 10, 2000 * n)) for n in range(15)]
    went = simulate(day(*calls), Insert(), seed=1, chances=Chances(noise=0.1))

    shares = [(g.arrive_s - g.depart_s) / abs(60 * (g.origin - g.destination)) for g in went.legs]
    assert min(shares) < 0.95
    assert max(shares) > 1.05
    assert 0.96 < sum(shares) / len(shares) < 1.04


def test_two_policies_meet_the_same_luck() -> None:
    calls, rough = some_calls(7), Chances(no_show=0.4)
    one = simulate(day(*calls, vans=2), Insert(), seed=4, chances=rough)
    other = simulate(day(*calls, vans=2), Insert(later_s=120), seed=4, chances=rough)

    def absent(outcome: Outcome) -> set[str]:
        return {ride.request.id for ride in outcome.rides if ride.fate == "no_show"}

    assert absent(one)
    assert absent(one) == absent(other)


def test_a_vehicle_waits_for_a_late_party_but_not_for_ever() -> None:
    call = Call(0, party("ann", 2, 4, 600))

    late = simulate(day(call), Insert(), chances=Chances(late=1, late_s=200))
    gone = simulate(day(call), Insert(), chances=Chances(late=1, late_s=400, patience_s=300))

    assert [(r.fate, r.pickup_s) for r in late.rides] == [("served", 800)]
    assert [(r.fate, r.pickup_s) for r in gone.rides] == [("no_show", None)]
    assert [h.at_s for h in gone.happenings if h.kind == "no_show"] == [900]
    assert gone.kept_share() == 1.0


def test_after_a_breakdown_another_vehicle_fetches_who_was_on_board() -> None:
    calls = [Call(0, party("ann", 0, 30)), Call(0, party("bob", 20, 22, 600))]
    seed = next(s for s in range(99) if _breaks_first(s, calls))

    went = simulate(day(*calls, vans=2, end_s=6000), Insert(), seed=seed, chances=_FRAGILE)

    broke = next(h for h in went.happenings if h.kind == "broke_down")
    assert {ride.fate for ride in went.rides} == {"served"}
    assert went.rides[0].vehicle_id != broke.vehicle_id
    assert faults(day(*calls, vans=2, end_s=6000), went, timed=True) == []


_FRAGILE = Chances(breakdown=0.5)


def _breaks_first(seed: int, calls: Sequence[Call]) -> bool:
    """Whether exactly one vehicle breaks down, and Ann is on board then."""
    went = simulate(day(*calls, vans=2, end_s=6000), Insert(), seed=seed, chances=_FRAGILE)
    broke = [h for h in went.happenings if h.kind == "broke_down"]
    boards = [h for h in went.happenings if h.kind == "pickup" and h.request_id == "ann"]
    return len(broke) == 1 and len(boards) == 2 and boards[0].at_s + 120 < broke[0].at_s


@pytest.mark.parametrize(
    ("chance", "message"),
    [({"no_show": 1.5}, "no_show=1.5"), ({"noise": -1.0}, "noise=-1.0")],
)
def test_impossible_chances_are_refused(chance: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Chances(**chance)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Spoilt(Insert):
    """An honest policy whose decisions are spoilt by ``spoil``."""

    how: str = ""
    change: Mapping[str, int] = field(default_factory=dict)

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``Policy``."""
        decision = Insert.answer(self, moment, request)
        if request.id != "bob":
            return decision
        plan, told = decision.plan, decision.plan.requests["bob"]
        (route,) = plan.routes.values()
        match self.how:
            case "drop":
                return replace(decision, plan=plan.without("ann"))
            case "unload":
                return replace(decision, plan=_routed(plan, route.without("ann")))
            case "stranger":
                stranger = replace(told, id="eve")
                found = insertions(plan, stranger, moment.roads)[0]
                return replace(decision, plan=insert(plan, stranger, found))
            case "lock":
                behind = sorted(route.stops, key=lambda stop: stop.request_id == "ann")
                return replace(
                    decision, plan=_routed(plan, replace(route, stops=tuple(behind), locked=0))
                )
            case "early":
                return replace(decision, offered_s=0)
            case "untold":
                return replace(decision, offered_s=None)
            case _:
                other = replace(told, **self.change)  # type: ignore[arg-type]
                return replace(
                    decision, plan=replace(plan, requests={**plan.requests, "bob": other})
                )


def _routed(plan: Plan, route: Route) -> Plan:
    return replace(plan, routes={route.vehicle.id: route})


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("drop", "were promised a ride"),
        ("stranger", "never promised"),
        ("early", "outside what was asked"),
        ("untold", "outside what was asked"),
    ],
)
def test_a_policy_that_cheats_is_found_out(how: str, message: str) -> None:
    calls = Call(0, party("ann", 5, 8)), Call(60, party("bob", 6, 9, 60))

    with pytest.raises(ValueError, match=message):
        simulate(day(*calls), Spoilt(how=how))


@pytest.mark.parametrize(
    "change",
    [
        {"earliest_pickup_s": 59},
        {"latest_pickup_s": 1861},
        {"latest_dropoff_s": 2701},
        {"ride_max_s": 781},
        {"origin": 7},
        {"destination": 7},
        {"seats": 2},
        {"wheelchairs": 1},
    ],
)
def test_a_promise_is_no_wider_than_what_was_asked(change: dict[str, int]) -> None:
    calls = Call(0, party("ann", 5, 8)), Call(60, party("bob", 6, 9, 60))
    simulate(day(*calls), Spoilt(how="change"))

    with pytest.raises(ValueError, match="bob: the promise is wider than what was asked"):
        simulate(day(*calls), Spoilt(how="change", change=change))


class Twice(Insert):
    """Puts a party into every vehicle there is."""

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``Policy``."""
        plan, pickup_s = moment.plan, 0
        for one in insertions(plan, request, moment.roads):
            added = insert(moment.plan, request, one)
            plan = plan.with_route(added.routes[one.vehicle_id], request)
            pickup_s = one.pickup_s
        return Decision(plan, pickup_s)


def test_nobody_is_carried_by_two_vehicles() -> None:
    with pytest.raises(ValueError, match="ann is carried twice"):
        simulate(day(Call(0, party("ann", 5, 8)), vans=2), Twice())


def test_who_is_on_board_stays_there() -> None:
    calls = Call(0, party("ann", 0, 20)), Call(600, party("bob", 9, 12, 600))

    with pytest.raises(ValueError, match=r"on board are \['ann'\]"):
        simulate(day(*calls), Spoilt(how="unload"))


def test_the_stop_a_vehicle_is_about_to_make_stays_the_next() -> None:
    calls = Call(0, party("ann", 5, 8)), Call(60, party("bob", 6, 9, 60))

    with pytest.raises(ValueError, match="the stop it is about to make was moved"):
        simulate(day(*calls), Spoilt(how="lock"), divert_until_s=FROZEN_S)


@dataclass
class Fickle:
    """A policy that keeps all promises and otherwise does anything at all."""

    draw: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``Policy``."""
        found = insertions(moment.plan, request, moment.roads)
        if not found or self.draw.random() < 0.1:
            return Decision(moment.plan)
        chosen = self.draw.choice(found)
        told = promised(request, chosen.pickup_s, 300)
        return Decision(insert(moment.plan, told, chosen), chosen.pickup_s, self._waits(moment))

    def review(self, moment: Moment, /) -> Decision:
        """See ``Policy``."""
        plan = rescued(moment)
        for route in plan.routes.values():
            free = [
                stop.request_id
                for stop in route.stops[route.locked :]
                if stop.kind is StopKind.PICKUP
            ]
            if free and not moment.stranded and self.draw.random() < 0.5:
                moved = plan.requests[self.draw.choice(free)]
                rest = plan.without(moved.id)
                found = insertions(rest, moved, moment.roads)
                return Decision(insert(rest, moved, self.draw.choice(found)) if found else plan)
        return Decision(plan, waits=self._waits(moment))

    def _waits(self, moment: Moment) -> dict[str, Place]:
        return {id_: Place(self.draw.randrange(15)) for id_ in moment.plan.routes}


POLICIES: list[Policy] = [Insert(), Insert(later_s=150), Fickle()]


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    policy=st.sampled_from(POLICIES),
    divert_until_s=st.sampled_from([0, 120, FROZEN_S]),
    early_s=st.sampled_from([None, 0, 100]),
    chances=st.sampled_from([None, ROUGH]),
)
def test_whatever_the_policy_the_record_is_possible(
    seed: int, policy: Policy, divert_until_s: float, early_s: int | None, chances: Chances | None
) -> None:
    if isinstance(policy, Fickle):
        policy.draw.seed(seed)
    today = day(*some_calls(seed), vans=2)
    went = simulate(
        today,
        policy,
        seed=seed,
        chances=chances,
        divert_until_s=divert_until_s,
        leave_early_s=early_s,
    )

    assert faults(today, went, timed=chances is None) == []
    if chances is None:
        assert went.kept_share(301) == 1.0


def faults(today: Day, went: Outcome, *, timed: bool) -> list[str]:
    """Return what cannot have been: this knows nothing of plans."""
    found: list[str] = []
    for vehicle in today.vehicles:
        drives = legs_of(went, vehicle.id)
        done = [h for h in went.happenings if h.vehicle_id == vehicle.id and h.request_id]
        found += _jumps(vehicle, drives, timed=timed)
        found += _stands(vehicle, drives, went)
        aboard: dict[str, int] = {}
        events = [(h.at_s, 0, h.kind, h.request_id or "") for h in done]
        events += [(leg.depart_s, 1, str(leg.riders), "") for leg in drives]
        for at_s, _, kind, request_id in sorted(events):
            if kind == "pickup":
                aboard[request_id] = _of(went, request_id).seats
            elif kind == "dropoff":
                aboard.pop(request_id)
            elif kind.isdigit() and sum(aboard.values()) != int(kind):
                found.append(f"{vehicle.id} at {at_s}: {kind} said, {aboard} on board")
            if sum(aboard.values()) > vehicle.seats:
                found.append(f"{vehicle.id} at {at_s}: too full")
    for ride in went.rides:
        if ride.pickup_s is not None and ride.pickup_s < max(
            ride.request.earliest_pickup_s, ride.known_s
        ):
            found.append(f"{ride.request.id}: in too early")
    return found


def _of(went: Outcome, request_id: str) -> Request:
    return next(ride.request for ride in went.rides if ride.request.id == request_id)


def _jumps(vehicle: Vehicle, drives: Sequence[Leg], *, timed: bool) -> list[str]:
    found, here, free_s = [], vehicle.start, vehicle.start_s
    for leg in drives:
        if leg.origin != here or leg.depart_s < free_s:
            found.append(f"{vehicle.id} at {leg.depart_s}: was at {here} until {free_s}")
        if timed and leg.arrive_s - leg.depart_s < 60 * abs(leg.origin - leg.destination):
            found.append(f"{vehicle.id} at {leg.depart_s}: too fast")
        here, free_s = leg.destination, leg.arrive_s
    return found


def _stands(vehicle: Vehicle, drives: Sequence[Leg], went: Outcome) -> list[str]:
    """Whoever gets in or out does so where the vehicle stands, long enough."""
    never = 10**9
    first = drives[0].depart_s if drives else never
    stays = [(vehicle.start, 0, first)]
    stays += [(a.destination, a.arrive_s, b.depart_s) for a, b in pairwise(drives)]
    if drives:
        stays.append((drives[-1].destination, drives[-1].arrive_s, never))
    found = []
    for ride in went.rides:
        request = ride.request
        ends = (ride.pickup_s, request.origin, 60), (ride.dropoff_s, request.destination, 30)
        for at_s, place, lasts_s in ends:
            moved = (
                sum(h.request_id == request.id and h.kind == "pickup" for h in went.happenings) > 1
            )
            if at_s is None or ride.vehicle_id != vehicle.id or (moved and place == request.origin):
                continue
            if not any(p == place and a <= at_s and at_s + lasts_s <= b for p, a, b in stays):
                found.append(f"{request.id}: nobody stands at {place} at {at_s}")
    return found


def test_limits_that_cannot_be_kept_are_widened_for_the_policy_only() -> None:
    """A late vehicle goes on taking riders; what was promised is judged by what was promised."""
    calls = [Call(0, party("ann", 10, 12, 600)), Call(700, party("bob", 13, 15, 700))]
    went = simulate(
        day(*calls), Insert(), seed=2, chances=Chances(late=1, late_s=299, patience_s=300)
    )

    assert {ride.fate for ride in went.rides} == {"served"}
