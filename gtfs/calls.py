"""The calls of every trip, and the shapes, made from columns when they are asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from gtfs import rows
from gtfs.columns import MISSING, Columns, Ints, columns_of, rows_of, runs
from gtfs.geo import Line
from gtfs.rows import StopTime, whole
from gtfs.tables import Table

Stretches = Sequence[tuple[int, int]]


def calls_by_trip(table: Table) -> Mapping[str, Sequence[StopTime]]:
    """Return stop_times.txt by trip, each in order of sequence.  Raises ``FeedError``."""
    found = columns_of(table)
    quick = None if found is None else QuickCalls.of(found)
    return _by_trip(rows.stop_times(table.loaded())) if quick is None else quick


def shapes_by_id(table: Table) -> Mapping[str, Line]:
    """Return shapes.txt as lines, each in order of sequence.  Raises ``FeedError``."""
    found = columns_of(table)
    quick = None if found is None else QuickShapes.of(found)
    return _shapes(table.loaded()) if quick is None else quick


def _by_trip(calls: Iterable[StopTime]) -> Mapping[str, tuple[StopTime, ...]]:
    grouped: defaultdict[str, list[StopTime]] = defaultdict(list)
    for call in calls:
        grouped[call.trip_id].append(call)
    return {trip_id: _in_order(of_trip) for trip_id, of_trip in grouped.items()}


def _in_order(calls: Iterable[StopTime]) -> tuple[StopTime, ...]:
    return tuple(sorted(calls, key=lambda call: call.stop_sequence))


def _shapes(table: Table) -> Mapping[str, Line]:
    points = zip(
        table.required("shape_id", str),
        table.required("shape_pt_sequence", whole),
        table.required("shape_pt_lat", rows.latitude),
        table.required("shape_pt_lon", rows.longitude),
        strict=True,
    )
    by_id: defaultdict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for shape_id, sequence, lat, lon in points:
        by_id[shape_id].append((sequence, lat, lon))
    lines = {}
    for shape_id, shape in by_id.items():
        shape.sort(key=lambda point: point[0])
        lines[shape_id] = Line([point[1] for point in shape], [point[2] for point in shape])
    return lines


class QuickCalls(Mapping[str, tuple[StopTime, ...]]):
    """The calls of every trip of a large file: numbers in arrays, rows made once, when asked."""

    _TIMES = (
        "arrival_time",
        "departure_time",
        "start_pickup_drop_off_window",
        "end_pickup_drop_off_window",
    )

    _TEXTS = (
        "stop_id",
        "stop_headsign",
        "location_group_id",
        "location_id",
        "pickup_booking_rule_id",
        "drop_off_booking_rule_id",
    )

    def __init__(
        self, found: Columns, trips: Mapping[str, Stretches], numbers: Sequence[Ints]
    ) -> None:
        self._found, self._trips, self._numbers = found, trips, numbers
        self._made: dict[str, tuple[StopTime, ...]] = {}

    @classmethod
    def of(cls, found: Columns) -> QuickCalls | None:
        """Return the calls, ``None`` when the table has to be read cell by cell."""
        trips, sequence = found.texts("trip_id"), found.whole("stop_sequence")
        if trips is None or sequence is None or (sequence == MISSING).any():
            return None
        numbers = [sequence]
        for name in cls._TIMES:
            times = found.times(name)
            if times is None:
                return None
            numbers.append(times)
        for name, empty, most in (
            ("pickup_type", 0, 9),
            ("drop_off_type", 0, 9),
            ("timepoint", 1, 1),
        ):
            kinds = found.whole(name)
            if kinds is None or int(kinds.max()) > most:
                return None
            numbers.append(np.where(kinds == MISSING, empty, kinds).astype(np.int32))
        return cls(found, runs(trips), numbers)

    def __getitem__(self, trip_id: str) -> tuple[StopTime, ...]:
        if trip_id not in self._made:
            self._made[trip_id] = _in_order(self._calls(trip_id, self._trips[trip_id]))
        return self._made[trip_id]

    def __contains__(self, trip_id: object) -> bool:
        return trip_id in self._trips

    def __iter__(self) -> Iterator[str]:
        return iter(self._trips)

    def __len__(self) -> int:
        return len(self._trips)

    def _calls(self, trip_id: str, stretches: Stretches) -> Iterator[StopTime]:
        at = rows_of(stretches)
        texts = [self._found.texts_at(name, at) for name in self._TEXTS]
        numbers = [column[at].tolist() for column in self._numbers]
        for (stop_id, headsign, *ends), (sequence, arrival, departure, start, end, *kinds) in zip(
            zip(*texts, strict=True), zip(*numbers, strict=True), strict=True
        ):
            pickup, drop_off, timepoint = kinds
            yield StopTime(
                trip_id,
                sequence,
                stop_id,
                _time(departure if arrival == MISSING else arrival),
                _time(arrival if departure == MISSING else departure),
                headsign,
                pickup,
                drop_off,
                bool(timepoint),
                ends[0],
                ends[1],
                _time(start),
                _time(end),
                *ends[2:],
            )


def _time(seconds_s: int) -> int | None:
    return None if seconds_s == MISSING else seconds_s


class QuickShapes(Mapping[str, Line]):
    """The shapes of a large file, known to be numbers; lines are made once, when asked."""

    def __init__(self, found: Columns, shapes: Mapping[str, Stretches], sequence: Ints) -> None:
        self._found, self._shapes, self._sequence = found, shapes, sequence
        self._made: dict[str, Line] = {}

    @classmethod
    def of(cls, found: Columns) -> QuickShapes | None:
        """Return the shapes, ``None`` when the table has to be read cell by cell."""
        ids, sequence = found.texts("shape_id"), found.whole("shape_pt_sequence")
        if ids is None or sequence is None or (sequence == MISSING).any():
            return None
        placed = found.are_degrees("shape_pt_lat", 90) and found.are_degrees("shape_pt_lon", 180)
        return cls(found, runs(ids), sequence) if placed else None

    def __getitem__(self, shape_id: str) -> Line:
        if shape_id not in self._made:
            at = rows_of(self._shapes[shape_id])
            at = at[np.argsort(self._sequence[at], kind="stable")]
            lats, lons = (
                [float(text) for text in self._found.texts_at(name, at)]
                for name in ("shape_pt_lat", "shape_pt_lon")
            )
            self._made[shape_id] = Line(lats, lons)
        return self._made[shape_id]

    def __contains__(self, shape_id: object) -> bool:
        return shape_id in self._shapes

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)
