"""The rural benchmark drives by the rules of its scenario, and its judge misses nothing."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import rural
from benchmarks.rural import Setting, best_mode, means, peers, run
from benchmarks.rural_check import Judge, figures, percentile
from benchmarks.rural_days import main as make_day
from benchmarks.rural_days import make_trips
from benchmarks.rural_town import (
    Network,
    Town,
    Trip,
    junction,
    node_of,
    read_town,
    read_trips,
    request_of,
    rows,
    stop,
)

# A road of seven nodes, 1,350 m and 100 s apart; the hub at one end, a shorter but slow way by 7.
LEGS = [(a, a + 1, 1350.0, 100.0) for a in range(6)] + [(0, 7, 200.0, 500.0), (7, 6, 200.0, 500.0)]
TRIPS = """request_id,request_time_s,earliest_pickup_s,origin_node,destination_node,passengers,\
direct_time_s,direct_length_m
0,100,100,2,5,1,300,4050
1,110,110,2,6,2,400,5400
2,400,4000,6,0,1,600,8100
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scenario small enough to drive on paper."""
    kinds = ["depot_hub", *["stop"] * 6, "road"]
    lines = [f"{n},{1000 * n},0,{kind}" for n, kind in enumerate(kinds)]
    (tmp_path / "nodes.csv").write_text("\n".join(["node_id,x_m,y_m,kind", *lines]) + "\n")
    both = [leg for a, b, m, s in LEGS for leg in ((a, b, m, s), (b, a, m, s))]
    edges = [",".join(map(str, leg)) for leg in both]
    head = "from_node,to_node,length_m,travel_time_s"
    (tmp_path / "edges.csv").write_text("\n".join([head, *edges]) + "\n")
    (tmp_path / "fleet.csv").write_text(
        "fleet_size,vehicle_id,vehicle_type,seats,start_node\n1,0,van,8,0\n2,0,van,8,0\n2,1,van,8,6\n"
    )
    (tmp_path / "requests_tiny.csv").write_text(TRIPS)
    return tmp_path


@pytest.fixture
def town(folder: Path) -> Town:
    return read_town(folder)


def test_paths_are_the_fastest_and_lengths_are_theirs(town: Town) -> None:
    assert town.network.path(0, 6) == [0, 1, 2, 3, 4, 5, 6]
    assert town.network.whole[0, 6] == 600
    assert town.network.metres[0, 6] == 6 * 1350
    assert town.network.metres[0, 7] == 200


def test_whole_seconds_are_never_too_few() -> None:
    network = Network([(0, 1, 10.0, 7.2), (1, 0, 10.0, 7.0)], 2)

    assert network.whole.tolist() == [[0, 8], [7, 0]]


def test_leaving_a_stop_takes_a_minute_and_staying_takes_none(town: Town) -> None:
    places = [junction(2), stop(2), stop(3)]

    table = town.roads.table(places, places)

    assert table.tolist() == [[0, 0, 100], [0, 0, 160], [160, 160, 0]]
    assert town.roads.leaving(stop(2)) == (junction(2), 60)
    assert town.roads.leaving(junction(2)) == (junction(2), 0)


def test_the_next_node_of_a_drive(town: Town) -> None:
    assert town.roads.along(junction(0), stop(4), 0) == (junction(1), 100)
    assert town.roads.along(junction(0), stop(4), 100) == (junction(1), 100)
    assert town.roads.along(junction(0), stop(4), 101) == (junction(2), 200)
    assert town.roads.along(junction(0), stop(4), 301) == (stop(4), 400)
    assert node_of(stop(4)) == 4


def day(folder: Path, policy: str = "insert", vehicles: int = 1) -> rural.Ran:
    town, judge = read_town(folder), Judge(rows(folder / "edges.csv"))
    trips = read_trips(folder / "requests_tiny.csv")
    return run(town, judge, trips, "tiny", vehicles, Setting(policy=policy, audit=True))


def test_two_who_get_in_together_share_a_minute(folder: Path) -> None:
    ran = day(folder)

    assert ran.violations == []
    times = [(r["decision"], r["pickup_s"], r["dropoff_s"]) for r in ran.outcomes]
    # At 2 by 300; one minute for both; at 5 by 660, a minute, at 6 by 820.
    assert times[:2] == [("served", "300", "660"), ("served", "300", "820")]
    assert [leg["passengers_on_board"] for leg in ran.legs[:3]] == ["0", "3", "2"]


def test_the_row_has_the_columns_of_the_contract_first(folder: Path) -> None:
    ran = day(folder)

    contract = (
        "served_percent,wait_mean_s,wait_p95_s,ride_ratio,vehicle_km,empty_percent,"
        "promises_kept_percent,worst_promise_shift_s,replans,cpu_s"
    )
    assert ",".join(ran.row).startswith(contract)
    assert ran.row["served_percent"] == 100
    assert ran.row["wait_mean_s"] == pytest.approx((200 + 190 + 0) / 3, abs=0.001)
    assert ran.row["vehicle_km"] == pytest.approx((2 + 3 + 1 + 6) * 1.35)
    assert ran.row["refused_while_feasible"] == 0


Record = tuple[list[dict[str, str]], list[dict[str, str]]]


def _set(at: int, which: int, **cells: str) -> Callable[[Record], None]:
    def spoil(record: Record) -> None:
        record[which][at].update(cells)

    return spoil


def _drop(record: Record) -> None:
    del record[0][0]


SPOILT = [
    (_drop, "not every request"),
    (_set(0, 0, decided_at_s="99"), "decided at"),
    (_set(0, 0, decided_at_s="161"), "decided at"),
    (_set(0, 0, decision="refused"), "refused, and carried"),
    (_set(0, 0, pickup_s="99"), "in at 99"),
    (_set(0, 0, pickup_s="1901"), "in at 1901"),
    (_set(0, 0, offered_pickup_s="1901"), "offered 1901"),
    (_set(0, 0, offered_pickup_s="99"), "offered 99"),
    (_set(0, 0, dropoff_s="1261"), "rides 961"),
    (_set(0, 0, dropoff_s="300"), "out at 300"),
    (_set(0, 0, pickup_s="301"), "does not stand there"),
    (_set(1, 0, dropoff_s="819"), "does not stand there"),
    (_set(0, 1, from_node="1"), "leaves 1, was at 0"),
    (_set(1, 1, depart_s="299"), "leaves 2, was at 2 until 300"),
    (_set(0, 1, arrive_s="299"), "faster than possible"),
    (_set(0, 1, length_m="2690.0"), "of the fastest path"),
    (_set(1, 1, passengers_on_board="2"), "3 on board"),
]


@pytest.mark.parametrize(("spoil", "message"), SPOILT)
def test_the_judge_sees(spoil: Callable[[Record], None], message: str, folder: Path) -> None:
    ran, judge = day(folder), Judge(rows(folder / "edges.csv"))
    asked, fleet = rows(folder / "requests_tiny.csv"), rows(folder / "fleet.csv")[:1]
    record = [dict(r) for r in ran.outcomes], [dict(leg) for leg in ran.legs]
    assert judge.violations(asked, fleet, *record) == []

    spoil(record)

    found = judge.violations(asked, fleet, *record)
    assert any(message in violation for violation in found), found


def test_the_judge_counts_seats_and_the_end_of_service(folder: Path) -> None:
    ran, judge = day(folder), Judge(rows(folder / "edges.csv"))
    asked, fleet = rows(folder / "requests_tiny.csv"), rows(folder / "fleet.csv")[:1]

    small = [{**fleet[0], "seats": "2"}]
    assert any("3 on board" in v for v in judge.violations(asked, small, ran.outcomes, ran.legs))

    late = [{**asked[2], "request_time_s": "41000", "earliest_pickup_s": "41000"}]
    outcome = [{**ran.outcomes[2], "decided_at_s": "41000", "offered_pickup_s": "41000",
                "pickup_s": "41000", "dropoff_s": "41600"}]  # fmt: skip
    assert "2: out at 41600" in judge.violations(late, [], outcome, [])


def test_figures_are_those_of_the_readme() -> None:
    asked = [
        {"request_id": id_, "earliest_pickup_s": "0", "direct_time_s": "100"} for id_ in "abcd"
    ]
    told = {"decision": "served", "offered_pickup_s": "100"}
    outcomes = [
        {"request_id": "a", **told, "pickup_s": "400", "dropoff_s": "600"},
        {"request_id": "b", **told, "pickup_s": "401", "dropoff_s": "501"},
        {"request_id": "c", **told, "pickup_s": "", "dropoff_s": ""},
        {"request_id": "d", "decision": "refused", "offered_pickup_s": "", "pickup_s": "",
         "dropoff_s": ""},
    ]  # fmt: skip
    legs = [
        {"length_m": "3000", "passengers_on_board": "0"},
        {"length_m": "1000", "passengers_on_board": "2"},
    ]

    found = figures(asked, outcomes, legs)

    assert found == {
        "served_percent": 50.0, "wait_mean_s": 400.5, "wait_p95_s": pytest.approx(400.95),
        "ride_ratio": 1.5, "vehicle_km": 4.0, "empty_percent": 75.0,
        "promises_kept_percent": pytest.approx(100 / 3), "worst_promise_shift_s": 301,
        "vkm_per_served": 2.0,
    }  # fmt: skip
    assert percentile([1, 2, 3, 4], 50) == 2.5


def test_made_days_are_the_same_for_a_seed_and_keep_to_the_kind(town: Town, folder: Path) -> None:
    town.hubs, town.stops = [0], [4, 5, 6]
    one, same, other = (
        make_trips(town, requests=200, advance=0.5, seed=seed) for seed in (1, 1, 2)
    )

    assert one == same
    assert one != other
    assert all(trip.request_s <= trip.earliest_s for trip in one)
    ahead = [t.earliest_s - t.request_s for t in one if t.request_s < t.earliest_s]
    assert max(ahead) <= 14_400
    assert all(t.earliest_s - t.request_s >= 1800 for t in one if 0 < t.request_s < t.earliest_s)
    assert 0.35 < len(ahead) / 200 < 0.65
    assert all(0 in (trip.origin, trip.destination) for trip in one)
    assert [t.request_s for t in one] == sorted(t.request_s for t in one)
    assert all(200 <= trip.direct_s <= 2400 for trip in one)


def test_a_made_day_can_be_written_and_read(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "day.csv"

    make_day(["--scenario", str(folder), "--requests", "9", "--seed", "4", "--out", str(target)])

    assert len(read_trips(target)) == 9


def test_the_command_writes_what_it_drove(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rural, "warm_search", lambda: None)
    out, result = tmp_path / "out", tmp_path / "row.json"
    asked = ["--scenario", str(folder), "--requests", "requests_tiny.csv", "--vehicles", "2"]

    code = rural.main([*asked, "--policy", "insert", "--out", str(out), "--json", str(result)])

    assert code == 0
    assert capsys.readouterr().out.startswith("served_percent,wait_mean_s,")
    assert json.loads(result.read_text())["rows"][0]["served_percent"] == 100
    with (out / "outcomes.csv").open(newline="") as lines:
        assert [row["decision"] for row in csv.DictReader(lines)] == ["served"] * 3


def test_a_fleet_the_scenario_has_not_is_refused(town: Town) -> None:
    with pytest.raises(ValueError, match="vehicles=4"):
        town.day([], 4)


def test_the_best_single_mode_was_run_on_every_day(tmp_path: Path) -> None:
    head = "system,mode,scenario,vehicles,served_pct"
    lines = ["FleetPy,a,60_now,3,50", "FleetPy,a,60_now,5,70", "FleetPy,b,60_now,3,99",
             "FleetPy,c,60_now,3,55", "FleetPy,c,60_now,5,60", "ridepy,d,60_now,3,99"]  # fmt: skip
    (tmp_path / "peers_results.csv").write_text("\n".join([head, *lines]) + "\n")

    modes = peers(tmp_path)

    assert best_mode(modes, [("060_now", 3), ("060_now", 5)]) == "a"
    assert "d" not in modes


def test_means_keep_generated_and_shipped_days_apart() -> None:
    table = [
        {"day": "120_now", "served_percent": 80.0},
        {"day": "240_now", "served_percent": 90.0},
        {"day": "120_adv50", "served_percent": 70.0},
        {"day": "240_adv50", "served_percent": 0.0},
        {"day": "made_120_now/1", "served_percent": 60.0},
    ]

    found = {row["days"]: row["served_percent"] for row in means(table)}

    assert found == {"immediate": 85.0, "half-advance": 70.0, "generated immediate": 60.0}


@pytest.mark.shared
def test_the_real_scenario_is_read_as_it_was_measured(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "rural"
    town = read_town(folder)
    trips = read_trips(folder / "requests_060_now.csv")

    assert len(town.hubs) == 6
    for trip in trips:
        seconds = town.network.seconds[trip.origin, trip.destination]
        assert seconds == pytest.approx(trip.direct_s, abs=0.01)
        metres = town.network.metres[trip.origin, trip.destination]
        assert metres == pytest.approx(trip.direct_m, abs=1)
    assert best_mode(peers(folder), rural.IMMEDIATE) == "insertion on request (IRS)"


@pytest.mark.shared
def test_a_real_day_breaks_no_rule(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "rural"
    town, judge = read_town(folder), Judge(rows(folder / "edges.csv"))
    trips = read_trips(folder / "requests_060_now.csv")

    ran = run(town, judge, trips, "060_now", 5, Setting(policy="insert"))

    assert ran.violations == []
    assert ran.row["promises_kept_percent"] == 100
    assert ran.row["served_percent"] > 75


def test_longest_rides_are_those_of_the_rules() -> None:
    short = Trip("a", 0, 0, 1, 2, 1, 600.0, 1.0)
    long = Trip("b", 0, 0, 1, 2, 1, 1800.0, 1.0)

    assert (short.longest_ride_s, long.longest_ride_s) == (1260, 2790)


def test_two_seconds_of_every_limit_are_left_for_rounding() -> None:
    asked = request_of(Trip("a", 0, 100, 1, 2, 1, 600.0, 1.0))

    assert asked.latest_pickup_s == 100 + 1800 - 2
    assert asked.boarding_s + asked.ride_max_s == 1260 - 2
