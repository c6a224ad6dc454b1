"""How many riders a day in the country gets carried, at what wait, and whether promises are kept.

One day of a scenario folder (nodes.csv, edges.csv, fleet.csv and a request file, by default those
beside the project) goes through ``dispatcher.simulate`` with one policy.  The day is written down
as outcomes and legs, judged by ``rural_check``, which shares nothing with what drove it, and summed
up as its README defines.  Decision times are processor time.

    python -m benchmarks.rural --requests FILE --vehicles 7 [--seed 1] [--policy foresight]
        [--noise 0.1] [--divert-until 0] [--audit] [--out DIR] [--json [FILE]]
    python -m benchmarks.rural --suite [--days 10]    all days beside FleetPy's, and generated ones

``--divert-until`` is when a vehicle can no longer be told another next stop: 0 is never too late
(as FleetPy has it), ``inf`` keeps the next stop whatever happens.  Drivers who would wait at their
next stop leave for it five minutes before they must.  ``--audit`` searches long after each refusal
whether a plan that keeps all promises had room after all.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numba

from benchmarks import rural_check
from benchmarks.rural_check import Judge
from benchmarks.rural_days import make_trips
from benchmarks.rural_town import (
    Town,
    Trip,
    junction,
    node_of,
    read_town,
    read_trips,
    rows,
    trip_row,
)
from dispatcher.day import Chances, Decision, Moment, Outcome, Policy
from dispatcher.foresight import Foresight
from dispatcher.insert import warm
from dispatcher.model import Request
from dispatcher.policies import WITHIN_S, Insert, Shuffle
from dispatcher.rollout import History, warm_rollout
from dispatcher.search import MaxIterations
from dispatcher.search_plan import shuffle_in, warm_search
from dispatcher.simulate import IN_TIME_S, simulate

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "rural"


def care(noise: float) -> tuple[int, int]:
    """Return how much later than planned to offer, and how much of the window to keep free.

    Offering as late as the promise allows costs riders seconds and leaves room for others; where
    drives vary, the room is kept for that, and drivers leave so much earlier.
    """
    return (
        (WITHIN_S, 0) if noise == 0 else (min(WITHIN_S, round(2000 * noise)), round(3000 * noise))
    )


def _insert(_town: Town, _trips: Sequence[Trip], noise: float) -> Policy:
    later_s, buffer_s = care(noise) if noise > 0 else (0, 0)
    return Insert(later_s=later_s, buffer_s=buffer_s)


def _shuffle(_town: Town, _trips: Sequence[Trip], noise: float) -> Policy:
    later_s, buffer_s = care(noise)
    return Shuffle(later_s=later_s, buffer_s=buffer_s)


def _foresight(town: Town, trips: Sequence[Trip], noise: float) -> Policy:
    later_s, buffer_s = care(noise)
    hubs = tuple(junction(hub) for hub in town.hubs)
    return Foresight(
        history=past(town, trips),
        hubs=hubs,
        later_s=later_s,
        buffer_s=buffer_s,
        shuffles=120_000,
        settle=1000,
    )


POLICIES: dict[str, Callable[[Town, Sequence[Trip], float], Policy]] = {
    "insert": _insert,
    "shuffle": _shuffle,
    "foresight": _foresight,
}
"""By name on the command line; what is known of the day is only its kind."""


def past(town: Town, trips: Sequence[Trip], days: int = 120) -> History:
    """Return generated days as big, with as many booked ahead: what a town remembers."""
    ahead = sum(trip.request_s < trip.earliest_s for trip in trips) / len(trips)
    advance = round(2 * ahead) / 2
    return History(
        tuple(
            town.day(make_trips(town, requests=len(trips), advance=advance, seed=seed), 3).calls
            for seed in range(days)
        )
    )


COLUMNS = (
    "served_percent", "wait_mean_s", "wait_p95_s", "ride_ratio", "vehicle_km", "empty_percent",
    "promises_kept_percent", "worst_promise_shift_s", "replans", "cpu_s",
    "vkm_per_served", "decision_p50_ms", "decision_p99_ms", "diversions",
    "refused", "refused_while_feasible", "violations",
    "policy", "day", "vehicles", "seed", "noise", "divert_until_s",
)  # fmt: skip
"""The first ten are named by the contract."""

_AUDIT = 20_000
"""Iterations of the search that an audited refusal must survive."""


@dataclass(slots=True)
class Timed:
    """A policy whose answers are timed, and whose refusals are doubted when ``audit`` is set."""

    policy: Policy
    audit: bool = False
    answer_s: list[float] = field(default_factory=list)
    review_s: float = 0.0
    feasible: int = 0
    audit_s: float = 0.0

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``day.Policy``."""
        began = time.process_time()
        decision = self.policy.answer(moment, request)
        self.answer_s.append(time.process_time() - began)
        if self.audit and decision.offered_s is None:
            stop = MaxIterations(_AUDIT)
            fuller = shuffle_in(moment.plan, request, moment.roads, stop=stop, seed=1)
            self.feasible += fuller is not None
            self.audit_s += time.process_time() - began - self.answer_s[-1]
        return decision

    def review(self, moment: Moment, /) -> Decision:
        """See ``day.Policy``."""
        began = time.process_time()
        decision = self.policy.review(moment)
        self.review_s += time.process_time() - began
        return decision


