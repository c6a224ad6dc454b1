"""What predictions are taught from: the service's own stop events, read back into driven days.

The model lies in the data directory as one JSON file.  A server reads it when it starts.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from busloc import Timetable
from busloc.course import Course
from busloc.daytypes import DayType, day_type
from busloc.learning import learn
from busloc.model import Model
from busloc.usual import Drive
from maas.store.arrivals import VisitRow, visits_between
from maas.store.database import Database
from maas.timetables import load_feeds

FILE: Final = "travel-times.json"
LEAST_EVENTS: Final = 3

log = logging.getLogger(__name__)


def load_model(data_dir: Path) -> Model | None:
    """Return what was learnt, None when nothing was or it cannot be read."""
    path = data_dir / FILE
    if not path.is_file():
        return None
    try:
        return Model.load(path)
    except (OSError, ValueError) as error:
        log.warning("predictions go without %s: %s", path, error)
        return None


async def train(
    database: Database, data_dir: Path, feeds_dir: Path, *,
    timezone: str, today: date, days: int, given: Mapping[date, DayType],
) -> dict[str, Any] | None:  # fmt: skip
    """Learn from the days before today and keep the model; None where there is too little.

    ``given`` are days of another kind than the calendar has them; what was given before stays.
    The answer says what was learnt from and how true it was on trips that were left out.
    """
    feed = next(iter(load_feeds(feeds_dir).values()), None)
    if feed is None:
        return None
    async with database.reading() as db:
        rows = await visits_between(db, today - timedelta(days=days), today - timedelta(days=1))
    before = load_model(data_dir)
    kinds = {**(before.given if before else {}), **given}
    driven = driven_days(Timetable(feed, ZoneInfo(timezone)), rows, kinds)
    if not driven:
        return None
    model = replace(learn(driven), given=kinds)
    path = data_dir / FILE
    model.save(path)
    drives = sum(map(len, driven.values()))
    return {"file": str(path), "drives": drives, **model.accuracy}


def mark_day(data_dir: Path, day: date, kind: DayType) -> bool:
    """Say what kind of day one is, whatever the calendar has; False when nothing was learnt."""
    model = load_model(data_dir)
    if model is None:
        return False
    replace(model, given={**model.given, day: kind}).save(data_dir / FILE)
    return True


def driven_days(
    timetable: Timetable, rows: Sequence[VisitRow], given: Mapping[date, DayType]
) -> dict[date, list[Drive]]:
    """Return the trips of each day as they were driven, each by the vehicle seen most on it."""
    by_run: defaultdict[tuple[date, str], defaultdict[str, list[VisitRow]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in rows:
        by_run[row.service_date, row.trip_id][row.vehicle_id].append(row)
    days: defaultdict[date, list[Drive]] = defaultdict(list)
    for (day, trip_id), vehicles in by_run.items():
        course = timetable.course(trip_id)
        seen = max(vehicles.values(), key=len)
        if course is not None and len(seen) >= LEAST_EVENTS:
            days[day].append(_drive(course, seen, day_type(day, given)))
    return dict(days)


def _drive(course: Course, rows: Sequence[VisitRow], kind: DayType) -> Drive:
    arrive_s: list[float | None] = [None] * len(course.calls)
    leave_s: list[float | None] = [None] * len(course.calls)
    for row in rows:
        if row.call_index < len(course.calls):
            arrive_s[row.call_index] = row.depart_s if row.arrive_s is None else row.arrive_s
            leave_s[row.call_index] = row.depart_s
    if leave_s[0] is not None:
        arrive_s[0] = leave_s[0]
    return Drive(
        kind,
        tuple(call.stop_id for call in course.calls),
        (float(course.depart_s[0]), *map(float, course.arrive_s[1:])),
        tuple(arrive_s),
        tuple(leave_s),
    )
