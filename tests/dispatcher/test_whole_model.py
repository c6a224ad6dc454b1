"""Luggage, parcels, parties that ride alone, pins, breaks: in schedules, insertions and checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.check import Violation, check
from dispatcher.cost import plan_cost_s
from dispatcher.insert import insert, insertions
from dispatcher.model import (
    Connection,
    Follows,
    Place,
    Plan,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    Vehicle,
)
from dispatcher.plan import boarded, done, dropped, moved, relaxed
from dispatcher.schedule import Breach, Rule, Schedule, expected, schedule
from tests.dispatcher.test_schedule import TRAVEL, VAN, ride, stops
from tests.towns import IslandTown, LineTown

PAUSE = Task("p", StopKind.BREAK, Place(2), 600, 900, 1800)


def day(
    words: str,
    *asked: Request,
    van: Vehicle = VAN,
    aboard: str = "",
    pause: Task = PAUSE,
    locked: int = 0,
) -> Plan:
    """``p`` alone is the pause; who is ``aboard`` got in at 0."""
    parts = [Stop("p", StopKind.BREAK) if word == "p" else stops(word)[0] for word in words.split()]
    tasks = {"p": pause} if "p" in words.split() else {}
    route = Route(van, tuple(parts), dict.fromkeys(aboard.split(), 0), locked, tasks)
    return Plan(1, {van.id: route}, {request.id: request for request in asked})


def broken(plan: Plan) -> Breach | None:
    found = schedule(plan.routes["van"], plan.requests, TRAVEL)
    return found if isinstance(found, Breach) else None


def where(plan: Plan, party: Request) -> tuple[int, int] | None:
    found = insertions(plan, party, TRAVEL)
    return (found[0].pickup_index, found[0].dropoff_index) if found else None


A, B = ride("a", 3, 9), ride("b", 4, 8)
SOON = replace(A, latest_pickup_s=240, latest_dropoff_s=900)
SUITCASES = replace(VAN, bags=2)


def test_luggage_takes_its_own_room() -> None:
    a, b = replace(A, bags=2), replace(B, bags=1)

    assert broken(day("+a -a", a, van=SUITCASES)) is None
    full = day("+a +b -b -a", a, b, van=SUITCASES)
    assert broken(full) == Breach(Rule.BAGS, 1, "b", 1)
    assert check(full, TRAVEL) == [Violation("bags", "van", "b", 1)]
    on_board = day("-a", a, van=replace(VAN, bags=1), aboard="a")
    assert broken(on_board) == Breach(Rule.BAGS, 0, "a", 1)


def test_luggage_goes_where_there_is_room_for_it() -> None:
    plan = day("+a -a", replace(SOON, bags=2), van=SUITCASES)

    assert where(plan, B) == (1, 2)
    assert where(plan, replace(B, bags=1)) == (2, 3)
    assert where(plan, replace(B, bags=3)) is None
    # Around the others as well: from before a gets in to after a has got out.
    tight = {"latest_pickup_s": 120, "latest_dropoff_s": 900}
    around = ride("b", 1, 10, **tight)
    assert where(plan, around) == (0, 3)
    assert where(plan, replace(around, bags=1)) is None


def test_a_parcel_rides_on_spare_room_and_sees_every_break() -> None:
    parcel = replace(ride("b", 1, 3), seats=0, bags=1)

    onward = replace(SUITCASES, end=Place(5))

    assert where(day("p", van=onward), parcel) == (0, 2)
    assert where(day("p", van=onward), replace(parcel, seats=1)) in {(0, 1), (1, 2)}
    through = day("+b p -b", parcel, van=SUITCASES)
    assert broken(through) is None
    assert check(through, TRAVEL) == []


def test_a_party_alone_shares_with_nobody_but_parcels() -> None:
    alone = replace(A, alone=True)
    parcel = replace(B, seats=0, bags=1)

    shared = day("+a +b -b -a", alone, B)
    assert broken(shared) == Breach(Rule.ALONE, 1, "b", 1)
    assert check(shared, TRAVEL) == [Violation("alone", "van", "b", 1)]
    assert check(day("+b +a -b -a", alone, B), TRAVEL) == [Violation("alone", "van", "a", 1)]
    assert broken(day("+b +a -b -a", alone, B)) == Breach(Rule.ALONE, 1, "a", 1)
    with_parcel = day("+a +b -b -a", alone, parcel, van=SUITCASES)
    assert broken(with_parcel) is None
    assert check(with_parcel, TRAVEL) == []
    assert broken(day("+a -a +b -b", alone, B)) is None


def test_two_on_board_already_of_whom_one_rides_alone_stay_so_until_one_gets_out() -> None:
    plan = day("-a -b", replace(A, alone=True), replace(B, seats=2), aboard="a b")

    assert broken(plan) == Breach(Rule.ALONE, 0, "a", 2)
    assert check(plan, TRAVEL)[0] == Violation("alone", "van", None, 2)
    assert where(plan, ride("c", 9, 10)) is None


@pytest.mark.parametrize("chairs", [0, 1])
def test_nobody_is_put_beside_a_party_that_rides_alone(chairs: int) -> None:
    van = replace(VAN, wheelchair_places=2)
    plan = day("+a -a", replace(SOON, alone=True), van=van)
    beside = replace(B, seats=1 - chairs, wheelchairs=chairs)

    assert where(plan, beside) == (2, 3)
    assert where(plan, replace(beside, latest_pickup_s=400)) is None
    parcel = replace(beside, seats=0, wheelchairs=0, bags=1)
    assert where(day("+a -a", replace(A, alone=True), van=SUITCASES), parcel) == (1, 2)


def test_a_party_that_rides_alone_is_put_beside_nobody() -> None:
    alone = replace(B, alone=True)

    assert where(day("+a -a", A), alone) == (2, 3)
    assert where(day("+a -a", replace(A, seats=0, bags=1), van=SUITCASES), alone) == (1, 2)
    # Nor around somebody.
    around = replace(ride("b", 1, 10, latest_pickup_s=120, latest_dropoff_s=900), alone=True)
    assert where(day("+a -a", SOON), replace(around, alone=False)) == (0, 3)
    assert where(day("+a -a", SOON), around) is None


def test_a_vehicle_that_may_not_carry_a_party_is_named_unless_it_is_on_board() -> None:
    strange = replace(A, only=frozenset({"bus"}))
    plan = day("+b +a -a -b", strange, B)

    assert broken(plan) == Breach(Rule.NOT_ALLOWED, 1, "a", 1)
    assert check(plan, TRAVEL) == [Violation("not_allowed", "van", "a")]
    assert where(plan, ride("c", 1, 2)) is None
    pinned = day("+a -a", replace(A, pinned="bus"))
    assert broken(pinned) == Breach(Rule.NOT_ALLOWED, 0, "a", 1)
    assert check(pinned, TRAVEL) == [Violation("not_allowed", "van", "a")]
    inside = day("-a", strange, aboard="a")
    assert broken(inside) is None
    assert check(inside, TRAVEL) == []
    both = day("+a -a", replace(strange, pinned="van"))
    assert broken(both) is None
    assert check(both, TRAVEL) == []


def test_only_vehicles_that_may_carry_a_party_are_found() -> None:
    plan = Plan(1, {"van": Route(VAN), "bus": Route(replace(VAN, id="bus"))}, {})

    def ids(party: Request) -> list[str]:
        return [one.vehicle_id for one in insertions(plan, party, TRAVEL)]

    assert ids(A) == ["van", "bus"]
    assert ids(replace(A, only=frozenset({"bus"}))) == ["bus"]
    assert ids(replace(A, pinned="bus")) == ["bus"]
    assert ids(replace(A, only=frozenset({"van"}), pinned="bus")) == ["bus"]
    assert ids(replace(A, only=frozenset())) == []


def test_a_vehicle_that_is_not_preferred_costs_five_minutes_more() -> None:
    plan = Plan(1, {"van": Route(VAN), "bus": Route(replace(VAN, id="bus"))}, {})
    party = replace(A, prefers=frozenset({"bus"}))

    found = insertions(plan, party, TRAVEL)

    assert [(one.vehicle_id, one.cost_s) for one in found] == [("bus", 1125), ("van", 1425)]
    for one in found:
        assert plan_cost_s(insert(plan, party, one), TRAVEL) == one.cost_s


def test_nobody_is_on_board_during_a_break() -> None:
    plan = day("+a p -a", A)

    assert broken(plan) == Breach(Rule.ABOARD_AT_TASK, 1, "p", 1)
    assert check(plan, TRAVEL) == [Violation("aboard_at_task", "van", "p", 1)]
    assert where(plan, ride("c", 1, 2)) is None


def test_a_break_begins_as_soon_as_it_can_and_lasts() -> None:
    times = schedule(day("p +a -a", A).routes["van"], {"a": A}, TRAVEL)

    assert isinstance(times, Schedule)
    assert (times.leave_s, times.arrive_s[0]) == (480, 600)
    assert times.begin_s[:2] == (600, 2460)
    assert times.depart_s[0] == 2400
    assert times.load == (0, 1, 0)


def test_a_party_goes_before_or_after_a_break_in_its_window() -> None:
    # Before it there is time to be back at 2 by 900.
    assert where(day("p"), ride("b", 1, 3, latest_pickup_s=500)) == (0, 1)
    assert where(day("p"), ride("b", 1, 3, earliest_pickup_s=700)) == (1, 2)
    far = ride("b", 1, 12, latest_pickup_s=500)
    assert where(day("p"), far) is None
    assert where(day("p", pause=replace(PAUSE, latest_s=1500)), far) == (0, 1)


def test_a_break_that_cannot_begin_in_time_is_named() -> None:
    plan = day("+a -a p", A)

    # 9 at 600, out at 630, and seven minutes back.
    assert broken(plan) == Breach(Rule.TASK_LATE, 2, "p", 150)
    assert check(plan, TRAVEL) == [Violation("late", "van", "p", 150)]
    late = expected(plan.routes["van"], plan.requests, TRAVEL)
    assert late.begin_s[2] == PAUSE.latest_s + 150


def test_a_late_break_is_widened_to_what_can_be_kept() -> None:
    after = relaxed(day("+a -a p", A), TRAVEL)

    assert after.routes["van"].tasks["p"] == replace(PAUSE, latest_s=1050)
    assert check(after, TRAVEL) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("party", "rule"),
    [
        (replace(A, bags=1), Rule.BAGS),
        (replace(A, pinned="bus"), Rule.NOT_ALLOWED),
        (replace(A, destination=Place(100)), Rule.LATEST_DROPOFF),
    ],
)
def test_what_time_cannot_mend_is_left_alone(party: Request, rule: Rule) -> None:
    plan = day("+a -a", party)
    travel = {"car": IslandTown()}

    assert relaxed(plan, travel) is plan
    found = schedule(plan.routes["van"], plan.requests, travel)
    assert isinstance(found, Breach)
    assert found.rule is rule


def test_events_keep_the_tasks_that_are_left() -> None:
    plan = day("+a -a p", A, pause=replace(PAUSE, latest_s=2000), locked=3)

    in_ = boarded(plan, "a", 250)
    out = dropped(in_, "a", 630)
    rested = done(out, "p", 2850)

    assert in_.routes["van"].tasks == out.routes["van"].tasks == plan.routes["van"].tasks
    assert (in_.routes["van"].locked, out.routes["van"].locked) == (2, 1)
    assert out.routes["van"].stops == (Stop("p", StopKind.BREAK),)
    after = rested.routes["van"]
    assert (after.stops, dict(after.tasks), after.locked, rested.version) == ((), {}, 0, 4)
    assert (after.vehicle.start, after.vehicle.start_s) == (2, 2850)


def test_a_task_nobody_does_cannot_be_over() -> None:
    with pytest.raises(ValueError, match="no vehicle does q"):
        done(day("p"), "q", 100)


@pytest.mark.parametrize(
    ("changes", "violation"),
    [
        ({"connection": Connection("t", "to_bus", 7300, 100)}, None),
        ({"connection": Connection("t", "to_bus", 7299, 100)}, ("connection", 1)),
        ({"connection": Connection("t", "from_bus", -100, 100)}, None),
        ({"connection": Connection("t", "from_bus", -90, 100)}, ("connection", 10)),
        ({"follows": Follows("b", 0), "earliest_pickup_s": 830}, None),
        ({"follows": Follows("b", 0), "earliest_pickup_s": 829}, ("follows", 1)),
        ({"follows": Follows("b", 60), "earliest_pickup_s": 830}, ("follows", 60)),
        ({"follows": Follows("gone", 60)}, None),
    ],
)
def test_windows_imply_the_other_leg_and_the_bus(
    changes: dict[str, Any], violation: tuple[str, int] | None
) -> None:
    b = replace(B, latest_dropoff_s=800)
    plan = day("+b -b +a -a", replace(A, **changes), b)

    wanted = [] if violation is None else [Violation(violation[0], None, "a", violation[1])]
    assert check(plan, TRAVEL) == wanted


def test_how_a_ride_began_is_past_once_on_board_but_its_bus_still_goes() -> None:
    late_bus = Connection("t", "from_bus", 5000)
    on_board = day("-a", replace(A, connection=late_bus, follows=Follows("b", 7200)), aboard="a")
    other = replace(VAN, id="other")
    plan = Plan(
        1, {**on_board.routes, "other": Route(other, stops("+b -b"))}, {**on_board.requests, "b": B}
    )
    assert check(plan, TRAVEL) == []

    missed = day("-a", replace(A, connection=Connection("t", "to_bus", 7000)), aboard="a")
    assert check(missed, TRAVEL) == [Violation("connection", None, "a", 200)]


def charge(id_: str, early_s: int, late_s: int, lasts_s: int = 600) -> Task:
    return Task(id_, StopKind.CHARGE, Place(0), early_s, late_s, lasts_s, 3000, "depot")


def charging(*tasks_of: tuple[Task, ...]) -> Plan:
    routes = {
        f"v{number}": Route(
            replace(VAN, id=f"v{number}"),
            tuple(Stop(task.id, StopKind.CHARGE) for task in tasks),
            tasks={task.id: task for task in tasks},
        )
        for number, tasks in enumerate(tasks_of)
    }
    return Plan(1, routes, {})


def test_a_charger_is_held_from_the_earliest_begin_to_the_latest_end() -> None:
    one, next_, late = charge("x", 0, 300), charge("y", 900, 900), charge("z", 899, 1000)

    assert check(charging((one,), (next_,)), TRAVEL, {"depot": 1}) == []
    assert check(charging((one,), (late,)), TRAVEL) == []
    assert check(charging((one,), (late,)), TRAVEL, {"depot": 2}) == []
    assert check(charging((one,), (late,)), TRAVEL, {"depot": 1}) == [
        Violation("charger_full", "v1", "z", 1)
    ]
    assert check(charging((one,)), TRAVEL, {}) == [Violation("charger_full", "v0", "x", 1)]
    assert check(charging((replace(one, charger_id=None),)), TRAVEL, {}) == []
    beside = day("p", pause=replace(PAUSE, charger_id="depot"))
    assert check(beside, TRAVEL, {}) == []


def test_one_vehicle_takes_one_place_however_its_windows_overlap() -> None:
    plan = charging((charge("x", 0, 300, 100), charge("y", 100, 700, 100)))

    assert check(plan, TRAVEL, {"depot": 1}) == []


@pytest.mark.parametrize(
    ("words", "tasks"),
    [
        ((), {"p": PAUSE}),
        ((Stop("p", StopKind.BREAK),), {}),
        ((Stop("p", StopKind.CHARGE),), {"p": PAUSE}),
        ((Stop("p", StopKind.BREAK), Stop("p", StopKind.BREAK)), {"p": PAUSE}),
    ],
)
def test_a_task_not_done_once_as_what_it_is_is_found(
    words: tuple[Stop, ...], tasks: dict[str, Task]
) -> None:
    route = Route(VAN)
    object.__setattr__(route, "stops", words)
    object.__setattr__(route, "tasks", tasks)

    found = check(Plan(1, {"van": route}, {}), TRAVEL)

    assert set(found) == {Violation("task_order", "van", "p")}


def test_a_drive_of_less_than_no_time_is_refused() -> None:
    town = LineTown(minute_s=-60)

    with pytest.raises(ValueError, match="van: a drive of -540 s on car roads"):
        schedule(day("+a -a", A).routes["van"], {"a": A}, {"car": town})
    with pytest.raises(ValueError, match="a drive of"):
        insertions(day("+a -a", A), B, {"car": town})


def test_a_reading_says_what_is_in_the_battery() -> None:
    with pytest.raises(ValueError, match="battery_wh=5 read"):
        moved(day(""), "van", Place(1), 100, battery_wh=5)
