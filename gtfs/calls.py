"""The calls of every trip, and the shapes, made from columns when they are asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from gtfs import columns, rows
from gtfs.columns import MISSING, Columns, Ints, columns_of, rows_of, runs
from gtfs.geo import Line
from gtfs.rows import StopTime, whole
from gtfs.tables import Table

Stretches = Sequence[tuple[int, int]]


def calls_by_trip(table: Table) -> Mapping[str, Sequence[StopTime]]:
    """Return stop_times.txt by trip, each in order of sequence.  Raises ``FeedError``."""
    found = columns_of(table)
    quick = None if found is None else QuickCalls.of(table, found)
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
        self, table: Table, trips: Mapping[str, Stretches], numbers: Sequence[Ints]
    ) -> None:
        self._table, self._trips, self._numbers = table, trips, numbers
        self._made: dict[str, tuple[StopTime, ...]] = {}

    @classmethod
    def of(cls, table: Table, found: Columns) -> QuickCalls | None:
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
        return cls(table, runs(trips), numbers)

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
        at = [
            self._table.columns.index(name) if name in self._table.columns else None
            for name in self._TEXTS
        ]
        for i in rows_of(stretches):
            row = self._table.rows[i]
            stop_id, headsign, group, location, pickup_rule, drop_off_rule = (
                "" if k is None else row[k].strip() for k in at
            )
            sequence, arrival, departure, start, end, *kinds = (int(n[i]) for n in self._numbers)
            yield StopTime(
                trip_id,
                sequence,
                stop_id,
                _time(departure if arrival == MISSING else arrival),
                _time(arrival if departure == MISSING else departure),
                headsign,
                kinds[0],
                kinds[1],
                bool(kinds[2]),
                group,
                location,
                _time(start),
                _time(end),
                pickup_rule,
                drop_off_rule,
            )


def _time(seconds_s: int) -> int | None:
    return None if seconds_s == MISSING else seconds_s


class QuickShapes(Mapping[str, Line]):
    """The shapes of a large file: places in arrays, lines made once, when asked."""

    def __init__(
        self,
        shapes: Mapping[str, Stretches],
        sequence: Ints,
        lats: columns.Floats,
        lons: columns.Floats,
    ) -> None:
        self._shapes, self._sequence, self._lats, self._lons = shapes, sequence, lats, lons
        self._made: dict[str, Line] = {}

    @classmethod
    def of(cls, found: Columns) -> QuickShapes | None:
        """Return the shapes, ``None`` when the table has to be read cell by cell."""
        ids, sequence = found.texts("shape_id"), found.whole("shape_pt_sequence")
        lats, lons = found.degrees("shape_pt_lat", 90.0), found.degrees("shape_pt_lon", 180.0)
        if ids is None or sequence is None or lats is None or lons is None:
            return None
        return None if (sequence == MISSING).any() else cls(runs(ids), sequence, lats, lons)

    def __getitem__(self, shape_id: str) -> Line:
        if shape_id not in self._made:
            at = np.array(rows_of(self._shapes[shape_id]))
            at = at[np.argsort(self._sequence[at], kind="stable")]
            self._made[shape_id] = Line(self._lats[at], self._lons[at])
        return self._made[shape_id]

    def __contains__(self, shape_id: object) -> bool:
        return shape_id in self._shapes

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)
