"""The rows of a file kept as the bytes they were read as; cells become text when asked for.

A file of ten thousand rows is a hundred thousand cells: as Python text they take ten times the
room of the file and most of the time of reading it.  Files in plain form (every row as wide as
the header, quotes only round whole cells, no comma or line end inside) are cut up by numpy; any
other proper CSV is walked through once by the csv module, and only where its rows start is kept.
"""

from __future__ import annotations

import csv
import io
from array import array
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from gtfs.tables import FeedError

MOST_COLUMNS = 200
MOST_LINE_BYTES = 131_072
_MOST_LINES_IN_A_ROW = 1000
_ROWS_AT_ONCE = 2000
_BYTES_AT_ONCE = 2**18
_COMMA, _QUOTE, _LF = b',"\n'

Offsets = NDArray[np.int32]
Row = tuple[str, ...]


class TextRows(Sequence[Row]):
    """Rows of text in a file; two are equal when all their cells are.

    ``starts`` has one more than the rows: where each starts, and where the last ends.
    ``commas`` (rows x columns) is where each cell ends, ``None`` for a file not in plain form.
    """

    __slots__ = ("commas", "data", "starts", "width")

    def __init__(
        self, data: bytes, starts: Sequence[int] | Offsets, width: int, commas: Offsets | None
    ) -> None:
        self.data, self.starts, self.width, self.commas = data, starts, width, commas

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        return next(self.between(at, at + 1))

    def __iter__(self) -> Iterator[Row]:
        for first in range(0, len(self), _ROWS_AT_ONCE):
            yield from self.between(first, min(first + _ROWS_AT_ONCE, len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TextRows({len(self)} rows of {self.width})"

    def between(self, first: int, end: int) -> Iterator[Row]:
        """Yield the rows from ``first`` up to ``end``."""
        text = self.data[int(self.starts[first]) : int(self.starts[end])].decode()
        rows = csv.reader(io.StringIO(text, newline=""))
        if self.commas is not None:
            return map(tuple, rows)
        return (_as_wide(cells, self.width) for cells in rows if cells)


class Parsed(NamedTuple):
    """A file as columns, rows, and the line number of each row."""

    columns: Row
    rows: TextRows
    lines: Sequence[int]


def parse_text(file: str, data: bytes) -> Parsed:
    """Return the CSV text in the bytes of a file.  Raises ``FeedError``."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    _check_text(file, data)
    head, header_lines = _header(file, data)
    columns = _columns(file, head)
    start = _after_lines(data, header_lines)
    plain = _plain(data, start, len(columns)) if header_lines == 1 else None
    if plain is not None:
        return Parsed(columns, plain, range(2, len(plain) + 2))
    rows, lines = _walked(file, data, len(columns))
    return Parsed(columns, rows, lines)


def _check_text(file: str, data: bytes) -> None:
    if not data.isascii() and not _is_utf8(data):
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise FeedError(file, line, None, "the text is not UTF-8") from None
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise FeedError(file, line, None, "a NUL character")


def _is_utf8(data: bytes) -> bool:
    """Say so without making text of all of it at once."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        for first in range(0, len(data), _BYTES_AT_ONCE):
            decoder.decode(memoryview(data)[first : first + _BYTES_AT_ONCE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _header(file: str, data: bytes) -> tuple[list[str], int]:
    """Return the cells of the header and how many lines it takes."""
    head = data[: MOST_LINE_BYTES + 1]
    reader = csv.reader(_lines(file, head.decode(errors="ignore")), strict=True)
    try:
        return next(reader, []), reader.line_num
    except csv.Error as error:
        raise _not_csv(file, reader.line_num, error) from error


def _columns(file: str, header: list[str]) -> Row:
    if not header:
        raise FeedError(file, 1, None, "the file is empty; it needs a header row")
    if len(header) > MOST_COLUMNS:
        message = f"{len(header)} columns or more; at most {MOST_COLUMNS} are read"
        raise FeedError(file, 1, None, message)
    columns = tuple(name.strip(" \t\ufeff") for name in header)
    for i, name in enumerate(columns):
        if not name or name in columns[:i]:
            raise FeedError(file, 1, name or None, "a column without a name of its own")
    return columns


def _after_lines(data: bytes, lines: int) -> int:
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1 or len(data)
    return at


def _plain(data: bytes, start: int, width: int) -> TextRows | None:
    """Return the rows of a file in plain form, ``None`` when it is in another."""
    if width == 1 or b"\r" in data or len(data) >= 2**31:
        return None
    if not data.endswith(b"\n"):
        data += b"\n"
    cells = np.frombuffer(data, np.uint8)
    commas = np.flatnonzero((cells == _COMMA) | (cells == _LF)).astype(np.int32)
    commas = commas[np.searchsorted(commas, start) :]
    if len(commas) % width or not _is_plain(cells, commas, start, width):
        return None
    starts = np.concatenate((np.array([start], np.int32), commas[width - 1 :: width] + 1))
    return TextRows(data, starts, width, commas.reshape(-1, width))


def _is_plain(cells: NDArray[np.uint8], commas: Offsets, start: int, width: int) -> bool:
    ends = cells[commas] == _LF
    if not ends[width - 1 :: width].all() or np.count_nonzero(ends) != len(commas) // width:
        return False
    lengths = np.diff(commas, prepend=start - 1) - 1
    if len(lengths) and int(lengths.max()) >= MOST_LINE_BYTES:
        return False
    quotes = np.count_nonzero(cells[start:] == _QUOTE)
    if not quotes:
        return True
    quoted = (cells[commas - lengths] == _QUOTE) & (cells[commas - 1] == _QUOTE) & (lengths > 1)
    return bool(quotes == 2 * np.count_nonzero(quoted))


def _walked(file: str, data: bytes, width: int) -> tuple[TextRows, array[int]]:
    """Walk through the rows of any CSV file, checking each, and keep where they start."""
    walk = _Walk(file, data)
    reader = csv.reader(walk, strict=True)
    starts, lines = array("L"), array("L")
    try:
        next(reader)
        walk.row_ends()
        for cells in reader:
            if cells:
                _check_width(file, reader.line_num, cells, width)
                starts.append(walk.row_start)
                lines.append(reader.line_num)
            walk.row_ends()
    except csv.Error as error:
        raise _not_csv(file, reader.line_num, error) from error
    starts.append(len(data))
    return TextRows(data, starts, width, None), lines


class _Walk:
    """The lines of a file, and the byte at which the row now being read starts."""

    def __init__(self, file: str, data: bytes) -> None:
        self._lines = _lines(file, data.decode())
        self._file = file
        self._at = self.row_start = self._lines_of_row = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._at += len(line) if line.isascii() else len(line.encode())
            self._lines_of_row += 1
            if self._lines_of_row > _MOST_LINES_IN_A_ROW:
                raise FeedError(self._file, None, None, "a row of far too many lines")
            yield line

    def row_ends(self) -> None:
        """Say that the lines so far make whole rows."""
        self.row_start, self._lines_of_row = self._at, 0


def _lines(file: str, text: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > MOST_LINE_BYTES:
            why = f"not a proper CSV row: over {MOST_LINE_BYTES} characters"
            raise FeedError(file, number, None, why)
        yield line


def _check_width(file: str, line: int, cells: list[str], width: int) -> None:
    if len(cells) > width and any(cells[width:]):
        raise FeedError(file, line, None, f"{len(cells)} values under {width} columns")


def _as_wide(cells: list[str], width: int) -> Row:
    return (*cells[:width], *[""] * (width - len(cells)))


def _not_csv(file: str, line: int, error: csv.Error) -> FeedError:
    return FeedError(file, line, None, f"not a proper CSV row: {error}")
