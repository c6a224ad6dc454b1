"""Does a vehicle find its run without saying it, and its place and stops when it says it?

A recorded day of Austin's buses.  *Without identifiers*: 500 random windows of five consecutive
fixes of one trip (100 of one, three and nine; seed 3, under 900 s; ``data/avl/README.md``).  The
candidates are the day's trips with five stops or more, and the answer is right when it is the trip
the bus reported.  Variants:

* ``naive``: squared distances and delays, the reference notes' baseline, in the same run.
* ``window alone``: the fixes of the window and nothing else.
* ``window, shared``: and no run may have two vehicles; the others are known by what they sent up to
  then, none of them by any identifier.
* ``tracked, shared``: the vehicle is one of them, all followed since the day began.  The answer the
  service gives; ``confident`` is said of it (and of ``window alone``, beside it).

The windows are of the trips the protocol counts (four fixes, half of them less than an hour late)
and, in rows marked ``any trip``, of all others too.  What is learnt is how late buses are and how
long they wait at their ends, from other days (``--train``), never from the day asked about.

*Trip known*: the share of fixes that are placed, and of those that are or whose bus is shown to be
off the line of its trip.  *Stop events*: on drives with known events along
the lines of a Japanese town (``match_drives``), and against the protocol's own stop times.

    python -m benchmarks.match --data ../shared/data/avl --day 2016-12-16 [--json [FILE]]
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.avl import (
    AUSTIN,
    SCHEDULES,
    SHARED,
    Fix,
    Polyline,
    capmetro_fixes,
    capmetro_plan,
    capmetro_stops,
    capmetro_trips,
    day_of,
    days_of,
)  # fmt: skip
from benchmarks.match_drives import drive
from busloc.course import Course, Run, Timetable
from busloc.guess import CONFIDENT, Guess, Guesser, share, weigh
from busloc.habits import Habits, Sample
from busloc.network import Network
from busloc.onward import place
from busloc.ping import Ping
from busloc.track import Track, follow
from busloc.visits import Visit, Visitor
from gtfs.feed import Feed
from gtfs.read import parse_table, read_feed

FIXES = (1, 3, 5, 9)
HEADLINE = 5
SPAN_S = 900
SEED = 3
SEEN_S = 300.0
STOPS_MIN = 5
DRIVES = 300
RIGHT_S = 60.0
"""A stop event further off in time is a wrong one."""

Row = dict[str, Any]


# The day


@dataclass(frozen=True)
class Day:
    """A day's timetable (of the trips seen on it) and its fixes by time."""

    folder: Path
    day: date
    timetable: Timetable
    fixes: list[Fix]

    @property
    def network(self) -> Network:
        """What may run on the day, begun on it or the evening before."""
        return Network.of_days(self.timetable, (self.day - timedelta(days=1), self.day))

    def by_trip(self) -> dict[str, list[Fix]]:
        """Return the fixes of each trip, of the vehicle that sent most."""
        found: defaultdict[tuple[str, str], list[Fix]] = defaultdict(list)
        for fix in self.fixes:
            if self.timetable.course(fix.trip) is not None:
                found[fix.trip, fix.vehicle].append(fix)
        best: dict[str, list[Fix]] = {}
        for (trip, _), fixes in found.items():
            if len(fixes) > len(best.get(trip, ())):
                best[trip] = fixes
        return best


