"""What FleetPy does on the days of ``benchmarks.rural``, the generated ones too.

FleetPy (github.com/TUM-VT/FleetPy, MIT; e4a5bae was measured) lies in a folder of its own, with a
Python that has numpy, pandas, scipy, pyproj, shapely, rtree, geopandas, pyyaml, tqdm, dill,
matplotlib, requests and gurobipy.  Its own folders are filled with the scenario, and every mode of
its drives every day with FleetPy's rules set as ``data/rural/README.md`` has them.

    python -m benchmarks.rural_fleetpy --fleetpy DIR --python FILE [--days 10] [--json [FILE]]

"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.rural import (
    HALF_ADVANCE,
    IMMEDIATE,
    SHARED,
    generated,
    means,
    report,
    write_rows,
)
from benchmarks.rural_town import (
    MAX_WAIT_S,
    VISIT_S,
    Town,
    Trip,
    read_town,
    read_trips,
    rows,
    trip_row,
)

STUDY: Final = "rural"
VAN: Final = "rural_van"

RULES: Final[Mapping[str, object]] = {
    "network_type": "NetworkBasicWithStore",
    "network_name": STUDY,
    "demand_name": STUDY,
    "random_seed": 0,
    "start_time": 0,
    "end_time": 45_000,
    "time_step": 60,
    "route_output_flag": True,
    "replay_flag": False,
    "nr_mod_operators": 1,
    "rq_type": "BasicRequest",
    "op_min_wait_time": 0,
    "op_max_wait_time": MAX_WAIT_S,
    "op_max_detour_time_factor": 50,
    "op_min_detour_time_window": 600,
    "op_const_boarding_time": VISIT_S,
    "op_add_boarding_time": 0,
    "op_base_fare": 0,
    "op_distance_fare": 0.1,
    "op_time_fare": 0,
    "op_min_standard_fare": 100,
    "op_vr_control_func_dict": "func_key:distance_and_user_times_man;vot:0.45833;dc:0.0694",
    "op_reoptimisation_timestep": 60,
    "sim_env": "ImmediateDecisionsSimulation",
    "user_max_decision_time": 0,
}
"""Of four of its objectives, tried on one shipped day, the one that carried most."""

BATCH: Final = {
    "op_module": "RidePoolingBatchAssignmentFleetcontrol",
    "sim_env": "BatchOfferSimulation",
    "user_max_decision_time": 60,
}

MODES: Final[Mapping[str, Mapping[str, object]]] = {
    "insertion on request": {"op_module": "PoolingIRSOnly"},
    "insertion + Alonso-Mora": {"op_module": "PoolingIRSAssignmentBatchOptimization"},
    "batch Alonso-Mora": {**BATCH, "op_rp_batch_optimizer": "AlonsoMora"},
    "batch insertion": {**BATCH, "op_rp_batch_optimizer": "InsertionHeuristic"},
}

RESERVING: Final[Mapping[str, Mapping[str, object]]] = {
    "reservations, rolling horizon + Alonso-Mora": {
        "op_module": "PoolingIRSAssignmentBatchOptimization",
        "op_reservation_module": "RollingHorizon",
        "op_short_term_horizon": 1800,
        "op_rh_reservation_max_routes": 3,
        "op_res_opt_timestep": 300,
        "op_vr_control_func_dict": (
            "func_key:distance_and_user_times_man_with_reservation;vot:0.45833;dc:0.0694;rrw:10"
        ),
    },
}
"""Modes by name; immediate days are driven in the first four, half-advance days in the last."""

NODE: Final = {
    "node_index": "node_id", "is_stop_only": "stop_only", "pos_x": "x_m", "pos_y": "y_m",
}  # fmt: skip
EDGE: Final = {
    "from_node": "from_node", "to_node": "to_node", "distance": "length_m",
    "travel_time": "travel_time_s",
}  # fmt: skip
START: Final = {
    "operator_id": "operator", "vehicle_id": "vehicle_id", "final_node_index": "start_node",
    "final_time": "time", "final_soc": "charge",
}  # fmt: skip
DEMAND: Final = {
    "rq_time": "request_time_s", "start": "origin_node", "end": "destination_node",
    "request_id": "request_id", "earliest_pickup_time": "earliest_pickup_s",
    "number_passenger": "passengers",
}  # fmt: skip
"""FleetPy's columns, and those of the scenario that go there."""

VAN_ROWS: Final = {
    "vtype_name_full": VAN, "maximum_passengers": 8, "daily_fix_cost [cent]": 0,
    "per_km_cost [cent]": 0, "battery_size [kWh]": 60, "range [km]": 400_000,
}  # fmt: skip

