"""The verifier's own reckoning of batteries and chargers; it shares no code with ``energy``.

A charge is reckoned backwards: how long it takes up to a level, which is the integral of one over
the power.  The highest whole watt-hour that the time is enough for counts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import pairwise
from math import log
from typing import Final

from dispatcher.model import Battery, EnergyUse, Place, Request, Route, StopKind, Task

_NEARLY_WH: Final = 1e-6
"""What a charge may lack to a whole watt-hour for the rounding of numbers."""


def first_empty(
    route: Route, battery: Battery, requests: Mapping[str, Request], roads: EnergyUse
) -> tuple[int, int] | None:
    """Return the first node reached with less than the reserve, and how much less.

    Node 0 is the start, then come the stops, then the end; ``None`` when the battery lasts.
    """
    level_wh, people = battery.now_wh, sum(requests[id_].riders for id_ in route.boarded_s)
    if level_wh < battery.reserve_wh:
        return 0, battery.reserve_wh - level_wh
    legs = list(pairwise(_places(route, requests)))
    for node, leg in enumerate(legs, start=1):
        level_wh = min(battery.capacity_wh, level_wh - _used_wh(leg, people, roads))
        if level_wh < battery.reserve_wh:
            return node, battery.reserve_wh - level_wh
        if node <= len(route.stops):
            stop = route.stops[node - 1]
            if stop.kind is StopKind.CHARGE:
                level_wh = _after_charge_wh(level_wh, route.tasks[stop.request_id], battery)
            elif stop.kind is not StopKind.BREAK:
                riders = requests[stop.request_id].riders
                people += riders if stop.kind is StopKind.PICKUP else -riders
    return None


def _places(route: Route, requests: Mapping[str, Request]) -> list[Place | None]:
    """Where the vehicle is, node by node; nowhere in particular when its day may end anywhere."""
    places: list[Place | None] = [route.vehicle.start]
    for stop in route.stops:
        match stop.kind:
            case StopKind.PICKUP:
                places.append(requests[stop.request_id].origin)
            case StopKind.DROPOFF:
                places.append(requests[stop.request_id].destination)
            case _:
                places.append(route.tasks[stop.request_id].place)
    return [*places, route.vehicle.end]


def _used_wh(leg: tuple[Place | None, Place | None], people: int, roads: EnergyUse) -> int:
    """Return what a drive takes; nothing when it need not be driven."""
    here, there = leg
    if here is None or there is None:
        return 0
    alone_wh, each_wh = roads.energy([here], [there])[:, 0, 0].tolist()
    return int(alone_wh + people * each_wh)


def _after_charge_wh(level_wh: int, task: Task, battery: Battery) -> int:
    """Return the highest level that the time is enough for."""
    if task.power_w == 0:
        return level_wh
    left_s = task.lasts_s + _NEARLY_WH * 3600 / task.power_w
    levels_wh = range(level_wh, battery.capacity_wh + 1)
    needs_s = partial(_charge_s, level_wh, power_w=task.power_w, battery=battery)
    return levels_wh[bisect_right(levels_wh, left_s, key=needs_s) - 1]


def _charge_s(from_wh: int, to_wh: int, *, power_w: int, battery: Battery) -> float:
    """Return how long a charge from one level to another takes."""
    if from_wh == to_wh:
        return 0.0
    capacity_wh, knee_wh = battery.capacity_wh, battery.taper_share * battery.capacity_wh
    then_wh = min(to_wh, capacity_wh - _NEARLY_WH)
    full_power_wh = min(then_wh, knee_wh) - min(from_wh, knee_wh)
    faded = log((capacity_wh - max(from_wh, knee_wh)) / (capacity_wh - max(then_wh, knee_wh)))
    return 3600 / power_w * (full_power_wh + (capacity_wh - knee_wh) * faded)


def overbooked(
    routes: Iterable[Route], chargers: Mapping[str, int]
) -> list[tuple[tuple[str, str], int]]:
    """Return ((vehicle, task), by how many) where more vehicles charge at once than have a place.

    A charge may begin at any time of its window, so it holds its place from the earliest begin to
    the latest end.  A charger nobody knows has no place.
    """
    by_charger: dict[str, list[tuple[str, Task]]] = {}
    for route in routes:
        for task in route.tasks.values():
            if task.kind is StopKind.CHARGE and task.charger_id is not None:
                by_charger.setdefault(task.charger_id, []).append((route.vehicle.id, task))
    found = []
    for charger_id, charges in by_charger.items():
        for vehicle_id, task in charges:
            # Most vehicles are there at the moment some charge begins to hold its place.
            there = {
                other_id
                for other_id, other in charges
                if other.earliest_s <= task.earliest_s < other.latest_s + other.lasts_s
            }
            over = len(there | {vehicle_id}) - chargers.get(charger_id, 0)
            if over > 0:
                found.append(((vehicle_id, task.id), over))
    return found
