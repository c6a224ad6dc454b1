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
Texts = NDArray[np.bytes_]
Bytes = NDArray[np.uint8]

MISSING = -1
_LONGEST = 64
_DIGITS = 9
_WHOLE_DIGITS = 3
_ZERO, _COLON, _QUOTE, _SPACE, _DOT = b'0:" .'
_CLOCK = np.array([36_000, 3600, 0, 600, 60, 0, 10, 1], dtype=np.int32)


class Columns:
    """The columns of a table in plain form."""

    def __init__(self, table: Table, rows: TextRows, commas: Ints) -> None:
        self._table, self._rows, self._commas = table, rows, commas
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

    def texts_at(self, column: str, at: NDArray[np.int64]) -> list[str]:
        """Return a column's text in some rows, empty where there is no such column."""
        if column not in self._table.columns:
            return [""] * len(at)
        k = self._table.columns.index(column)
        starts = self._commas[at, k - 1] + 1 if k else np.asarray(self._rows.starts)[at]
        ends = self._commas[at, k]
        data = self._rows.data
        return [_text(data[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]

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

    def are_degrees(self, column: str, most: int) -> bool:
        """Say whether every cell is a number between ``-most`` and ``most`` (90 or 180)."""
        texts = self.texts(column)
        if texts is None:
            return False
        cells = texts.view(np.uint8).reshape(len(texts), -1)
        if _are_plain_degrees(cells, self.cells(column), most):
            return True
        try:
            return bool((np.abs(texts.astype(np.float64)) <= most).all())
        except ValueError:
            return False

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


def rows_of(stretches: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Return the numbers of the rows in stretches."""
    return np.array([i for first, end in stretches for i in range(first, end)], dtype=np.int64)


def _text(cell: bytes) -> str:
    """Return the text of a cell in plain form, without quotes and the space around it."""
    text = cell.decode()
    return (text[1:-1] if text[:1] == '"' else text).strip()


def _are_plain_degrees(cells: Bytes, found: tuple[Ints, Ints] | None, most: int) -> bool:
    """Say whether every cell is like 34.6513, with a whole part of two or three digits in range.

    Most are; the others, and those south or west, are worth making numbers of to be sure.
    """
    if found is None or cells.shape[1] < _WHOLE_DIGITS + 1:
        return False
    digits = np.count_nonzero(cells - _ZERO <= 9, axis=1)
    dots = cells == _DOT
    two, three = dots[:, 2], dots[:, 3]
    small = two & (cells[:, 0] < _ZERO + 9)
    if most > 99:
        small = two | (three & (cells[:, 0] == _ZERO + 1) & (cells[:, 1] < _ZERO + 8))
    one_dot = np.count_nonzero(dots, axis=1) == 1
    return bool((small & one_dot & (digits == found[1] - 1)).all())


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
