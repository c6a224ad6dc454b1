"""What riders were told of coming calls, kept until the bus has come and told how true it was.

A call is sampled once in each stretch of time ahead, so that a visit has ten samples at most,
however often its time is published.  What is compared is the departure; at the last stop the
arrival.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from busloc.course import Run, Timetable
from busloc.predict import Expected, Spread
from busloc.visits import Visit

HORIZONS_S: Final = (60, 120, 180, 270, 360, 540, 720, 1080, 1440, 1800)
"""A sample is taken when a call is first told within each of these times ahead."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A call as it was told: the expected instant, its 80 % interval, when to be there."""

    said_at: int
    expected: int
    low: int
    high: int
    be_there_by: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A saying and when the bus really left; no saying when riders were told nothing."""

    run: Run
    index: int
    stop_id: str
    route_id: str
    saying: Saying | None
    actual: int


class Told:
    """Keeps the sayings of calls not yet made.  Instants are epoch seconds."""

    def __init__(self, timetable: Timetable) -> None:
        self._timetable = timetable
        self._said: dict[Run, dict[int, dict[int, Saying]]] = {}

    def say(self, run: Run, sayings: Iterable[tuple[int, Saying]]) -> None:
        """Note what is told of a run's calls, each by its index."""
        said = self._said.setdefault(run, {})
        for index, saying in sayings:
            ahead_s = saying.expected - saying.said_at
            stretch = bisect_left(HORIZONS_S, ahead_s)
            if stretch < len(HORIZONS_S):
                said.setdefault(index, {}).setdefault(stretch, saying)

    def judge(self, visit: Visit) -> list[Judged]:
        """Return what was told of a call before it was made, nothing until it is over."""
        course = self._timetable.course(visit.run.trip_id)
        if course is None:
            return []
        last = visit.index == len(course.calls) - 1
        over_s = visit.arrive_s if last else visit.depart_s
        if over_s is None:
            return []
        actual = self._timetable.day_start(visit.run.day) + round(over_s)
        said = self._said.get(visit.run, {}).pop(visit.index, {})
        before: list[Saying | None] = [each for each in said.values() if each.said_at < actual]
        stop, route = course.calls[visit.index].stop_id, course.trip.route_id
        return [
            Judged(visit.run, visit.index, stop, route, saying, actual)
            for saying in before or [None]
        ]

    def forget_before(self, day: date) -> None:
        """Drop the service days before ``day``."""
        self._said = {run: said for run, said in self._said.items() if run.day >= day}


def sayings(
    bands: Iterable[tuple[Expected, Spread]], day_start: int, now: float
) -> Iterator[tuple[int, Saying]]:
    """Return what is told at an instant of calls to come, as instants, each with its index."""
    for call, band in bands:
        yield (
            call.index,
            Saying(
                said_at=int(now),
                expected=day_start + call.depart_s,
                low=day_start + band.low_s,
                high=day_start + band.high_s,
                be_there_by=day_start + band.be_there_by_s,
            ),
        )
