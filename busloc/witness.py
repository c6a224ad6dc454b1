"""Stop events out of all that a vehicle reports: live, in a burst, or long after.

The live view only moves ahead.  A fix that comes late lies in a *hole* between two fixes known
before; the hole is driven through once more, beside the live view, and tells of the stops made in
it.  A stop told of once is not told of again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from busloc.course import Timetable
from busloc.match import Match
from busloc.ping import Ping
from busloc.track import Track, follow
from busloc.visits import Visit, Visitor

HOLE_S = 60.0
"""Nothing heard for longer is a hole that late fixes may fill."""
HOLES_KEPT = 8
AFTER_S = 300.0
AFTER_KEPT = 40
"""What was seen soon after a hole ends the stops that began in it."""
FILLED_S = 120.0
"""A hole filled up to here is filled: nothing more is waited for."""
SETTLE_ROUNDS = 2
"""A backlog may come in several batches, in any order: so many rounds without more begin it."""
IDLE_ROUNDS = 90
"""So many rounds of work without another late fix, and the hole is given up as it is."""
BACKLOG_MAX = 50_000
TOLD_KEPT = 2000


@dataclass(slots=True)
class _Hole:
    """A silence of a vehicle, what was seen before and soon after, and what came in it late."""

    since_s: float
    until_s: float
    track: Track | None
    after: list[Track] = field(default_factory=list)
    waiting: list[Ping] = field(default_factory=list)
    visitor: Visitor | None = None
    idle: int = 0


class Witness:
    """Watches one vehicle; ``see`` what moves the live view, ``late`` all other believed fixes."""

    def __init__(self, timetable: Timetable, block_id: str | None) -> None:
        self._timetable = timetable
        self._block = block_id
        self._visitor = Visitor(timetable)
        self._last_s = float("-inf")
        self._last: Track | None = None
        self._holes: deque[_Hole] = deque(maxlen=HOLES_KEPT)
        self._ahead: list[Ping] = []
        self._told: dict[tuple[object, int, bool], None] = {}

    @property
    def waiting(self) -> bool:
        """Whether late fixes are still to be looked at."""
        return any(hole.visitor is not None or hole.waiting for hole in self._holes)

    def see(self, track: Track) -> list[Visit]:
        """Return the stop events that the newest fix tells of."""
        t = track.ping.t
        if t - self._last_s > HOLE_S:
            self._holes.append(_Hole(self._last_s, t, self._last))
            backlog, self._ahead = self._ahead, []
            self.late(backlog)
        for hole in self._holes:
            if t - hole.until_s <= AFTER_S and len(hole.after) < AFTER_KEPT:
                hole.after.append(track)
        self._last_s, self._last = t, track
        return self._new(_look(self._visitor, track))

    def late(self, pings: Iterable[Ping]) -> None:
        """Take in believed fixes older than the newest; ``work`` looks at them."""
        for ping in pings:
            hole = self._hole_at(ping.t)
            if hole is not None:
                hole.waiting.append(ping)
                hole.idle = 0
            elif ping.t > self._last_s and len(self._ahead) < BACKLOG_MAX:
                self._ahead.append(ping)

    def work(self, limit: int) -> list[Visit]:
        """Look at no more than ``limit`` late fixes; return the stop events they tell of."""
        visits: list[Visit] = []
        for hole in list(self._holes):
            hole.idle += 1
            if hole.waiting and hole.idle > SETTLE_ROUNDS:
                hole.waiting.sort(key=attrgetter("t"))
                now, hole.waiting = hole.waiting[:limit], hole.waiting[limit:]
                limit -= len(now)
                for ping in now:
                    visits += self._drive(hole, ping)
            if hole.visitor is not None and not hole.waiting:
                visits += self._end(hole)
        return visits

    def _hole_at(self, t: float) -> _Hole | None:
        return next((hole for hole in self._holes if hole.since_s < t < hole.until_s), None)

    def _drive(self, hole: _Hole, ping: Ping) -> list[Visit]:
        if hole.visitor is None:
            hole.visitor = Visitor(self._timetable)
            if hole.track is not None:
                _look(hole.visitor, hole.track)
        hole.track = follow(self._timetable, hole.track, ping, self._block)
        hole.since_s = ping.t
        return self._new(_look(hole.visitor, hole.track))

    def _end(self, hole: _Hole) -> list[Visit]:
        """Close a hole that is filled, or that nothing more comes for."""
        if hole.until_s - hole.since_s > FILLED_S and hole.idle < IDLE_ROUNDS:
            return []
        self._holes.remove(hole)
        visitor, hole.visitor = hole.visitor, None
        if visitor is None:
            return []
        return self._new([visit for track in hole.after for visit in _look(visitor, track)])

    def _new(self, visits: list[Visit]) -> list[Visit]:
        new = [visit for visit in visits if _key(visit) not in self._told]
        self._told.update((_key(visit), None) for visit in new)
        while len(self._told) > TOLD_KEPT:
            del self._told[next(iter(self._told))]
        return new


def _key(visit: Visit) -> tuple[object, int, bool]:
    return visit.run, visit.index, visit.depart_s is not None


def _look(visitor: Visitor, track: Track) -> list[Visit]:
    found: Match | None = track.match
    if found is None or track.misses:
        visitor.miss()
        return []
    return visitor.see(found)
