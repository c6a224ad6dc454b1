"""Riders of buses by run and by stop, from what was counted on board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gtfs import Feed
from maas.records.bus_counts import Counted, RunCount
from maas.records.report import Cell, Column, Table

NOT_COUNTED: Final = "この期間に、バスで数えた乗車はありません。"


@dataclass(frozen=True, slots=True)
class RunSum:
    """What was counted on a trip of the timetable, on how many days."""

    trip_id: str
    days: int
    riders: int
    most_on_board: int


@dataclass(frozen=True, slots=True)
class StopSum:
    """Who got on and off at a stop; `name` is how timetable and signs call it."""

    name: str
    boarded: int
    alighted: int


def by_run(runs: Iterable[RunCount]) -> list[RunSum]:
    """Return the riders of each trip that was counted."""
    days, riders, most = Counter[str](), Counter[str](), Counter[str]()
    for run in runs:
        days[run.trip_id] += 1
        riders[run.trip_id] += run.riders
        most[run.trip_id] = max([most[run.trip_id], *(call.load for call in run.calls)])
    return [RunSum(trip, days[trip], riders[trip], most[trip]) for trip in days]


def by_stop(runs: Iterable[RunCount], feed: Feed | None) -> list[StopSum]:
    """Return who got on and off at each stop, the busiest first."""
    on, off = Counter[str](), Counter[str]()
    for run in runs:
        for call in run.calls:
            stop = _stop_name(run.trip_id, call.call_index, feed)
            on[stop] += call.boarded
            off[stop] += call.alighted
    stops = sorted({*on, *off}, key=lambda stop: (-on[stop] - off[stop], stop))
    return [StopSum(stop, on[stop], off[stop]) for stop in stops]


def bus_riders(counted: Counted, feed: Feed | None) -> tuple[Table, ...]:
    """Return the riders of each run of the timetable, and of each stop."""
    notes: tuple[str, ...] = () if counted.runs else (NOT_COUNTED,)
    if counted.unplaced:
        notes += (f"便のわからない乗降 {counted.unplaced}人は含まない。",)
    return _runs(counted.runs, feed, notes), _stops(counted.runs, feed, notes)


def _runs(runs: tuple[RunCount, ...], feed: Feed | None, notes: tuple[str, ...]) -> Table:
    columns = (
        Column("路線", "route"), Column("便", "trip"), Column("始発", "departs"),
        Column("数えた日数(日)", "days", "count"), Column("乗車人員(人)", "riders", "count"),
        Column("1便当たり(人)", "riders_a_run", "number"),
        Column("いちばん多い車内人員(人)", "most_on_board", "count"),
    )  # fmt: skip
    sums = sorted(by_run(runs), key=lambda each: run_names(each.trip_id, feed))
    rows: list[tuple[Cell, ...]] = [
        (*run_names(each.trip_id, feed), each.days, each.riders, each.riders / each.days,
         each.most_on_board)
        for each in sums
    ]  # fmt: skip
    days, riders = sum(each.days for each in sums), sum(each.riders for each in sums)
    total = ("合計", "", "", days, riders, None, None)
    return Table("便別の乗車人員", columns, tuple(rows), total, notes)


def run_names(trip_id: str, feed: Feed | None) -> tuple[str, str, str]:
    """Return the route of a trip, where it goes and when it leaves, as far as they are known."""
    trip = None if feed is None else feed.trips.get(trip_id)
    if feed is None or trip is None:
        return "", trip_id, ""
    route = feed.routes[trip.route_id]
    departs_s = feed.stop_times[trip_id][0].departure_s or 0
    clock = f"{departs_s // 3600:02d}:{departs_s % 3600 // 60:02d}"
    return route.long_name or route.short_name, trip.headsign or trip_id, clock


def _stops(runs: tuple[RunCount, ...], feed: Feed | None, notes: tuple[str, ...]) -> Table:
    columns = (
        Column("停留所", "stop"), Column("乗車人員(人)", "boarded", "count"),
        Column("降車人員(人)", "alighted", "count"),
    )  # fmt: skip
    sums = by_stop(runs, feed)
    rows = tuple((each.name, each.boarded, each.alighted) for each in sums)
    on, off = sum(each.boarded for each in sums), sum(each.alighted for each in sums)
    return Table("停留所別の乗降人員", columns, rows, ("合計", on, off), notes)


def _stop_name(trip_id: str, index: int, feed: Feed | None) -> str:
    calls = () if feed is None else feed.stop_times.get(trip_id, ())
    if feed is None or index >= len(calls):
        return f"{trip_id}の{index + 1}番目"
    return feed.stops[calls[index].stop_id].name
