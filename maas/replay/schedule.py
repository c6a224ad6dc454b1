"""The timetable of a recording: a GTFS zip, or CapMetro's schedule made into a minimal feed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from gtfs import Feed, Table, read_feed
from maas.replay.recording import Recorded, rows_of

CAPMETRO_ZONE = "America/Chicago"
"""The time zone of the schedule_*.csv.gz files, which do not say."""


def timetable(recording: Path, gtfs: Path | None, fixes: Sequence[Recorded]) -> Feed:
    """Return the timetable the vehicles ran.

    ``gtfs`` is a GTFS zip or a schedule_*.csv.gz; without it the schedule beside the recording
    whose name spans the day is taken.  Raises ``FileNotFoundError`` when there is none.
    """
    if gtfs is not None and gtfs.suffix == ".zip":
        return read_feed(gtfs)
    schedule = gtfs or schedule_beside(recording, fixes[-1].day)
    stops = schedule.with_name(schedule.name.replace("schedule_", "stops_"))
    return feed_of_schedule(rows_of(schedule), rows_of(stops), fixes)


def schedule_beside(recording: Path, day: date) -> Path:
    """Return the schedule_FROM_TO.csv.gz next to a recording that covers ``day``."""
    for path in sorted(recording.parent.glob("schedule_*_*.csv.gz")):
        first, last = path.name.removesuffix(".csv.gz").split("_")[1:3]
        if first <= day.strftime("%Y%m%d") <= last:
            return path
    raise FileNotFoundError(f"no schedule for {day} beside {recording}: give --gtfs")


def feed_of_schedule(
    schedule: Iterable[Mapping[str, str]],
    stops: Iterable[Mapping[str, str]],
    fixes: Sequence[Recorded],
) -> Feed:
    """Make a minimal GTFS of the trips that were seen running, valid on the recorded day.

    The day before is in it too: its last trips may end after midnight.  Routes and headsigns come
    from the recording, since the schedule has none; its own day columns are not reliable.
    """
    seen = {fix.trip: fix for fix in fixes if fix.trip}
    calls = [row for row in schedule if row["trip_id"] in seen]
    known = {row["stop_id"]: row for row in stops}
    called = sorted({row["stop_id"] for row in calls} & known.keys())
    routes = sorted({fix.route for fix in seen.values()})
    days = sorted({fix.day + timedelta(n) for fix in (fixes[0], fixes[-1]) for n in (-1, 0)})
    trips = sorted({row["trip_id"] for row in calls})
    tables = (
        _table("agency", "agency_id agency_name agency_url agency_timezone",
               [("1", "recorded", "https://recorded.invalid/", CAPMETRO_ZONE)]),
        _table("stops", "stop_id stop_name stop_lat stop_lon",
               [(i, known[i]["stop_name"], known[i]["stop_lat"], known[i]["stop_lon"])
                for i in called]),
        _table("routes", "route_id agency_id route_short_name route_type",
               [(route, "1", route, "3") for route in routes]),
        _table("trips", "route_id service_id trip_id trip_headsign",
               [(seen[trip].route, "day", trip, seen[trip].headsign) for trip in trips]),
        _table("stop_times", "trip_id arrival_time departure_time stop_id stop_sequence",
               _calls([row for row in calls if row["stop_id"] in known])),
        _table("calendar_dates", "service_id date exception_type",
               [("day", day.strftime("%Y%m%d"), "1") for day in days]),
    )  # fmt: skip
    return Feed({table.name: table for table in tables})


def _calls(calls: Iterable[Mapping[str, str]]) -> list[tuple[str, ...]]:
    """Number the calls of each trip in the order of the file, which is the order of the stops."""
    at: Counter[str] = Counter()
    rows: list[tuple[str, ...]] = []
    for row in calls:
        trip, hour = row["trip_id"], row["arrival_time"]
        at[trip] += 1
        rows.append((trip, hour, hour, row["stop_id"], str(at[trip])))
    return rows


def _table(name: str, columns: str, rows: Sequence[tuple[str, ...]]) -> Table:
    return Table(name, tuple(columns.split()), rows)