def read_day(folder: Path, day: date) -> Day:
    """Return a day whose trips run on it and the day before, as they are numbered past midnight."""
    fixes = capmetro_fixes(folder, day)
    routes = {fix.trip: fix.route for fix in fixes}
    plan = {
        trip: calls
        for trip, calls in capmetro_plan(folder, day, routes).items()
        if len(calls[0]) >= STOPS_MIN
    }
    stops = capmetro_stops(folder, day)
    days = (day - timedelta(days=1), day)
    texts = {
        "agency": ["agency_name,agency_url,agency_timezone", f"a,https://example.invalid/,{AUSTIN}"],
        "stops": ["stop_id,stop_name,stop_lat,stop_lon",
                  *(f"{stop},stop,{lat},{lon}" for stop, (lat, lon) in stops.items())],
        "routes": ["route_id,route_short_name,route_type",
                   *(f"{route},{route},3" for route in sorted(set(routes.values())))],
        "trips": ["route_id,service_id,trip_id", *(f"{routes[trip]},day,{trip}" for trip in plan)],
        "stop_times": ["trip_id,arrival_time,departure_time,stop_id,stop_sequence",
                       *(_call(trip, k, *call) for trip, (stops_, due) in plan.items()
                         for k, call in enumerate(zip(stops_, due, strict=True)))],
        "calendar_dates": ["service_id,date,exception_type", *(f"day,{d:%Y%m%d},1" for d in days)],
    }  # fmt: skip
    tables = {name: parse_table(name, "\n".join(text).encode()) for name, text in texts.items()}
    return Day(folder, day, Timetable(Feed(tables), AUSTIN), fixes)


def _call(trip: str, sequence: int, stop: str, due_s: float) -> str:
    minutes, seconds = divmod(int(due_s), 60)
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    return f"{trip},{clock},{clock},{stop},{sequence}"


def ping_of(fix: Fix, trip: str | None = None) -> Ping:
    """Return a fix as a device would send it."""
    return Ping(fix.vehicle, "day", 0, fix.epoch, fix.lat, fix.lon, trip=trip)


def learnt(folder: Path, days: Sequence[date]) -> Habits:
    """Return the habits of the training days, or the usual ones without any."""
    samples: list[Sample] = []
    runs, gaps, went = 0, [], list[int]()
    for day in days:
        known = read_day(folder, day)
        for trip, fixes in known.by_trip().items():
            course = known.timetable.course(trip)
            if course is not None and len(fixes) >= 4:
                samples += _samples(known, course, fixes)
                runs += 1
                gaps += [two.epoch - one.epoch for one, two in pairwise(fixes)]
        went += _onward(known)
    return Habits.learn(samples, runs, median(gaps), went) if samples else Habits.usual()


def _onward(known: Day) -> Iterator[int]:
    """Yield the places of the trips that the day's buses went on to."""
    network = Network.of_days(known.timetable, (known.day,))
    number = {run.trip_id: k for k, run in enumerate(network.runs)}
    trips: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for fix in known.fixes:
        trips[fix.vehicle][fix.trip] = None
    for driven in trips.values():
        for one, other in pairwise(driven):
            if one in number and other in number:
                yield place(network, number[one], number[other])


def _samples(known: Day, course: Course, fixes: Sequence[Fix]) -> Iterator[Sample]:
    places = [known.timetable.feed.stops[call.stop_id].place for call in course.calls]
    line = Polyline([place for place in places if place is not None])
    days = (known.day, known.day - timedelta(days=1))
    starts = [known.timetable.day_start(day) for day in days]
    middle = median(fix.epoch for fix in fixes)
    half = (course.depart_s[0] + course.arrive_s[-1]) / 2
    start = min(starts, key=lambda start: abs(middle - start - half))
    times_s = [fix.epoch - start for fix in fixes]
    scale = course.line.length_m / line.length_m
    for time_s, along_m in line.place([(fix.lat, fix.lon) for fix in fixes], times_s):
        yield Sample(course, along_m * scale, time_s)


# Without identifiers


def windows(day: Day, trips: Iterable[str], count: int, fixes: int) -> list[list[Fix]]:
    """Return random windows of consecutive fixes of one trip."""
    by_trip = day.by_trip()
    long = sorted(trip for trip in trips if len(by_trip.get(trip, ())) >= fixes)
    rng = random.Random(SEED)
    found: list[list[Fix]] = []
    while len(found) < count:
        own = by_trip[rng.choice(long)]
        first = rng.randrange(len(own) - fixes + 1)
        window = own[first : first + fixes]
        if window[-1].epoch - window[0].epoch < SPAN_S:
            found.append(window)
    return found


