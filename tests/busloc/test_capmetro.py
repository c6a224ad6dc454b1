"""A real morning of Austin's buses: most fixes find their trip, and no time is nonsense."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from busloc.hub import Hub
from busloc.live import LiveMap
from busloc.ping import Ping, Verdict
from gtfs.feed import Feed
from gtfs.read import parse_table

TZ = ZoneInfo("America/Chicago")
REGION = (29.5, -98.5, 31.0, -97.0)
DAY, SCHEDULE = "2016-12-16", "20160821_20170121"

pytestmark = [pytest.mark.shared, pytest.mark.heavy]


def rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def feed_of(folder: Path, routes: dict[str, str]) -> Feed:
    """Return the timetable of the trips seen; its lines run straight from stop to stop."""
    calls: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows(folder / f"schedule_{SCHEDULE}.csv.gz"):
        if row["trip_id"] in routes:
            made = calls[row["trip_id"]]
            at = row["arrival_time"]
            made.append(f"{row['trip_id']},{at},{at},{row['stop_id']},{len(made)}")
    stops = [
        f"{row['stop_id']},stop,{row['stop_lat']},{row['stop_lon']}"
        for row in rows(folder / f"stops_{SCHEDULE}.csv.gz")
    ]
    texts = {
        "agency": [
            "agency_name,agency_url,agency_timezone",
            "a,https://example.invalid/,America/Chicago",
        ],
        "stops": ["stop_id,stop_name,stop_lat,stop_lon", *stops],
        "routes": [
            "route_id,route_short_name,route_type",
            *(f"{r},{r},3" for r in sorted(set(routes.values()))),
        ],
        "trips": ["route_id,service_id,trip_id", *(f"{routes[t]},day,{t}" for t in calls)],
        "stop_times": [
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
            *(c for t in calls.values() for c in t),
        ],
        "calendar_dates": ["service_id,date,exception_type", "day,20161215,1", "day,20161216,1"],
    }
    return Feed({name: parse_table(name, "\n".join(text).encode()) for name, text in texts.items()})


def test_most_fixes_of_a_real_morning_are_placed(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "avl" / "capmetro"
    day = sorted(rows(folder / f"vp-{DAY}.csv.gz"), key=lambda row: row["timestamp"])
    fixes = [row for row in day if int(row["vehicle_id"]) % 4 == 0]
    feed = feed_of(folder, {row["trip_id"]: row["route_id"] for row in fixes})
    hub = Hub(now=lambda: 0.0, monotonic=lambda: 0.0)
    names = {row["vehicle_id"]: row["vehicle_id"] for row in fixes}
    live = LiveMap(hub, region=REGION, tz=TZ, feed=feed, names=names)
    verdicts: Counter[Verdict] = Counter()
    placed, scheduled, delays_s = 0, 0, []

    for seq, row in enumerate(fixes):
        t = datetime.fromisoformat(row["timestamp"]).timestamp()
        lat, lon = float(row["latitude"]), float(row["longitude"])
        fix = Ping(row["vehicle_id"], "day", seq, t, lat, lon, trip=row["trip_id"])
        (verdict,) = live.accept(None, [fix], t)
        verdicts[verdict] += 1
        track = live.track(fix.vehicle)
        if verdict is Verdict.LIVE and row["trip_id"] in feed.trips:
            scheduled += 1
            if track and track.match and not track.misses:
                placed += 1
                delays_s.append(track.match.delay_s)
                assert track.match.run.trip_id == row["trip_id"]

    assert verdicts[Verdict.LIVE] > 0.95 * len(fixes)
    assert placed > 0.95 * scheduled
    assert abs(median(delays_s)) < 180
    assert max(map(abs, delays_s)) < 2.5 * 3600
