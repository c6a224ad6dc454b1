"""How true predictions were, in both bin systems that agencies publish, and in plain seconds.

An error is what came less what was said: positive when the bus came later than said.  The Transit
ETA Accuracy Benchmark sorts predictions by the time that was really left and scores the time a
rider is told to be there; MBTA's bins sort by the time that was predicted and score the expected
time.  Plain figures are over predictions of the last quarter of an hour before the bus came
(``reference/location.md`` §2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, SupportsFloat

import numpy as np
from numpy.typing import NDArray

TRANSIT: Final = ((180, -30, 90), (360, -60, 150), (600, -60, 210), (900, -90, 270))
"""Until so many seconds before it came, an error within these bounds is accurate."""
MBTA: Final = (
    (-30, 180, -60, 60), (180, 360, -90, 120), (360, 720, -150, 210), (720, 1800, -240, 360),
)  # fmt: skip
"""Predicted from so many seconds ahead to less than so many; the bounds (both included)."""
NEAR_S: Final = 900
HORIZONS: Final = ("0-3", "3-6", "6-10", "10-15")

Row = tuple[str, str, float, float, float, float, float, float]


class Scores:
    """Collects what was said and what came, all of it in seconds on one clock."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._untold: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        return len(self._rows)

    def add(
        self, route: str, stop: str, said_at: float, predicted_s: float, be_there_by: float,
        low: float, high: float, actual: float,
    ) -> None:  # fmt: skip
        """Take in one prediction: when it was said, what it said, and when the bus came."""
        self._rows.append((route, stop, said_at, predicted_s, be_there_by, low, high, actual))

    def miss(self, route: str, stop: str) -> None:
        """Take in a visit that nothing was said of."""
        self._untold[route, stop] += 1

    def report(self) -> dict[str, Any]:
        """Return the figures of all, of each route, of each stop, and of each stretch ahead.

        Shares are in percent; a figure that nothing was counted for is ``None``.
        """
        keys = [(row[0], row[1]) for row in self._rows]
        values = np.array([row[2:] for row in self._rows], dtype=np.float64).reshape(-1, 6)
        return {
            "all": figures(*values.T, untold=self._untold.total()),
            "by_route": self._grouped(keys, values, 0),
            "by_stop": self._grouped(keys, values, 1),
            "by_horizon": _by_horizon(values),
        }

    def _grouped(
        self, keys: Sequence[tuple[str, str]], values: NDArray[np.float64], part: int
    ) -> dict[str, Any]:
        rows: dict[str, list[int]] = {}
        for k, key in enumerate(keys):
            rows.setdefault(key[part], []).append(k)
        untold: Counter[str] = Counter()
        for key, count in self._untold.items():
            untold[key[part]] += count
        return {
            name: figures(*values[rows.get(name, [])].T, untold=untold[name])
            for name in sorted({*rows, *untold})
        }


def figures(
    said_at: NDArray[np.float64], expected: NDArray[np.float64], by: NDArray[np.float64],
    low: NDArray[np.float64], high: NDArray[np.float64], actual: NDArray[np.float64],
    *, untold: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Return the figures of predictions given as columns."""
    to_come_s, error_s = actual - said_at, actual - expected
    near = (to_come_s > 0) & (to_come_s < NEAR_S)
    off_s = np.abs(error_s[near])
    covered = (low <= actual) & (actual <= high)
    buckets = _buckets(to_come_s)
    transit = _transit(buckets, actual - by)
    return {
        "n": int(near.sum()),
        "mae_s": _mean(off_s),
        "median_s": _round(np.median(off_s)) if len(off_s) else None,
        "p90_s": _round(np.quantile(off_s, 0.9)) if len(off_s) else None,
        "bias_s": _mean(error_s[near]),
        "mae_by_bucket": [_mean(np.abs(error_s[chosen])) for chosen in buckets],
        "transit_score": _overall(transit),
        "transit_by_bucket": transit,
        "transit_score_expected": _overall(_transit(buckets, error_s)),
        "mbta_bins": _mbta(expected - said_at, error_s),
        "coverage80_percent": _mean(100.0 * covered[near]),
        "width_s": _mean((high - low)[near]),
        "visits_untold": untold,
    }


def _buckets(to_come_s: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    bounds = (0, *(until_s for until_s, _, _ in TRANSIT))
    found = [(to_come_s >= lo) & (to_come_s < hi) for lo, hi in pairwise(bounds)]
    found[0] &= to_come_s > 0
    return found


def _transit(
    buckets: Sequence[NDArray[np.bool_]], error_s: NDArray[np.float64]
) -> list[float | None]:
    accurate = (
        (lo <= error_s[chosen]) & (error_s[chosen] <= hi)
        for chosen, (_, lo, hi) in zip(buckets, TRANSIT, strict=True)
    )
    return [_mean(100.0 * share) for share in accurate]


def _mbta(ahead_s: NDArray[np.float64], error_s: NDArray[np.float64]) -> list[float | None]:
    found = []
    for since_s, until_s, lo, hi in MBTA:
        errors = error_s[(ahead_s >= since_s) & (ahead_s < until_s)]
        found.append(_mean(100.0 * ((errors >= lo) & (errors <= hi))))
    return found


def _by_horizon(values: NDArray[np.float64]) -> dict[str, Any]:
    to_come_s = values[:, 5] - values[:, 0]
    return {
        name: figures(*values[chosen].T)
        for name, chosen in zip(HORIZONS, _buckets(to_come_s), strict=True)
    }


def _overall(shares: Iterable[float | None]) -> float | None:
    """Return the unweighted mean of the buckets there are."""
    known = [share for share in shares if share is not None]
    return round(sum(known) / len(known), 2) if known else None


def _mean(values: NDArray[np.floating]) -> float | None:
    return _round(values.mean()) if len(values) else None


def _round(value: SupportsFloat) -> float:
    return round(float(value), 2)
