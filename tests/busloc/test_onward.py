"""Which run a vehicle is taken to go on to, from what is known of the one it was on."""

from __future__ import annotations

import numpy as np
import pytest

from busloc.course import Run, Timetable
from busloc.guess import Guesser
from busloc.habits import USUAL_ONWARD, Habits
from busloc.network import NEXT, Network
from busloc.onward import onward, place
from busloc.ping import Ping
from tests.busloc.towns import DAY, TZ, Bus, at, back, feed_of, hourly, ping

HOUR_S = 3600
TOWN = Timetable(
    feed_of(
        hourly("out", 8),
        back("early", 8 * HOUR_S + 300),
        *(back(f"in{k}", 8 * HOUR_S + 540 + 240 * k) for k in range(4)),
        Bus("again", [("s0", "08:08:30"), ("s5", "08:16:50")]),
        Bus("other", [("s5", "08:10:00"), ("s0", "08:18:00")], route="r2"),
    ),
    TZ,
)  # fmt: skip
NETWORK = Network.of_days(TOWN, [DAY])
NUMBER = {run.trip_id: k for k, run in enumerate(NETWORK.runs)}
HABITS = Habits.usual()


def after(*trips: str, network: Network = NETWORK) -> dict[str, float]:
    """Return how much likelier each trip is than the least likely one, after some equal ones."""
    runs = np.array([NUMBER[trip] for trip in trips])
    found = np.exp(onward(network, HABITS.onward, runs, np.zeros(len(runs))))
    return {run.trip_id: float(found[k] / found.min()) for k, run in enumerate(network.runs)}


def test_the_runs_that_leave_from_where_one_ends_are_known_in_their_order() -> None:
    follow = [NETWORK.runs[k].trip_id for k in NETWORK.next[NUMBER["out"]].tolist()]

    assert follow == ["in0", "in1", "in2"]
    assert NETWORK.next[NUMBER["other"]].tolist() == [-1] * NEXT


def test_going_on_is_counted_by_place() -> None:
    trips = "in0", "in2", "in3", "other"
    places = [place(NETWORK, NUMBER["out"], NUMBER[trip]) for trip in trips]

    assert places == [0, 2, NEXT, NEXT + 1]
    assert place(NETWORK, NUMBER["out"], NUMBER["early"]) == NEXT


def test_what_was_gone_on_to_is_learnt() -> None:
    learnt = Habits.learn([], 1, 60.0, [0] * 95)

    assert learnt.onward.tolist() == pytest.approx([0.96, *[0.01] * (len(USUAL_ONWARD) - 1)])


def test_the_next_run_is_likelier_than_those_after_it_and_those_than_any_other() -> None:
    likely = after("out")

    assert likely["in0"] > likely["in1"] > likely["in2"] > likely["in3"] > likely["other"]
    assert likely["in3"] == pytest.approx(likely["early"])


def test_a_vehicle_lost_on_its_run_and_found_again_is_on_it_still() -> None:
    assert after("in1")["in1"] > after("in1")["in0"] * 20


def test_of_two_runs_it_may_be_on_both_tell_of_the_next() -> None:
    likely = after("out", "in3")

    assert likely["in0"] == pytest.approx(after("out")["in0"] / 2, rel=0.1)


def drive(guesser: Guesser, metres: range, start: float, every_s: float = 30.0) -> Guesser:
    for k, along_m in enumerate(metres):
        guesser.see(ping(along_m, start + every_s * k))
    return guesser


def test_a_bus_between_two_trips_is_on_the_one_that_follows_its_last() -> None:
    guesser = Guesser(NETWORK, HABITS)
    drive(guesser, range(0, 5001, 500), at("08:00:00"), 50.0)
    drive(guesser, range(4800, 2000, -300), at("08:11:20"))
    stranger = drive(Guesser(NETWORK, HABITS), range(4800, 2000, -300), at("08:11:20"))

    assert next(iter(guesser.scores())).trip_id == "in0"
    assert guesser.confident() is not None
    assert stranger.confident() is None


def test_where_two_routes_share_a_road_a_bus_keeps_to_its_own() -> None:
    def there(route: str, clock: str) -> Bus:
        return Bus(f"{route}-out", [("s0", clock), ("s5", clock[:3] + "08:20")], route=route)

    town = Timetable(
        feed_of(
            there("r1", "08:00:00"), there("r2", "07:00:00"),
            *(Bus(f"{route}-in", [("s5", "08:12:00"), ("s0", "08:20:20")], route=route)
              for route in ("r1", "r2")),
        ),
        TZ,
    )  # fmt: skip
    guesser = Guesser(Network.of_days(town, [DAY]), HABITS)
    drive(guesser, range(0, 5001, 500), at("08:00:00"), 50.0)
    drive(guesser, range(4800, 2000, -300), at("08:12:20"))
    found = guesser.confident()

    assert found is not None
    assert found.run == Run("r1-in", DAY)


def test_what_it_was_on_outlasts_a_way_along_no_line() -> None:
    guesser = Guesser(NETWORK, HABITS)
    drive(guesser, range(0, 5001, 500), at("08:00:00"), 50.0)
    for k in range(4):
        guesser.see(astray(at("08:09:00") + 30 * k))
    assert guesser.scores() == {}
    drive(guesser, range(4800, 2000, -300), at("08:11:20"))

    assert guesser.confident() is not None


def astray(t: float) -> Ping:
    return ping(5000, t, east_m=8000)