BROKEN_S: Final = 300
"""How far a pickup may be from the time first told."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A folder with FleetPy in it, and the Python that runs it."""

    folder: Path
    python: Path

    def fill(self, town: Town, scenario: Path) -> None:
        """Write the network, the van, and where each fleet starts."""
        base = _made(self.folder / "data/networks" / STUDY / "base")
        nodes = [row | {"stop_only": "False"} for row in rows(scenario / "nodes.csv")]
        _write_as(base / "nodes.csv", NODE, nodes)
        _write_as(base / "edges.csv", EDGE, rows(scenario / "edges.csv"))
        (base / "crs.info").write_text("EPSG:32653", encoding="utf-8")
        _write_pairs(self.folder / f"data/vehicles/{VAN}.csv", VAN_ROWS)
        for size, fleet in town.fleets.items():
            starts = [row | {"operator": "0", "time": "0", "charge": "1"} for row in fleet]
            _write_as(_made(self._results(_start(size))) / "final_state.csv", START, starts)

    def drive(
        self, mode: Mapping[str, object], trips: Sequence[Trip], vehicles: int
    ) -> dict[str, float]:
        """Return the figures of one day; raises ``CalledProcessError`` when FleetPy fails."""
        demand = _made(self.folder / "data/demand" / STUDY / "matched" / STUDY)
        _write_as(demand / "day.csv", DEMAND, [trip_row(trip) for trip in trips])
        scenarios = _made(self.folder / "studies" / STUDY / "scenarios")
        own = {
            "rq_file": "day.csv",
            "op_fleet_composition": f"{VAN}:{vehicles}",
            "initial_state_scenario": _start(vehicles),
        }
        head = {"Input_Parameter_Name": "Parameter_Value"}
        _write_pairs(scenarios / "rules.csv", {**head, **RULES, **mode, **own})
        write_rows(scenarios / "day.csv", [{"scenario_name": "day"}])
        shutil.rmtree(self._results("day"), ignore_errors=True)
        self._run(scenarios / "rules.csv", scenarios / "day.csv")
        return read_figures(self._results("day"), len(trips))

    def _results(self, scenario: str) -> Path:
        return self.folder / "studies" / STUDY / "results" / scenario

    def _run(self, *files: Path) -> None:
        code = "import sys, run_examples as r; r.run_scenarios(*sys.argv[1:], log_level='warning')"
        command = [str(self.python), "-c", code, *map(str, files)]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)


def _start(vehicles: int) -> str:
    """Return the scenario that would have ended where a fleet starts: so FleetPy is told."""
    return f"start-{vehicles}"


def read_figures(results: Path, asked: int) -> dict[str, Any]:
    """Return what a finished run's own files say: riders, kilometres, and promises broken."""
    whole = {r[""]: r["MoD_0"] for r in rows(results / "standard_eval.csv")}
    carried = [r for r in rows(results / "1_user-stats.csv") if r["dropoff_time"]]
    shifts = [
        float(r["pickup_time"]) - float(r["rq_time"]) - float(_offered(r["offers"])["t_wait"])
        for r in carried
    ]
    return {
        "served_percent": round(100 * len(carried) / asked, 3),
        "vkm_per_served": round(float(whole["total vkm"]) / max(1, len(carried)), 3),
        "promises_kept_percent": round(
            100 * sum(abs(shift) <= BROKEN_S for shift in shifts) / max(1, len(shifts)), 3
        ),
    }


def _offered(offers: str) -> dict[str, str]:
    """Read ``0:t_wait:799.1;t_drive:393.6;fare:381``, what the only operator offered."""
    _, _, offer = offers.partition(":")
    return dict(part.split(":") for part in offer.split(";"))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_as(path: Path, columns: Mapping[str, str], table: Sequence[Mapping[str, Any]]) -> None:
    """Write some columns of a table under other names."""
    write_rows(path, [{name: row[of] for name, of in columns.items()} for row in table])


def _write_pairs(path: Path, pairs: Mapping[str, object]) -> None:
    """Write one name and value a line."""
    with path.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines, lineterminator="\n").writerows(pairs.items())


def compared(town: Town, peer: Peer, scenario: Path, days: int) -> Iterator[dict[str, Any]]:
    """Yield a row for every mode on every day: the days measured before, then the generated."""
    shipped = (
        (name, read_trips(scenario / f"requests_{name}.csv"), vehicles)
        for name, vehicles in (*IMMEDIATE, *HALF_ADVANCE)
    )
    for name, trips, vehicles in (*shipped, *generated(town, days)):
        for mode, module in (RESERVING if "adv" in name else MODES).items():
            figures = peer.drive(module, trips, vehicles)
            yield {"mode": mode, "day": name, "vehicles": vehicles} | figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, let FleetPy drive, print."""
    chosen = _parser().parse_args(arguments)
    town = read_town(chosen.scenario)
    peer = Peer(chosen.fleetpy.resolve(), chosen.python.absolute())
    peer.fill(town, chosen.scenario)
    table = []
    for row in compared(town, peer, chosen.scenario, chosen.days):
        table.append(row)
        print(*row.values(), sep=",", file=sys.stderr, flush=True)
    report(table, chosen.json, list(summed(table)))


def summed(table: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the means of every mode over the days of each group."""
    for mode in (*MODES, *RESERVING):
        for row in means([row for row in table if row["mode"] == mode]):
            known = {column: value for column, value in row.items() if value is not None}
            yield {"mode": mode} | known


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks.rural_fleetpy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenario", type=Path, default=SHARED, metavar="DIR")
    parser.add_argument("--fleetpy", type=Path, required=True, metavar="DIR")
    parser.add_argument("--python", type=Path, required=True, metavar="FILE")
    parser.add_argument("--days", type=int, default=0, help="generated days of each kind")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    return parser


if __name__ == "__main__":
    main()
