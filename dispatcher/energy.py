"""How full a battery is: along a route, and after a charge.

Watt-hours are whole; every charge is rounded down, as every drive is rounded up by ``EnergyUse``.
A fuller battery never ends emptier, so a plan checked with these figures holds for a fuller one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dispatcher.model import Battery, Request, Route, TravelTimes
from dispatcher.nodes import Ints, Nodes, nodes_of

Floats = NDArray[np.float64]
ENOUGH: Final = -1
CAPACITY, NOW, RESERVE, TAPER = range(4)
"""The columns of ``figures``."""


@njit(cache=True, nogil=True)
def charged_wh(
    before_wh: float, power_w: float, lasts_s: float, capacity_wh: float, taper_wh: float
) -> int:
    """Return what is in the battery after a charge, in whole watt-hours.

    It takes ``power_w`` up to ``taper_wh``, from there on less in proportion to what is missing.

    >>> [charged_wh(before, 3000, 3600, 10_000, 8000) for before in (2000, 8000, 10_000)]
    [5000, 9553, 10000]
    """
    linear_s = 0.0
    level_wh = float(before_wh)
    if level_wh < taper_wh and power_w > 0:
        linear_s = min(float(lasts_s), (taper_wh - level_wh) * 3600.0 / power_w)
        level_wh += power_w * linear_s / 3600.0
    hours = (lasts_s - linear_s) / 3600.0
    missing_wh = capacity_wh - level_wh
    level_wh = capacity_wh - missing_wh * math.exp(-power_w * hours / (capacity_wh - taper_wh))
    return math.floor(level_wh + 1e-6)  # what is a whole number but for rounding stays one


@njit(cache=True, nogil=True)
def walk(
    use: Ints,
    use_rider: Ints,
    riders: Ints,
    charge_w: Ints,
    service: Ints,
    battery: Floats,
    out: Ints,
) -> int:
    """Write what is in the battery at every node on arrival, and after the charge at a charge.

    Return the first node that is reached with less than the reserve, or ``ENOUGH``.
    """
    level, failed = int(battery[NOW]), ENOUGH
    for k in range(len(use)):
        if k > 0:
            left = level - use[k - 1] - riders[k - 1] * use_rider[k - 1]
            level = min(left, int(battery[CAPACITY]))
        if failed == ENOUGH and level < battery[RESERVE]:
            failed = k
        if charge_w[k] > 0:
            power_w, lasts_s = float(charge_w[k]), float(service[k])
            level = charged_wh(float(level), power_w, lasts_s, battery[CAPACITY], battery[TAPER])
        out[k] = level
    return failed


def figures(battery: Battery | None) -> tuple[float, float, float, float]:
    """Return capacity, level now, reserve and where the taper begins; all 0 without a battery."""
    if battery is None:
        return 0.0, 0.0, 0.0, 0.0
    taper_wh = battery.taper_share * battery.capacity_wh
    return float(battery.capacity_wh), float(battery.now_wh), float(battery.reserve_wh), taper_wh


def charge_along(
    route: Route, requests: Mapping[str, Request], travel: Mapping[str, TravelTimes]
) -> tuple[int, ...]:
    """Return the watt-hours in the battery after every stop; nothing without a battery.

    They may be below the reserve: it is for the reader of a broken plan, too.
    """
    if route.vehicle.battery is None:
        return ()
    levels, _ = levels_of(route.vehicle.battery, nodes_of(route, requests, travel))
    return tuple(levels[1:-1].tolist())


def levels_of(battery: Battery, nodes: Nodes) -> tuple[Ints, int]:
    """Return the watt-hours at every node and the first node reached below the reserve."""
    levels = np.empty_like(nodes.use)
    loads = nodes.use, nodes.use_rider, nodes.riders, nodes.charge_w, nodes.service
    return levels, int(walk(*loads, np.array(figures(battery)), levels))
