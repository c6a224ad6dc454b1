"""How full a battery is: along a route, and after a charge.

Watt-hours are whole; every charge is rounded down, as every drive is rounded up by ``EnergyUse``.
A fuller battery never ends emptier, so a plan checked with these figures holds for a fuller one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numba import njit

from dispatcher.model import Request, Route, TravelTimes
from dispatcher.nodes import Ints, nodes_of


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
    if level_wh < capacity_wh and lasts_s > linear_s:
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
    now_wh: float,
    capacity_wh: float,
    taper_wh: float,
    out: Ints,
) -> None:
    """Write what is in the battery after every node of a route, charges done."""
    level = int(now_wh)
    for k in range(len(use)):
        if k > 0:
            level = min(level - use[k - 1] - riders[k - 1] * use_rider[k - 1], int(capacity_wh))
        if charge_w[k] > 0:
            level = charged_wh(
                float(level), float(charge_w[k]), float(service[k]), capacity_wh, taper_wh
            )
        out[k] = level


def charge_along(
    route: Route, requests: Mapping[str, Request], travel: Mapping[str, TravelTimes]
) -> tuple[int, ...]:
    """Return the watt-hours in the battery after every stop; nothing without a battery.

    They may be below the reserve: it is for the reader of a broken plan, too.
    """
    battery = route.vehicle.battery
    if battery is None:
        return ()
    nodes = nodes_of(route, requests, travel)
    levels = np.empty_like(nodes.use)
    taper_wh = battery.taper_share * battery.capacity_wh
    figures = nodes.use, nodes.use_rider, nodes.riders, nodes.charge_w, nodes.service
    walk(*figures, float(battery.now_wh), float(battery.capacity_wh), taper_wh, levels)
    return tuple(levels[1:-1].tolist())
