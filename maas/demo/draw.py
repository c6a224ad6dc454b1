"""Lines like roads in hills: bent between two points, or wandering off into a valley.

Bends are midpoint displacement (a line is pushed aside at its middle, then each half at its own,
and so on), then rounded by cutting corners (Chaikin).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, log2, sin

import numpy as np

Point = tuple[float, float]
CELL_M = 200.0


def bent(a: Point, b: Point, winding: float, random: np.random.Generator) -> list[Point]:
    """Return a line from ``a`` to ``b`` with bends; ``winding`` is the sideways share."""
    line = [a, b]
    for _ in range(max(1, round(log2(max(2.0, hypot(b[0] - a[0], b[1] - a[1]) / 300.0))))):
        line = [a] + [
            p for pair in pairwise(line) for p in (_pushed(*pair, winding, random), pair[1])
        ]
    return _rounded(_rounded(line))


def _pushed(a: Point, b: Point, winding: float, random: np.random.Generator) -> Point:
    aside = (2 * random.random() - 1) * winding
    return (a[0] + b[0]) / 2 - aside * (b[1] - a[1]), (a[1] + b[1]) / 2 + aside * (b[0] - a[0])


def _rounded(line: Sequence[Point]) -> list[Point]:
    """Cut every corner at a quarter of its sides, keeping the ends."""
    cut = [
        (p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share)
        for p, q in pairwise(line)
        for share in (0.25, 0.75)
    ]
    return [line[0], *cut[1:-1], line[-1]]


def wandering(
    start: Point, heading: float, length_m: float, random: np.random.Generator
) -> list[Point]:
    """Return a lane of about ``length_m`` that leaves ``start`` and drifts like a valley does."""
    step_m = 70.0
    line, turn = [start], 0.0
    for _ in range(max(2, round(length_m / step_m))):
        turn = 0.6 * turn + 0.5 * (random.random() - 0.5)
        heading += turn
        x, y = line[-1]
        line.append((x + step_m * cos(heading), y + step_m * sin(heading)))
    return line


class Ground:
    """What is drawn already, by cells of 200 m, to know when a new lane meets a road."""

    def __init__(self) -> None:
        self._segments: dict[tuple[int, int], list[tuple[Point, Point]]] = defaultdict(list)

    def add(self, line: Sequence[Point]) -> None:
        """Remember a line."""
        for segment in pairwise(line):
            for cell in _cells(*segment):
                self._segments[cell].append(segment)

    def met(self, a: Point, b: Point) -> Point | None:
        """Return the vertex at which going from ``a`` to ``b`` joins a road, or ``None``.

        A line that starts at ``a`` does not meet it there.
        """
        for cell in _cells(a, b):
            for p, q in self._segments[cell]:
                if a not in (p, q) and _cross(a, b, p, q):
                    return min((p, q), key=lambda end: hypot(end[0] - b[0], end[1] - b[1]))
        return None


def _cells(a: Point, b: Point) -> Iterator[tuple[int, int]]:
    columns = sorted((int(a[0] // CELL_M), int(b[0] // CELL_M)))
    rows = sorted((int(a[1] // CELL_M), int(b[1] // CELL_M)))
    for column in range(columns[0], columns[1] + 1):
        for row in range(rows[0], rows[1] + 1):
            yield column, row


def _side(a: Point, b: Point, p: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def _cross(a: Point, b: Point, p: Point, q: Point) -> bool:
    return _side(a, b, p) * _side(a, b, q) < 0 and _side(p, q, a) * _side(p, q, b) < 0
