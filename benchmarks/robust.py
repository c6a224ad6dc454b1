"""Is what riders are shown still true when the radio is bad, the clocks are wrong and buses vanish?

A recorded day of Austin's buses goes fix by fix through the real ``LiveMap``, on the clock of the
recording.  Every minute the expected times that signs would show are compared with when the buses
came (truth: the stop events of ``benchmarks.avl``, which shares no code with the service).

    python -m benchmarks.robust [--data DIR] [--day 2016-12-16] [--vehicles 80] [--seed 1]
        [--train 2016-11-24,2016-11-25,2016-11-26] [--json [FILE]]

``clean`` is the recording; ``degraded`` loses 10 % of the fixes, moves each by 20 m and sets each
device's clock wrong by up to a minute; ``hole`` silences every third vehicle for half an hour in
the middle of its day and then sends what it missed in one batch; ``ghosts`` removes 10 % of the
trips, once as recorded (each bus says its trip, nothing else is known) and once with duties: a
vehicle's duty is the trips it ran, as in a town whose drivers log on with one.  A removed trip
whose bus still drives the one before cannot be told from one that begins late: ``flagged_of_free``
counts from when the bus was last heard before the trip, if that is after its start.  Of the trips
that stay, those count whose bus was heard on them in the three minutes before the test.  Speeds
are processor time.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks import avl
from benchmarks.eta import drives
from busloc import Hub, LiveMap, Ping, Run
from busloc.ghost import RiderState
from busloc.learning import learn
from busloc.model import Model
from busloc.visits import Visit
from gtfs import Feed, Table
from gtfs.calendar import day_start_epoch

TICK_S = 10
SAMPLE_S = 60
AHEAD_S = 900
HOLE_S = 1800
DROPPED, NOISE_M, SKEW_S = 0.1, 20.0, 60.0
REMOVED = 0.1
FLAG_S = 180
DEGREE_M = 111_195.0
WRONG = {RiderState.NOT_RUNNING, RiderState.CANCELLED}
FLAGGED = {RiderState.NOT_RUNNING, RiderState.UNCONFIRMED}


@dataclass(frozen=True, slots=True)
class Heard:
    """A batch as it comes in: when, and what."""

    at: float
    pings: tuple[Ping, ...]


@dataclass(frozen=True)
class Recording:
    """A day: its timetable, who ran what, what came in, and when the buses were where."""

    day: date
    start: int
    feed: Feed
    heard: list[Heard]
    duties: dict[str, str]
    ran: dict[str, str]
    truth: dict[str, avl.Trip]
    model: Model | None

    @property
    def span(self) -> tuple[float, float]:
        """The first and the last fix."""
        return self.heard[0].at, self.heard[-1].at


@dataclass
class Shown:
    """What a replay showed: expected arrivals, states at a trip's test, stop events, costs."""

    told: dict[tuple[str, int, int], float] = field(default_factory=dict)
    visits: dict[tuple[str, int], Visit] = field(default_factory=dict)
    flags: dict[str, RiderState] = field(default_factory=dict)
    flagged_at: dict[str, float] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    where: dict[tuple[str, int], str] = field(default_factory=dict)
    fixes: int = 0
    recorded: int = 0
    fix_s: list[float] = field(default_factory=list)
    tick_s: list[float] = field(default_factory=list)


def read(folder: Path, day: date, vehicles: int, seed: int, train: Sequence[date]) -> Recording:
    """Return a recorded day of some of its vehicles, and what the training days teach."""
    fixes = avl.capmetro_fixes(folder, day)
    names = sorted({fix.vehicle for fix in fixes})
    chosen = set(random.Random(seed).sample(names, min(vehicles, len(names))))
    by_trip: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for fix in fixes:
        by_trip[fix.trip][fix.vehicle] += 1
    ran = {trip: count.most_common(1)[0][0] for trip, count in by_trip.items()}
    ran = {trip: vehicle for trip, vehicle in ran.items() if vehicle in chosen}
    own = [fix for fix in fixes if ran.get(fix.trip) == fix.vehicle]
    heard = [
        Heard(fix.epoch, (Ping(fix.vehicle, "b", n, fix.epoch, fix.lat, fix.lon, trip=fix.trip),))
        for n, fix in enumerate(own)
    ]
    truth = {trip.id: trip for trip in avl.capmetro_trips(folder, day, gap_s=avl.GAP_S["test"])}
    return Recording(
        day=day,
        start=day_start_epoch(day, avl.AUSTIN),
        feed=feed_of(folder, day, ran, ran),
        heard=heard,
        duties={vehicle: vehicle for vehicle in chosen},
        ran=ran,
        truth={name: trip for name, trip in truth.items() if name in ran},
        model=taught(folder, train) if train else None,
    )


