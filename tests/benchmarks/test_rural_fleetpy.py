"""FleetPy is told the same town, the same days and the same rules, and read as its KPIs say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import rural_fleetpy
from benchmarks.rural_fleetpy import Peer, compared, read_figures, summed
from benchmarks.rural_town import Town, Trip, read_town, rows

STATS = """request_id,rq_time,earliest_pickup_time,offers,pickup_time,dropoff_time
0,100,100,0:t_wait:200.0;t_drive:400.0;fare:381,300,700
1,120,120,0:t_wait:100.5;t_drive:300.0;fare:300,530,900
2,60,7200,0:t_wait:7140.0;t_drive:300.0;fare:300,7200,7500
3,500,500,0:,,
"""
EVALUATED = ",MoD_0\nnumber users,3\ntotal vkm,45.0\n"

# Stands where FleetPy would: notes what it was told, and leaves the results of a day.
STAND_IN = """
import json, pathlib
def run_scenarios(rules, day, log_level):
    asked = pathlib.Path("data/demand/rural/matched/rural/day.csv").read_text().splitlines()
    told = dict(line.split(",", 1) for line in pathlib.Path(rules).read_text().splitlines())
    results = pathlib.Path("studies/rural/results/day")
    results.mkdir(parents=True, exist_ok=True)
    (results / "1_user-stats.csv").write_text(STATS)
    (results / "standard_eval.csv").write_text(EVALUATED)
    with open("told.jsonl", "a") as lines:
        lines.write(json.dumps({"asked": asked, "told": told, "day": open(day).read()}) + "\\n")
"""


@pytest.fixture
def town(tmp_path: Path) -> Town:
    (tmp_path / "nodes.csv").write_text("node_id,x_m,y_m,kind\n0,5,6,hub\n1,7,8,stop\n")
    (tmp_path / "edges.csv").write_text(
        "from_node,to_node,length_m,travel_time_s\n0,1,1350.5,100.25\n1,0,1350.5,100.25\n"
    )
    (tmp_path / "fleet.csv").write_text(
        "fleet_size,vehicle_id,vehicle_type,seats,start_node\n2,0,van,8,1\n2,1,van,8,0\n"
    )
    return read_town(tmp_path)


@pytest.fixture
def peer(tmp_path: Path) -> Peer:
    folder = tmp_path / "fleetpy"
    (folder / "data" / "vehicles").mkdir(parents=True)
    head = f"STATS = {STATS!r}\nEVALUATED = {EVALUATED!r}\n"
    (folder / "run_examples.py").write_text(head + STAND_IN)
    return Peer(folder, Path(sys.executable))


def test_figures_are_those_of_who_was_carried(tmp_path: Path) -> None:
    (tmp_path / "1_user-stats.csv").write_text(STATS)
    (tmp_path / "standard_eval.csv").write_text(EVALUATED)

    # The second was picked up 309.5 s later than told; the last was refused.
    assert read_figures(tmp_path, 4) == {
        "served_percent": 75.0,
        "vkm_per_served": 15.0,
        "promises_kept_percent": 66.667,
    }


def test_the_town_is_told_as_it_is(town: Town, peer: Peer, tmp_path: Path) -> None:
    peer.fill(town, tmp_path)

    base = peer.folder / "data/networks/rural/base"
    assert rows(base / "nodes.csv")[1] == {
        "node_index": "1", "is_stop_only": "False", "pos_x": "7", "pos_y": "8",
    }  # fmt: skip
    assert rows(base / "edges.csv")[0] == {
        "from_node": "0", "to_node": "1", "distance": "1350.5", "travel_time": "100.25",
    }  # fmt: skip
    starts = rows(peer.folder / "studies/rural/results/start-2/final_state.csv")
    assert [(row["vehicle_id"], row["final_node_index"]) for row in starts] == [
        ("0", "1"),
        ("1", "0"),
    ]


def test_a_day_is_driven_with_the_rules_of_its_mode(town: Town, peer: Peer, tmp_path: Path) -> None:
    peer.fill(town, tmp_path)
    trip = Trip("9", 40, 100, 0, 1, 2, 100.25, 1350.5)

    driven = peer.drive(rural_fleetpy.MODES["batch Alonso-Mora"], [trip], 2)

    (noted,) = map(json.loads, (peer.folder / "told.jsonl").read_text().splitlines())
    assert noted["asked"][1] == "40,0,1,9,100,2"
    assert noted["told"]["op_max_wait_time"] == "1800"
    assert noted["told"]["op_rp_batch_optimizer"] == "AlonsoMora"
    assert noted["told"]["sim_env"] == "BatchOfferSimulation"
    assert noted["told"]["op_fleet_composition"] == "rural_van:2"
    assert noted["told"]["initial_state_scenario"] == "start-2"
    assert noted["day"].split() == ["scenario_name", "day"]
    assert driven["vkm_per_served"] == 15.0


def test_half_advance_days_are_driven_with_reservations(
    town: Town, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = Trip("9", 40, 100, 0, 1, 2, 100.25, 1350.5)
    monkeypatch.setattr(rural_fleetpy, "IMMEDIATE", (("one_now", 2),))
    monkeypatch.setattr(rural_fleetpy, "HALF_ADVANCE", (("one_adv50", 2),))
    monkeypatch.setattr(rural_fleetpy, "read_trips", lambda _path: [trip])
    peer.fill(town, tmp_path)

    table = list(compared(town, peer, tmp_path, 0))

    assert [(row["mode"], row["day"]) for row in table] == [
        *((mode, "one_now") for mode in rural_fleetpy.MODES),
        *((mode, "one_adv50") for mode in rural_fleetpy.RESERVING),
    ]
    found = list(summed(table))
    assert [row["days"] for row in found] == ["immediate"] * 4 + ["half-advance"]
    assert all(row["promises_kept_percent"] == 66.67 for row in found)
    assert "wait_mean_s" not in found[0]


@pytest.mark.parametrize(
    ("does", "raised"),
    [("raise ValueError", subprocess.CalledProcessError), ("return", FileNotFoundError)],
)
def test_a_run_that_left_nothing_is_not_taken_for_the_one_before(
    town: Town, peer: Peer, tmp_path: Path, does: str, raised: type[Exception]
) -> None:
    trip = Trip("9", 40, 100, 0, 1, 2, 100.25, 1350.5)
    peer.fill(town, tmp_path)
    peer.drive({}, [trip], 2)
    (peer.folder / "run_examples.py").write_text(f"def run_scenarios(*_, **__): {does}\n")

    with pytest.raises(raised):
        peer.drive({}, [trip], 2)
