"""What does it cost to answer for GTFS Realtime when a thousand buses are on the road?

A thousand buses on a hundred lines of twenty stops report every second to the real ``LiveMap``;
between, the clock ticks as in the service.  Every second each message is asked for once, as its
endpoint does, packed and plain.  All is processor time of the asking, after the tick; the tick
itself and a fix are shown beside it.

    python -m benchmarks.feeds [--vehicles 1000] [--seconds 30] [--boards 500] [--json [FILE]]
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from google.transit import gtfs_realtime_pb2 as pb

from busloc import Hub, LiveMap, Ping
from gtfs import Feed, Table
from gtfs.calendar import day_start_epoch
from maas.realtime import Realtime

LINES, STOPS, STEP_M, LEG_S = 100, 20, 500.0, 60
DEGREE_M = 111_195.0
LAT, LON = 34.0, 133.0
ZONE, DAY = ZoneInfo("Asia/Tokyo"), date(2026, 11, 25)
START_S = 8 * 3600


@dataclass
class Costs:
    """Seconds of the processor, a list a measure."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def of(self, name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 -- what work returns
        """Do some work and note its cost."""
        started = time.process_time()
        done = work()
        self.seconds.setdefault(name, []).append(time.process_time() - started)
        return done

    def row(self, name: str, limit_ms: float | None) -> dict[str, Any]:
        """Return the median and the worst of twenty in milliseconds."""
        ms = sorted(1000 * each for each in self.seconds[name])
        return {
            "what": name,
            "median_ms": round(statistics.median(ms), 3),
            "p95_ms": round(ms[int(0.95 * (len(ms) - 1))], 3),
            "limit_ms": limit_ms,
        }


def timetable(vehicles: int) -> Feed:
    """Return lines from south to north, each with its share of the trips, a minute a stop."""
    stops = [
        (f"s{line}_{n}", f"停{n}", str(LAT + n * STEP_M / DEGREE_M), str(LON + line * 0.01))
        for line in range(LINES)
        for n in range(STOPS)
    ]
    trips = [("1", "day", f"t{k}", str(k % LINES)) for k in range(vehicles)]
    calls = [
        (f"t{k}", clock(at), clock(at), f"s{k % LINES}_{n}", str(n))
        for k in range(vehicles)
        for n in range(STOPS)
        for at in [START_S - lead_s(k) + n * LEG_S]
    ]
    tables = (
        Table("agency", ("agency_id", "agency_name", "agency_url", "agency_timezone"),
              [("1", "a", "https://example.invalid/", ZONE.key)]),
        Table("stops", ("stop_id", "stop_name", "stop_lat", "stop_lon"), stops),
        Table("routes", ("route_id", "agency_id", "route_short_name", "route_type"),
              [(str(line), "1", str(line), "3") for line in range(LINES)]),
        Table("trips", ("agency_id", "service_id", "trip_id", "route_id"), trips),
        Table("stop_times",
              ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"), calls),
        Table("calendar_dates", ("service_id", "date", "exception_type"),
              [("day", f"{DAY:%Y%m%d}", "1")]),
    )  # fmt: skip
    return Feed({table.name: table for table in tables})


def lead_s(k: int) -> int:
    """Return how long before the first second a bus set out."""
    return k * 7919 % (LEG_S * (STOPS - 4))


def clock(seconds: int) -> str:
    """Return a time as GTFS writes it."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


class Client:
    """Listens to a board and reads nothing."""

    def write(self, frame: bytes) -> int:
        """Take a frame."""
        return 0 * len(frame)

    def buffered(self) -> int:
        """Nothing waits."""
        return 0

    def close(self, code: int) -> None:
        """Never closed."""


def run(vehicles: int, seconds: int, boards: int) -> dict[str, Any]:
    """Drive, ask, and return the document."""
    feed, start = timetable(vehicles), day_start_epoch(DAY, ZONE) + START_S
    now = [float(start)]
    hub = Hub(now=lambda: now[0], monotonic=lambda: now[0])
    names = {f"bus-{k}": f"{k}号車" for k in range(vehicles)}
    live = LiveMap(hub, region=(-90, -180, 90, 180), tz=ZONE, feed=feed, names=names)
    if live.timetable is None:
        raise RuntimeError("a feed makes a timetable")
    realtime, costs = Realtime(live, live.timetable), Costs()
    listener = hub.join(Client())  # type: ignore[arg-type]
    for k in range(boards):
        hub.subscribe(listener, f"stop:s{k % LINES}_{5 + k // LINES % (STOPS - 6)}")
    for second in range(seconds):
        now[0] = float(start + second)
        for k in range(vehicles):
            fixes = [ping(k, second, now[0])]
            costs.of("a fix", partial(live.accept, None, fixes, now[0]))
        costs.of("a tick", partial(live.tick, now[0]))
        costs.of("its feeds", partial(realtime.refresh, now[0]))
        hub.flush()
        body = costs.of("vehicle positions", partial(realtime.positions, now[0])).body
        costs.of("vehicle positions again", partial(realtime.positions, now[0]))
        updates = costs.of("trip updates", partial(realtime.updates, now[0])).body
        costs.of("positions in gzip", partial(gzip.compress, body, 1))
    message = pb.FeedMessage.FromString(body)
    rows = [
        costs.row("vehicle positions", 1.0),
        costs.row("vehicle positions again", 1.0),
        costs.row("trip updates", 5.0),
        costs.row("positions in gzip", None),
        costs.row("a fix", 1.0),
        costs.row("a tick", None),
        costs.row("its feeds", None),
    ]
    about = {
        "vehicles": vehicles, "boards": boards, "python": platform.python_version(),
        "positions_bytes": len(body), "positions": len(message.entity),
        "updates_bytes": len(updates),
        "updates": len(pb.FeedMessage.FromString(updates).entity),
    }  # fmt: skip
    return {"rows": rows, "about": about}


def ping(k: int, second: int, t: float) -> Ping:
    """Return what a bus reports."""
    along_m = (lead_s(k) + second) * STEP_M / LEG_S
    return Ping(
        f"bus-{k}", "b", second, t, LAT + along_m / DEGREE_M, LON + (k % LINES) * 0.01,
        8.0, 0.0, f"t{k}",
    )  # fmt: skip


def print_table(document: dict[str, Any], file: Any) -> None:  # noqa: ANN401 -- a stream
    """Print the costs."""
    print(f"{'':26} {'median':>9} {'p95':>9} {'limit':>7}  ms", file=file)
    for row in document["rows"]:
        limit = "" if row["limit_ms"] is None else row["limit_ms"]
        print(f"{row['what']:26} {row['median_ms']:>9} {row['p95_ms']:>9} {limit:>7}", file=file)
    print(document["about"], file=file)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.feeds", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--vehicles", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--boards", type=int, default=500)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    document = run(chosen.vehicles, chosen.seconds, chosen.boards)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    print_table(document, sys.stderr if chosen.json == "-" else sys.stdout)


if __name__ == "__main__":
    main()
