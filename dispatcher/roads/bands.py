"""Times of the day that drive differently.

The factors are assumptions until a town has measured its own: mornings and evenings slow the main
roads, darkness slows the lanes of the hills.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dispatcher.roads.profiles import CLASSES

_MAIN = ("trunk", "primary", "secondary")
_LANES = ("tertiary", "unclassified", "residential", "service", "living_street", "other")

BANDS: Mapping[str, Mapping[str, float]] = {
    "day": {},
    "peak": dict.fromkeys(_MAIN, 0.85),
    "night": dict.fromkeys(_LANES, 0.9),
}
"""Band name -> road class -> the share of its speed a road keeps (1 when not named)."""


@cache
def factors(band: str) -> NDArray[np.float64]:
    """Return the share of its speed each of ``CLASSES`` keeps in a band."""
    return np.array([BANDS[band].get(name.removesuffix("_link"), 1.0) for name in CLASSES])
