"""Riders of buses by run and by stop, from what was counted on board."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final

from gtfs import Feed
from maas.records.bus_counts import Counted, RunCount
from maas.records.report import Cell, Column, Table

NOT_COUNTED: Final = "この期間に、バスで数えた乗車はありません。"


def bus_riders(counted: Counted, feed: Feed | None) -> tuple[Table, ...]:
    """Return the riders of each run of the timetable, and of each stop."""
    notes: tuple[str, ...] = () if counted.runs else (NOT_COUNTED,)
    if counted.unplaced:
        notes += (f"便のわからない乗降 {counted.unplaced}人は含まない。",)
    return _by_run(counted.runs, feed, notes), _by_stop(counted.runs, feed, notes)


def _by_run(runs: tuple[RunCount, ...], feed: Feed | None, notes: tuple[str, ...]) -> Table:
    days: Counter[str] = Counter(run.trip_id for run in runs)
    riders: Counter[str] = Counter()
    most: defaultdict[str, int] = defaultdict(int)
    for run in runs:
        riders[run.trip_id] += run.riders
        most[run.trip_id] = max([most[run.trip_id], *(call.load for call in run.calls)])
    columns = (
        Column("路線", "route"), Column("便", "trip"), Column("始発", "departs"),
        Column("数えた日数(日)", "days", "count"), Column("乗車人員(人)", "riders", "count"),
        Column("1便当たり(人)", "riders_a_run", "number"),
        Column("いちばん多い車内人員(人)", "most_on_board", "count"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (*_names(trip, feed), days[trip], riders[trip], riders[trip] / days[trip], most[trip])
        for trip in sorted(days, key=lambda trip: _names(trip, feed))
    ]
    total = ("合計", "", "", days.total(), riders.total(), None, None)
    return Table("便別の乗車人員", columns, tuple(rows), total, notes)


def _names(trip_id: str, feed: Feed | None) -> tuple[str, str, str]:
    trip = None if feed is None else feed.trips.get(trip_id)
    if feed is None or trip is None:
        return "", trip_id, ""
    route = feed.routes[trip.route_id]
    departs_s = feed.stop_times[trip_id][0].departure_s or 0
    clock = f"{departs_s // 3600:02d}:{departs_s % 3600 // 60:02d}"
    return route.long_name or route.short_name, trip.headsign or trip_id, clock


def _by_stop(runs: tuple[RunCount, ...], feed: Feed | None, notes: tuple[str, ...]) -> Table:
    on: Counter[str] = Counter()
    off: Counter[str] = Counter()
    for run in runs:
        for call in run.calls:
            stop = _stop_name(run.trip_id, call.call_index, feed)
            on[stop] += call.boarded
            off[stop] += call.alighted
    columns = (
        Column("停留所", "stop"), Column("乗車人員(人)", "boarded", "count"),
        Column("降車人員(人)", "alighted", "count"),
    )  # fmt: skip
    stops = sorted({*on, *off}, key=lambda stop: (-on[stop] - off[stop], stop))
    rows = tuple((stop, on[stop], off[stop]) for stop in stops)
    return Table("停留所別の乗降人員", columns, rows, ("合計", on.total(), off.total()), notes)


def _stop_name(trip_id: str, index: int, feed: Feed | None) -> str:
    calls = () if feed is None else feed.stop_times.get(trip_id, ())
    if feed is None or index >= len(calls):
        return f"{trip_id}の{index + 1}番目"
    return feed.stops[calls[index].stop_id].name
