"""How true the arrival times are that riders are told, beside the methods others use.

A recorded day is gone through in ticks exactly as ``data/avl/README.md`` defines; at each, every
later stop of each trip is predicted with nothing but what had happened by then.  Beside ours stand
the timetable, the last delay carried on, the median of the training days, and TransitClock's Kalman
formula.  Ours is taught by the training days alone.

    python -m benchmarks.eta --dataset stib55 --train 2025-03-18 --test 2025-03-19 [--json [FILE]]
    python -m benchmarks.eta --dataset capmetro --train 2016-11-24,2016-11-25,2016-11-26 \
        --test 2016-12-16

``transit_score`` is that of the published be-there-by time (for the others their only time), all
other figures are of the expected time.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median, pvariance
from typing import Any

import numpy as np

from benchmarks.avl import SHARED, Trip, day_of, drawn, read_trips
from benchmarks.inside import stib_seen
from busloc.accuracy import figures
from busloc.daytypes import DayType, day_type
from busloc.learning import learn
from busloc.model import Model, outlook
from busloc.replay import replay
from busloc.usual import Drive, Seen

EVERY_S = {"stib55": 30.0, "capmetro": 60.0}
AHEAD_S = 1800.0
GIVEN = {date(2016, 11, 24): DayType.HOLIDAY, date(2016, 11, 25): DayType.SATURDAY}
"""Thanksgiving ran the Sunday timetable of Austin, the day after it that of Saturdays."""

Leg = tuple[str, str]
Row = tuple[float, float, float, float, float, float]
"""Said at, expected, be there by, low, high, actual."""


# The days


def ticks(trip: Trip, every_s: float) -> list[float]:
    """Return the moments a trip is predicted at: from 5 s after its first event to its last."""
    seen = sorted(at for _, at in trip.events)
    found = []
    now_s = seen[0] + 5
    while now_s < seen[-1]:
        found.append(now_s)
        now_s += every_s
    return found


def targets(trip: Trip, after: int, now_s: float) -> Iterator[tuple[int, float]]:
    """Yield the observed stops after a call that are at most half an hour away in truth."""
    for j, at in trip.events:
        if j > after and 0 < at - now_s <= AHEAD_S:
            yield j, at


# The others


@dataclass
class Leftover:
    """What is known of a leg from training days, and from vehicles of the day."""

    times: list[tuple[float, float]] = field(default_factory=list)
    today: list[tuple[float, float]] = field(default_factory=list)
    errors: list[tuple[float, float]] = field(default_factory=list)
    medians: dict[tuple[int, int], float] = field(default_factory=dict)

    def usual_s(self, at_s: float) -> float | None:
        """Return the median of the training days within 90 min of the time of day."""
        if not self.times:
            return None
        window = bisect_left(self.times, (at_s - 5400, -1.0)), bisect_right(
            self.times, (at_s + 5400, float("inf"))
        )  # fmt: skip
        if window[1] - window[0] < 3:
            window = 0, len(self.times)
        if window not in self.medians:
            self.medians[window] = median(took_s for _, took_s in self.times[slice(*window)])
        return self.medians[window]

    def nearest(self, at_s: float) -> list[float]:
        """Return the three training times nearest in the time of day."""
        k = bisect_left(self.times, (at_s, 0.0))
        beside = self.times[max(0, k - 3) : k + 3]
        return [took_s for _, took_s in sorted(beside, key=lambda row: abs(row[0] - at_s))[:3]]

    def last(self, now_s: float) -> float | None:
        """Return what the last vehicle of the last hour took."""
        k = bisect_right(self.today, (now_s, float("inf")))
        if k == 0 or self.today[k - 1][0] <= now_s - 3600:
            return None
        return self.today[k - 1][1]

    def kalman_s(self, now_s: float, planned_s: float) -> float:
        """Return TransitClock's estimate (``KalmanPrediction.java``)."""
        average_s, variance = self.spread(now_s, planned_s)
        last_s = self.last(now_s)
        if last_s is None:
            return average_s
        k = bisect_right(self.errors, (now_s, float("inf")))
        gain = kalman_gain(self.errors[k - 1][1] if k else 100.0, variance)
        return (1 - gain) * last_s + gain * average_s

    def spread(self, at_s: float, planned_s: float) -> tuple[float, float]:
        """Return the mean of the nearest training times and the variance of that mean."""
        near = self.nearest(at_s) or [planned_s]
        return fmean(near), pvariance(near) / len(near)


