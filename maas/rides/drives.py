"""Driving times looked up once and kept: every plan of a day asks for the same ones again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher import UNREACHABLE_S, Place
from dispatcher.roads import Anchor, RoadTimes

_Ints = NDArray[np.int64]

KEPT_PLACES: Final = 4000
"""How many places are remembered, 64 MB of times; when there are more, all are forgotten."""

_UNKNOWN: Final = -1


class KeptTimes:
    """The driving times between places as far as they were asked for, in whole seconds.

    A place that has moved, as a vehicle does, is looked up again, and all are when the roads'
    version says that something was closed, slowed or opened.
    """

    def __init__(self, roads: RoadTimes) -> None:
        self._roads = roads
        self._forget()

    def _forget(self) -> None:
        self._version = self._roads.version
        self._row: dict[Place, int] = {}
        self._anchors: list[Anchor | None] = []
        self._seconds = np.full((64, 64), _UNKNOWN, dtype=np.int32)

    def table(
        self,
        origins: Sequence[Place],
        destinations: Sequence[Place],
        anchors: Mapping[int, Anchor],
    ) -> NDArray[np.int32]:
        """Return the times; a place without an anchor is ``UNREACHABLE_S`` from everywhere."""
        if self._version != self._roads.version or len(self._row) > KEPT_PLACES:
            self._forget()
        rows, columns = self._rows(origins, anchors), self._rows(destinations, anchors)
        asked = np.ix_(rows, columns)
        found = self._seconds[asked]
        if found.size and found.min() == _UNKNOWN:
            self._look_up(rows, columns, found == _UNKNOWN)
            found = self._seconds[asked]
        return found

    def _rows(self, places: Sequence[Place], anchors: Mapping[int, Anchor]) -> _Ints:
        rows = np.empty(len(places), dtype=np.int64)
        for at, place in enumerate(places):
            row, anchor = self._row.get(place), anchors.get(place)
            if row is None:
                row = self._add(place, anchor)
            elif self._anchors[row] != anchor:
                self._place(row, anchor)
            rows[at] = row
        return rows

    def _add(self, place: Place, anchor: Anchor | None) -> int:
        row = self._row[place] = len(self._anchors)
        self._anchors.append(anchor)
        if row == len(self._seconds):
            wider = np.full((2 * row, 2 * row), _UNKNOWN, dtype=np.int32)
            wider[:row, :row] = self._seconds
            self._seconds = wider
        self._place(row, anchor)
        return row

    def _place(self, row: int, anchor: Anchor | None) -> None:
        """Note where a place is; no drive from or to it is known then."""
        self._anchors[row] = anchor
        self._seconds[row, :] = self._seconds[:, row] = _UNKNOWN

    def _look_up(self, rows: _Ints, columns: _Ints, missing: NDArray[np.bool_]) -> None:
        """Fill what is missing: from places nothing is known of first, then to the others."""
        new = missing.all(axis=1)
        self._fill(np.unique(rows[new]), np.unique(columns))
        left = missing[~new].any(axis=0)
        self._fill(np.unique(rows[~new]), np.unique(columns[left]))

    def _fill(self, rows: _Ints, columns: _Ints) -> None:
        self._seconds[np.ix_(rows, columns)] = UNREACHABLE_S
        starts = [(row, at) for row in rows.tolist() if (at := self._anchors[row]) is not None]
        ends = [(row, at) for row in columns.tolist() if (at := self._anchors[row]) is not None]
        if starts and ends:
            table = self._roads.table([at for _, at in starts], [at for _, at in ends])
            self._seconds[np.ix_([row for row, _ in starts], [row for row, _ in ends])] = table
