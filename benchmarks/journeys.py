"""How long it takes to say which buses bring a rider there first.

A feed's busiest day within a year of its start; seeded pairs of its stops and seeded times of
day, each asked for the earliest arrival and for the latest departure, with up to five rides.
``live`` asks again with a quarter of the runs ten minutes late.  Times are processor time.

    python -m benchmarks.journeys [--gtfs ZIP] [--questions 2000] [--seed 1] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from gtfs import Feed, read_feed
from gtfs.journeys import Journey, Live, Network

RYOBI = Path(__file__).resolve().parents[2] / "shared" / "data" / "gtfs" / "ryobi.zip"
LATE_S = 600


def busiest_day(feed: Feed) -> date:
    """Return the day on which most trips run, the first of equals."""
    first = min(week.start for week in feed.calendars.values())
    days = [first + timedelta(days=k) for k in range(365)]
    return max(days, key=lambda day: len(feed.trips_on(day)))


def late(feed: Feed, day: date, seed: int) -> Live:
    """Return a quarter of a day's runs, ten minutes late."""
    trips = random.Random(seed).sample(feed.trips_on(day), len(feed.trips_on(day)) // 4)
    known: dict[tuple[str, date], list[tuple[int, int]] | None] = {}
    for trip in trips:
        calls = feed.stop_times[trip.id]
        times = [(call.arrival_s, call.departure_s) for call in calls]
        known[trip.id, day] = [
            (arrive_s + LATE_S, depart_s + LATE_S)
            for arrive_s, depart_s in times
            if arrive_s is not None and depart_s is not None
        ]
    return known


def measure(
    name: str,
    ask: Callable[[str, str, int], list[Journey]],
    stops: Sequence[str],
    args: argparse.Namespace,
) -> dict[str, Any]:
    """Ask every question once and return how long the answers took."""
    draw = random.Random(args.seed)
    took_ms, found, rides = [], 0, 0
    for _ in range(args.questions):
        origin, target = draw.sample(stops, 2)
        at_s = draw.randrange(6 * 3600, 20 * 3600)
        began = time.process_time()
        journeys = ask(origin, target, at_s)
        took_ms.append((time.process_time() - began) * 1000)
        found += bool(journeys)
        rides += len(journeys[-1].rides) if journeys else 0
    cuts = quantiles(took_ms, n=100)
    return {
        "question": name,
        "answered_percent": round(100 * found / args.questions, 1),
        "rides_mean": round(rides / max(1, found), 2),
        "p50_ms": round(cuts[49], 2),
        "p95_ms": round(cuts[94], 2),
        "p99_ms": round(cuts[98], 2),
    }


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and return the document that is printed."""
    feed = read_feed(args.gtfs)
    day = busiest_day(feed)
    began = time.process_time()
    network = Network.of(feed, day)
    network.earliest({}, {}, 0)
    build_s = time.process_time() - began
    began = time.process_time()
    live = network.seen(late(feed, day, args.seed))
    seen_ms = (time.process_time() - began) * 1000
    stops = sorted({call.stop_id for t in feed.trips_on(day) for call in feed.stop_times[t.id]})
    rows = [
        measure("earliest", lambda a, b, s: network.earliest({a: 0}, {b: 0}, s), stops, args),
        measure("latest", lambda a, b, s: network.latest({a: 0}, {b: 0}, s), stops, args),
        measure("live earliest", lambda a, b, s: live.earliest({a: 0}, {b: 0}, s), stops, args),
    ]
    about = {
        "feed": args.gtfs.name,
        "day": day.isoformat(),
        "trips": len(feed.trips_on(day)),
        "stops": len(stops),
        "build_s": round(build_s, 3),
        "seen_ms": round(seen_ms, 1),
        "seed": args.seed,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    return {"rows": rows, "about": about}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.journeys", description=__doc__)
    parser.add_argument("--gtfs", type=Path, default=RYOBI, metavar="ZIP")
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    document = run(chosen)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    out = sys.stderr if chosen.json == "-" else sys.stdout
    for row in document["rows"]:
        print("  ".join(f"{name} {value}" for name, value in row.items()), file=out)


if __name__ == "__main__":
    main()
