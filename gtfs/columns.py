"""Columns of a file in plain form as arrays of numbers, without making text of their cells.

Every function returns ``None`` when a cell is not in the usual form: then the table is read cell
by cell, which takes every form there is and says which line is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gtfs.tables import Table
from gtfs.text import TextRows

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Texts = NDArray[np.bytes_]
Bytes = NDArray[np.uint8]

MISSING = -1
_LONGEST = 64
_DIGITS = 9
_ZERO, _COLON, _QUOTE, _SPACE = b'0:" '
_CLOCK = np.array([36_000, 3600, 0, 600, 60, 0, 10, 1], dtype=np.int32)


class Columns:
    """The columns of a table in plain form."""

    def __init__(self, table: Table, rows: TextRows, commas: Ints) -> None:
        self._table, self._commas = table, commas
        self._data: Bytes = np.frombuffer(rows.data, np.uint8)
        self._first = int(rows.starts[0])

    def __len__(self) -> int:
        return len(self._commas)

    def cells(self, column: str) -> tuple[Ints, Ints] | None:
        """Return where the cells of a column start and how long they are, quotes taken off."""
        if column not in self._table.columns:
            return None
        at = self._table.columns.index(column)
        ends = self._commas[:, at]
        if at:
            starts = self._commas[:, at - 1] + 1
        else:
            starts = np.empty(len(ends), np.int32)
            starts[:1] = self._first
            starts[1:] = self._commas[:-1, -1] + 1
        quoted = (self._data[starts] == _QUOTE).astype(np.int32)
        return starts + quoted, ends - starts - 2 * quoted

    def texts(self, column: str) -> Texts | None:
        """Return a column's text as bytes of one width; ``None`` also where one is empty."""
        cells = self.cells(column)
        if cells is None or not len(cells[1]):
            return None
        starts, lengths = cells
        longest = int(lengths.max())
        if not 0 < int(lengths.min()) <= longest <= _LONGEST:
            return None
        table = self._cut(starts, longest)
        if (table[:, 0] <= _SPACE).any() or (self._data[starts + lengths - 1] <= _SPACE).any():
            return None
        if int(lengths.min()) < longest:
            table[np.arange(longest, dtype=np.int32) >= lengths[:, None]] = 0
        return table.view(f"S{longest}").ravel()

    def whole(self, column: str) -> Ints | None:
        """Return a column's whole numbers, ``MISSING`` where there is none."""
        cells = self.cells(column)
        if cells is None:
            return np.full(len(self), MISSING, np.int32)
        starts, lengths = cells
        longest = int(lengths.max(initial=0))
        if longest > _DIGITS:
            return None
        found = np.zeros(len(starts), np.int32)
        for k in range(longest):
            there = lengths > k
            digits = self._data[starts[there] + k] - _ZERO
            if (digits > 9).any():
                return None
            found[there] = found[there] * 10 + digits
        return np.where(lengths == 0, MISSING, found).astype(np.int32)

    def times(self, column: str) -> Ints | None:
        """Return a column's service-day seconds, ``MISSING`` where there is no time."""
        found = np.full(len(self), MISSING, np.int32)
        cells = self.cells(column)
        if cells is None:
            return found
        starts, lengths = cells
        for length in np.unique(lengths).tolist():
            if length == 0:
                continue
            if length not in {7, 8}:
                return None
            those = lengths == length
            seconds = _clock(self._cut(starts[those], length), 8 - length)
            if seconds is None:
                return None
            found[those] = seconds
        return found

    def degrees(self, column: str, most: float) -> Floats | None:
        """Return a column of degrees between ``-most`` and ``most``."""
        texts = self.texts(column)
        if texts is None:
            return None
        try:
            found: Floats = texts.astype(np.float64)
        except ValueError:
            return None
        return found if bool((np.abs(found) <= most).all()) else None

    def _cut(self, starts: Ints, length: int) -> Bytes:
        """Return so many bytes from each start, a row each."""
        windows = np.lib.stride_tricks.sliding_window_view(self._data, length)
        last = len(self._data) - length
        cut: Bytes = windows[np.minimum(starts, last)]
        for i in np.flatnonzero(starts > last).tolist():  # the file ends before the longest would
            rest = self._data[int(starts[i]) :]
            cut[i], cut[i, : len(rest)] = 0, rest
        return cut


def columns_of(table: Table) -> Columns | None:
    """Return a table's columns, ``None`` when it is not a file in plain form."""
    rows = table.rows
    if not isinstance(rows, TextRows) or rows.commas is None or not len(rows):
        return None
    return Columns(table, rows, rows.commas)


def runs(texts: Texts) -> dict[str, list[tuple[int, int]]]:
    """Return for each text the stretches of rows (first, end) where it stands."""
    changes = np.flatnonzero(texts[1:] != texts[:-1]) + 1
    firsts = np.concatenate(([0], changes))
    found: dict[bytes, list[tuple[int, int]]] = {}
    ends = [*changes.tolist(), len(texts)]
    for text, first, end in zip(texts[firsts].tolist(), firsts.tolist(), ends, strict=True):
        if text in found:
            found[text].append((first, end))
        else:
            found[text] = [(first, end)]
    return {text.decode(): stretches for text, stretches in found.items()}


def rows_of(stretches: Sequence[tuple[int, int]]) -> list[int]:
    """Return the numbers of the rows in stretches."""
    return [i for first, end in stretches for i in range(first, end)]


def _clock(cells: Bytes, left_out: int) -> Ints | None:
    """Return the seconds of ``HH:MM:SS`` without its first ``left_out`` characters."""
    colons = (2 - left_out, 5 - left_out)
    if not all((cells[:, at] == _COLON).all() for at in colons):
        return None
    digits = cells - _ZERO
    digits[:, colons] = 0
    tens = digits[:, [3 - left_out, 6 - left_out]]
    if (digits > 9).any() or (tens > 5).any():
        return None
    seconds: Ints = digits.astype(np.int32) @ _CLOCK[left_out:]
    return seconds