def kalman_gain(error: float, variance: float) -> float:
    """Return how much the average counts."""
    total = error + 2 * variance
    return (error + variance) / total if total > 0 else 0.5


def leftovers(train: Iterable[Trip], test: Iterable[Trip]) -> dict[Leg, Leftover]:
    """Return what is known of each leg."""
    known: defaultdict[Leg, Leftover] = defaultdict(Leftover)
    for trip in train:
        for leg, start_s, end_s in _driven(trip):
            known[leg].times.append((start_s, end_s - start_s))
    for trip in test:
        for leg, start_s, end_s in _driven(trip):
            known[leg].today.append((end_s, end_s - start_s))
    for history in known.values():
        history.times.sort()
        history.today.sort()
        history.errors = _kalman_errors(history)
    return dict(known)


def _kalman_errors(history: Leftover) -> list[tuple[float, float]]:
    """Return the filter's error after each vehicle of the day; it starts with 100."""
    error, found = 100.0, []
    for end_s, took_s in history.today:
        _, variance = history.spread(end_s, took_s)
        error = variance * kalman_gain(error, variance)
        found.append((end_s, error))
    return found


def _driven(trip: Trip) -> Iterator[tuple[Leg, float, float]]:
    for (i, start_s), (j, end_s) in pairwise(trip.events):
        if j == i + 1:
            yield (trip.stops[i], trip.stops[j]), start_s, end_s


Method = Callable[[Trip, int, float, float], Sequence[float]]
"""The times of all stops after a call, given the trip, the call, when it was made, and now."""


def methods(known: Mapping[Leg, Leftover]) -> dict[str, Method]:
    """Return what ours is compared with."""

    def timetable(trip: Trip, i: int, _came_s: float, _now_s: float) -> Sequence[float]:
        return trip.due_s[i + 1 :]

    def last_delay(trip: Trip, i: int, came_s: float, now_s: float) -> Sequence[float]:
        return [max(now_s, due_s + came_s - trip.due_s[i]) for due_s in trip.due_s[i + 1 :]]

    def chained(leg_s: Callable[[Leftover, float, float], float]) -> Method:
        def told(trip: Trip, i: int, came_s: float, now_s: float) -> Sequence[float]:
            at_s, found = came_s, []
            for k in range(i, len(trip.stops) - 1):
                planned_s = trip.due_s[k + 1] - trip.due_s[k]
                leg = known.get((trip.stops[k], trip.stops[k + 1]))
                at_s += planned_s if leg is None else leg_s(leg, now_s, planned_s)
                found.append(max(now_s, at_s))
            return found

        return told

    def usual(leg: Leftover, now_s: float, planned_s: float) -> float:
        found = leg.usual_s(now_s)
        return planned_s if found is None else found

    return {
        "timetable": timetable,
        "last delay": last_delay,
        "historical median": chained(usual),
        "TransitClock's Kalman": chained(Leftover.kalman_s),
    }


def told_by(method: Method, trips: Sequence[Trip], every_s: float) -> list[Row]:
    """Return all predictions of a method that has one time only."""
    rows: list[Row] = []
    for trip in trips:
        for now_s in ticks(trip, every_s):
            i, came_s = max(event for event in trip.events if event[1] <= now_s)
            told = method(trip, i, came_s, now_s)
            for j, at in targets(trip, i, now_s):
                said = told[j - i - 1]
                rows.append((now_s, said, said, said, said, at))
    return rows


# Ours


def drives(
    trips: Sequence[Trip], seen: Sequence[tuple[Seen, ...]] | None = None, *,
    departures: bool = True,
) -> list[Drive]:  # fmt: skip
    """Return trips as the predictor knows them; ``seen`` is where each was between its stops."""
    return [
        Drive(
            day_type(trip.day, GIVEN), trip.stops, trip.due_s, trip.actual_s,
            trip.left_s if departures else (None,) * len(trip.stops), where,
        )
        for trip, where in zip(trips, [()] * len(trips) if seen is None else seen, strict=True)
    ]  # fmt: skip


