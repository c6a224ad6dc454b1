"""A driven day gone through again, as if nothing were known but what had happened by then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from busloc.outlook import Progress, Traffic, View, Way, move, view
from busloc.usual import Drive, Floats, Indices, Table


@dataclass(frozen=True, slots=True)
class Moment:
    """What could be seen of a drive at ``now_s``, and the seconds until the calls it would make.

    ``calls`` are the stops ahead that were observed later, ``rows`` their rows in the view.
    """

    drive: int
    now_s: float
    calls: Indices
    rows: Indices
    to_come_s: Floats
    seen: View


class _What(IntEnum):
    CAME = 0
    LEFT = 1
    SEEN = 2
    ASKED = 3


def replay(
    drives: Sequence[Drive], table: Table, asked: Mapping[int, Sequence[float]], *,
    ahead_s: float = 1800.0,
) -> Iterator[Moment]:  # fmt: skip
    """Yield the moments asked for by drive, in the order of time."""
    traffic = Traffic(len(table.number))
    ways = [Way(table.legs(d.stops), np.array(d.due_s, dtype=np.float64)) for d in drives]
    under_way: dict[int, Progress] = {}
    for time_s, what, k, index in _happenings(drives, asked):
        progress = under_way.get(k)
        if what is _What.ASKED:
            if progress is not None and progress.index < len(drives[k].stops) - 1:
                moment = _moment(k, drives[k], progress, time_s, traffic, table, ahead_s)
                if moment is not None:
                    yield moment
        elif what is _What.LEFT:
            if progress is not None and progress.index == index:
                progress.left_s = time_s
        elif what is _What.SEEN:
            if progress is not None:
                progress.look(drives[k].seen[index])
        elif progress is None:
            under_way[k] = Progress(ways[k], 0.0, index, time_s)
        elif index > progress.index:
            move(progress, traffic, table, index, time_s)


def _happenings(
    drives: Sequence[Drive], asked: Mapping[int, Sequence[float]]
) -> list[tuple[float, _What, int, int]]:
    found: list[tuple[float, _What, int, int]] = []
    for k, drive in enumerate(drives):
        for index, (came_s, left_s) in enumerate(zip(drive.arrive_s, drive.leave_s, strict=True)):
            if came_s is not None:
                found.append((came_s, _What.CAME, k, index))
            if left_s is not None:
                found.append((left_s, _What.LEFT, k, index))
        found += [(seen.at_s, _What.SEEN, k, n) for n, seen in enumerate(drive.seen)]
        found += [(now_s, _What.ASKED, k, 0) for now_s in asked.get(k, ())]
    found.sort()
    return found


def _moment(
    k: int, drive: Drive, progress: Progress, now_s: float, traffic: Traffic, table: Table,
    ahead_s: float,
) -> Moment | None:  # fmt: skip
    first = progress.index + 1
    later = [
        (i, at - now_s)
        for i, at in enumerate(drive.arrive_s[first:], first)
        if at is not None and 0 < at - now_s <= ahead_s
    ]
    if not later:
        return None
    calls = np.array([i for i, _ in later], dtype=np.intp)
    to_come_s = np.array([s for _, s in later])
    return Moment(k, now_s, calls, calls - first, to_come_s, view(progress, traffic, table, now_s))
