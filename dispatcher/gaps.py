"""Where a route has room for a task, and what the way there takes: what ``placing`` chooses from.

Gap k of a route lies between its nodes k and k + 1 (node 0 is the start).  A spot is a place where
a task may be: the rest places first, then the chargers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from dispatcher.breaks import BreakRule, Rest
from dispatcher.model import (
    Battery,
    Place,
    Request,
    Route,
    Stop,
    StopKind,
    Task,
    TravelTimes,
)
from dispatcher.nodes import energy_of, nodes_of, places_of

STEP_S: Final = 300
"""Windows and lengths of tasks are whole steps."""
NEAREST: Final = 3
"""So many rest places are looked at for every gap, those of the shortest detour."""


@dataclass(frozen=True, slots=True)
class Charger:
    """A charger with ``places`` sockets of ``power_w`` each.

    ``profiles`` are the vehicle profiles whose plug fits, ``None`` for all.

    Raises ``ValueError`` when nobody could charge there.
    """

    id: str
    place: Place
    places: int
    power_w: int
    profiles: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.places < 1:
            raise ValueError(f"{self.id}: places={self.places} leaves nobody room to charge")
        if self.power_w <= 0:
            raise ValueError(f"{self.id}: power_w={self.power_w} charges nothing")


@dataclass(frozen=True, slots=True)
class Driver:
    """Who drives which vehicles of the plan, one after the other, and the rests taken so far.

    Raises ``ValueError`` when the shift ends before it begins or holds no vehicle, or a rest lies
    before it or in another.
    """

    id: str
    vehicle_ids: tuple[str, ...]
    start_s: int
    end_s: int
    rests: tuple[Rest, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start_s <= self.end_s:
            raise ValueError(f"{self.id}: start_s={self.start_s}, end_s={self.end_s}")
        if not self.vehicle_ids:
            raise ValueError(f"{self.id}: vehicle_ids is empty")
        known_s = self.start_s
        for rest in self.rests:
            if not known_s <= rest.start_s <= rest.end_s:
                raise ValueError(f"{self.id}: rests has {tuple(rest)}, not after {known_s}")
            known_s = rest.end_s


class Window(NamedTuple):
    """A task whose place and length are settled: any time in the window."""

    earliest_s: int
    latest_s: int
    lasts_s: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What tasks a plan shall get."""

    rules: tuple[BreakRule, ...] = ()
    places: tuple[Place, ...] = ()
    chargers: tuple[Charger, ...] = ()
    ready_wh: Mapping[str, int] = field(default_factory=dict)
    taken: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    """The charges that stay as they are, by their charger."""


class Option(NamedTuple):
    """A gap and a spot in it that a task may take."""

    line: int
    gap: int
    spot: int
    charger: Charger | None
    position: int
    """The gap's number among all gaps of its driver."""


class Placed(NamedTuple):
    """A task the model has placed."""

    option: Option
    window: Window


class Chord(NamedTuple):
    """A straight line that a battery fills at least as well as, between two points of its curve."""

    slope: Fraction
    from_wh: int
    at_from_wh: int


