"""What it costs to look for a better plan every ten seconds of a busy day.

A made day of 300 bookings on the network of ``benchmarks.rural``, ten vehicles, half of the riders
calling ahead.  Callers are answered by insertion, or by moving others within their promises.  Every
ten seconds the plan is improved (search, then OR-Tools) if anything has happened since: a booking,
a vehicle idle; looking again at the same plan would find the same.  The answer is in processor
seconds for each ten seconds of the day, over the whole time and over its busiest hour.

    python -m benchmarks.load [--hours 3] [--limit 0.5] [--seed 1] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.rural import SHARED
from benchmarks.rural_check import percentile
from benchmarks.rural_days import make_trips
from benchmarks.rural_town import Town, read_town
from dispatcher.day import Decision, Moment
from dispatcher.improve import improve
from dispatcher.insert import warm
from dispatcher.model import Request
from dispatcher.policies import Shuffle, rescued
from dispatcher.search_plan import warm_search
from dispatcher.simulate import simulate

TICK_S = 10


@dataclass(frozen=True, slots=True)
class Watched:
    """Improves as the product does, and notes when and how long."""

    limit_s: float
    answering: Shuffle = field(default_factory=Shuffle)
    spent: list[tuple[int, float]] = field(default_factory=list)
    """When, and for how many processor seconds."""
    better: list[int] = field(default_factory=list)

    def answer(self, moment: Moment, request: Request, /) -> Decision:
        """See ``day.Policy``."""
        return self.answering.answer(moment, request)

    def review(self, moment: Moment, /) -> Decision:
        """See ``day.Policy``."""
        began = time.process_time()
        plan = rescued(moment)
        found = improve(plan, moment.roads, time_limit_s=self.limit_s, seed=moment.now_s)
        self.spent.append((moment.now_s, time.process_time() - began))
        if found is not plan:
            self.better.append(moment.now_s)
        return Decision(found, waits=moment.waits)


def measure(
    town: Town, *, bookings: int, vehicles: int, hours: float, limit_s: float, seed: int
) -> dict[str, Any]:
    """Return the row: the day's first hours, of which the morning is the busiest."""
    trips = make_trips(town, requests=bookings, advance=0.5, seed=seed)
    until_s = round(hours * 3600)
    day = town.day([trip for trip in trips if trip.request_s < until_s], vehicles)
    policy = Watched(limit_s)
    outcome = simulate(day, policy, review_s=TICK_S, divert_until_s=120)
    cpu = [seconds for at_s, seconds in policy.spent if at_s <= until_s] or [0.0]
    busiest = max(
        sum(s for at_s, s in policy.spent if from_s <= at_s < from_s + 3600)
        for from_s in range(0, max(1, until_s - 3599), 600)
    )
    ticks = until_s // TICK_S
    return {
        "vehicles": vehicles,
        "bookings_a_day": bookings,
        "bookings_asked": len(day.calls),
        "served_percent": round(100 * outcome.served_share, 1),
        "ticks": ticks,
        "improvements": len(cpu),
        "better": len(policy.better),
        "cpu_s_per_improvement_p50": round(percentile(cpu, 50), 3),
        "cpu_s_per_improvement_p99": round(percentile(cpu, 99), 3),
        "cpu_s_per_tick": round(sum(cpu) / max(1, ticks), 4),
        "core_percent": round(100 * sum(cpu) / max(1, until_s), 2),
        "core_percent_busiest_hour": round(100 * busiest / 3600, 2),
        "limit_s": limit_s,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print; return 1 above a quarter of a core."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenario", type=Path, default=SHARED, metavar="DIR")
    parser.add_argument("--bookings", type=int, default=300)
    parser.add_argument("--vehicles", type=int, default=10)
    parser.add_argument("--hours", type=float, default=3.0, help="how much of the day is driven")
    parser.add_argument("--limit", type=float, default=0.5, help="seconds for each improvement")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    warm()
    warm_search()
    row = measure(
        read_town(chosen.scenario),
        bookings=chosen.bookings,
        vehicles=chosen.vehicles,
        hours=chosen.hours,
        limit_s=chosen.limit,
        seed=chosen.seed,
    )
    text = json.dumps({"rows": [row]}, indent=2)
    if chosen.json == "-":
        print(text)
    else:
        if chosen.json is not None:
            Path(chosen.json).write_text(text + "\n", encoding="utf-8")
        print(*row, sep=",")
        print(*row.values(), sep=",")
    return int(row["core_percent_busiest_hour"] > 25)


if __name__ == "__main__":
    sys.exit(main())