@dataclass(frozen=True, slots=True)
class Setting:
    """How a day is run."""

    policy: str = "foresight"
    seed: int = 1
    noise: float = 0.0
    divert_until_s: float = 0.0
    audit: bool = False


def outcome_rows(outcome: Outcome) -> list[dict[str, str]]:
    """Return the lines of outcomes.csv."""
    return [
        {
            "request_id": ride.request.id,
            "decision": ride.fate,
            "decided_at_s": str(ride.known_s),
            "offered_pickup_s": _text(ride.offered_s),
            "vehicle_id": ride.vehicle_id or "",
            "pickup_s": _text(ride.pickup_s),
            "dropoff_s": _text(ride.dropoff_s),
        }
        for ride in outcome.rides
    ]


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def leg_rows(outcome: Outcome, town: Town) -> list[dict[str, str]]:
    """Return the lines of legs.csv."""
    return [
        {
            "vehicle_id": leg.vehicle_id,
            "depart_s": str(leg.depart_s),
            "arrive_s": str(leg.arrive_s),
            "from_node": str(a),
            "to_node": str(b),
            "length_m": f"{town.network.metres[a, b]:.1f}",
            "passengers_on_board": str(leg.riders),
        }
        for leg in outcome.legs
        for a, b in [(node_of(leg.origin), node_of(leg.destination))]
    ]


@dataclass(slots=True)
class Ran:
    """A day's row of the table, and its record."""

    row: dict[str, Any]
    outcomes: list[dict[str, str]]
    legs: list[dict[str, str]]
    violations: list[str]


def run(
    town: Town, judge: Judge, trips: Sequence[Trip], name: str, vehicles: int, how: Setting
) -> Ran:
    """Simulate a day, judge it and sum it up."""
    policy = Timed(POLICIES[how.policy](town, trips, how.noise), how.audit)
    began = time.process_time()
    outcome = simulate(
        town.day(trips, vehicles),
        policy,
        seed=how.seed,
        chances=Chances(noise=how.noise),
        divert_until_s=how.divert_until_s,
        leave_early_s=IN_TIME_S + care(how.noise)[1],
    )
    cpu_s = time.process_time() - began - policy.audit_s
    asked = [{key: str(value) for key, value in trip_row(trip).items()} for trip in trips]
    outcomes, legs = outcome_rows(outcome), leg_rows(outcome, town)
    fleet = town.fleets[vehicles]
    violations = judge.violations(asked, fleet, outcomes, legs, timed=how.noise == 0)
    figures = rural_check.figures(asked, outcomes, legs)
    answers_ms = [1000 * seconds for seconds in policy.answer_s] or [0.0]
    row = {
        **figures,
        "replans": outcome.count("replanned") + outcome.count("diverted"),
        "diversions": outcome.count("diverted"),
        "cpu_s": cpu_s,
        "decision_p50_ms": statistics.median(answers_ms),
        "decision_p99_ms": rural_check.percentile(answers_ms, 99),
        "refused": outcome.count("refused"),
        "refused_while_feasible": policy.feasible if how.audit else None,
        "violations": len(violations),
        "policy": how.policy,
        "day": name,
        "vehicles": vehicles,
        "seed": how.seed,
        "noise": how.noise,
        "divert_until_s": how.divert_until_s,
    }
    row = {column: _rounded(row[column]) for column in COLUMNS}
    return Ran(row, outcomes, legs, violations)


def _rounded(value: Any) -> Any:  # noqa: ANN401 -- a cell of a table
    return round(value, 3) if isinstance(value, float) else value


IMMEDIATE = (("060_now", 3), ("060_now", 5), ("120_now", 5), ("120_now", 7),
             ("240_now", 10), ("240_now", 13))  # fmt: skip
HALF_ADVANCE = (("120_adv50", 5), ("120_adv50", 7))
WITHOUT_PEER = (("240_adv50", 10), ("240_adv50", 13))
GENERATED = ((60, 0.0, 3), (60, 0.0, 5), (120, 0.0, 5), (120, 0.0, 7), (240, 0.0, 10),
             (240, 0.0, 13), (120, 0.5, 5), (120, 0.5, 7))  # fmt: skip


def peers(folder: Path) -> dict[str, dict[tuple[str, int], dict[str, str]]]:
    """Return FleetPy's rows by mode, day and fleet."""
    found: dict[str, dict[tuple[str, int], dict[str, str]]] = {}
    for row in rows(folder / "peers_results.csv"):
        if row["system"] == "FleetPy" and row["served_pct"]:
            kind, _, rest = row["scenario"].partition("_")
            day = f"{int(kind):03}_{rest}", int(row["vehicles"])
            found.setdefault(row["mode"], {})[day] = row
    return found