def driven_on(dataset: str, folder: Path, day: date, trips: Sequence[Trip]) -> list[Drive]:
    """Return the trips of a day as driven, in Brussels with the positions between the stops."""
    return drives(trips, stib_seen(folder, day, trips) if dataset == "stib55" else None)


def told_by_ours(
    model: Model, trips: Sequence[Trip], driven: Sequence[Drive], every_s: float
) -> list[Row]:  # fmt: skip
    """Return all predictions of a model, each seeing only these trips."""
    table, weights = model.table_for(driven[0].day_type)
    asked = {k: ticks(trip, every_s) for k, trip in enumerate(trips)}
    rows: list[Row] = []
    for moment in replay(driven, table, asked, ahead_s=AHEAD_S):
        told, now_s = outlook(moment.seen, weights), moment.now_s
        for row, to_come_s in zip(moment.rows.tolist(), moment.to_come_s.tolist(), strict=True):
            offsets = (told.expected_s, told.by_s, told.low_s, told.high_s)
            expected, by, low, high = (now_s + float(each[row]) for each in offsets)
            rows.append((now_s, expected, by, low, high, now_s + to_come_s))
    return rows


def row_of(name: str, rows: Sequence[Row], *, banded: bool) -> dict[str, Any]:
    """Return the answer's row of a method."""
    found = figures(*np.array(rows).T)
    if not banded:
        found["coverage80_percent"] = found["width_s"] = None
    del found["visits_untold"]
    return {"model": name, **found}


def compare(
    dataset: str, folder: Path, train: Sequence[date], test: date
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a row for each method, ours last, and what is to be known about the run."""
    every_s = EVERY_S[dataset]
    trips = drawn(dataset, read_trips(dataset, folder, test))
    days = {day: read_trips(dataset, folder, day, role="train") for day in train}
    known = leftovers((trip for day in days.values() for trip in day), trips)
    rows = [
        row_of(name, told_by(method, trips, every_s), banded=False)
        for name, method in methods(known).items()
    ]
    started = time.process_time()
    model = learn({day: driven_on(dataset, folder, day, found) for day, found in days.items()})
    taught_s = time.process_time() - started
    driven = driven_on(dataset, folder, test, trips)
    started = time.process_time()
    rows.append(row_of("ours", told_by_ours(model, trips, driven, every_s), banded=True))
    moments = sum(len(ticks(trip, every_s)) for trip in trips)
    about = {
        "dataset": dataset,
        "train": [f"{day}" for day in train],
        "test": f"{test}",
        "trips": len(trips),
        "taught_s": round(taught_s, 1),
        "us_a_trip_predicted": round(1e6 * (time.process_time() - started) / moments),
        "held_out_of_training": model.accuracy,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    return rows, about


# Words


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the answer for people."""
    lines = [
        (
            f"{'':22}{'n':>8}{'MAE':>7}{'by bucket':>17}{'bias':>7}{'Transit':>9}"
            f"  {'MBTA bins':22}{'80 % holds':>11}{'width':>7}"
        )
    ]
    for row in rows:
        buckets = "/".join(f"{value:.0f}" for value in row["mae_by_bucket"])
        bins = " ".join(f"{value:.1f}" for value in row["mbta_bins"])
        covered, width = row["coverage80_percent"], row["width_s"]
        lines.append(
            f"{row['model']:22}{row['n']:8}{row['mae_s']:7.1f}{buckets:>17}{row['bias_s']:+7.1f}"
            f"{row['transit_score']:9.1f}  {bins:22}"
            + ("" if covered is None else f"{covered:11.1f}{width:7.0f}")
        )
    ours = rows[-1]
    lines.append(f"Transit score of our expected time: {ours['transit_score_expected']:.1f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how true each method was, or write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", choices=sorted(EVERY_S), default="stib55")
    parser.add_argument("--data", type=Path, help="the data set's folder, or the one it lies in")
    parser.add_argument("--train", default="2025-03-18", help="day[,day]")
    parser.add_argument("--test", default="2025-03-19", help="day")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE")
    options = parser.parse_args(arguments)
    folder = options.data or SHARED
    if (folder / options.dataset).is_dir():
        folder = folder / options.dataset
    train = [day_of(text) for text in options.train.split(",")]
    rows, about = compare(options.dataset, folder, train, day_of(options.test))
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