def naive(network: Network, day: Day, window: Sequence[Fix]) -> str | None:
    """Return the trip with the least squared distances and delays (location.md §5)."""
    best: tuple[float, str] | None = None
    for k, run in enumerate(network.runs):
        now = window[-1].epoch
        if not network.starts[k] - 600 <= now <= network.ends[k] + 2400:
            continue
        course = day.timetable.course(run.trip_id)
        if course is None:
            continue
        start = day.timetable.day_start(run.day)
        places = [course.line.project(fix.lat, fix.lon) for fix in window]
        if min(off_m for _, off_m in places) > 3000:
            continue
        cost = 3.0 * sum(b[0] < a[0] - 60 for a, b in pairwise(places))
        for fix, (along_m, off_m) in zip(window, places, strict=True):
            late_s = fix.epoch - start - course.due_s(along_m)
            cost += min((off_m / 80) ** 2 + (late_s / 420) ** 2, 40)
        if best is None or cost < best[0]:
            best = cost, run.trip_id
    return None if best is None else best[1]


@dataclass
class Tally:
    """The answers of one variant."""

    right: Counter[int] = field(default_factory=Counter)
    asked: Counter[int] = field(default_factory=Counter)
    sure: int = 0
    sure_right: int = 0

    def add(self, fixes: int, trip: str, answer: str | None, sure: str | None) -> None:
        """Count an answer to a window of so many fixes, and the confident one if there was one."""
        self.asked[fixes] += 1
        self.right[fixes] += answer == trip
        if fixes == HEADLINE and sure is not None:
            self.sure += 1
            self.sure_right += sure == trip

    def row(self, variant: str, windows_of: str) -> Row:
        """Return the contract's row."""
        asked = self.asked[HEADLINE]
        return {
            "variant": variant,
            "windows_of": windows_of,
            "windows": asked,
            "top1_percent_by_fixes": {
                str(k): _percent(self.right[k], n) for k, n in sorted(self.asked.items())
            },
            "precision_confident_percent": _percent(self.sure_right, self.sure),
            "abstain_percent": _percent(asked - self.sure, asked) if self.sure else None,
        }


