"""What a simulated day, month or variant comes to, and how sure the difference of two is.

All figures are whole numbers that add up, so that a sum does not depend on the order in which
processes finish.  Averages and shares are worked out of the sums at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import mean, stdev
from typing import Final

import msgspec

MINUTES: Final = 121
"""Waits are counted by the minute; the last count is of two hours and more."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of some days; `riders`, money and kilometres are of those carried.

    `waits` and `lates` count parties by whole minutes: from the time asked for to the pickup (who
    asked to arrive: from the arrival to that time), and beyond the end of what was promised.
    """

    days: int = 0
    asked: int = 0
    served: int = 0
    refused: int = 0
    absent: int = 0
    stranded: int = 0
    """Who was promised a ride and not carried."""
    riders: int = 0
    shared: int = 0
    promised: int = 0
    kept: int = 0
    waits: tuple[int, ...] = (0,) * MINUTES
    lates: tuple[int, ...] = (0,) * MINUTES
    ride_s: int = 0
    direct_s: int = 0
    metres: int = 0
    empty_m: int = 0
    shift_s: int = 0
    fares_yen: int = 0
    cost_yen: int = 0
    reasons: dict[str, int] = {}

    def __add__(self, other: Figures) -> Figures:
        """Return the sums of both."""
        mine, theirs = msgspec.structs.asdict(self), msgspec.structs.asdict(other)
        sums = {name: _added(mine[name], theirs[name]) for name in mine}
        return msgspec.convert(sums, Figures)

    @property
    def measures(self) -> dict[str, float]:
        """The averages and shares that variants are compared by; see `MEASURES`."""
        asked, served = max(1, self.asked - self.absent), max(1, self.served)
        km = self.metres / 1000
        return {
            "served_percent": 100 * self.served / asked,
            "served": float(self.served),
            "refused": float(self.refused),
            "wait_min": _mean(self.waits),
            "wait_p90_min": _percentile(self.waits, 0.9),
            "kept_percent": 100 * self.kept / max(1, self.promised),
            "late_p90_min": _percentile(self.lates, 0.9),
            "shared_percent": 100 * self.shared / served,
            "detour_ratio": self.ride_s / max(1, self.direct_s),
            "km": km,
            "empty_percent": 100 * self.empty_m / max(1, self.metres),
            "km_per_rider": km / max(1, self.riders),
            "vehicle_hours": self.shift_s / 3600,
            "fares_yen": float(self.fares_yen),
            "cost_yen": float(self.cost_yen),
            "burden_per_rider_yen": (self.cost_yen - self.fares_yen) / max(1, self.riders),
        }


def _added(mine: object, theirs: object) -> object:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return {key: mine.get(key, 0) + theirs.get(key, 0) for key in sorted({*mine, *theirs})}
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        return tuple(a + b for a, b in zip(mine, theirs, strict=True))
    assert isinstance(mine, int)  # noqa: S101 -- there are no other fields
    assert isinstance(theirs, int)  # noqa: S101
    return mine + theirs


def _mean(minutes: Sequence[int]) -> float:
    return sum(n * count for n, count in enumerate(minutes)) / max(1, sum(minutes))


def _percentile(minutes: Sequence[int], share: float) -> float:
    """Return the minute that so many do not exceed."""
    left = share * sum(minutes)
    for minute, count in enumerate(minutes):
        left -= count
        if left <= 0:
            return float(minute)
    return float(len(minutes) - 1)


MEASURES: Final = tuple(Figures().measures)


class Interval(msgspec.Struct, frozen=True):
    """A mean over seeds, and between which limits with 95 % confidence the true one lies.

    Without limits there was one seed, which says nothing sure.
    """

    mean: float
    low: float | None = None
    high: float | None = None

    @property
    def is_clear(self) -> bool:
        """Whether it lies on one side of nothing."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of one value a seed, with Student's interval."""
    middle = mean(values)
    if len(values) < 2:
        return Interval(middle)
    from scipy.stats import t  # heavy, and only needed at the end of a study

    half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / sqrt(len(values))
    return Interval(middle, middle - half, middle + half)


def differences(
    base: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]]
) -> dict[str, Interval]:
    """Return by how much a variant differs from the first in each measure, seed by seed.

    Both met the same callers and the same luck under every seed, so their difference is much
    surer than either of them.
    """
    return {
        name: interval(
            [theirs[name] - mine[name] for mine, theirs in zip(base, other, strict=True)]
        )
        for name in MEASURES
    }