def chords_of(battery: Battery) -> list[Chord]:
    """Return how a battery fills beyond its taper, by what it would hold if it went on steadily.

    Below the taper it holds just that.  The curve bends downwards, so that the least of the chords
    lies on or below it everywhere; see ``model.Battery``.
    """
    taper_wh = math.floor(battery.taper_share * battery.capacity_wh)
    rest_wh = battery.capacity_wh - taper_wh
    steps = [taper_wh + rest_wh * bend // 4 for bend in (0, 1, 2, 4, 6, 9, 13, 20)]
    levels = [
        battery.capacity_wh - math.ceil(rest_wh * math.exp((taper_wh - step) / rest_wh))
        for step in steps
    ]
    ends = pairwise(zip(steps, levels, strict=True))
    chords = [Chord(Fraction(b_wh - a_wh, max(1, b - a)), a, a_wh) for (a, a_wh), (b, b_wh) in ends]
    return [*chords, Chord(Fraction(0), steps[-1], levels[-1])]


class Line:
    """A route with the ways between its nodes and all spots."""

    def __init__(
        self,
        route: Route,
        requests: Mapping[str, Request],
        travel: Mapping[str, TravelTimes],
        wanted: Wanted,
    ) -> None:
        self.route, self.vehicle, self.wanted = route, route.vehicle, wanted
        self.nodes = nodes_of(route, requests, travel)
        self.last = len(self.nodes.early) - 1
        spots = [*wanted.places, *(charger.place for charger in wanted.chargers)]
        at, roads = places_of(route, requests), travel[route.vehicle.profile]
        ways = ((at, spots), (spots, at), (spots, spots))
        self.into, self.out, self.mid = (roads.table(a, b).tolist() for a, b in ways)
        self.into_wh, self.out_wh, self.mid_wh = (
            [[0] * len(b) for _ in a]
            if self.vehicle.battery is None
            else energy_of(self.vehicle, roads).energy(a, b)[0].tolist()
            for a, b in ways
        )
        if self.vehicle.end is None:
            for row in (*self.out, *self.out_wh):
                row[-1] = 0
        battery = self.vehicle.battery
        self.ready_wh = wanted.ready_wh.get(self.vehicle.id, battery.reserve_wh if battery else 0)
        self.earliest, self.latest = self._bounds()

    def eased(self, late_s: int, wh: int, first: int = 0) -> Line:
        """Return the line where the battery may be emptier, and all from some node on later."""
        line = copy(self)
        late = self.nodes.late.copy()
        late[max(0, first) :] += late_s
        line.nodes = self.nodes._replace(late=late)
        line.ready_wh = max(0, self.ready_wh - wh)
        battery = self.vehicle.battery
        if battery is not None:
            battery = replace(battery, reserve_wh=max(0, battery.reserve_wh - wh))
        end_s = self.vehicle.end_s + late_s
        line.vehicle = replace(self.vehicle, end_s=end_s, battery=battery)
        line.earliest, line.latest = line._bounds()  # noqa: SLF001 -- its own
        return line

    def _bounds(self) -> tuple[list[int], list[int]]:
        """Return the least and greatest time of every node without tasks, rides left out."""
        earliest, latest = self.nodes.early.tolist(), self.nodes.late.tolist()
        moving = (self.nodes.service + self.nodes.leg).tolist()
        for k in range(self.last):
            earliest[k + 1] = max(earliest[k + 1], earliest[k] + moving[k])
        for k in range(self.last, 0, -1):
            latest[k - 1] = min(latest[k - 1], latest[k] - moving[k - 1])
        return earliest, latest

    def rests(self, line: int, offset: int, lasts_s: int) -> Iterator[Option]:
        """Yield where a break of ``lasts_s`` might be."""
        for gap in self._gaps():
            near = [(self.detour_s(gap, spot), spot) for spot in range(len(self.wanted.places))]
            near = [(cost, spot) for cost, spot in near if self._fits(gap, spot, lasts_s)]
            for _, spot in sorted(near)[:NEAREST]:
                yield Option(line, gap, spot, None, offset + gap)

    def charges(self, line: int, offset: int, lasts_s: int) -> Iterator[Option]:
        """Yield where a charge of ``lasts_s`` might be."""
        for gap in self._gaps():
            for spot, charger in enumerate(self.wanted.chargers, start=len(self.wanted.places)):
                if self._plugs(charger) and self._fits(gap, spot, lasts_s):
                    yield Option(line, gap, spot, charger, offset + gap)

    def _gaps(self) -> Iterator[int]:
        """Yield the gaps that are not locked and where nobody is on board."""
        for gap in range(self.route.locked, self.last):
            if self.nodes.riders[gap] == 0:
                yield gap

    def detour_s(self, gap: int, spot: int) -> int:
        """Return how much longer the drive gets by way of a spot."""
        return int(self.into[gap][spot] + self.out[spot][gap + 1] - self.nodes.leg[gap])

    def _plugs(self, charger: Charger) -> bool:
        fits = charger.profiles is None or self.vehicle.profile in charger.profiles
        return fits and self.vehicle.battery is not None

    def _fits(self, gap: int, spot: int, lasts_s: int) -> bool:
        """Whether time is left for so long a task; where no road leads it never is."""
        into_s, out_s = self.into[gap][spot], self.out[spot][gap + 1]
        ready_s = self.earliest[gap] + int(self.nodes.service[gap]) + into_s
        return bool(ready_s + lasts_s + out_s <= self.latest[gap + 1])


def with_tasks(route: Route, placed: Sequence[Placed], driver_id: str, line: Line) -> Route:
    """Return the route with tasks in their gaps, in order."""
    stops, tasks = list(route.stops), dict(route.tasks)
    for number, (option, window) in enumerate(placed):
        task = _task(option.spot, window, line, driver_id, tasks)
        tasks[task.id] = task
        stops.insert(option.gap + number, Stop(task.id, task.kind))
    return replace(route, stops=tuple(stops), tasks=tasks)


def _task(spot: int, window: Window, line: Line, driver_id: str, tasks: Mapping[str, Task]) -> Task:
    rests = len(line.wanted.places)
    charger = None if spot < rests else line.wanted.chargers[spot - rests]
    kind = StopKind.BREAK if charger is None else StopKind.CHARGE
    owner = driver_id if charger is None else line.vehicle.id
    number = 1
    while (id_ := f"{kind}-{owner}-{number}") in tasks:
        number += 1
    if charger is None:
        return Task(id_, StopKind.BREAK, line.wanted.places[spot], *window)
    return Task(id_, StopKind.CHARGE, charger.place, *window, charger.power_w, charger.id)