def without_identifiers(day: Day, habits: Habits, count: int, fixes: Sequence[int]) -> list[Row]:
    """Return a row per variant, of the protocol's trips and of any."""
    counted = [trip.id for trip in capmetro_trips(day.folder, day.day, gap_s=150)]
    asked: defaultdict[tuple[float, str], list[tuple[str, list[Fix]]]] = defaultdict(list)
    for name, trips in (("counted trips", counted), ("any trip", day.by_trip())):
        for k in fixes if name == "counted trips" else [HEADLINE]:
            for window in windows(day, trips, count if k == HEADLINE else count // 5, k):
                asked[window[-1].epoch, window[-1].vehicle].append((name, window))
    network = day.network
    tallies: defaultdict[tuple[str, str], Tally] = defaultdict(Tally)
    crowd: dict[str, Guesser] = {}
    seen: dict[str, float] = {}
    scores: dict[str, dict[Run, float]] = {}
    for fix in day.fixes:
        guesser = crowd.setdefault(fix.vehicle, Guesser(network, habits))
        guesser.see(ping_of(fix))
        seen[fix.vehicle] = fix.epoch
        scores[fix.vehicle] = guesser.scores()
        for name, window in asked.pop((fix.epoch, fix.vehicle), ()):
            now = {v: scores[v] for v, t in seen.items() if fix.epoch - t <= SEEN_S}
            for variant, answer, sure in _answers(network, habits, day, window, now, guesser):
                tallies[variant, name].add(len(window), window[0].trip, answer, sure)
    order = ("tracked, shared", "window, shared", "window alone", "naive")
    names = ("counted trips", "any trip")
    return [tallies[variant, name].row(variant, name) for name in names for variant in order]


def _answers(
    network: Network, habits: Habits, day: Day, window: Sequence[Fix],
    now: Mapping[str, Mapping[Run, float]], guesser: Guesser,
) -> Iterator[tuple[str, str | None, str | None]]:  # fmt: skip
    """Yield each variant's answer and the confident one: trips, or none."""
    vehicle = window[0].vehicle
    alone = Guesser(network, habits)
    for fix in window:
        alone.see(ping_of(fix))
    own = alone.scores()
    for name, who, guesses in (
        ("tracked, shared", guesser, share(now)[vehicle]),
        ("window, shared", alone, share({**now, vehicle: own})[vehicle]),
        ("window alone", alone, weigh(own)),
    ):
        sure = who.confident(guesses)
        yield name, _trip(guesses), None if sure is None else sure.run.trip_id
    yield "naive", naive(network, day, window), None


def _trip(guesses: Sequence[Guess]) -> str | None:
    return guesses[0].run.trip_id if guesses else None


# Trip known


def trip_known(day: Day) -> list[Row]:
    """Return how many fixes are placed, and the stop events found beside the protocol's."""
    tracks: dict[str, Track] = {}
    visitors: defaultdict[str, Visitor] = defaultdict(lambda: Visitor(day.timetable))
    visits: dict[tuple[str, int], Visit] = {}
    placed, astray, total, started = 0, 0, 0, time.process_time()
    own = {trip: fixes[0].vehicle for trip, fixes in day.by_trip().items()}
    for fix in day.fixes:
        if own.get(fix.trip) != fix.vehicle:
            continue
        before = tracks.get(fix.vehicle)
        track = follow(day.timetable, before, ping_of(fix, fix.trip), None)
        tracks[fix.vehicle] = track
        total += 1
        if track.match is None or track.misses:
            astray += track.match is not None and track.match.run.trip_id == fix.trip
            visitors[fix.vehicle].miss()
            continue
        placed += track.match.run.trip_id == fix.trip
        for visit in visitors[fix.vehicle].see(track.match):
            visits[visit.run.trip_id, visit.index] = visit
    took_s = time.process_time() - started
    truth = {
        (trip.id, i): at
        for trip in capmetro_trips(day.folder, day.day, gap_s=150)
        for i, at in trip.events
    }
    off_s = [_off_s(visits[key], at) for key, at in truth.items() if key in visits]
    return [
        {
            "variant": "trip known",
            "fixes": total,
            "placed_percent": _percent(placed, total),
            "or_told_to_be_off_its_line_percent": _percent(placed + astray, total),
            "ms_per_fix": round(1000 * took_s / max(total, 1), 3),
        },
        {
            "variant": "stop events, beside the protocol's",
            "events": len(truth),
            "recall_percent": _percent(len(off_s), len(truth)),
            "off_by_more_than_60_s_percent": _percent(
                sum(off > RIGHT_S for off in off_s), len(off_s)
            ),
        },
    ]


def _off_s(visit: Visit, at: float) -> float:
    times = [t for t in (visit.arrive_s, visit.depart_s) if t is not None]
    return max(0.0, min(times) - at, at - max(times))


def driven(gtfs: Path) -> list[Row]:
    """Return the stop events found on drives where all of them are known."""
    feed = read_feed(gtfs)
    timetable = Timetable(feed, ZoneInfo("Asia/Tokyo"))
    day = next(d for d in _days() if len(feed.trips_on(d)) >= 20)
    trips = sorted(trip.id for trip in feed.trips_on(day))
    rng = random.Random(SEED)
    counts: Counter[str] = Counter()
    started = time.process_time()
    for _ in range(DRIVES):
        run = Run(rng.choice(trips), day)
        course = timetable.course(run.trip_id)
        if course is not None:
            _judge(timetable, run, course, rng, counts)
    took_s = time.process_time() - started
    return [
        {
            "variant": "stop events, simulated drives",
            "events": counts["made"],
            "recall_percent": _percent(counts["found"], counts["made"]),
            "false_percent": _percent(counts["false"], counts["told"]),
            "standing_told_from_passing_percent": _percent(counts["kind"], counts["found"]),
            "ms_per_fix_with_simulating": round(1000 * took_s / max(counts["fixes"], 1), 3),
        }
    ]


def _days() -> Iterator[date]:
    return (date(2025, 1, 1) + timedelta(days=k) for k in range(1000))


def _judge(
    timetable: Timetable, run: Run, course: Course, rng: random.Random, counts: Counter[str]
) -> None:
    """Count the events of one drive: found, and told though never made or at a wrong time."""
    made = drive(timetable, run, course, rng)
    track: Track | None = None
    visitor = Visitor(timetable)
    told: dict[int, Visit] = {}
    for ping in made.pings:
        track = follow(timetable, track, ping, None)
        if track.match is None or track.misses:
            visitor.miss()
        else:
            told.update((visit.index, visit) for visit in visitor.see(track.match))
    start = timetable.day_start(run.day)
    counts["fixes"] += len(made.pings)
    counts["made"] += len(made.made)
    counts["told"] += len(told)
    for i, visit in told.items():
        call = made.made.get(i)
        at = visit.depart_s if visit.arrive_s is None or i == 0 else visit.arrive_s
        true_s = None if call is None else (call.depart if i == 0 else call.arrive) - start
        right = at is not None and true_s is not None and abs(at - true_s) <= RIGHT_S
        counts["found"] += right
        counts["false"] += not right
        counts["kind"] += right and call is not None and call.passed == visit.passed


# The answers


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def earlier_days(folder: Path, day: date) -> list[date]:
    """Return the days of the same timetable before a day, else after it."""
    others = [d for d in days_of("capmetro", folder) if d != day and d.year == day.year]
    return [d for d in others if d < day] or others


def compare(
    folder: Path, day: date, train: Sequence[date], count: int, fixes: Sequence[int]
) -> tuple[list[Row], dict[str, Any]]:
    """Return all rows for a day, and what they were made with."""
    known = read_day(folder, day)
    rows = without_identifiers(known, learnt(folder, train), count, fixes)
    rows += trip_known(known)
    gtfs = folder.parents[1] / "gtfs" / "hakkou.zip"
    rows += driven(gtfs) if gtfs.exists() else []
    about = {
        "day": str(day),
        "train": [str(d) for d in train] or "none: the usual habits",
        "candidates": len(known.timetable.feed.trips),
        "seed": SEED,
        "confident_at": CONFIDENT,
        "schedule": SCHEDULES.get(day.year),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
    return rows, about


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, a line each."""
    return "\n".join(
        "  ".join(f"{name}={value}" for name, value in row.items() if value is not None)
        for row in rows
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how often runs, places and stops were found, or write it as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=SHARED, help="the data set's folder, or the one it lies in"
    )
    parser.add_argument("--day", type=day_of, default=date(2016, 12, 16))
    parser.add_argument("--train", help="day[,day]; without it the other days before the one asked")
    parser.add_argument("--windows", type=int, default=500)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    options = parser.parse_args(arguments)
    folder = (
        options.data / "capmetro" if (options.data / "capmetro").is_dir() else options.data
    ).resolve()
    days = (
        [day_of(text) for text in options.train.split(",")]
        if options.train
        else earlier_days(folder, options.day)
    )
    rows, about = compare(folder, options.day, days, options.windows, FIXES)
    print(table(rows), file=sys.stderr if options.json == "-" else sys.stdout)
    if options.json:
        document = json.dumps({"rows": rows, "about": about}, indent=1)
        if options.json == "-":
            print(document)
        else:
            Path(options.json).write_text(document + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
