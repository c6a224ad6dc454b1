"""Which buses bring a rider there first: earliest arrivals and latest departures.

Round-based search after Delling, Pajor and Werneck, "Round-Based Public Transit Routing" (2012):
round k knows the earliest arrival everywhere with k rides, so that an answer with fewer rides is
never lost.  Runs that make the same calls one after another form a ``Pattern``; a run that is off
its times today gets a pattern of its own.  Latest departures are the same search in mirrored
time.  Times are seconds after the midnight (noon less twelve hours) of the network's day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from gtfs.feed import Feed
from gtfs.network import Pattern, Times, Walks, patterns_of, patterns_on, run_of, walks_of

__all__ = ["Journey", "Live", "Network", "Ride"]

RIDES_MAX = 5
CHANGE_S = 60
"""What changing buses at one stop takes when the feed does not say."""
NEVER = 1 << 40

Live = Mapping[tuple[str, date], Times | None]
"""What is known today of a trip on a service day: its times, or ``None`` when it is cancelled."""
Ways = Mapping[str, int]
"""Seconds between the stops a rider can get to by themselves and where the rider is."""


@dataclass(frozen=True, slots=True)
class Ride:
    """One bus of a journey: at which of its calls it is boarded and left, where and when."""

    trip_id: str
    day: date
    board_index: int
    alight_index: int
    from_stop: str
    to_stop: str
    depart_s: int
    arrive_s: int


@dataclass(frozen=True, slots=True)
class Journey:
    """Rides one after another, from leaving the one place to being at the other."""

    rides: tuple[Ride, ...]
    depart_s: int
    arrive_s: int


class Network:
    """The buses of a service day and the days beside it, on one clock.

    Nothing changes after it is made: ``seen`` gives another one that knows today's delays.
    """

    def __init__(self, patterns: Iterable[Pattern], walks: Walks) -> None:
        """Make a network of what ``Network.of`` and ``seen`` work out."""
        self._patterns = tuple(patterns)
        self._walks = walks

    @classmethod
    def of(cls, feed: Feed, day: date, *, change_s: int = CHANGE_S) -> Network:
        """Return the network of a service day, with the runs of the night before still on it.

        Changing takes ``change_s`` seconds at one stop, between stops the walk as well, unless
        ``transfers.txt`` says something else.
        """
        return cls(patterns_on(feed, day), walks_of(feed, change_s))

    def seen(self, live: Live) -> Network:
        """Return the network with runs late, early or cancelled as ``live`` says."""
        patterns = list[Pattern]()
        for pattern in self._patterns:
            affected = [run for run in pattern.runs if (run.trip_id, run.day) in live]
            if not affected:
                patterns.append(pattern)
                continue
            patterns += patterns_of(pattern.calls, [r for r in pattern.runs if r not in affected])
            for run in affected:
                times = live[run.trip_id, run.day]
                if times is not None:
                    moved = run_of(run.trip_id, run.day, times, run.shift_s)
                    patterns += patterns_of(pattern.calls, [moved])
        return Network(patterns, self._walks)

    def earliest(
        self, origins: Ways, targets: Ways, ready_s: int, *, rides_max: int = RIDES_MAX
    ) -> list[Journey]:
        """Return the journeys that no other beats in both arrival and rides, fewest rides first.

        The rider may leave at ``ready_s``.  Empty when no bus goes there.
        """
        at_s = {stop: ready_s + way_s for stop, way_s in origins.items()}
        search = _Search(self, at_s, targets)
        found = (search.round() for _ in range(rides_max))
        return [_journey([_ride(each) for each in way], origins, targets) for way in found if way]

    def latest(
        self, origins: Ways, targets: Ways, by_s: int, *, rides_max: int = RIDES_MAX
    ) -> list[Journey]:
        """Return the journeys that no other beats in both departure and rides, fewest rides first.

        The rider must be there at ``by_s``.
        """
        at_s = {stop: way_s - by_s for stop, way_s in targets.items()}
        search = _Search(self._mirrored, at_s, origins)
        found = (search.round() for _ in range(rides_max))
        return [
            _journey([_turned(each) for each in reversed(way)], origins, targets)
            for way in found
            if way
        ]

    @cached_property
    def _mirrored(self) -> Network:
        back: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for stop, others in self._walks.items():
            for other, walk_s in others.items():
                back[other][stop] = walk_s
        return Network((pattern.mirrored() for pattern in self._patterns), dict(back))

    @cached_property
    def numbered(self) -> _Numbered:
        """The same with stops as small numbers, which is what a search goes through."""
        names = {stop: None for pattern in self._patterns for stop in pattern.calls.stops}
        number = {stop: n for n, stop in enumerate(names)}
        lines = [
            _Line(pattern, [number[stop] for stop in pattern.calls.stops])
            for pattern in self._patterns
        ]
        boards: list[list[tuple[int, int]]] = [[] for _ in number]
        for k, line in enumerate(lines):
            for i, stop in enumerate(line.stops[:-1]):
                if line.pattern.calls.boards[i]:
                    boards[stop].append((k, i))
        walks = [
            [
                (number[other], walk_s)
                for other, walk_s in self._walks.get(stop, {}).items()
                if other in number
            ]
            for stop in number
        ]
        return _Numbered(number, lines, boards, walks)


class _Line(NamedTuple):
    """A pattern and the numbers of its stops."""

    pattern: Pattern
    stops: list[int]


class _Numbered(NamedTuple):
    """A network by numbers of stops: its lines, where each is boarded first, and the walks."""

    number: Mapping[str, int]
    lines: Sequence[_Line]
    boards: Sequence[Sequence[tuple[int, int]]]
    walks: Sequence[Sequence[tuple[int, int]]]

    def boarded_from(self, stops: Iterable[int]) -> dict[int, int]:
        """Return the lines that can be boarded at some stops, and the first call where."""
        first: dict[int, int] = {}
        for stop in stops:
            for line, i in self.boards[stop]:
                if i < first.get(line, NEVER):
                    first[line] = i
        return first


class _Reached(NamedTuple):
    """How a stop was reached: which run of a pattern, boarded and left at which calls.

    ``after`` is where the ride before ended.
    """

    pattern: Pattern
    run: int
    board: int
    alight: int
    after: int


class _Search:
    """One question; each ``round`` allows one ride more."""

    def __init__(self, network: Network, ready_s: Mapping[str, int], targets: Ways) -> None:
        self._on = network.numbered
        number = self._on.number
        self._targets = {number[stop]: way_s for stop, way_s in targets.items() if stop in number}
        self._ready_s = [NEVER] * len(number)
        for stop, at_s in ready_s.items():
            if stop in number:
                self._ready_s[number[stop]] = at_s
        self._fresh = [number[stop] for stop in ready_s if stop in number]
        self._after = [-1] * len(number)
        self._arrive_s = [NEVER] * len(number)
        self._best_s = NEVER
        self._rounds: list[dict[int, _Reached]] = []

    def round(self) -> list[_Reached]:
        """Ride once more; return the rides of what is now the earliest way, empty when none is."""
        before_s, reached = self._best_s, dict[int, _Reached]()
        self._rounds.append(reached)
        for line, first in self._on.boarded_from(self._fresh).items():
            self._ride(*self._on.lines[line], first, reached)
        self._change(reached)
        return self._way() if self._best_s < before_s else []

    def _ride(
        self, pattern: Pattern, stops: list[int], first: int, reached: dict[int, _Reached]
    ) -> None:
        """Go along a pattern, always in the earliest run that can be caught."""
        ready_s, arrive_s, best_s = self._ready_s, self._arrive_s, self._best_s
        boards, alights, none = pattern.calls.boards, pattern.calls.alights, len(pattern.runs)
        run, board = none, first
        for i in range(first, len(stops)):
            stop = stops[i]
            if run < none:
                at_s = pattern.arrive_s[i][run]
                if at_s < arrive_s[stop] and at_s < best_s and alights[i]:
                    arrive_s[stop] = at_s
                    reached[stop] = _Reached(pattern, run, board, i, self._after[stops[board]])
                    if stop in self._targets:
                        best_s = min(best_s, at_s + self._targets[stop])
            if ready_s[stop] < NEVER and boards[i]:
                sooner = bisect_left(pattern.depart_s[i], ready_s[stop], 0, run)
                if sooner < run:
                    run, board = sooner, i
        self._best_s = best_s

    def _change(self, reached: Mapping[int, _Reached]) -> None:
        """Walk from where rides ended to where the next may begin.

        A stop keeps the time it was ready at before: what that let a rider catch is known, and
        to be ready later cannot catch more.
        """
        fresh: dict[int, int] = {}
        for stop in reached:
            for other, walk_s in self._on.walks[stop]:
                at_s = self._arrive_s[stop] + walk_s
                if at_s < self._ready_s[other] and at_s < self._best_s:
                    self._ready_s[other], fresh[other] = at_s, stop
        for stop, after in fresh.items():
            self._after[stop] = after
        self._fresh = list(fresh)

    def _way(self) -> list[_Reached]:
        ends = (stop for stop in self._rounds[-1] if stop in self._targets)
        stop = min(ends, key=lambda stop: (self._arrive_s[stop] + self._targets[stop], stop))
        way = list[_Reached]()
        for reached in reversed(self._rounds):
            way.append(reached[stop])
            stop = reached[stop].after
        return way[::-1]


def _ride(reached: _Reached) -> Ride:
    run, i, j = reached.pattern.runs[reached.run], reached.board, reached.alight
    stops = reached.pattern.calls.stops
    return Ride(run.trip_id, run.day, i, j, stops[i], stops[j], run.depart_s[i], run.arrive_s[j])


def _journey(rides: Sequence[Ride], origins: Ways, targets: Ways) -> Journey:
    first, last = rides[0], rides[-1]
    leave_s = first.depart_s - origins[first.from_stop]
    return Journey(tuple(rides), leave_s, last.arrive_s + targets[last.to_stop])


def _turned(reached: _Reached) -> Ride:
    """Return a ride found in the mirrored network as it is on the real one."""
    run, last = reached.pattern.runs[reached.run], len(reached.pattern.calls.stops) - 1
    stops, i, j = reached.pattern.calls.stops, reached.board, reached.alight
    return Ride(
        trip_id=run.trip_id,
        day=run.day,
        board_index=last - j,
        alight_index=last - i,
        from_stop=stops[j],
        to_stop=stops[i],
        depart_s=-run.arrive_s[j],
        arrive_s=-run.depart_s[i],
    )