def taught(folder: Path, train: Sequence[date]) -> Model:
    """Return the model of some days."""
    days = {day: avl.capmetro_trips(folder, day, gap_s=avl.GAP_S["train"]) for day in train}
    return learn({day: drives(trips) for day, trips in days.items()})


def feed_of(folder: Path, day: date, ran: dict[str, str], duties: dict[str, str]) -> Feed:
    """Return the day's timetable; ``duties`` are the blocks of trips, where they are known."""
    plan = avl.capmetro_plan(folder, day, ran)
    places = avl.capmetro_stops(folder, day)
    calls = [
        (trip, clock(at), clock(at), stop, str(n))
        for trip, (stops, times) in plan.items()
        for n, (stop, at) in enumerate(zip(stops, times, strict=True))
        if stop in places
    ]
    stops = sorted({row[3] for row in calls})
    tables = (
        Table("agency", ("agency_id", "agency_name", "agency_url", "agency_timezone"),
              [("1", "recorded", "https://recorded.invalid/", avl.AUSTIN.key)]),
        Table("stops", ("stop_id", "stop_name", "stop_lat", "stop_lon"),
              [(stop, stop, str(places[stop][0]), str(places[stop][1])) for stop in stops]),
        Table("routes", ("route_id", "agency_id", "route_short_name", "route_type"),
              [("1", "1", "1", "3")]),
        Table("trips", ("route_id", "service_id", "trip_id", "block_id"),
              [("1", "day", trip, duties.get(trip, "")) for trip in plan]),
        Table("stop_times",
              ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"), calls),
        Table("calendar_dates", ("service_id", "date", "exception_type"),
              [("day", f"{day + timedelta(n):%Y%m%d}", "1") for n in (-1, 0)]),
    )  # fmt: skip
    return Feed({table.name: table for table in tables})


def clock(seconds: float) -> str:
    """Return a time of the service day as GTFS writes it."""
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{second:02d}"


# What goes wrong


def degraded(recording: Recording, dice: random.Random) -> Recording:
    """Lose fixes, move them, and set clocks wrong; what comes in comes when it did."""
    skews = {vehicle: dice.uniform(-SKEW_S, SKEW_S) for vehicle in sorted(recording.duties)}
    return replace(
        recording,
        heard=[
            Heard(each.at, tuple(_shaken(ping, skews, dice) for ping in each.pings))
            for each in recording.heard
            if dice.random() >= DROPPED
        ],
    )


def _shaken(ping: Ping, skews: dict[str, float], dice: random.Random) -> Ping:
    north, east = (dice.gauss(0, NOISE_M / 2**0.5) for _ in range(2))
    return Ping(
        ping.vehicle, ping.boot, ping.seq, ping.t + skews[ping.vehicle],
        ping.lat + north / DEGREE_M, ping.lon + east / (DEGREE_M * 0.864), trip=ping.trip,
    )  # fmt: skip


def holed(recording: Recording, dice: random.Random) -> tuple[Recording, dict[str, float]]:
    """Silence every third vehicle for half an hour; return also when each hole ends."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for each in recording.heard:
        times[each.pings[0].vehicle].append(each.at)
    busy = sorted(v for v, ats in times.items() if ats[-1] - ats[0] > 3 * HOLE_S)
    ends = {}
    for vehicle in dice.sample(busy, len(busy) // 3):
        first, last = times[vehicle][0], times[vehicle][-1]
        ends[vehicle] = dice.uniform(first + HOLE_S + 600, last - 600)
    heard: list[Heard] = []
    missed: defaultdict[str, list[Ping]] = defaultdict(list)
    for each in recording.heard:
        vehicle = each.pings[0].vehicle
        end = ends.get(vehicle, 0.0)
        if end - HOLE_S <= each.at < end:
            missed[vehicle] += each.pings
        else:
            if each.at >= end and vehicle in missed:
                heard.append(Heard(each.at, (*missed.pop(vehicle), *each.pings)))
                continue
            heard.append(each)
    return replace(recording, heard=heard), ends


def without(recording: Recording, dice: random.Random) -> tuple[Recording, set[str]]:
    """Remove the fixes of 10 % of the trips; return also which."""
    trips = sorted(recording.ran)
    removed = set(dice.sample(trips, round(REMOVED * len(trips))))
    kept = [each for each in recording.heard if each.pings[0].trip not in removed]
    return replace(recording, heard=kept), removed


# The replay


def replay(
    recording: Recording, *, watch: Iterable[str] = (), removed: Iterable[str] = ()
) -> Shown:
    """Run a day through the live map; every minute note what is shown.

    ``watch`` are vehicles whose trips must never be called not running while they run, ``removed``
    trips that nobody runs: of these it is noted when they are first flagged.
    """
    now = [recording.span[0]]
    model = recording.model
    shown, watched, missing = Shown(), set(watch), set(removed)
    hub = Hub(now=lambda: now[0], monotonic=lambda: now[0])
    live = LiveMap(
        hub, region=(-90.0, -180.0, 90.0, 180.0), tz=avl.AUSTIN, feed=recording.feed,
        duties=recording.duties, names={v: v for v in recording.ran.values()},
        record=lambda pings, _now: _count(shown, pings),
        record_visits=lambda _vehicle, visits: _keep(shown, visits), model=model,
    )  # fmt: skip
    tests = _tests(recording)
    for each, until in _ticks(recording.heard):
        if each is not None:
            started = time.process_time()
            live.accept(None, each.pings, each.at)
            shown.fix_s += [(time.process_time() - started) / len(each.pings)]
            shown.fixes += len(each.pings)
            continue
        now[0] = until
        started = time.process_time()
        live.tick(until)
        shown.tick_s.append(time.process_time() - started)
        while tests and tests[0][0] <= until:
            _, trip = tests.pop(0)
            shown.flags[trip] = live.state(Run(trip, recording.day), until)
        for trip in (missing & shown.flags.keys()) - shown.flagged_at.keys():
            if live.state(Run(trip, recording.day), until) in FLAGGED:
                shown.flagged_at[trip] = until
        if until % SAMPLE_S < TICK_S:
            _sample(recording, live, shown, until, watched)
    for _ in range(200):
        now[0] += 1
        live.tick(now[0])
    return shown


def _ticks(heard: Sequence[Heard]) -> Iterator[tuple[Heard | None, float]]:
    """Yield what comes in and, between, the ticks of the clock."""
    at = int(heard[0].at)
    for each in sorted(heard, key=lambda each: each.at):
        while at + TICK_S <= each.at:
            at += TICK_S
            yield None, float(at)
        yield each, each.at
    yield None, float(at + TICK_S)


def _count(shown: Shown, pings: Sequence[Ping]) -> None:
    shown.recorded += len(pings)


def _keep(shown: Shown, visits: Sequence[Visit]) -> None:
    for visit in visits:
        key = visit.run.trip_id, visit.index
        before = shown.visits.get(key)
        if before is None or visit.depart_s is not None:
            shown.visits[key] = visit


def _tests(recording: Recording) -> list[tuple[float, str]]:
    """Return when each trip must have been flagged if nobody runs it."""
    first, last = recording.span
    starts = (
        (recording.start + float(calls[0].departure_s or 0), trip)
        for trip, calls in recording.feed.stop_times.items()
    )
    return sorted(
        (start + FLAG_S - TICK_S, trip)
        for start, trip in starts
        if first + 2 * FLAG_S < start < last - FLAG_S
    )


def _sample(
    recording: Recording, live: LiveMap, shown: Shown, now: float, watched: set[str]
) -> None:
    minute = int(now) // SAMPLE_S
    for name in recording.truth:
        run = Run(name, recording.day)
        if live.runs_it(run) is None:
            continue
        for call, _ in live.bands(run, now):
            shown.told[name, call.index, minute] = recording.start + call.arrive_s
    for name, trip in recording.truth.items():
        vehicle = recording.ran[name]
        events = trip.events
        if vehicle in watched and events[0][1] <= now - recording.start - FLAG_S <= events[-1][1]:
            state = live.state(Run(name, recording.day), now)
            shown.states[state.value] += 1
            due = now - recording.start - trip.due_s[0] >= FLAG_S
            if state in WRONG or (due and state is RiderState.SCHEDULED):
                shown.wrong.append(f"{name} {state}")
    for vehicle in watched:
        seen = live.shown.get(vehicle)
        shown.where[vehicle, minute] = "" if seen is None else seen.trip


# What it comes to


def errors(recording: Recording, shown: Shown) -> dict[tuple[str, int, int], float]:
    """Return actual less shown arrival, for what came within a quarter of an hour."""
    found = {}
    for (name, index, minute), told in shown.told.items():
        actual = recording.truth[name].actual_s[index]
        if actual is None:
            continue
        at = recording.start + actual
        if 0 < at - minute * SAMPLE_S < AHEAD_S:
            found[name, index, minute] = at - told
    return found


def mae(found: dict[tuple[str, int, int], float], keys: Iterable[tuple[str, int, int]]) -> float:
    """Return the mean absolute error over some keys."""
    return statistics.fmean(abs(found[key]) for key in keys)


def run(
    folder: Path, day: date, vehicles: int, seed: int, train: Sequence[date] = ()
) -> dict[str, Any]:
    """Replay everything; return the document."""
    recording = read(folder, day, vehicles, seed, train)
    clean = replay(recording)
    worse = replay(degraded(recording, random.Random(seed)))
    hole, ends = holed(recording, random.Random(seed))
    torn = replay(hole, watch=ends)
    thin, removed = without(recording, random.Random(seed))
    since = freed(recording.heard, removed)
    plain = replace(
        thin, duties=dict.fromkeys(thin.duties, ""), feed=feed_of(folder, day, thin.ran, {})
    )
    rows = [
        _accuracy(recording, clean, worse),
        _hole(recording, clean, torn, ends),
        _ghosts("ghosts", plain, replay(plain, removed=removed), removed, since),
        _ghosts("ghosts_with_duties", thin, replay(thin, removed=removed), removed, since),
        _speed(clean),
    ]
    about = {"python": platform.python_version(), "day": str(day), "vehicles": vehicles,
             "trips": len(recording.ran), "fixes": clean.fixes, "seed": seed,
             "train": [str(each) for each in train]}  # fmt: skip
    return {"rows": rows, "about": about}


def _accuracy(recording: Recording, clean: Shown, worse: Shown) -> dict[str, Any]:
    before, after = errors(recording, clean), errors(recording, worse)
    both = before.keys() & after.keys()
    mae_before, mae_after = mae(before, both), mae(after, both)
    return {
        "question": "degraded",
        "n": len(both),
        "clean_mae_s": round(mae(before, before), 1),
        "degraded_mae_s": round(mae(after, after), 1),
        "worse_percent": round(100 * (mae(after, after) / mae(before, before) - 1), 1),
        "worse_on_same_percent": round(100 * (mae_after / mae_before - 1), 1),
        "still_shown_percent": round(100 * len(both) / len(before), 1),
    }


def _hole(
    recording: Recording, clean: Shown, torn: Shown, ends: dict[str, float]
) -> dict[str, Any]:
    mine = {key for key in clean.visits if recording.ran[key[0]] in ends}
    found = mine & torn.visits.keys()
    off_s = [abs(_time(clean.visits[key]) - _time(torn.visits[key])) for key in found]
    return {
        "question": "hole",
        "vehicles": len(ends),
        "states": dict(torn.states),
        "wrong_states": len(torn.wrong),
        "wrong": torn.wrong[:5],
        "fixes_lost": clean.recorded - torn.recorded,
        "visits": len(mine),
        "visits_found_percent": round(100 * len(found) / len(mine), 2),
        "visits_within_5s_percent": round(100 * sum(s <= 5 for s in off_s) / len(off_s), 2),
    }


def _time(visit: Visit) -> float:
    at = visit.arrive_s if visit.depart_s is None else visit.depart_s
    return at or 0.0


def freed(heard: Iterable[Heard], removed: set[str]) -> dict[str, float]:
    """Return when the bus of each removed trip was last heard before its first fix on it."""
    last: dict[str, float] = {}
    found: dict[str, float] = {}
    for each in heard:
        ping = each.pings[0]
        if ping.trip in removed:
            found.setdefault(ping.trip or "", last.get(ping.vehicle, 0.0))
        else:
            last[ping.vehicle] = each.at
    return found


def _ghosts(
    question: str, thin: Recording, shown: Shown, removed: set[str], since: dict[str, float]
) -> dict[str, Any]:
    gone = [trip for trip in shown.flags if trip in removed]
    flagged = [trip for trip in gone if shown.flags[trip] in FLAGGED]
    starts = {trip: calls[0].departure_s or 0 for trip, calls in thin.feed.stop_times.items()}
    in_time = [
        trip
        for trip in gone
        if shown.flagged_at.get(trip, float("inf"))
        <= max(thin.start + starts[trip], since[trip]) + FLAG_S
    ]
    heard = _heard(thin, shown.flags.keys() - removed)
    false = [trip for trip in heard if shown.flags[trip] in FLAGGED]
    kept = [trip for trip in shown.flags if trip not in removed]
    return {
        "question": question,
        "removed": len(gone),
        "flagged_percent": round(100 * len(flagged) / len(gone), 1),
        "flagged_of_free_percent": round(100 * len(in_time) / len(gone), 1),
        "not_running_percent": round(
            100 * sum(shown.flags[t] is RiderState.NOT_RUNNING for t in gone) / len(gone), 1
        ),
        "kept_and_heard": len(heard),
        "false_percent": round(100 * len(false) / len(heard), 2),
        "kept": len(kept),
        "false_of_all_kept_percent": round(
            100 * sum(shown.flags[t] in FLAGGED for t in kept) / len(kept), 2
        ),
        "missed": sorted(set(gone) - set(flagged))[:5],
        "false": sorted(false)[:5],
    }


def _heard(recording: Recording, trips: Iterable[str]) -> list[str]:
    """Return the trips that a vehicle said it was on in the three minutes before the test."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for each in recording.heard:
        times[each.pings[0].trip or ""].append(each.at)
    found = []
    for trip in trips:
        test = recording.start + (recording.feed.stop_times[trip][0].departure_s or 0) + FLAG_S
        if any(test - FLAG_S <= at <= test - TICK_S for at in times[trip]):
            found.append(trip)
    return found


def _speed(clean: Shown) -> dict[str, Any]:
    return {
        "question": "speed",
        "fix_mean_ms": round(1000 * statistics.fmean(clean.fix_s), 3),
        "fix_p99_ms": round(1000 * statistics.quantiles(clean.fix_s, n=100)[98], 3),
        "tick_mean_ms": round(1000 * statistics.fmean(clean.tick_s), 2),
        "tick_p99_ms": round(1000 * statistics.quantiles(clean.tick_s, n=100)[98], 2),
    }


def print_table(rows: Sequence[dict[str, Any]], file: Any) -> None:  # noqa: ANN401 -- a stream
    """Print each question with its numbers."""
    for row in rows:
        print(f"\n{row['question']}", file=file)
        for name, value in row.items():
            if name != "question":
                print(f"  {name:28} {value}", file=file)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.robust", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--data", type=Path, default=avl.SHARED / "capmetro")
    parser.add_argument("--day", type=avl.day_of, default=date(2016, 12, 16))
    parser.add_argument(
        "--train", type=lambda text: [avl.day_of(each) for each in text.split(",")], default=[]
    )
    parser.add_argument("--vehicles", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    chosen = parser.parse_args(arguments)
    document = run(chosen.data, chosen.day, chosen.vehicles, chosen.seed, chosen.train)
    text = json.dumps(document, indent=2)
    if chosen.json == "-":
        print(text)
    elif chosen.json is not None:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    print_table(document["rows"], sys.stderr if chosen.json == "-" else sys.stdout)


if __name__ == "__main__":
    main()