def best_mode(
    modes: dict[str, dict[tuple[str, int], dict[str, str]]], days: Sequence[tuple[str, int]]
) -> str:
    """Return the mode with the best mean over days, among those that were run on all of them."""
    whole = [mode for mode, ran in modes.items() if all(day in ran for day in days)]
    return max(whole, key=lambda m: sum(float(modes[m][day]["served_pct"]) for day in days))


def suite(
    town: Town, judge: Judge, folder: Path, how: Setting, days: int
) -> Iterator[dict[str, Any]]:
    """Yield a row for every day and fleet, with FleetPy's beside, then for generated days."""
    modes = peers(folder)
    for group in (IMMEDIATE, HALF_ADVANCE, WITHOUT_PEER):
        peer = {} if group is WITHOUT_PEER else modes[best_mode(modes, group)]
        for name, vehicles in group:
            trips = read_trips(folder / f"requests_{name}.csv")
            row = run(town, judge, trips, name, vehicles, how).row
            beside = peer.get((name, vehicles))
            yield {
                **row,
                "fleetpy_served_percent": float(beside["served_pct"]) if beside else None,
                "fleetpy_vkm_per_served": float(beside["vkm_per_served"]) if beside else None,
            }
    for name, trips, vehicles in generated(town, days):
        yield run(town, judge, trips, name, vehicles, how).row


def generated(town: Town, days: int) -> Iterator[tuple[str, list[Trip], int]]:
    """Yield name, trips and fleet of so many days of every kind."""
    for number in range(days):
        for requests, advance, vehicles in GENERATED:
            trips = make_trips(town, requests=requests, advance=advance, seed=1000 + number)
            yield f"made_{requests:03}_{'adv50' if advance else 'now'}/{number}", trips, vehicles


def means(table: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the means over the days of each group."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in table:
        made = "generated " if row["day"].startswith("made") else ""
        if row["day"].startswith("240_adv50"):
            continue
        groups.setdefault(
            made + ("half-advance" if "adv" in row["day"] else "immediate"), []
        ).append(row)
    columns = ("served_percent", "fleetpy_served_percent", "wait_mean_s", "vkm_per_served",
               "promises_kept_percent", "cpu_s", "decision_p99_ms", "violations")  # fmt: skip
    return [
        {"days": name, "count": len(group)}
        | {column: _mean([row.get(column) for row in group]) for column in columns}
        for name, group in groups.items()
    ]


def _mean(values: Sequence[Any]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return round(statistics.mean(known), 2) if known else None


def write_rows(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, simulate, print; return 1 when a day breaks a rule."""
    chosen = _parser().parse_args(arguments)
    town = read_town(chosen.scenario)
    judge = Judge(rows(chosen.scenario / "edges.csv"))
    how = Setting(chosen.policy, chosen.seed, chosen.noise, chosen.divert_until, chosen.audit)
    warm()
    warm_search()
    warm_rollout()
    table: list[dict[str, Any]] = []
    if chosen.suite:
        for row in suite(town, judge, chosen.scenario, how, chosen.days):
            table.append(row)
            print(*row.values(), sep=",", file=sys.stderr, flush=True)
    else:
        path = chosen.scenario / chosen.requests
        path = path if path.exists() else chosen.requests
        ran = run(town, judge, read_trips(path), path.stem, chosen.vehicles, how)
        table.append(ran.row)
        for violation in ran.violations:
            print(violation, file=sys.stderr)
        if chosen.out:
            chosen.out.mkdir(parents=True, exist_ok=True)
            write_rows(chosen.out / "outcomes.csv", ran.outcomes)
            write_rows(chosen.out / "legs.csv", ran.legs)
    report(table, chosen.json, means(table) if chosen.suite else [])
    return int(any(row["violations"] for row in table))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks.rural",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenario", type=Path, default=SHARED, metavar="DIR")
    parser.add_argument("--requests", type=Path, default=Path("requests_120_now.csv"))
    parser.add_argument("--vehicles", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--policy", choices=sorted(POLICIES), default="foresight")
    parser.add_argument("--noise", type=float, default=0.0, help="spread of drives, 0.1 is 10 %%")
    parser.add_argument("--divert-until", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--audit", action="store_true")
    parser.add_argument("--suite", action="store_true")
    parser.add_argument("--days", type=int, default=0, help="generated days of each kind")
    parser.add_argument("--out", type=Path, metavar="DIR")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    return parser


def report(table: list[dict[str, Any]], target: str | None, summary: list[dict[str, Any]]) -> None:
    """Print the table, and the JSON document where it is wanted."""
    about = {
        "question": "how many riders of a rural day get carried, and are promises kept",
        "python": platform.python_version(),
        "numba": numba.__version__,
        "machine": platform.machine(),
    }
    text = json.dumps({"rows": table, "summary": summary, "about": about}, indent=2)
    if target == "-":
        print(text)
        return
    if target is not None:
        Path(target).write_text(text + "\n", encoding="utf-8")
    for part in (table, summary):
        if part:
            columns = dict.fromkeys(column for row in part for column in row)
            writer = csv.DictWriter(sys.stdout, list(columns), lineterminator="\n")
            writer.writeheader()
            writer.writerows(part)


if __name__ == "__main__":
    sys.exit(main())
