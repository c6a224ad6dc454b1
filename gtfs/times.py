"""Times that a timetable leaves to the reader."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def filled(times_s: Sequence[int | None], offsets_m: Sequence[float]) -> tuple[int, ...] | None:
    """Fill gaps in proportion to distance; ``None`` unless both ends are given.

    >>> filled([0, None, 90], [0.0, 100.0, 300.0])
    (0, 30, 90)
    """
    if not times_s or times_s[0] is None or times_s[-1] is None:
        return None
    known = [(offsets_m[i], time_s, i) for i, time_s in enumerate(times_s) if time_s is not None]
    whole = list(times_s)
    for (from_m, from_s, i), (to_m, to_s, j) in pairwise(known):
        for k in range(i + 1, j):
            share = (offsets_m[k] - from_m) / (to_m - from_m) if to_m > from_m else 0.0
            whole[k] = round(from_s + share * (to_s - from_s))
    return tuple(time_s for time_s in whole if time_s is not None)
